/** Patterns of the conformance kit match what they name, and say what does not. */
import { expect, test } from "vitest";
import { mismatches } from "../../../src/testing/kit/match-pattern.ts";

test.each([
  [1, 1],
  [{ a: 1, b: 2 }, { a: 1 }],
  [
    [1, { a: 2, b: 3 }],
    [1, { a: 2 }],
  ],
  [{ a: "0123456789abcdef" }, { a: { $is: "hex16" } }],
  [{ a: 5 }, { a: { $is: "integer", min: 5, max: 5 } }],
  [{}, { a: { $is: "absent" } }],
  ["b", { $oneOf: ["a", "b"] }],
  [["json", "x"], { $has: "json" }],
  ["a text", { $has: "text" }],
  ["a text", { $lacks: "secret" }],
  [3, { $is: "odd" }],
])("%j matches %j", (actual, pattern) => {
  expect(mismatches(actual, pattern)).toEqual([]);
});

test.each([
  [1, 2],
  [{ b: 2 }, { a: 1 }],
  [[1], [1, 2]],
  [{ 0: 1, length: 1 }, [1]],
  [{ a: "0123456789ABCDEF" }, { a: { $is: "hex16" } }],
  [{ a: 6 }, { a: { $is: "integer", max: 5 } }],
  [{ a: 1.5 }, { a: { $is: "integer" } }],
  [{ a: null }, { a: { $is: "absent" } }],
  ["c", { $oneOf: ["a", "b"] }],
  [["x"], { $has: "json" }],
  ["a secret", { $lacks: "secret" }],
  [undefined, { $lacks: "secret" }],
  [Object.create({ a: 1 }), { a: 1 }],
  [4, { $is: "odd" }],
])("%j does not match %j", (actual, pattern) => {
  expect(mismatches(actual, pattern)).toHaveLength(1);
});

test("says where", () => {
  expect(mismatches({ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, "OPEN")).toEqual([
    "OPEN.a[0].b must be 2, and is 1",
  ]);
});
