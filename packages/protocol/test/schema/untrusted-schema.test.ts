/**
 * What a hostile schema costs when a protocol is defined with it, and what a hostile value costs afterwards.
 *
 * Names begin with the id of the threat. Where memory is the point, a child with a heap of 64 MiB does the work.
 */
import { execFile } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { binaryPaths } from "../../src/schema/binary-paths.ts";
import { isBounded } from "../../src/schema/bounded.ts";
import { bundledSchema } from "../../src/schema/bundled-schema.ts";
import { checkSchema } from "../../src/schema/check-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import type { Validate } from "../../src/schema/validator.ts";
import { cpuMs } from "./cpu-ms.ts";
import { type HostileSchema, hostileSchemas } from "./hostile-schemas.ts";

/** Longer than any of it computes by far, and shorter than what it would without bounds; whatever else the machine does. */
const longestMs = 5_000;

function within<Result>(run: () => Result): Result {
  const start = cpuMs();
  const result = run();
  expect(cpuMs() - start).toBeLessThan(longestMs);
  return result;
}

/** All that defining a protocol does with a schema. */
function define(schema: unknown): Validate {
  checkSchema(schema, "it");
  binaryPaths(schema);
  isBounded(schema);
  closures().compile(schema, { tolerant: true });
  return closures().compile(schema);
}

function rowsOf(wanted: string): [name: string, row: HostileSchema][] {
  return hostileSchemas
    .filter(({ id }) => id === wanted)
    .map((row) => [`${row.what}: ${row.refused === undefined ? "defined" : "refused"} in time`, row]);
}

function expectOutcome(_name: string, { make, refused }: HostileSchema): void {
  const schema = make();
  if (refused === undefined) expect(() => within(() => define(schema))).not.toThrow();
  else expect(() => within(() => define(schema))).toThrow(refused);
}

const evil = "^(a|a)*$";
const evilText = `${"a".repeat(40)}!`;

