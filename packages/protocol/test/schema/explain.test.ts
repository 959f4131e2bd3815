import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { anySchema, anyValue, choices, valueFor } from "./schema-arbitrary.ts";

const engine = closures();

/** The value at `pointer`, or what is closest to it, with how many of its steps lead somewhere. */
function follow(value: unknown, pointer: string): { readonly steps: number; readonly missing: number } {
  const tokens = pointer.split("/").slice(1);
  let place = value;
  for (const [steps, token] of tokens.entries()) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof place !== "object" || place === null || !Object.hasOwn(place, name)) {
      return { steps, missing: tokens.length - steps };
    }
    place = (place as Record<string, unknown>)[name];
  }
  return { steps: tokens.length, missing: 0 };
}

const refusals = fc.tuple(
  anySchema({ unevaluated: true }),
  fc.array(choices, { minLength: 8, maxLength: 8 }),
  fc.array(anyValue, { minLength: 8, maxLength: 8 }),
);

describe("an issue", () => {
  it("points to a place in the value, and says what is expected there in a few words", {
    timeout: 120_000,
  }, () => {
    let count = 0;
    const property = fc.property(refusals, ([schema, picks, values]) => {
      const validate = engine.compile(schema);
      for (const value of [...picks.map((numbers) => valueFor(schema, numbers)), ...values]) {
        const issue = validate(value);
        if (issue === undefined) continue;
        count++;
        expect({ value, ...follow(value, issue.path) }).toMatchObject({ missing: 0 });
        expect(issue.keyword).toMatch(/^\$?[a-zA-Z]+$/);
        expect(issue.keyword).not.toBe("schema"); // the text for when nobody knows
        expect(issue.expected.length).toBeLessThanOrEqual(200);
        expect(issue.expected).toMatch(/^(must|each property name must|property ".*" must) /);
        expect(issue.expected).not.toMatch(/undefined|\[object/);
      }
    });
    fc.assert(property, { numRuns: 500 });
    expect(count).toBeGreaterThan(1_000);
  });

  it("never holds the refused value", { timeout: 120_000 }, () => {
    const canary = "canary-7f3a";
    /** `value` with the canary in place of all its texts, and beside its numbers. */
    const withCanary = (value: unknown): unknown => {
      if (typeof value === "string") return canary;
      if (typeof value === "number") return Number.isInteger(value) ? 73_581_321 : 7358.1321;
      if (Array.isArray(value)) return [...value.map(withCanary), canary];
      if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withCanary(member)]));
    };
    let count = 0;
    const property = fc.property(refusals, ([schema, picks, values]) => {
      const validate = engine.compile(schema);
      for (const value of [...picks.map((numbers) => valueFor(schema, numbers)), ...values].map(withCanary)) {
        const issue = validate(value);
        if (issue !== undefined) count++;
        expect(JSON.stringify(issue ?? "")).not.toMatch(/canary|73581321|7358\.1321/);
      }
    });
    fc.assert(property, { numRuns: 500 });
    expect(count).toBeGreaterThan(1_000);
  });

  it("is found in time that grows with the value, not with its depth or its branches", () => {
    let checks = 0;
    const counting = closures({ regExp: () => ({ test: () => ++checks > 0 }) });
    const leaf: JsonSchema = {
      type: "object",
      properties: { text: { type: "string", pattern: "." }, bad: { type: "null" } },
    };
    const node: JsonSchema = {
      anyOf: [leaf, { type: "object", properties: { next: { $ref: "#" } }, required: ["next"] }],
    };
    const validate = counting.compile(node);
    const chain = (levels: number): unknown =>
      levels === 0 ? { text: "t", bad: 1 } : { text: "t", bad: 1, next: chain(levels - 1) };
    const checksFor = (levels: number): number => {
      checks = 0;
      expect(validate(chain(levels))).toBeDefined();
      return checks;
    };
    const few = checksFor(10);
    const many = checksFor(40);
    expect(many).toBeLessThanOrEqual(16 * few); // levels × size at most: 4 × 4
  });

  it("is given for a value whose getter answers differently the second time", () => {
    let reads = 0;
    const value = {
      get a() {
        return reads++ === 0 ? "text" : 1;
      },
    };
    const validate = engine.compile({ type: "object", properties: { a: { type: "integer" } } });
    expect(validate(value)).toMatchObject({ path: "" });
  });
});
