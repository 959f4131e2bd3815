/** Cases of keywords that hold schemas for the same value: `allOf`, `anyOf`, `oneOf`, `not`, `if`. */
import type { KeywordCase } from "../keyword-case.ts";
import { count } from "./small-schemas.ts";

const inherited: unknown = Object.create({ a: "inherited" });

export const branchCases: readonly KeywordCase[] = [
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
];
