/** The ledger of numbers: what is missing and what comes twice is counted, and nothing else is. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { NumberLedger } from "../../page/number-ledger.ts";

function taken(numbers: readonly number[]): { received: number; lost: number; doubled: number } {
  const ledger = new NumberLedger();
  for (const number of numbers) ledger.take(number);
  const { received, lost, doubled } = ledger;
  return { received, lost, doubled };
}

test.each<[string, number[], { lost: number; doubled: number }]>([
  ["nothing", [], { lost: 0, doubled: 0 }],
  ["all in order", [1, 2, 3, 4], { lost: 0, doubled: 0 }],
  ["a gap at the start", [3, 4], { lost: 2, doubled: 0 }],
  ["gaps in the middle", [1, 3, 4, 8], { lost: 4, doubled: 0 }],
  ["one again", [1, 2, 2, 3], { lost: 0, doubled: 1 }],
  ["a stretch again", [1, 2, 3, 2, 3, 4], { lost: 0, doubled: 2 }],
])("NumberLedger counts %s", (_, numbers, counts) => {
  expect(taken(numbers)).toEqual({ received: numbers.length, ...counts });
});

test("NumberLedger finds every number that is left out, and every one that is repeated", () => {
  const kinds = fc.array(fc.constantFrom("once", "never", "twice"), { maxLength: 50 });
  fc.assert(
    fc.property(kinds, (each) => {
      const numbers = each.flatMap((kind, index) =>
        kind === "never" ? [] : kind === "twice" ? [index + 1, index + 1] : [index + 1],
      );
      const { lost, doubled } = taken(numbers);
      const last = each.findLastIndex((kind) => kind !== "never"); // what is missing at the end is not known yet
      expect(lost).toBe(each.slice(0, last + 1).filter((kind) => kind === "never").length);
      expect(doubled).toBe(each.filter((kind) => kind === "twice").length);
    }),
  );
});
