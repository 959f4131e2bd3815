/**
 * Infer says nothing false: every valid value has the inferred type, and what it excludes is invalid.
 *
 * The compiler checks each value against its schema's type, the run checks it with a validator. Both tables need both.
 */
import { describe, expect, test } from "vitest";
import type { Infer } from "../../src/definition/infer.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { checkSchema } from "../../src/schema/check-schema.ts";
import { closures } from "../../src/schema/closure-validator.ts";

interface Pair {
  readonly schema: JsonSchema;
  readonly value: unknown;
}

/** Pairs of `schema` and each value. `Value` is inferred as it is: members that the type does not list are no error. */
function each<const Schema extends JsonSchema>(schema: Schema) {
  return <Values extends readonly Infer<Schema>[]>(...values: Values): readonly Pair[] =>
    values.map((value) => ({ schema, value }));
}

const point = {
  type: "object",
  properties: { x: { type: "number" }, y: { type: "number" } },
  required: ["x"],
} as const;
const bytes = { type: "string", contentEncoding: "base64" } as const;

const valid: readonly Pair[] = [
  each({ type: "string" })("", "a"),
  each({ type: "number" })(0, -1.5),
  each({ type: "integer" })(3, 1e300),
  each({ type: "boolean" })(true, false),
  each({ type: "null" })(null),
  each({ type: ["string", "null"] })("a", null),
  each({ type: ["integer", "array"], items: { type: "integer" } })(1, [1, 2], []),
  each(true)(1, "a", null, [{}], { a: undefined }),
  each({})(1, null),
  each({ title: "anything", default: 3, examples: [1] })("a"),
  each({ const: "a" })("a"),
  each({ const: null })(null),
  each({ const: [1, { a: [true] }] })([1, { a: [true] }]),
  each({ enum: ["a", 1, null, false] })("a", 1, null, false),
  each({ type: "string", enum: ["a", "b"] })("b"),
  each({ type: ["string", "null"], enum: ["a", null] })("a", null),
  each({ enum: [{ kind: "a" }, [1, 2]] })({ kind: "a" }, [1, 2]),
  each({ type: "string", minLength: 1, maxLength: 3, pattern: "^a" })("ab"),
  each({ type: "string", format: "uuid" })("123e4567-e89b-12d3-a456-426614174000"),
  each({ type: "number", minimum: 0, exclusiveMaximum: 9, multipleOf: 0.5 })(8.5),
  each({ type: "string", not: { const: "x" } })("y"),
  each({ not: { type: "string" } })(1, null, {}),
  each(bytes)(new Uint8Array(), new Uint8Array([1, 2])),
  each({ type: "array", items: bytes })([new Uint8Array(1)]),
  each({ anyOf: [bytes, { type: "null" }] })(null, new Uint8Array(1)),
  each({ type: "object", additionalProperties: bytes })({ a: new Uint8Array(1) }),
  each({ type: "object" })({}, { a: 1 }),
  each(point)({ x: 1 }, { x: 1, y: 2 }, { x: 1, z: "more" }),
  each({ ...point, additionalProperties: false })({ x: 1 }, { x: 1, y: 2 }),
  each({ ...point, unevaluatedProperties: false })({ x: 1, y: 2 }),
  each({ type: "object", properties: { a: { type: "string", default: "b" } } })({}, { a: "c" }),
  each({ type: "object", properties: { a: { type: "string" } }, required: ["a", "b"] })({ a: "", b: [1] }),
  each({ type: "object", properties: {}, additionalProperties: false })({}),
  each({ type: "object", properties: {} })({}, { a: 1 }),
  each({
    type: "object",
    properties: { "a b": true, "": { type: "null" }, "0": { type: "integer" } },
    required: ["", "0"],
  })({ "": null, "0": 1 }, { "a b": [], "": null, "0": 1 }),
  each({
    type: "object",
    properties: { length: { type: "number" }, constructor: { type: "string" } },
    required: ["constructor"],
  })({ constructor: "a" }, { length: 1, constructor: "a" }),
  each({ type: "object", additionalProperties: { type: "integer" } })({}, { a: 1, b: 2 }),
  each({ type: "object", additionalProperties: false })({}),
  each({ ...point, additionalProperties: { type: "string" } })({ x: 1 }, { x: 1, name: "a" }),
  each({ ...point, additionalProperties: true })({ x: 1, more: [] }),
  each({
    type: "object",
    patternProperties: { "^x-": { type: "string" } },
    additionalProperties: { type: "integer" },
  })({ "x-a": "b", c: 1 }),
  each({ type: "object", patternProperties: { "^x-": { type: "string" } }, additionalProperties: false })({
    "x-a": "b",
  }),
  each({ type: "object", patternProperties: { "^x-": { type: "string" } } })({ "x-a": "b", c: [] }),
  each({ ...point, patternProperties: { "^x-": { type: "string" } }, additionalProperties: false })({
    x: 1,
    "x-a": "b",
  }),
  each({ ...point, patternProperties: { "^x-": { type: "string" } } })({ x: 1, "x-a": "b", c: null }),
  each({ type: "object", propertyNames: { maxLength: 1 }, minProperties: 1 })({ a: 1 }),
  each({ type: "object", properties: { a: { type: "string" } }, dependentRequired: { a: ["b"] } })(
    {},
    { a: "c", b: 1 },
  ),
  each({
    type: "object",
    properties: { a: { type: "string" } },
    dependentSchemas: { a: { properties: { b: { type: "integer" } } } },
  })({ a: "c", b: 1 }),
  each({ type: "array" })([], [1, "a"]),
  each({ type: "array", items: { type: "string" } })([], ["a"]),
  each({ type: "array", items: point, minItems: 1, uniqueItems: true })([{ x: 1 }, { x: 2, y: 3 }]),
  each({ type: "array", items: false })([]),
  each({ type: "array", contains: { type: "string" } })([1, "a"]),
  each({ type: "array", prefixItems: [{ type: "string" }, { type: "number" }], minItems: 2, items: false })([
    "a",
    1,
  ]),
  each({ type: "array", prefixItems: [{ type: "string" }, { type: "number" }], minItems: 1, items: false })(
    ["a"],
    ["a", 1],
  ),
  each({ type: "array", prefixItems: [{ type: "string" }, { type: "number" }], items: false })(
    [],
    ["a"],
    ["a", 1],
  ),
  each({ type: "array", prefixItems: [{ type: "string" }], minItems: 1, items: { type: "number" } })(
    ["a"],
    ["a", 1, 2],
  ),
  each({ type: "array", prefixItems: [{ type: "string" }], minItems: 1 })(["a"], ["a", null, {}]),
  each({ type: "array", prefixItems: [{ type: "string" }, { type: "number" }], minItems: 2, maxItems: 2 })([
    "a",
    1,
  ]),
  each({ type: "array", prefixItems: [{ type: "string" }], minItems: 1, maxItems: 2 })(["a"], ["a", true]),
  each({ type: "array", prefixItems: [{ type: "string" }], items: { type: "number" }, maxItems: 1 })(
    [],
    ["a"],
  ),
  each({
    type: "array",
    prefixItems: [point, { anyOf: [{ type: "null" }, point] }],
    minItems: 2,
    items: false,
  })([{ x: 1 }, null], [{ x: 1 }, { x: 2 }]),
  each({ $ref: "#/$defs/p", $defs: { p: point } })({ x: 1 }),
  each({
    $ref: "#/$defs/p",
    type: "object",
    properties: { z: { type: "number" } },
    required: ["z"],
    $defs: { p: point },
  })({ x: 1, z: 2 }),
  each({ $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { type: "integer" } } })(1),
  each({ $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "integer" } } })(1),
  each({
    type: "object",
    properties: { a: { $ref: "#here" } },
    $defs: { h: { $anchor: "here", type: "integer" } },
  })({ a: 1 }),
  each({ type: "object", properties: { a: { type: "integer" }, b: { $ref: "#/properties/a" } } })({
    a: 1,
    b: 2,
  }),
  each({
    type: "object",
    properties: {
      a: { $id: "https://a.example/", $ref: "#/$defs/v", $defs: { v: { type: "integer" } } },
      b: { $ref: "#/$defs/v" },
    },
    $defs: { v: { type: "string" } },
  })({ a: 1, b: "c" }),
  each({
    type: "object",
    properties: { value: { type: "integer" }, next: { anyOf: [{ type: "null" }, { $ref: "#" }] } },
    required: ["value", "next"],
  })({ value: 1, next: null }, { value: 1, next: { value: 2, next: { value: 3, next: null } } }),
  each({
    $ref: "#/$defs/node",
    $defs: {
      node: {
        type: "object",
        properties: {
          name: { type: "string" },
          children: { type: "array", items: { $ref: "#/$defs/node" } },
        },
        required: ["name"],
      },
    },
  })({ name: "a" }, { name: "a", children: [{ name: "b", children: [{ name: "c" }] }] }),
  each({
    $ref: "#/$defs/json",
    $defs: {
      json: {
        anyOf: [
          { type: ["string", "number", "boolean", "null"] },
          { type: "array", items: { $ref: "#/$defs/json" } },
          { type: "object", additionalProperties: { $ref: "#/$defs/json" } },
        ],
      },
    },
  })(1, null, [["a", { b: [true] }]], { a: { b: { c: [] } } }),
  each({ anyOf: [{ type: "string" }, point] })("a", { x: 1 }),
  each({ oneOf: [{ type: "string" }, { type: "integer" }, { type: "array", items: { type: "null" } }] })(
    "a",
    1,
    [null],
  ),
  each({
    oneOf: [
      {
        type: "object",
        properties: { kind: { const: "circle" }, r: { type: "number" } },
        required: ["kind", "r"],
        additionalProperties: false,
      },
      {
        type: "object",
        properties: { kind: { const: "square" }, side: { type: "number" } },
        required: ["kind", "side"],
      },
    ],
  })({ kind: "circle", r: 1 }, { kind: "square", side: 1 }, { kind: "square", side: 1, more: 1 }),
  each({
    ...point,
    oneOf: [
      { properties: { a: { type: "string" } }, required: ["a"] },
      { properties: { b: { type: "string" } }, required: ["b"] },
    ],
  })({ x: 1, a: "" }, { x: 1, b: "", y: 2 }),
  each({ ...point, anyOf: [{ required: ["y"] }, { required: ["z"] }] })({ x: 1, y: 2 }, { x: 1, z: 2 }),
  each({
    type: ["object", "null"],
    properties: { at: { type: "string" } },
    anyOf: [{ properties: { a: { type: "integer" } }, required: ["a"] }, { maxProperties: 0 }],
  })(null, {}, { at: "b", a: 1 }),
  each({
    type: ["object", "null"],
    anyOf: [
      { properties: { a: { type: "integer" } }, required: ["a"] },
      { properties: { b: { type: "integer" } } },
    ],
    oneOf: [{ properties: { c: { type: "integer" } } }, false],
    allOf: [{ properties: { d: { type: "integer" } } }],
  })(null, { a: 1, b: 1, c: 1, d: 1 }),
  each({ allOf: [point, { type: "object", properties: { name: { type: "string" } }, required: ["name"] }] })({
    x: 1,
    name: "a",
  }),
  each({
    type: "object",
    allOf: [{ properties: { a: { type: "string" } } }, { required: ["a"] }, { minProperties: 1 }],
  })({ a: "b" }),
  each({ allOf: [{ type: "string" }, { type: "string", minLength: 1 }] })("a"),
  each({
    anyOf: [{ type: "string" }, { type: "number" }],
    allOf: [{ anyOf: [{ type: "number" }, { type: "null" }] }],
  })(1),
  each({
    ...point,
    if: { properties: { x: { const: 1 } }, required: ["x"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { one: { type: "string" } }, required: ["one"] },
    else: { properties: { other: { type: "null" } }, required: ["other"] },
  })({ x: 1, one: "a" }, { x: 2, other: null }),
  each({
    ...point,
    if: { properties: { x: { const: 1 } }, required: ["x"] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { one: { type: "string" } }, required: ["one"] },
  })({ x: 1, one: "a" }, { x: 2 }, { x: 2, one: 3 }),
  each({
    ...point,
    if: { properties: { x: { const: 1 } } },
    else: { properties: { other: { type: "null" } }, required: ["other"] },
  })({ x: 1 }, { x: 2, other: null }),
  each({
    type: "object",
    properties: { a: { type: "string" } },
    additionalProperties: { type: "integer" },
    allOf: [{ properties: { b: { type: "integer", minimum: 1 } } }],
  })({ a: "c", b: 1, d: 2 }),
  each({
    type: "object",
    properties: { outer: { type: "object", properties: { inner: point }, required: ["inner"] } },
  })({}, { outer: { inner: { x: 1 } } }),
].flat();