describe("an untrusted schema", () => {
  it("D1 a pattern that takes for ever is not run when a protocol is defined", () => {
    const named: JsonSchema = {
      type: "object",
      properties: { [evilText]: { type: "integer" }, text: { type: "string", pattern: evil } },
      patternProperties: { [evil]: { type: "integer" } },
      required: [evilText],
    };
    within(() => define(named));
    const withBytes: JsonSchema = {
      ...named,
      properties: { ...named.properties, body: { type: "string", contentEncoding: "base64" } },
    };
    expect(() => within(() => define(withBytes))).toThrow("patternProperties without repeated groups");
  });

  it("D1 maxLength beside a pattern bounds what it sees, and regExp replaces the engine", () => {
    const bounded = define({ type: "string", pattern: evil, maxLength: 16 });
    expect(within(() => bounded(evilText))?.keyword).toBe("maxLength");
    const asked: string[] = [];
    const linear = (source: string) => ({ test: (text: string) => asked.push(`${source} ${text}`) === 0 });
    const validate = closures({ regExp: linear }).compile({ type: "string", pattern: evil });
    expect(within(() => validate(evilText))?.keyword).toBe("pattern");
    expect(asked).toEqual([`${evil} ${evilText}`]);
  });

  it("D1 a pattern of more than 10,000 characters is refused", () => {
    expect(() => define({ type: "string", pattern: "a".repeat(10_001) })).toThrow("pattern has a value");
    expect(() => define({ type: "string", pattern: "a".repeat(10_000) })).not.toThrow();
  });

  it("D3 a reference to the network is refused, and nothing is asked for it", () => {
    const connect = vi.spyOn(Socket.prototype, "connect");
    const fetched = vi.spyOn(globalThis, "fetch");
    try {
      for (const address of [
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "//127.0.0.1/a",
        "data:,{}",
      ]) {
        for (const schema of [{ $ref: address }, { $id: "https://example.com/a", $ref: address }]) {
          expect(() => define(schema)).toThrow("leads to no schema of this document");
          expect(() => closures().compile(schema)).toThrow(TypeError);
          expect(() => bundledSchema(schema)).toThrow(TypeError);
        }
      }
      expect(connect).not.toHaveBeenCalled();
      expect(fetched).not.toHaveBeenCalled();
    } finally {
      connect.mockRestore();
      fetched.mockRestore();
    }
  });

  it.each(rowsOf("D4"))("D4 %s", expectOutcome);

  it("D4 values of what is accepted are checked in time", () => {
    const many = Array.from({ length: 50_000 }, (_, id) => ({ id, tags: [id] }));
    const unique = define({ type: "array", uniqueItems: true });
    expect(within(() => unique(many))).toBeUndefined();
    const listed = define({ type: "array", items: { enum: many.slice(0, 20_000).map(({ id }) => id) } });
    expect(within(() => listed(many.map(({ id }) => id)))?.path).toBe("/20000");
    const long = hostileSchemas.find(({ what }) => what.startsWith("a long chain of members"))?.make();
    const validate = define(long);
    expect(within(() => validate({ a: { a: { a: "x" } } }))).toMatchObject({
      path: "/a/a/a",
      keyword: "type",
    });
  });

  it("D5 names that every object has are members only where they are an object's own", () => {
    const names = [
      "toString",
      "constructor",
      "hasOwnProperty",
      "valueOf",
      "__defineGetter__",
      "isPrototypeOf",
    ];
    for (const name of names) {
      const schema: JsonSchema = {
        type: "object",
        properties: { [name]: { type: "integer" } },
        required: [name],
      };
      const validate = define(schema);
      expect(validate({})).toMatchObject({ keyword: "required" });
      expect(validate({ [name]: 1 })).toBeUndefined();
      expect(validate({ [name]: "x" })).toMatchObject({ path: `/${name}`, keyword: "type" });
      expect(define({ type: "object", dependentRequired: { [name]: ["a"] } })({})).toBeUndefined();
    }
  });

  it("D5 a property called __proto__ is refused, and changes no object", () => {
    const texts = [
      '{ "type": "object", "properties": { "__proto__": { "type": "integer" } } }',
      '{ "type": "object", "required": ["__proto__"] }',
      '{ "type": "object", "dependentRequired": { "a": ["__proto__"] } }',
      '{ "type": "object", "dependentSchemas": { "__proto__": { "type": "object" } } }',
      '{ "type": "object", "$defs": { "__proto__": { "polluted": true } } }',
      '{ "__proto__": { "type": "string" } }',
      '{ "type": "object", "allOf": [{ "__proto__": { "polluted": true } }] }',
    ];
    for (const text of texts) {
      expect(() => define(JSON.parse(text)), text).toThrow("__proto__");
      for (const compile of [bundledSchema, (schema: JsonSchema) => closures().compile(schema)]) {
        try {
          compile(JSON.parse(text));
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const closed = define({ type: "object", properties: { a: true }, additionalProperties: false });
    expect(closed(JSON.parse('{ "__proto__": 1 }'))).toMatchObject({ path: "/__proto__" });
  });

  it("D6 a schema that changes after it was compiled changes no verdict", () => {
    const original = {
      type: "object",
      properties: { a: { type: ["integer"] }, b: { enum: ["x", { y: 1 }] }, c: { const: { z: [1] } } },
      patternProperties: { "^n": { type: "integer", minimum: 1 } },
      required: ["a"],
      dependentRequired: { b: ["c"] },
      dependentSchemas: { c: { maxProperties: 3 } },
      anyOf: [{ required: ["a"] }],
    };
    const values: unknown[] = [
      { a: 1 },
      { a: "1" },
      {},
      { a: 1, b: "x" },
      { a: 1, b: { y: 1 }, c: { z: [1] } },
      { a: 1, b: "x", c: { z: [2] } },
      { a: 1, n: 0 },
      { a: 1, n: 1, o: 1, p: 1 },
    ];
    const verdicts = (validate: Validate) => values.map((value) => validate(value) === undefined);
    const validate = define(original);
    const before = verdicts(validate);
    const scramble = (part: unknown): void => {
      if (typeof part !== "object" || part === null) return;
      for (const inner of Object.values(part)) scramble(inner);
      if (Array.isArray(part)) part.length = 0;
      else for (const name of Object.keys(part)) Reflect.deleteProperty(part, name);
    };
    scramble(original);
    expect(original).toEqual({});
    expect(verdicts(validate)).toEqual(before);
    expect(before).toEqual([true, false, false, false, true, false, false, true]);
  });

  it.each(rowsOf("D7"))("D7 %s", expectOutcome);

  it("D7 in a heap of 64 MiB all of them are refused or defined", { timeout: 120_000 }, async () => {
    const program = fileURLToPath(new URL("./define-hostile-schemas.ts", import.meta.url));
    const flags = ["--max-old-space-size=64", "--conditions=@sluice/source", "--import", "tsx"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
    const outcomes = JSON.parse(stdout) as { what: string; outcome: string }[];
    const expected = hostileSchemas.map(({ what, refused }) => ({
      what,
      outcome: refused === undefined ? "defined" : expect.stringContaining(refused),
    }));
    expect(outcomes).toEqual(expected);
  });

  it("D8 an issue is one, has at most a kilobyte, and quotes nothing of the value", () => {
    const secret = "hunter2".repeat(100);
    const wrong = Array.from({ length: 100_000 }, () => ({ secret, nested: [secret, { secret }] }));
    const leaf: JsonSchema = { type: "integer" };
    const schemas: JsonSchema[] = [
      { type: "array", items: { type: "object", properties: { secret: leaf } } },
      { type: "array", items: { type: "object", additionalProperties: { anyOf: [leaf, { type: "null" }] } } },
      { type: "array", uniqueItems: true },
      { type: "array", contains: leaf },
      { type: "array", items: { enum: [1, 2] } },
      { type: "array", items: { not: { type: "object" } } },
      { type: "array", unevaluatedItems: leaf },
      leaf,
    ];
    for (const schema of schemas) {
      const issue = within(() => define(schema)(wrong));
      expect(issue).toBeDefined();
      expect(JSON.stringify(issue).length).toBeLessThan(1_024);
      expect(JSON.stringify(issue)).not.toContain("hunter2");
    }
  });
});
