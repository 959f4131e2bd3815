/** Cases of keywords for objects: properties by name and pattern, how many, required, dependent, unevaluated. */
import type { KeywordCase } from "../keyword-case.ts";
import { count, text } from "./small-schemas.ts";

/** What `JSON.parse` makes of a text: `__proto__` is an ordinary member. */
const parsed = (json: string): unknown => JSON.parse(json);

export const objectCases: readonly KeywordCase[] = [
  {
    name: "type object: neither null, nor arrays, nor bytes",
    schema: { type: "object" },
    valid: [{}, { a: 1 }, Object.create(null), parsed('{"__proto__":1}')],
    invalid: [
      [null, "", "type", "must be object"],
      [[], "", "type", "must be object"],
      [new Uint8Array(0), "", "type", "must be object"],
      [new DataView(new ArrayBuffer(1)), "", "type", "must be object"],
      ["{}", "", "type", "must be object"],
    ],
  },
  {
    name: "properties and required",
    schema: { type: "object", properties: { level: text, count }, required: ["level"] },
    valid: [{ level: "info" }, { level: "", count: 0, other: true }, { level: "x", count: undefined }],
    invalid: [
      [{}, "", "required", 'must have property "level"'],
      [{ level: undefined }, "", "required", 'must have property "level"'],
      [{ level: 1 }, "/level", "type", "must be string"],
      [{ level: "x", count: null }, "/count", "type", "must be integer"],
    ],
  },
  {
    name: "required finds 0, the empty string, false and null there",
    schema: { type: "object", required: ["a", "b", "c", "d"] },
    valid: [{ a: 0, b: "", c: false, d: null }],
    invalid: [[{ a: 0, b: "", c: false }, "", "required", 'must have property "d"']],
  },
  {
    name: "required looks at own properties",
    schema: { type: "object", required: ["toString"] },
    valid: [{ toString: 1 }],
    invalid: [
      [{}, "", "required", 'must have property "toString"'],
      [{ toString: undefined }, "", "required", 'must have property "toString"'],
    ],
  },
  {
    name: "properties look at own properties",
    schema: {
      type: "object",
      properties: { constructor: text, valueOf: text, hasOwnProperty: text },
      additionalProperties: false,
    },
    valid: [{}, { constructor: "a" }, { hasOwnProperty: "b" }],
    invalid: [
      [{ valueOf: 1 }, "/valueOf", "type", "must be string"],
      [{ toString: "a" }, "/toString", "additionalProperties", "must be absent"],
    ],
  },
  {
    name: "a schema may say that a property is absent",
    schema: { type: "object", properties: { gone: false, any: true } },
    valid: [{}, { any: 1 }, { gone: undefined }],
    invalid: [[{ gone: null }, "/gone", "properties", "must be absent"]],
  },
  {
    name: "additionalProperties false",
    schema: { type: "object", properties: { a: text }, required: ["a"], additionalProperties: false },
    valid: [{ a: "x" }, { a: "x", b: undefined }],
    invalid: [
      [{ a: "x", b: 1 }, "/b", "additionalProperties", "must be absent"],
      [{ a: "x", toString: 1 }, "/toString", "additionalProperties", "must be absent"],
      [parsed('{"a":"x","__proto__":{}}'), "/__proto__", "additionalProperties", "must be absent"],
    ],
  },
  {
    name: "additionalProperties false with more than eight properties",
    schema: {
      type: "object",
      properties: Object.fromEntries([..."abcdefghij"].map((name) => [name, count])),
      additionalProperties: false,
    },
    valid: [{ a: 1, j: 2 }],
    invalid: [
      [{ k: 1 }, "/k", "additionalProperties", "must be absent"],
      [{ valueOf: 1 }, "/valueOf", "additionalProperties", "must be absent"],
    ],
  },
  {
    name: "additionalProperties as a map",
    schema: { type: "object", properties: { a: text }, additionalProperties: count },
    valid: [{}, { a: "x", b: 1, "c/d~e": 2, f: undefined }, parsed('{"__proto__":1}')],
    invalid: [
      [{ b: "x" }, "/b", "type", "must be integer"],
      [{ "c/d~e": "x" }, "/c~1d~0e", "type", "must be integer"],
      [parsed('{"__proto__":"x"}'), "/__proto__", "type", "must be integer"],
    ],
  },
  {
    name: "required names that properties do not mention",
    schema: { type: "object", properties: { a: text }, required: ["b"], additionalProperties: count },
    valid: [{ b: 1 }, { a: "x", b: 2 }],
    invalid: [
      [{ a: "x" }, "", "required", 'must have property "b"'],
      [{ b: "x" }, "/b", "type", "must be integer"],
    ],
  },
  {
    name: "patternProperties",
    schema: {
      type: "object",
      properties: { xa: text },
      patternProperties: { "^x": { type: "string", minLength: 2 }, y$: text },
      additionalProperties: count,
    },
    valid: [
      { xa: "ab", xb: "cd", by: "", other: 1 },
      { xa: undefined, xb: undefined },
    ],
    invalid: [
      [{ xa: "a" }, "/xa", "minLength", "must have 2 or more characters"],
      [{ xb: 1 }, "/xb", "type", "must be string"],
      [{ xy: "z" }, "/xy", "minLength", "must have 2 or more characters"],
      [{ other: "a" }, "/other", "type", "must be integer"],
    ],
  },
  {
    name: "patternProperties beside branches that look at members",
    schema: {
      type: "object",
      anyOf: [{ maxProperties: 1 }, { properties: { a: count } }],
      patternProperties: { "^a": { type: "object" } },
    },
    valid: [{}, { a: {} }, { b: 1, c: 2 }],
    invalid: [
      [{ a: 1 }, "/a", "type", "must be object"],
      [{ a: {}, b: 1 }, "", "anyOf", "must match one of the alternatives"],
    ],
  },
  {
    name: "patternProperties with a false schema",
    schema: { type: "object", patternProperties: { "^_": false } },
    valid: [{ a: 1 }],
    invalid: [[{ _a: 1 }, "/_a", "patternProperties", "must be absent"]],
  },
  {
    name: "propertyNames",
    schema: { type: "object", propertyNames: { pattern: "^[a-z]+$", maxLength: 3 } },
    valid: [{}, { abc: 1 }, { ABC: undefined }],
    invalid: [
      [{ abcd: 1 }, "", "propertyNames", "each property name must have 3 or fewer characters"],
      [{ a: 1, A: 1 }, "", "propertyNames", "each property name must match the pattern ^[a-z]+$"],
    ],
  },
  {
    name: "minProperties and maxProperties count what is there",
    schema: { type: "object", minProperties: 1, maxProperties: 2 },
    valid: [{ a: null }, { a: 1, b: 2, c: undefined }],
    invalid: [
      [{}, "", "minProperties", "must have 1 or more properties"],
      [{ a: undefined }, "", "minProperties", "must have 1 or more properties"],
      [{ a: 1, b: 2, c: 3 }, "", "maxProperties", "must have 2 or fewer properties"],
    ],
  },
  {
    name: "dependentRequired",
    schema: { type: "object", dependentRequired: { card: ["address", "name"] } },
    valid: [{}, { address: 1 }, { card: 1, address: 2, name: 3 }, { card: undefined }],
    invalid: [
      [{ card: 1 }, "", "dependentRequired", 'must have property "address" when it has property "card"'],
      [
        { card: 1, address: 1, name: undefined },
        "",
        "dependentRequired",
        'must have property "name" when it has property "card"',
      ],
    ],
  },
  {
    name: "dependentSchemas",
    schema: { type: "object", dependentSchemas: { a: { properties: { b: count } }, c: false } },
    valid: [{ b: "x" }, { a: 1, b: 2 }, { a: undefined, b: "x" }],
    invalid: [
      [{ a: 1, b: "x" }, "/b", "type", "must be integer"],
      [{ c: 1 }, "", "dependentSchemas", "must be absent"],
    ],
  },
  {
    name: "unevaluatedProperties",
    schema: {
      type: "object",
      properties: { a: text },
      allOf: [{ properties: { b: text } }, { anyOf: [{ properties: { c: count }, required: ["c"] }, true] }],
      unevaluatedProperties: false,
    },
    valid: [{ a: "x", b: "y", c: 1 }, { z: undefined }],
    invalid: [
      [{ a: "x", d: 1 }, "/d", "unevaluatedProperties", "must be absent"],
      [{ c: "x" }, "/c", "unevaluatedProperties", "must be absent"],
      [{ toString: 1 }, "/toString", "unevaluatedProperties", "must be absent"],
      [parsed('{"__proto__":1}'), "/__proto__", "unevaluatedProperties", "must be absent"],
    ],
  },
  {
    name: "unevaluatedProperties with if, dependentSchemas, patterns and a schema",
    schema: {
      type: "object",
      if: { properties: { kind: { const: "a" } }, required: ["kind"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { x: count } },
      else: { properties: { y: count } },
      dependentSchemas: { z: { patternProperties: { "^w": true } } },
      unevaluatedProperties: { type: "boolean" },
    },
    valid: [{ kind: "a", x: 1 }, { y: 1 }, { kind: true, q: false }, { z: true, w1: "w" }],
    invalid: [
      [{ kind: "a", y: 1 }, "/y", "type", "must be boolean"],
      [{ kind: "b" }, "/kind", "type", "must be boolean"],
      [{ w1: "w" }, "/w1", "type", "must be boolean"],
    ],
  },
  {
    name: "unevaluatedProperties behind a $ref and a not",
    schema: {
      $defs: { base: { type: "object", properties: { a: text }, not: { properties: { b: false } } } },
      type: "object",
      $ref: "#/$defs/base",
      unevaluatedProperties: false,
    },
    valid: [],
    invalid: [
      [{ a: "x" }, "", "not", "must not match what is excluded"],
      [{ a: "x", b: 1 }, "/b", "unevaluatedProperties", "must be absent"],
    ],
  },
  {
    name: "nested unevaluatedProperties",
    schema: {
      type: "object",
      allOf: [{ properties: { a: text }, unevaluatedProperties: { type: "integer" } }],
      unevaluatedProperties: false,
    },
    valid: [{ a: "x", b: 1 }],
    invalid: [[{ a: "x", b: "y" }, "/b", "type", "must be integer"]],
  },
];
