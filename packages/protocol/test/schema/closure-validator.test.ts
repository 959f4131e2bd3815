import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { keywordCases } from "../../src/testing/validator/keyword-cases.ts";
import { validatorSuite } from "../../src/testing/validator-suite.ts";

validatorSuite("closures", closures, { test: { describe, it }, inAnotherRealm: runInNewContext });

describe("closures", () => {
  it("takes inherited members for absent", () => {
    const inherited: unknown = Object.create({ a: 1, b: "x" }, { c: { value: 1, enumerable: true } });
    const isValid = (schema: JsonSchema): boolean => closures().compile(schema)(inherited) === undefined;
    expect(isValid({ type: "object", required: ["c"], additionalProperties: { type: "integer" } })).toBe(
      true,
    );
    expect(isValid({ type: "object", required: ["a"] })).toBe(false);
    expect(isValid({ type: "object", properties: { b: false }, maxProperties: 1 })).toBe(true);
    expect(isValid({ type: "object", dependentRequired: { a: ["z"] }, propertyNames: { const: "c" } })).toBe(
      true,
    );
  });

  it("gives the same verdicts where code must not be generated", { timeout: 60_000 }, async () => {
    const program = fileURLToPath(new URL("./without-code-generation.ts", import.meta.url));
    const flags = ["--disallow-code-generation-from-strings", "--import", "tsx"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program]);
    const count = keywordCases.reduce(
      (sum, { valid, invalid }) => sum + 2 * valid.length + invalid.length,
      0,
    );
    expect(JSON.parse(stdout)).toEqual({ canGenerateCode: false, values: count, wrong: [] });
  });
});
