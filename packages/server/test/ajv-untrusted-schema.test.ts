/** Hostile schemas and the engine that generates code. Names begin with the id of the threat. */
import { closures, defineProtocol, type JsonSchema } from "@sluice/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ajv } from "../src/ajv-validator.ts";

/** Longer than any of it takes by far. */
const longestMs = 30_000;

/** What would call `sluiceCanary` if it were taken for code, in whichever place of generated code it came to stand. */
const payloads: readonly string[] = [
  '"]);sluiceCanary();//',
  "');sluiceCanary();//",
  "*/sluiceCanary();/*",
  "\u2028sluiceCanary()\u2029",
  "`);sluiceCanary();`",
  "\u0024{sluiceCanary()}",
  "\\'+sluiceCanary()+\\'",
  "\\",
  "a\nsluiceCanary()\n",
  "\0",
  "data.x",
  "</script>",
];

function define(schema: JsonSchema): void {
  defineProtocol({ it: { type: "request", param: schema } });
}

function namedBy(
  prefix: string,
  count: number,
  make: (at: number) => JsonSchema,
): Record<string, JsonSchema> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}${at}`, make(at)]));
}

/** Definitions of which each has a member `a` that the next describes; the last is `end`. */
function chainTo(end: JsonSchema): JsonSchema {
  const length = 4_000;
  const link = (at: number): JsonSchema => ({
    type: "object",
    properties: { a: { $ref: `#/$defs/d${at + 1}` } },
  });
  return { $ref: "#/$defs/d0", $defs: { ...namedBy("d", length, link), [`d${length}`]: end } };
}

const bytes: JsonSchema = { type: "string", contentEncoding: "base64" };
const large: [name: string, schema: JsonSchema][] = [
  ["D4 a long chain of members", chainTo({ type: "integer" })],
  ["D4 a long chain of members that ends with bytes", chainTo(bytes)],
  ["D4 a long circle of members", chainTo({ $ref: "#" })],
  [
    "D7 nine thousand members",
    { type: "object", properties: namedBy("p", 9_000, () => ({ type: "integer" })) },
  ],
  ["D7 nine thousand places of bytes", { type: "object", properties: namedBy("p", 9_000, () => bytes) }],
  ["D7 an enum of many values", { enum: Array.from({ length: 99_999 }, (_, at) => `value ${at}`) }],
];

describe("ajv and an untrusted schema", () => {
  const canary = globalThis as { sluiceCanary?: () => void };
  let calls = 0;
  beforeEach(() => {
    calls = 0;
    canary.sluiceCanary = () => void calls++;
  });
  afterEach(() => {
    delete canary.sluiceCanary;
  });

  it("D2 texts of a schema stay texts, wherever they stand", () => {
    for (const text of payloads) {
      const name: JsonSchema = {
        $id: `https://example.com/${encodeURIComponent(text)}`,
        $comment: text,
        title: text,
        description: text,
        default: text,
        type: "object",
        properties: { [text]: { const: text }, e: { enum: [text, { [text]: text }] } },
        required: [text],
        dependentRequired: { [text]: ["e"] },
        dependentSchemas: { [text]: { $ref: `#/$defs/${encodeURIComponent(text.replaceAll("/", "~1"))}` } },
        propertyNames: { enum: [text, "e"] },
        $defs: { [text]: { type: "object", maxProperties: 2 } },
      };
      expect(() => define(name)).not.toThrow();
      const [fast, safe] = [ajv(), closures()].map((engine) => engine.compile(name));
      const values = [{ [text]: text, e: text }, { [text]: "x", e: text }, {}, { e: text }, { [text]: text }];
      expect(fast?.(values[0])).toBeUndefined();
      for (const value of values) expect(fast?.(value)).toEqual(safe?.(value));
    }
    expect(calls).toBe(0);
  });

  it("D2 patterns stay patterns", () => {
    for (const text of payloads) {
      const literal = text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
      const schema: JsonSchema = {
        type: "object",
        properties: { a: { type: "string", pattern: `^${literal}$` } },
        patternProperties: { [`^${literal}$`]: { type: "integer" } },
      };
      expect(() => define(schema)).not.toThrow();
      const validate = ajv().compile(schema);
      expect(validate({ a: text })).toBeUndefined();
      expect(validate({ a: `x${text}` })).toMatchObject({ path: "/a", keyword: "pattern" });
    }
    expect(calls).toBe(0);
  });

  it("D2 a keyword or a format that is code is refused", () => {
    for (const text of payloads) {
      expect(() => ajv().compile({ [text]: 1 } as JsonSchema)).toThrow(TypeError);
      expect(() => ajv().compile({ type: "string", format: text })).toThrow(TypeError);
      expect(() => ajv().compile({ $ref: `#/$defs/${text}` })).toThrow(TypeError);
    }
    expect(calls).toBe(0);
  });

  it.each(large)("%s: compiles in time, as closures do", { timeout: 2 * longestMs }, (_what, schema) => {
    define(schema);
    const start = performance.now();
    const [fast, safe] = [ajv(), closures()].map((engine) => engine.compile(schema));
    expect(performance.now() - start).toBeLessThan(longestMs);
    for (const value of [
      {},
      { a: { a: 1 } },
      { p7: "x" },
      { p7: new Uint8Array(1), p8: 8 },
      "value 5",
      7,
      null,
    ]) {
      expect(fast?.(value)).toEqual(safe?.(value));
    }
  });

  it("D8 an issue is one, has at most a kilobyte, and quotes nothing of the value", () => {
    const secret = "hunter2".repeat(100);
    const wrong = Array.from({ length: 100_000 }, () => ({ secret }));
    const leaf: JsonSchema = { type: "integer" };
    const schemas: JsonSchema[] = [
      { type: "array", items: { type: "object", properties: { secret: leaf } } },
      { type: "array", items: { type: "object", additionalProperties: { anyOf: [leaf, { type: "null" }] } } },
      { type: "array", uniqueItems: true },
      { type: "array", contains: leaf },
      { type: "array", items: { enum: [1, 2] } },
      leaf,
    ];
    for (const schema of schemas) {
      const text = JSON.stringify(ajv().compile(schema)(wrong));
      expect(text.length).toBeLessThan(1_024);
      expect(text).not.toContain("hunter2");
    }
  });
});
