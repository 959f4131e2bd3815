import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { plainSchema } from "../../src/schema/plain-schema.ts";
import { anySchema, anyValue, choices, valueFor } from "./schema-arbitrary.ts";

const closed = (properties: Record<string, JsonSchema>, required = Object.keys(properties)): JsonSchema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});
const text = { type: "string" } as const;
const count = { type: "integer" } as const;

describe("plainSchema", () => {
  it("leaves out notes and keeps rules", () => {
    expect(
      plainSchema({
        title: "t",
        $comment: "c",
        "x-a": 1,
        default: {},
        type: "string",
        minLength: 1,
      } as JsonSchema),
    ).toEqual({ type: "string", minLength: 1 });
  });

  it("names what references lead to, and nothing else", () => {
    expect(
      plainSchema({
        $id: "https://example.com/a",
        type: "array",
        prefixItems: [{ $ref: "b" }, { $ref: "#c" }, { $ref: "#" }, { $ref: "#/$defs/flag" }],
        $defs: {
          b: { $id: "b", type: "null" },
          c: { $anchor: "c", type: "array", items: { $ref: "b" } },
          flag: true,
          unused: text,
        },
      }),
    ).toEqual({
      $ref: "#/$defs/2",
      $defs: {
        0: { type: "null" },
        1: { type: "array", items: { $ref: "#/$defs/0" } },
        2: {
          type: "array",
          prefixItems: [
            { $ref: "#/$defs/0" },
            { $ref: "#/$defs/1" },
            { $ref: "#/$defs/2" },
            { $ref: "#/$defs/3" },
          ],
        },
        3: true,
      },
    });
  });

  it("says which values are bytes, and that objects are none", () => {
    expect(
      plainSchema({
        type: ["object", "null"],
        properties: { data: { type: "string", contentEncoding: "base64", minLength: 1, title: "t" } },
      }),
    ).toEqual({
      type: ["object", "null"],
      bytes: false,
      properties: { data: { bytes: { minLength: 1, maxLength: Number.MAX_SAFE_INTEGER } } },
    });
  });

  it("does not change the schema that it is given", () => {
    const schema: JsonSchema = {
      oneOf: [closed({ a: text }), closed({ b: text })],
      $defs: { x: { $ref: "#" } },
    };
    const before = structuredClone(schema);
    plainSchema(schema, { tolerant: true });
    expect(schema).toEqual(before);
  });
});

interface ToleranceCase {
  readonly name: string;
  readonly schema: JsonSchema;
  /** Refused strictly, accepted tolerantly. */
  readonly tolerated: readonly unknown[];
  /** Refused by both. */
  readonly refused: readonly unknown[];
}

const toleranceCases: readonly ToleranceCase[] = [
  {
    name: "an added member is accepted, at any depth and behind references",
    schema: {
      ...(closed({ list: { type: "array", items: { $ref: "#/$defs/item" } } }) as object),
      $defs: { item: closed({ a: text }) },
    },
    tolerated: [{ list: [], new: 1 }, { list: [{ a: "x", new: { b: 1 } }] }],
    refused: [{ new: 1 }, { list: [{ a: 1 }] }, { list: [{ new: 1 }] }],
  },
  {
    name: "unevaluatedProperties false is open too",
    schema: {
      type: "object",
      allOf: [{ properties: { a: text } }],
      unevaluatedProperties: false,
    },
    tolerated: [{ a: "x", new: 1 }],
    refused: [{ a: 1 }],
  },
  {
    name: "an outer unevaluatedProperties does not see what an inner closed object tolerates",
    schema: { type: "object", allOf: [closed({ a: text })], unevaluatedProperties: count },
    tolerated: [{ a: "x", new: "text" }],
    refused: [{ a: 1 }],
  },
  {
    name: "properties that are false, schemas for other members, tuples and bounds stay as they are",
    schema: {
      type: "object",
      properties: { gone: false, pair: { type: "array", prefixItems: [text], items: false } },
      additionalProperties: count,
      maxProperties: 2,
    },
    tolerated: [],
    refused: [{ gone: 1 }, { pair: ["a", "b"] }, { new: "text" }, { a: 1, b: 2, c: 3 }],
  },
  {
    name: "what a not excludes is read strictly",
    schema: { type: "object", not: closed({ secret: text }) },
    tolerated: [],
    refused: [{ secret: "x" }],
  },
  {
    name: "a condition is read strictly, its consequences tolerantly",
    schema: {
      type: "object",
      if: closed({ kind: { const: "a" } }),
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: true,
      else: closed({ kind: { const: "b" } }),
    },
    tolerated: [{ kind: "b", new: 1 }],
    refused: [{ kind: "a", new: 1 }],
  },
  {
    name: "contains counts tolerantly, but beside maxContains strictly",
    schema: {
      type: "array",
      prefixItems: [
        { type: "array", contains: closed({ a: text }) },
        { type: "array", contains: closed({ a: text }), maxContains: 1 },
      ],
    },
    tolerated: [[[{ a: "x", new: 1 }]]],
    refused: [[[{ a: 1 }]], [[{ a: "x" }], [{ a: "x", new: 1 }]], [[{ a: "x" }], [{ a: "x" }, { a: "y" }]]],
  },
  {
    name: "a oneOf with a tag stays one",
    schema: { oneOf: [closed({ kind: { const: "a" }, a: text }), closed({ kind: { const: "b" } })] },
    tolerated: [
      { kind: "a", a: "x", new: 1 },
      { kind: "b", a: 1 },
    ],
    refused: [{ kind: "a" }, { kind: "c" }, { kind: "a", a: 1 }],
  },
  {
    name: "a oneOf of closed objects that tolerance makes alike still accepts each",
    schema: { oneOf: [closed({ a: text }), closed({ a: text, b: text })] },
    tolerated: [
      { a: "x", new: 1 },
      { a: "x", b: "y", new: 1 },
    ],
    refused: [{ b: "y" }, { a: 1 }],
  },
  {
    name: "a oneOf that two branches match strictly is refused as ever",
    schema: {
      oneOf: [closed({ a: text }), { type: "object", properties: { a: { type: "string", minLength: 2 } } }],
    },
    tolerated: [],
    refused: [{ a: "xy" }],
  },
];

describe("a tolerant reader", () => {
  it.each(toleranceCases)("$name", ({ schema, tolerated, refused }) => {
    const strict = closures().compile(schema);
    const tolerant = closures().compile(schema, { tolerant: true });
    for (const value of tolerated) {
      expect({ value, strict: strict(value) === undefined }).toEqual({ value, strict: false });
      expect({ value, issue: tolerant(value) }).toEqual({ value, issue: undefined });
    }
    for (const value of refused) {
      expect({ value, isValid: tolerant(value) === undefined }).toEqual({ value, isValid: false });
      expect({ value, isValid: strict(value) === undefined }).toEqual({ value, isValid: false });
    }
  });

  it("accepts whatever the strict one accepts", { timeout: 120_000 }, () => {
    const engine = closures();
    const property = fc.property(
      anySchema({ unevaluated: true }),
      fc.array(choices, { minLength: 8, maxLength: 8 }),
      fc.array(anyValue, { minLength: 4, maxLength: 4 }),
      (schema, picks, values) => {
        const strict = engine.compile(schema);
        const tolerant = engine.compile(schema, { tolerant: true });
        for (const value of [...picks.map((numbers) => valueFor(schema, numbers)), ...values]) {
          if (strict(value) === undefined)
            expect({ value, issue: tolerant(value) }).toEqual({ value, issue: undefined });
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