const anyValue = <Schema extends JsonSchema>(schema: Schema, value: Infer<Schema>): Pair => ({
  schema,
  value,
});

const joined = {
  allOf: [point, { type: "object", properties: { z: { type: "number" } }, required: ["z"] }],
} as const;

/** What the type excludes. A directive without an error below it is an error. */
const invalid: readonly Pair[] = [
  // @ts-expect-error
  anyValue({ type: "string" } as const, 1),
  // @ts-expect-error
  anyValue({ type: "null" } as const, undefined),
  // @ts-expect-error
  anyValue({ type: ["string", "null"] } as const, 1),
  // @ts-expect-error
  anyValue({ const: "a" } as const, "b"),
  // @ts-expect-error
  anyValue({ enum: ["a", 1] } as const, 2),
  // @ts-expect-error
  anyValue(bytes, "AAAA"),
  // @ts-expect-error
  anyValue({ type: "array", items: bytes } as const, [[1]]),
  // @ts-expect-error
  anyValue(point, { y: 1 }),
  // @ts-expect-error
  anyValue(point, { x: "1" }),
  // @ts-expect-error
  anyValue(point, { x: 1, y: null }),
  // @ts-expect-error
  anyValue({ ...point, additionalProperties: false } as const, { x: 1, z: 1 }),
  // @ts-expect-error
  anyValue({ type: "object", properties: {}, additionalProperties: false } as const, { a: 1 }),
  // @ts-expect-error
  anyValue({ type: "object", additionalProperties: { type: "integer" } } as const, { a: "b" }),
  // @ts-expect-error
  anyValue({ ...point, additionalProperties: { type: "string" } } as const, { x: 1, z: true }),
  // @ts-expect-error
  anyValue({ type: "array", items: { type: "string" } } as const, ["a", 1]),
  // @ts-expect-error
  anyValue({ type: "array", prefixItems: [{ type: "string" }], minItems: 1, items: false } as const, []),
  // @ts-expect-error
  anyValue({ type: "array", prefixItems: [{ type: "string" }], minItems: 1, items: false } as const, [
    "a",
    "b",
  ]),
  // @ts-expect-error
  anyValue({ type: "array", prefixItems: [{ type: "string" }], items: { type: "number" } } as const, [
    "a",
    "b",
  ]),
  // @ts-expect-error
  anyValue({ $ref: "#/$defs/p", $defs: { p: point } } as const, { y: 1 }),
  // @ts-expect-error
  anyValue({ anyOf: [{ type: "string" }, point] } as const, 1),
  // @ts-expect-error
  anyValue({ oneOf: [{ type: "string" }, { type: "null" }] } as const, false),
  // @ts-expect-error
  anyValue(joined, { x: 1 }),
  // @ts-expect-error
  anyValue(false, 1),
];

describe("Infer", () => {
  test("is tried with at least 60 valid pairs", () => {
    expect(valid.length).toBeGreaterThanOrEqual(60);
  });

  test.each(
    valid.map(
      ({ schema, value }, index) =>
        [index, JSON.stringify(schema), JSON.stringify(value), schema, value] as const,
    ),
  )("accepts what is valid (%i): %s has %s", (_index, _schema, _value, schema, value) => {
    checkSchema(schema, "a test");
    expect(closures().compile(schema)(value)).toBeUndefined();
  });

  test.each(
    invalid.map(
      ({ schema, value }) => [JSON.stringify(schema), JSON.stringify(value), schema, value] as const,
    ),
  )("excludes nothing but what is invalid: %s has not %s", (_schema, _value, schema, value) => {
    expect(closures().compile(schema)(value)).toBeDefined();
  });
});
