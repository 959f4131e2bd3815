import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { binaryPaths } from "../../src/schema/binary-paths.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { choices, isUsable, valueFor } from "./schema-arbitrary.ts";

const bytes = { type: "string", contentEncoding: "base64" } as const;
const text = { type: "string" } as const;
const b = (...values: number[]): Uint8Array => Uint8Array.from(values);

interface PathCase {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly inText: unknown;
}

const cases: readonly PathCase[] = [
  { name: "the value itself", schema: bytes, value: b(1, 2), inText: "AQI=" },
  {
    name: "a property, other texts untouched",
    schema: { type: "object", properties: { data: bytes, name: text } },
    value: { data: b(1), name: "AQI=", more: "AQI=" },
    inText: { data: "AQ==", name: "AQI=", more: "AQI=" },
  },
  {
    name: "items, prefixItems and further items",
    schema: {
      type: "array",
      prefixItems: [text, bytes],
      items: { type: "array", items: bytes },
    },
    value: ["AQ==", b(1), [b(2), b()], []],
    inText: ["AQ==", "AQ==", ["Ag==", ""], []],
  },
  {
    name: "prefixItems alone, in a shorter array too",
    schema: { type: "array", items: { type: "array", prefixItems: [text, bytes] } },
    value: [["a"], ["a", b(1), "AQ=="]],
    inText: [["a"], ["a", "AQ==", "AQ=="]],
  },
  {
    name: "a map, but not its declared members",
    schema: { type: "object", properties: { name: text }, additionalProperties: bytes },
    value: { name: "AQ==", x: b(1), y: undefined },
    inText: { name: "AQ==", x: "AQ==", y: undefined },
  },
  {
    name: "a map whose names are those of every object",
    schema: { type: "object", additionalProperties: bytes },
    value: Object.fromEntries([
      ["__proto__", b(1)],
      ["toString", b(2)],
    ]),
    inText: JSON.parse('{"__proto__":"AQ==","toString":"Ag=="}'),
  },
  {
    name: "patternProperties",
    schema: { type: "object", patternProperties: { "^b_": bytes }, additionalProperties: text },
    value: { b_1: b(1), t: "AQ==" },
    inText: { b_1: "AQ==", t: "AQ==" },
  },
  {
    name: "branches, conditions, dependencies and references",
    schema: {
      type: "object",
      properties: { kind: text },
      allOf: [{ properties: { all: bytes } }],
      anyOf: [{ properties: { any: { $ref: "#/$defs/blob" } } }, { required: ["kind"] }],
      oneOf: [{ properties: { one: { anyOf: [bytes, { type: "null" }] } } }],
      if: { required: ["kind"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { met: bytes } },
      else: { properties: { unmet: bytes } },
      dependentSchemas: { kind: { properties: { dependent: bytes } } },
      $defs: { blob: bytes },
    },
    value: { kind: "k", all: b(1), any: b(2), one: null, met: b(3), unmet: b(4), dependent: b(5) },
    inText: { kind: "k", all: "AQ==", any: "Ag==", one: null, met: "Aw==", unmet: "BA==", dependent: "BQ==" },
  },
  {
    name: "the branch that a tag names, text in the others",
    schema: {
      type: "array",
      items: {
        oneOf: [
          { type: "object", properties: { kind: { const: "text" }, data: text }, required: ["kind"] },
          { type: "object", properties: { kind: { enum: ["file", 7] }, data: bytes }, required: ["kind"] },
        ],
      },
    },
    value: [
      { kind: "text", data: "AQ==" },
      { kind: "file", data: b(1) },
      { kind: 7, data: b(2) },
      { data: "AQ==" },
    ],
    inText: [
      { kind: "text", data: "AQ==" },
      { kind: "file", data: "AQ==" },
      { kind: 7, data: "Ag==" },
      { data: "AQ==" },
    ],
  },
  {
    name: "recursion",
    schema: {
      type: "object",
      properties: { data: bytes, next: { $ref: "#" }, children: { type: "array", items: { $ref: "#" } } },
    },
    value: { next: { data: b(1), children: [{ data: b(2) }, {}] } },
    inText: { next: { data: "AQ==", children: [{ data: "Ag==" }, {}] } },
  },
  {
    name: "places that hold something else",
    schema: { type: "object", properties: { data: bytes, list: { type: "array", items: bytes } } },
    value: { data: 5, list: { 0: "AQ==" } },
    inText: { data: 5, list: { 0: "AQ==" } },
  },
];

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  for (const member of Object.values(Object.freeze(value))) freeze(member);
}

