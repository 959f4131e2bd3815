/** Cases of keywords for numbers: bounds, multiples, whole numbers. */
import type { KeywordCase } from "../keyword-case.ts";
import { count } from "./small-schemas.ts";

export const numberCases: readonly KeywordCase[] = [
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
];
