import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { closures, type JsonSchema } from "@sluice/protocol";
import {
  Dice,
  isUsable,
  randomSchema,
  randomValue,
  validatorSuite,
  valueFor,
} from "@sluice/protocol/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ajv } from "../src/ajv-validator.ts";

validatorSuite("ajv", ajv, { test: { describe, it }, inAnotherRealm: runInNewContext });

describe("ajv", () => {
  it("compiles schemas of the same $id, and the same schema again", () => {
    const engine = ajv();
    const first: JsonSchema = { $id: "https://example.com/same", type: "string" };
    const second: JsonSchema = { $id: "https://example.com/same", type: "number" };
    const [isText, isNumber, isTextToo] = [first, second, first].map((schema) => engine.compile(schema));
    expect([isText?.("a"), isNumber?.(1), isTextToo?.("a")]).toEqual([undefined, undefined, undefined]);
    expect([isText?.(1)?.keyword, isNumber?.("a")?.keyword]).toEqual(["type", "type"]);
  });

  it("compiles what is nested as deeply as a protocol may nest it", () => {
    let schema: JsonSchema = { type: "integer" };
    let value: unknown = 1;
    for (let i = 0; i < 127; i++) {
      schema = { type: "array", items: schema };
      value = [value];
    }
    expect(ajv().compile(schema)(value)).toBeUndefined();
  });

  it("leaves the value and the schema as they are", () => {
    const schema: JsonSchema = Object.freeze({
      type: "object",
      properties: Object.freeze({ a: Object.freeze({ type: "integer", default: 5 }) }),
    } as const);
    const value = Object.freeze({ b: "1" });
    expect(ajv().compile(schema)(value)).toBeUndefined();
  });

  it("refuses, and then cannot say why, a value whose getter answers differently the second time", () => {
    let reads = 0;
    const value = {
      get a() {
        return reads++ < 2 ? "text" : 1; // it looks whether the member is there, then at the member
      },
    };
    const validate = ajv().compile({ type: "object", properties: { a: { type: "integer" } } });
    expect(validate(value)).toEqual({ path: "", keyword: "schema", expected: "must match its schema" });
  });

  it("throws what a getter throws", () => {
    const validate = ajv().compile({ type: "object", properties: { a: true, b: { type: "null" } } });
    const value = Object.defineProperty({}, "b", {
      enumerable: true,
      get: () => {
        throw new Error("mine");
      },
    });
    expect(() => validate(value)).toThrow("mine");
  });

  it("gives way to closures where code must not be generated", { timeout: 60_000 }, async () => {
    const program = fileURLToPath(new URL("./without-code-generation.ts", import.meta.url));
    const flags = [
      "--disallow-code-generation-from-strings",
      "--conditions=@sluice/source",
      "--import",
      "tsx",
    ];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...flags, program]);
    expect(JSON.parse(stdout)).toEqual({
      thrownByAjv: "EvalError",
      valid: "valid",
      issue: { path: "/a", keyword: "type", expected: "must be integer" },
    });
    expect(stderr).toBe("");
  });
});

describe("ajv and closures", () => {
  it("agree on every value of every schema that passes checkSchema", { timeout: 120_000 }, () => {
    let values = 0;
    let valid = 0;
    const dice = (least: number) =>
      fc
        .array(fc.nat(1_000_000), { minLength: least, maxLength: 4 * least })
        .map((numbers) => new Dice(numbers));
    const schemas = dice(100)
      .map((drawn) => randomSchema(drawn, { unevaluated: false }))
      .filter(isUsable);
    const property = fc.property(schemas, fc.boolean(), dice(100), (schema, tolerant, drawn) => {
      const [fast, safe] = [ajv(), closures()].map((engine) => engine.compile(schema, { tolerant }));
      const wanted = Array.from({ length: 14 }, () => valueFor(schema, drawn));
      const others = Array.from({ length: 6 }, () => randomValue(drawn));
      for (const value of [...wanted, ...others]) {
        const issue = safe?.(value);
        expect({ value, issue: fast?.(value) }).toEqual({ value, issue });
        values++;
        if (issue === undefined) valid++;
      }
    });
    fc.assert(property, { numRuns: 600 });
    expect(values).toBeGreaterThanOrEqual(12_000);
    expect(valid).toBeGreaterThan(3_000);
  });
});