describe("binaryPaths", () => {
  it.each(cases)("finds bytes in $name", ({ schema, value, inText }) => {
    const paths = binaryPaths(schema);
    freeze(value); // toText changes nothing of it
    expect(paths?.toText(value)).toEqual(inText);
    expect(paths?.fromText(structuredClone(inText))).toEqual(value);
  });

  it.each<[string, JsonSchema]>([
    ["no bytes at all", { type: "object", properties: { a: text } }],
    ["bytes that nothing refers to", { type: "object", $defs: { blob: bytes } }],
    ["true", true],
  ])("has no plan for %s", (_, schema) => expect(binaryPaths(schema)).toBeUndefined());

  it("copies only what leads to bytes", () => {
    const paths = binaryPaths({
      type: "object",
      properties: { a: { type: "object", properties: { data: bytes } }, b: { type: "object" } },
    });
    const value = { a: { data: b(1) }, b: { c: [1] } };
    const converted = paths?.toText(value) as typeof value;
    expect(converted).not.toBe(value);
    expect(converted.b).toBe(value.b);
    const without = { a: {}, b: {} };
    expect(paths?.toText(without)).toBe(without);
  });

  it("changes what was parsed in place", () => {
    const parsed = { a: ["AQ=="] };
    const paths = binaryPaths({ type: "object", properties: { a: { type: "array", items: bytes } } });
    expect(paths?.fromText(parsed)).toBe(parsed);
    expect(parsed.a).toEqual([b(1)]);
  });

  it("says where base64 is none, and does not quote it", () => {
    const paths = binaryPaths({ type: "object", additionalProperties: { type: "array", items: bytes } });
    let thrown: unknown;
    try {
      paths?.fromText({ "a/b": ["AQ==", "secret text"] });
    } catch (error) {
      thrown = error;
    }
    expect(SluiceError.is(thrown) && thrown.code).toBe("DECODE_ERROR");
    expect((thrown as Error).message).toBe('Cannot decode a payload: "/a~1b/1" is not base64');
  });

  it("gives up on a value nested too deeply", () => {
    const paths = binaryPaths({ type: "array", items: { anyOf: [bytes, { $ref: "#" }] } });
    let value: unknown[] = [];
    for (let i = 0; i < 200_000; i++) value = [value];
    expect(() => paths?.fromText(value)).toThrow(SluiceError);
  });

  it("reads a member that one branch declares as bytes and another leaves undeclared as bytes", () => {
    const paths = binaryPaths({
      anyOf: [
        { type: "object", properties: { data: bytes } },
        { type: "object", required: ["id"] },
      ],
    });
    expect(paths?.fromText({ id: 1, data: "AQ==" })).toEqual({ id: 1, data: b(1) });
  });

  it("brings every valid value through JSON text, where every member is declared", {
    timeout: 120_000,
  }, () => {
    let count = 0;
    const holdsBytes = (value: unknown): boolean =>
      ArrayBuffer.isView(value) ||
      (typeof value === "object" && value !== null && Object.values(value).some(holdsBytes));
    const property = fc.property(
      closedSchema.filter((schema) => binaryPaths(schema) !== undefined),
      fc.array(choices, { minLength: 6, maxLength: 6 }),
      (schema, picks) => {
        const paths = binaryPaths(schema);
        const validate = closures().compile(schema);
        for (const value of picks.map((numbers) => valueFor(schema, numbers))) {
          if (validate(value) !== undefined) continue;
          const inText = paths?.toText(value);
          expect(holdsBytes(inText)).toBe(false);
          expect(paths?.fromText(structuredClone(inText))).toEqual(value);
          if (holdsBytes(value)) count++;
        }
      },
    );
    fc.assert(property, { numRuns: 500 });
    expect(count).toBeGreaterThan(100);
  });
});

const { schema: anyClosed } = fc.letrec((tie) => {
  const schema = tie("schema") as fc.Arbitrary<JsonSchema>;
  const members = fc.dictionary(fc.constantFrom("a", "b", "c"), schema, { maxKeys: 3 });
  const close = (properties: Record<string, JsonSchema>): JsonSchema => ({
    type: "object",
    properties,
    required: Object.keys(properties).slice(0, 1),
    additionalProperties: false,
  });
  const lists = fc.array(schema, { minLength: 1, maxLength: 3 });
  return {
    leaf: fc.oneof(
      { arbitrary: fc.constant<JsonSchema>(bytes), weight: 3 },
      fc.constantFrom<JsonSchema>(text, { type: "integer" }, { type: ["boolean", "null"] }, false),
      fc.constantFrom<JsonSchema>({ const: { a: "a" } }, { enum: [["a"], 1] }, { $ref: "#/$defs/d0" }),
    ),
    schema: fc.oneof(
      { depthSize: "small", maxDepth: 4 },
      tie("leaf"),
      members.map(close),
      schema.map((items) => ({ type: "array", items })),
      lists.map((prefixItems) => ({ type: "array", prefixItems, items: false })),
      fc.tuple(schema, schema).map(([x, additionalProperties]) => ({
        type: "object",
        patternProperties: { "^x": x },
        additionalProperties,
      })),
      lists.map((anyOf) => ({ anyOf })),
      fc.array(members, { minLength: 2, maxLength: 3 }).map((variants) => ({
        oneOf: variants.map((variant, i) => close({ kind: { const: i }, ...variant })),
      })),
    ),
  };
});

const definitions = fc.constantFrom<JsonSchema>(
  bytes,
  text,
  { type: "array", items: bytes },
  { type: "null" },
);

/** Schemas that say what stands at every place, and may stand in a protocol. */
const closedSchema = fc
  .tuple(anyClosed, definitions)
  .map(([root, d0]) => (typeof root === "object" ? { ...root, $defs: { d0 } } : root) as JsonSchema)
  .filter(isUsable);
