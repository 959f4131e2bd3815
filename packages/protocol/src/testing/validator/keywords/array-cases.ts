/** Cases of keywords for arrays: items by place, how many, unique, contained, unevaluated. */
import type { KeywordCase } from "../keyword-case.ts";
import { bytes, count, text } from "./small-schemas.ts";

export const arrayCases: readonly KeywordCase[] = [
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
];
