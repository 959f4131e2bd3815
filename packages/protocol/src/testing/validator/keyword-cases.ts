/**
 * What every engine says about values, keyword by keyword: the table of {@link validatorSuite}.
 */
import type { JsonSchema } from "../../definition/json-schema.ts";

/** A refused value, and the issue: path, keyword, expectation. */
export type Refusal = readonly [value: unknown, path: string, keyword: string, expected: string];

export interface KeywordCase {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly valid: readonly unknown[];
  readonly invalid: readonly Refusal[];
}

const text = { type: "string" } as const;
const count = { type: "integer" } as const;
const bytes = { type: "string", contentEncoding: "base64" } as const;
const astral = "😀";

/** What `JSON.parse` makes of a text: `__proto__` is an ordinary member. */
const parsed = (json: string): unknown => JSON.parse(json);
const inherited: unknown = Object.create({ a: "inherited" });

export const keywordCases: readonly KeywordCase[] = [
  {
    name: "true accepts everything",
    schema: true,
    valid: [undefined, null, 0, "", false, Number.NaN, [], {}, new Uint8Array(1)],
    invalid: [],
  },
  {
    name: "false accepts nothing",
    schema: false,
    valid: [],
    invalid: [
      [undefined, "", "false", "must be absent"],
      [{ a: 1 }, "", "false", "must be absent"],
    ],
  },
  { name: "{} accepts everything", schema: {}, valid: [undefined, null, 0, "", {}, []], invalid: [] },
  {
    name: "type string",
    schema: text,
    valid: ["", "a", astral],
    invalid: [
      [1, "", "type", "must be string"],
      [null, "", "type", "must be string"],
      [undefined, "", "type", "must be string"],
      [new Uint8Array(0), "", "type", "must be string"],
    ],
  },
  {
    name: "type number: NaN and infinities are none",
    schema: { type: "number" },
    valid: [0, -0, 1.5, -1e300, 5e-324],
    invalid: [
      ["1", "", "type", "must be number"],
      [Number.NaN, "", "type", "must be number"],
      [Number.POSITIVE_INFINITY, "", "type", "must be number"],
      [1n, "", "type", "must be number"],
    ],
  },
  {
    name: "type integer: by value",
    schema: count,
    valid: [0, -3, 2.0, 1e300],
    invalid: [
      [1.5, "", "type", "must be integer"],
      [Number.NaN, "", "type", "must be integer"],
      ["1", "", "type", "must be integer"],
    ],
  },
  {
    name: "type boolean",
    schema: { type: "boolean" },
    valid: [true, false],
    invalid: [
      [0, "", "type", "must be boolean"],
      [null, "", "type", "must be boolean"],
      ["true", "", "type", "must be boolean"],
    ],
  },
  {
    name: "type null",
    schema: { type: "null" },
    valid: [null],
    invalid: [
      [undefined, "", "type", "must be null"],
      [0, "", "type", "must be null"],
      [false, "", "type", "must be null"],
    ],
  },
  {
    name: "type array",
    schema: { type: "array" },
    valid: [[], [1, "a"]],
    invalid: [
      [{}, "", "type", "must be array"],
      [{ length: 0 }, "", "type", "must be array"],
      [new Uint8Array(2), "", "type", "must be array"],
    ],
  },
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
    name: "several types",
    schema: { type: ["string", "null", "integer"], minLength: 2, minimum: 5 },
    valid: ["ab", null, 5],
    invalid: [
      ["a", "", "minLength", "must have 2 or more characters"],
      [4, "", "minimum", "must be 5 or more"],
      [5.5, "", "type", "must be string or null or integer"],
      [true, "", "type", "must be string or null or integer"],
    ],
  },
  {
    name: "const with a primitive",
    schema: { const: "debug" },
    valid: ["debug"],
    invalid: [
      ["Debug", "", "const", 'must be "debug"'],
      [undefined, "", "const", 'must be "debug"'],
    ],
  },
  {
    name: "const null",
    schema: { const: null },
    valid: [null],
    invalid: [[undefined, "", "const", "must be null"]],
  },
  {
    name: "const 0",
    schema: { const: 0 },
    valid: [0, -0],
    invalid: [
      [false, "", "const", "must be 0"],
      ["", "", "const", "must be 0"],
    ],
  },
  {
    name: "const false",
    schema: { const: false },
    valid: [false],
    invalid: [[0, "", "const", "must be false"]],
  },
  {
    name: "const with an object: by content, absent members aside",
    schema: { const: { a: 1, b: [null, { c: "x" }] } },
    valid: [
      { a: 1, b: [null, { c: "x" }] },
      { b: [null, { c: "x", d: undefined }], a: 1, e: undefined },
    ],
    invalid: [
      [{ a: 1 }, "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
      [{ a: 1, b: [null, { c: "y" }] }, "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
      [{ a: 1, b: [{ c: "x" }, null] }, "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
      ['{"a":1,"b":[null,{"c":"x"}]}', "", "const", 'must be {"a":1,"b":[null,{"c":"x"}]}'],
    ],
  },
  {
    name: "enum",
    schema: { enum: ["debug", "info", 0, null, false] },
    valid: ["debug", "info", 0, null, false],
    invalid: [
      ["warn", "", "enum", 'must be one of "debug", "info", 0, null, false'],
      [undefined, "", "enum", 'must be one of "debug", "info", 0, null, false'],
      ["", "", "enum", 'must be one of "debug", "info", 0, null, false'],
    ],
  },
  {
    name: "enum of one",
    schema: { enum: ["only"] },
    valid: ["only"],
    invalid: [["other", "", "enum", 'must be "only"']],
  },
  {
    name: "enum with objects",
    schema: { enum: [[1, 2], { a: 1 }, "x"] },
    valid: [[1, 2], { a: 1 }, { a: 1, b: undefined }, "x"],
    invalid: [
      [[2, 1], "", "enum", 'must be one of [1,2], {"a":1}, "x"'],
      [[1, 2, 3], "", "enum", 'must be one of [1,2], {"a":1}, "x"'],
      [{}, "", "enum", 'must be one of [1,2], {"a":1}, "x"'],
    ],
  },
  {
    name: "enum with more values than a text has room for",
    schema: { enum: Array.from({ length: 300 }, (_, i) => `value-${i}`) },
    valid: ["value-0", "value-299"],
    invalid: [
      [
        "value-300",
        "",
        "enum",
        `${`must be one of ${Array.from({ length: 30 }, (_, i) => `"value-${i}"`).join(", ")}`.slice(0, 199)}…`,
      ],
    ],
  },
  {
    name: "minLength counts code points",
    schema: { type: "string", minLength: 2 },
    valid: ["ab", astral + astral, `${astral}a`, "\ud800\ud800"],
    invalid: [
      ["a", "", "minLength", "must have 2 or more characters"],
      [astral, "", "minLength", "must have 2 or more characters"],
    ],
  },
  {
    name: "maxLength counts code points",
    schema: { type: "string", maxLength: 2 },
    valid: ["", "ab", astral + astral, `a${astral}`],
    invalid: [
      ["abc", "", "maxLength", "must have 2 or fewer characters"],
      [astral.repeat(3), "", "maxLength", "must have 2 or fewer characters"],
      ["\udc00\ud800\udc00\ud800", "", "maxLength", "must have 2 or fewer characters"],
    ],
  },
  {
    name: "maxLength 0",
    schema: { type: "string", maxLength: 0 },
    valid: [""],
    invalid: [["a", "", "maxLength", "must have 0 or fewer characters"]],
  },
  {
    name: "pattern: anywhere, with the flag u",
    schema: { type: "string", pattern: "^\\p{Lu}.$|needle" },
    valid: ["Ab", `A${astral}`, "in a needle stack"],
    invalid: [
      ["ab", "", "pattern", "must match the pattern ^\\p{Lu}.$|needle"],
      ["Abc", "", "pattern", "must match the pattern ^\\p{Lu}.$|needle"],
    ],
  },
  {
    name: "minimum and maximum include the bound",
    schema: { type: "number", minimum: -1, maximum: 1.5 },
    valid: [-1, 0, 1.5],
    invalid: [
      [-1.01, "", "minimum", "must be -1 or more"],
      [1.6, "", "maximum", "must be 1.5 or less"],
    ],
  },
  {
    name: "exclusive bounds exclude it",
    schema: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
    valid: [0.5, 5e-324],
    invalid: [
      [0, "", "exclusiveMinimum", "must be more than 0"],
      [-0, "", "exclusiveMinimum", "must be more than 0"],
      [1, "", "exclusiveMaximum", "must be less than 1"],
    ],
  },
  {
    name: "multipleOf a whole number",
    schema: { type: "number", multipleOf: 3 },
    valid: [0, 3, -9, 3e20],
    invalid: [
      [1, "", "multipleOf", "must be a multiple of 3"],
      [3.5, "", "multipleOf", "must be a multiple of 3"],
    ],
  },
  {
    name: "multipleOf a fraction: by decimals",
    schema: { type: "number", multipleOf: 0.01 },
    valid: [0, 0.3, 4.35, 19.99, 1e21, 123456789.01],
    invalid: [
      [0.005, "", "multipleOf", "must be a multiple of 0.01"],
      [4.351, "", "multipleOf", "must be a multiple of 0.01"],
    ],
  },
  {
    name: "multipleOf a tiny number of a huge one",
    schema: { type: "number", multipleOf: 1e-8 },
    valid: [12391239123, 1e308],
    invalid: [[1e-9, "", "multipleOf", "must be a multiple of 1e-8"]],
  },
  {
    name: "multipleOf a huge number",
    schema: { type: "number", multipleOf: 1e21 },
    valid: [0, -0, 3e21, 1e300],
    invalid: [
      [1.5e21, "", "multipleOf", "must be a multiple of 1e+21"],
      [1e20, "", "multipleOf", "must be a multiple of 1e+21"],
    ],
  },
  {
    name: "multipleOf without rounding",
    schema: { type: "number", multipleOf: 0.123456789 },
    valid: [0.123456789],
    invalid: [[1e308, "", "multipleOf", "must be a multiple of 0.123456789"]],
  },
  {
    name: "items",
    schema: { type: "array", items: count },
    valid: [[], [1, 2, 3]],
    invalid: [
      [[1, "2"], "/1", "type", "must be integer"],
      [[undefined], "/0", "type", "must be integer"],
      [Array(1), "/0", "type", "must be integer"],
    ],
  },
  {
    name: "prefixItems and items",
    schema: { type: "array", prefixItems: [text, count], items: { type: "boolean" } },
    valid: [[], ["a"], ["a", 1], ["a", 1, true, false]],
    invalid: [
      [[1], "/0", "type", "must be string"],
      [["a", "b"], "/1", "type", "must be integer"],
      [["a", 1, 2], "/2", "type", "must be boolean"],
    ],
  },
  {
    name: "a closed tuple",
    schema: { type: "array", prefixItems: [text, count], items: false, minItems: 1 },
    valid: [["a"], ["a", 1]],
    invalid: [
      [["a", 1, 2], "/2", "items", "must be absent"],
      [[], "", "minItems", "must have 1 or more items"],
    ],
  },
  {
    name: "an open tuple",
    schema: { type: "array", prefixItems: [text] },
    valid: [["a", 1, null]],
    invalid: [[[1], "/0", "type", "must be string"]],
  },
  {
    name: "minItems and maxItems",
    schema: { type: "array", minItems: 1, maxItems: 2 },
    valid: [[1], [1, 2]],
    invalid: [
      [[], "", "minItems", "must have 1 or more items"],
      [[1, 2, 3], "", "maxItems", "must have 2 or fewer items"],
    ],
  },
  {
    name: "uniqueItems: by value and type",
    schema: { type: "array", uniqueItems: true },
    valid: [
      [],
      [1, "1", true, null, "true", "null"],
      [[1], [2]],
      [{ a: 1 }, { a: 2 }],
      [[], {}, ""],
      ["1_", 1, "1"],
    ],
    invalid: [
      [[1, 2, 1], "", "uniqueItems", "must have no two equal items"],
      [["__proto__", "__proto__"], "", "uniqueItems", "must have no two equal items"],
      [["toString", "a", "toString"], "", "uniqueItems", "must have no two equal items"],
      [[0, -0], "", "uniqueItems", "must have no two equal items"],
      [
        [
          { a: 1, b: 2 },
          { b: 2, a: 1, c: undefined },
        ],
        "",
        "uniqueItems",
        "must have no two equal items",
      ],
      [[[{ a: [] }], [{ a: [] }]], "", "uniqueItems", "must have no two equal items"],
    ],
  },
  {
    name: "uniqueItems of strings",
    schema: { type: "array", items: text, uniqueItems: true },
    valid: [
      ["a", "b"],
      ["__proto__", "constructor"],
    ],
    invalid: [[["__proto__", "__proto__"], "", "uniqueItems", "must have no two equal items"]],
  },
  {
    name: "uniqueItems of bytes",
    schema: { type: "array", items: bytes, uniqueItems: true },
    valid: [[new Uint8Array([1]), new Uint8Array([1, 1])]],
    invalid: [
      [[new Uint8Array([1, 2]), new Uint8Array([1, 2])], "", "uniqueItems", "must have no two equal items"],
    ],
  },
  { name: "uniqueItems false", schema: { type: "array", uniqueItems: false }, valid: [[1, 1]], invalid: [] },
  {
    name: "contains",
    schema: { type: "array", contains: { type: "string", minLength: 2 } },
    valid: [["ab"], [1, "ab", "ab"]],
    invalid: [
      [[], "", "contains", "must contain 1 or more of the described items"],
      [[1, "a"], "", "contains", "must contain 1 or more of the described items"],
    ],
  },
  {
    name: "contains beside prefixItems",
    schema: {
      type: "array",
      items: { type: "array", prefixItems: [count], contains: text, uniqueItems: true },
    },
    valid: [
      [
        [1, "a"],
        [1, "b", "a"],
      ],
    ],
    invalid: [
      [[[]], "/0", "contains", "must contain 1 or more of the described items"],
      [[[1, "a"], []], "/1", "contains", "must contain 1 or more of the described items"],
      [[[1]], "/0", "contains", "must contain 1 or more of the described items"],
    ],
  },
  {
    name: "minContains and maxContains",
    schema: { type: "array", contains: count, minContains: 2, maxContains: 3 },
    valid: [
      [1, 2],
      [1, "a", 2, 3],
    ],
    invalid: [
      [[1, "a"], "", "contains", "must contain 2 to 3 of the described items"],
      [[1, 2, 3, 4], "", "contains", "must contain 2 to 3 of the described items"],
    ],
  },
  {
    name: "maxContains alone, and zero",
    schema: { type: "array", contains: count, minContains: 0, maxContains: 1 },
    valid: [[], ["a"], [1]],
    invalid: [[[1, 2], "", "contains", "must contain 0 to 1 of the described items"]],
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
    name: "allOf",
    schema: {
      allOf: [
        { type: "string", minLength: 2 },
        { type: "string", maxLength: 3 },
      ],
    },
    valid: ["ab", "abc"],
    invalid: [
      ["a", "", "minLength", "must have 2 or more characters"],
      ["abcd", "", "maxLength", "must have 3 or fewer characters"],
    ],
  },
  {
    name: "anyOf of types",
    schema: { anyOf: [{ type: "string", minLength: 2 }, { type: "null" }] },
    valid: ["ab", null],
    invalid: [
      ["a", "", "minLength", "must have 2 or more characters"],
      [1, "", "anyOf", "must be string or null"],
    ],
  },
  {
    name: "anyOf whose branches fit alike",
    schema: {
      anyOf: [
        { type: "integer", minimum: 10 },
        { type: "number", maximum: -10 },
      ],
    },
    valid: [10, -10.5],
    invalid: [
      [0, "", "anyOf", "must match one of the alternatives"],
      ["a", "", "anyOf", "must be integer or number"],
    ],
  },
  {
    name: "anyOf leads to the branch that was meant",
    schema: { anyOf: [{ type: "object", properties: { a: count }, required: ["a"] }, { type: "null" }] },
    valid: [null, { a: 1 }],
    invalid: [
      [{}, "", "required", 'must have property "a"'],
      [{ a: "x" }, "/a", "type", "must be integer"],
    ],
  },
  {
    name: "oneOf",
    schema: { oneOf: [{ type: "integer" }, { type: "number", minimum: 5 }] },
    valid: [1, 5.5],
    invalid: [
      [7, "", "oneOf", "must match exactly one of the alternatives"],
      [1.5, "", "minimum", "must be 5 or more"],
      ["a", "", "oneOf", "must be integer or number"],
    ],
  },
  {
    name: "oneOf with a tag",
    schema: {
      oneOf: [
        {
          type: "object",
          properties: { kind: { const: "circle" }, r: { type: "number" } },
          required: ["kind", "r"],
        },
        {
          type: "object",
          properties: { kind: { enum: ["square", "box"] }, a: count },
          required: ["kind"],
          additionalProperties: false,
        },
      ],
    },
    valid: [{ kind: "circle", r: 1 }, { kind: "square" }, { kind: "box", a: 1 }],
    invalid: [
      [{ kind: "circle" }, "", "required", 'must have property "r"'],
      [{ kind: "box", a: "x" }, "/a", "type", "must be integer"],
      [{ kind: "box", b: 1 }, "/b", "additionalProperties", "must be absent"],
      [{ kind: "line" }, "", "oneOf", 'property "kind" must be one of "circle", "square", "box"'],
      [{}, "", "oneOf", 'property "kind" must be one of "circle", "square", "box"'],
      ["circle", "", "oneOf", "must be object"],
      [inherited, "", "oneOf", 'property "kind" must be one of "circle", "square", "box"'],
    ],
  },
  {
    name: "oneOf whose branches share a tag",
    schema: {
      oneOf: [
        { type: "object", properties: { kind: { const: "a" }, x: count }, required: ["kind", "x"] },
        { type: "object", properties: { kind: { const: "a" }, y: count }, required: ["kind", "y"] },
      ],
    },
    valid: [
      { kind: "a", x: 1 },
      { kind: "a", y: 1 },
    ],
    invalid: [
      [{ kind: "a", x: 1, y: 1 }, "", "oneOf", "must match exactly one of the alternatives"],
      [{ kind: "a" }, "", "oneOf", "must match exactly one of the alternatives"],
    ],
  },
  {
    name: "anyOf with a constant that one branch does not require",
    schema: {
      anyOf: [
        { type: "object", properties: { kind: { const: "a" } }, required: ["kind"] },
        { type: "object", properties: { kind: { const: "b" } } },
      ],
    },
    valid: [{ kind: "a" }, { kind: "b" }, {}],
    invalid: [[{ kind: "c" }, "", "anyOf", "must match one of the alternatives"]],
  },
  {
    name: "not",
    schema: { type: "object", not: { required: ["secret"] } },
    valid: [{}, { secret: undefined }],
    invalid: [[{ secret: 1 }, "", "not", "must not match what is excluded"]],
  },
  {
    name: "not sees no undefined members",
    schema: { type: "object", not: { additionalProperties: false, minProperties: 1 } },
    valid: [{}, { a: 1 }, { a: undefined }],
    invalid: [],
  },
  {
    name: "if, then and else",
    schema: {
      type: "object",
      if: { properties: { country: { const: "US" } }, required: ["country"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ["zip"] },
      else: { properties: { zip: false } },
    },
    valid: [{ country: "US", zip: 1 }, {}, { country: "FR" }],
    invalid: [
      [{ country: "US" }, "", "required", 'must have property "zip"'],
      [{ country: "FR", zip: 1 }, "/zip", "properties", "must be absent"],
      [{ zip: 1 }, "/zip", "properties", "must be absent"],
    ],
  },
  {
    name: "if with else alone",
    schema: { type: "integer", if: { minimum: 10 }, else: { multipleOf: 2 } },
    valid: [11, 4],
    invalid: [[5, "", "multipleOf", "must be a multiple of 2"]],
  },
  {
    name: "$ref, also beside other keywords",
    schema: {
      $defs: { name: { type: "string", minLength: 1 } },
      type: "object",
      properties: { name: { $ref: "#/$defs/name", type: "string", maxLength: 3 } },
    },
    valid: [{ name: "abc" }],
    invalid: [
      [{ name: "" }, "/name", "minLength", "must have 1 or more characters"],
      [{ name: "abcd" }, "/name", "maxLength", "must have 3 or fewer characters"],
    ],
  },
  {
    name: "a recursive $ref",
    schema: {
      type: "object",
      properties: { value: count, next: { $ref: "#" } },
      required: ["value"],
      additionalProperties: false,
    },
    valid: [{ value: 1 }, { value: 1, next: { value: 2, next: { value: 3 } } }],
    invalid: [
      [{ value: 1, next: { value: 2, next: {} } }, "/next/next", "required", 'must have property "value"'],
      [{ value: 1, next: { value: "x" } }, "/next/value", "type", "must be integer"],
    ],
  },
  {
    name: "$refs that lead to each other",
    schema: {
      $defs: {
        even: { type: "array", prefixItems: [{ $ref: "#/$defs/odd" }], items: false },
        odd: { type: "array", prefixItems: [{ $ref: "#/$defs/even" }], items: false, minItems: 1 },
      },
      $ref: "#/$defs/even",
    },
    valid: [[], [[[]]]],
    invalid: [[[[]], "/0", "minItems", "must have 1 or more items"]],
  },
  {
    name: "$anchor, embedded $id and escaped pointers",
    schema: {
      $id: "https://example.com/root",
      type: "object",
      properties: {
        a: { $ref: "#text" },
        b: { $ref: "item" },
        c: { $ref: "item#inner" },
        d: { $ref: "#/$defs/a~1b~0c%25" },
        e: { $ref: "https://example.com/root#/properties/a" },
      },
      $defs: {
        text: { $anchor: "text", type: "string" },
        item: {
          $id: "item",
          type: "array",
          items: { $ref: "#inner" },
          $defs: { inner: { $anchor: "inner", type: "integer" } },
        },
        "a/b~c%": { type: "null" },
      },
    },
    valid: [{ a: "x", b: [1], c: 1, d: null, e: "x" }],
    invalid: [
      [{ a: 1 }, "/a", "type", "must be string"],
      [{ b: ["x"] }, "/b/0", "type", "must be integer"],
      [{ c: "x" }, "/c", "type", "must be integer"],
      [{ d: 1 }, "/d", "type", "must be null"],
      [{ e: 1 }, "/e", "type", "must be string"],
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
  {
    name: "unevaluatedItems, with contains",
    schema: {
      type: "array",
      prefixItems: [text],
      contains: { type: "integer" },
      unevaluatedItems: { type: "boolean" },
    },
    valid: [
      ["a", 1],
      ["a", 1, true, 2],
    ],
    invalid: [
      [["a", 1, "x"], "/2", "type", "must be boolean"],
      [["a", true], "", "contains", "must contain 1 or more of the described items"],
    ],
  },
  {
    name: "unevaluatedItems of branches",
    schema: {
      type: "array",
      anyOf: [{ prefixItems: [text, text], minItems: 2 }, { prefixItems: [text] }],
      unevaluatedItems: false,
    },
    valid: [["a"], ["a", "b"]],
    invalid: [
      [["a", 1], "/1", "unevaluatedItems", "must be absent"],
      [["a", "b", "c"], "/2", "unevaluatedItems", "must be absent"],
    ],
  },
  {
    name: "bytes",
    schema: bytes,
    valid: [new Uint8Array(0), new Uint8Array([1, 2, 3]), new Uint8Array(8).subarray(2, 4)],
    invalid: [
      ["AAAA", "", "type", "must be bytes"],
      [[1, 2], "", "type", "must be bytes"],
      [new Uint8ClampedArray(1), "", "type", "must be bytes"],
      [new Uint16Array(1), "", "type", "must be bytes"],
      [new ArrayBuffer(1), "", "type", "must be bytes"],
      [undefined, "", "type", "must be bytes"],
    ],
  },
  {
    name: "minLength and maxLength of bytes count bytes",
    schema: {
      type: "object",
      properties: { data: { ...bytes, minLength: 1, maxLength: 2 } },
      additionalProperties: false,
    },
    valid: [{}, { data: new Uint8Array(1) }, { data: new Uint8Array(2) }],
    invalid: [
      [{ data: new Uint8Array(0) }, "/data", "minLength", "must have 1 or more bytes"],
      [{ data: new Uint8Array(3) }, "/data", "maxLength", "must have 2 or fewer bytes"],
      [{ data: "AA==" }, "/data", "type", "must be bytes"],
    ],
  },
  {
    name: "bytes in items, maps and branches",
    schema: {
      type: "array",
      items: { anyOf: [bytes, { type: "object", additionalProperties: bytes }, { type: "null" }] },
    },
    valid: [[new Uint8Array(1), null, { a: new Uint8Array(0) }, {}]],
    invalid: [
      [[1], "/0", "anyOf", "must be bytes or object or null"],
      [[{ a: 1 }], "/0/a", "type", "must be bytes"],
    ],
  },
  {
    name: "bytes are no object in a oneOf",
    schema: { oneOf: [bytes, { type: "object" }] },
    valid: [new Uint8Array(3), {}],
    invalid: [[[], "", "oneOf", "must be bytes or object"]],
  },
  {
    name: "notes and keywords of the application say nothing",
    schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $comment: "c",
      title: "t",
      description: "d",
      default: { $ref: "#/nowhere" },
      examples: [{ $id: "x" }],
      deprecated: true,
      readOnly: true,
      writeOnly: false,
      "x-order": { type: "nonsense" },
      type: "string",
      contentMediaType: "text/html",
    } as JsonSchema,
    valid: ["x"],
    invalid: [[1, "", "type", "must be string"]],
  },
];
