import { describe, expect, it } from "vitest";
import { patternCost } from "../../src/schema/pattern-cost.ts";

describe("patternCost", () => {
  it.each([
    ["^x-", 9, 10],
    ["^[a-z*+?{(|)]$", 9, 10],
    ["^\\(\\)\\*\\|$", 9, 10],
    ["^\\p{L}\\u{1F600}$", 9, 10],
    ["^a+$", 9, 100],
    ["^a+-b*$", 9, 1_000],
    ["a|b", 9, 20],
    ["^(?:ab)?$", 9, 200],
  ])(
    "of %s is a power of the length for each repetition, and doubles with each alternative",
    (source, length, cost) => {
      expect(patternCost(source, length)).toBe(cost);
    },
  );

  it.each(["^(a|a)*$", "(?:a+)+", "([a-z]+){2,}", "(a*)*b"])(
    "of %s, which repeats a group, has no bound",
    (source) => {
      expect(patternCost(source, 1)).toBe(Infinity);
    },
  );
});
