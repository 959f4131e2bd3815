import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { isBounded } from "../../src/schema/bounded.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { anySchema, anyValue, choices, valueFor } from "./schema-arbitrary.ts";

const text = { type: "string" } as const;

function nested(levels: number): JsonSchema {
  let schema: JsonSchema = text;
  for (let i = 0; i < levels; i++) schema = { type: "array", items: schema };
  return schema;
}

const bothWays: JsonSchema = {
  if: { type: "null" },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { type: "null" },
  else: text,
};

const bounded: readonly (readonly [string, JsonSchema])[] = [
  ["a scalar", { type: ["string", "number", "null"] }],
  ["bytes", { type: "string", contentEncoding: "base64" }],
  ["false", false],
  ["a constant", { const: { a: [1] } }],
  ["a closed object", { type: "object", properties: { a: text }, additionalProperties: false }],
  [
    "a map of scalars",
    { type: "object", additionalProperties: text, patternProperties: { "^x": { type: "null" } } },
  ],
  ["a list of scalars", { type: "array", items: text }],
  ["a closed tuple", { type: "array", prefixItems: [text], items: false }],
  ["a tuple that is closed by its length", { type: "array", prefixItems: [text, text], maxItems: 2 }],
  [
    "an open object beside a closed one",
    { allOf: [{ type: "object" }, { type: "object", additionalProperties: false }] },
  ],
  ["branches that are all bounded", { anyOf: [text, { type: "array", items: text }] }],
  ["both ways of a condition", bothWays],
  ["a $ref", { type: "array", items: { $ref: "#/$defs/a" }, $defs: { a: text } }],
  ["64 levels", nested(64)],
];

const unbounded: readonly (readonly [string, JsonSchema])[] = [
  ["true", true],
  ["no type", { description: "anything" }],
  ["an open object", { type: "object", properties: { a: text } }],
  ["an open array", { type: "array" }],
  ["an open tuple", { type: "array", prefixItems: [text] }],
  ["a map of anything", { type: "object", additionalProperties: {} }],
  ["recursion", { type: "object", properties: { next: { $ref: "#" } }, additionalProperties: false }],
  ["one open branch", { anyOf: [text, { type: "object" }] }],
  ["one way of a condition", { if: { type: "null" }, else: text }],
  ["what is only excluded", { not: { type: "object" } }],
  ["unevaluatedProperties, to be sure", { type: "object", unevaluatedProperties: false }],
  ["65 levels", nested(65)],
];

describe("isBounded", () => {
  it.each(bounded)("%s is bounded", (_, schema) => expect(isBounded(schema)).toBe(true));
  it.each(unbounded)("%s is not, or not surely", (_, schema) => expect(isBounded(schema)).toBe(false));

  it("a closed object is open to a tolerant reader", () => {
    const schema: JsonSchema = { type: "object", properties: { a: text }, additionalProperties: false };
    expect(isBounded(schema, { tolerant: true })).toBe(false);
    expect(isBounded({ type: "array", items: text }, { tolerant: true })).toBe(true);
  });

  it("a deep value never passes a bounded schema", { timeout: 120_000 }, () => {
    let deep: unknown = "a";
    for (let i = 0; i < 65; i++) deep = i % 2 === 0 ? { a: deep } : [deep];
    /** `value` with the deep one in place of each leaf, one after the other. */
    const deepened = function* (value: unknown): Iterable<unknown> {
      yield deep;
      if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
      for (const [name, member] of Object.entries(value)) {
        for (const inner of deepened(member)) {
          yield Array.isArray(value) ? value.with(Number(name), inner) : { ...value, [name]: inner };
        }
      }
      yield Array.isArray(value) ? [...value, deep] : { ...value, c: deep };
    };
    let count = 0;
    const property = fc.property(
      anySchema({ unevaluated: false }).filter((schema) => isBounded(schema)),
      fc.array(choices, { minLength: 4, maxLength: 4 }),
      anyValue,
      (schema, picks, value) => {
        const validate = closures().compile(schema);
        for (const shallow of [value, ...picks.map((numbers) => valueFor(schema, numbers))]) {
          for (const tooDeep of deepened(shallow)) {
            count++;
            expect(validate(tooDeep)).toBeDefined();
          }
        }
      },
    );
    fc.assert(property, { numRuns: 200 });
    expect(count).toBeGreaterThan(1_000);
  });
});
