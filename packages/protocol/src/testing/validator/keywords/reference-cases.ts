/** Cases of `$ref` and of what it may name: pointers, anchors, embedded resources. */
import type { KeywordCase } from "../keyword-case.ts";
import { count } from "./small-schemas.ts";

export const referenceCases: readonly KeywordCase[] = [
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
];
