/** Dice draw what cannot be told from chance where tests use it: few sides, many seeds. */
import { describe, expect, test } from "vitest";
import { Dice } from "../../src/testing/dice.ts";

function draws(seed: number, sides: number, count: number): number[] {
  const dice = Dice.seeded(seed);
  return Array.from({ length: count }, () => dice.below(sides));
}

describe.each([2, 3, 4, 8, 10])("dice with %i sides", (sides) => {
  test("show each side about as often", () => {
    const counts = new Array<number>(sides).fill(0);
    for (const side of draws(7, sides, 4_096)) counts[side] = (counts[side] ?? 0) + 1;
    const fair = 4_096 / sides;
    // Five standard deviations: it is the same seed each time, and no side is favoured.
    for (const count of counts) expect(Math.abs(count - fair)).toBeLessThan(5 * Math.sqrt(fair));
  });

  test("do not begin anew before their numbers do", () => {
    const shown = draws(7, sides, 4_096);
    for (let period = 1; period <= 2_048; period++) {
      const isPeriodic = shown.every(
        (side, at) => at + period >= shown.length || side === shown[at + period],
      );
      expect([period, isPeriodic]).toEqual([period, false]);
    }
  });

  test("differ from seed to seed, and are the same for the same", () => {
    const sequences = Array.from({ length: 5_000 }, (_, seed) => draws(seed, sides, 64).join(""));
    expect(new Set(sequences).size).toBe(sequences.length);
    expect(draws(4_999, sides, 64).join("")).toBe(sequences[4_999]);
  });
});

test("numbers that are given make the same choices again and again", () => {
  const dice = new Dice([5, 7]);
  expect([dice.below(4), dice.below(4), dice.below(4)]).toEqual([1, 3, 1]);
});
