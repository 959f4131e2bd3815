/** Numbers of calls: new ones run, used ones never again. Spec: docs/wire.md §4.7. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ReplayWindow, replayNumbers } from "../../src/session/replay-window.ts";

/** Counts the bytes of the tables that are made from now on. */
function countTables(): { bytes: number } {
  const made = { bytes: 0 };
  class CountedTable extends Uint32Array {
    constructor(length: number) {
      super(length);
      made.bytes += this.byteLength;
    }
  }
  vi.stubGlobal("Uint32Array", CountedTable);
  return made;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("ReplayWindow", () => {
  it("takes numbers in order without a table of them", () => {
    const window = new ReplayWindow();
    for (let number = 1; number <= 1000; number++) {
      expect(window.isUsed(number)).toBe(false);
      window.use(number);
      expect(window.isUsed(number)).toBe(true);
    }
  });

  it("has no table while numbers come in order, and one of 8 KiB from the first gap on", () => {
    const made = countTables();
    const window = new ReplayWindow();
    for (let number = 1; number <= 100; number++) window.use(number);
    window.use(50);
    window.use(101);
    expect(made.bytes, "with 50 that came again").toBe(replayNumbers / 8);
    const inOrder = new ReplayWindow();
    for (let number = 1; number <= 100; number++) inOrder.use(number);
    expect(made.bytes, "in order").toBe(replayNumbers / 8);
    inOrder.use(102);
    inOrder.use(2 ** 40);
    expect(made.bytes, "with a gap").toBe((2 * replayNumbers) / 8);
  });

  it("numbers in order are used also where an earlier one was left open, 65,536 before", () => {
    const window = new ReplayWindow();
    window.use(1);
    window.use(5);
    for (let number = 6; number <= replayNumbers + 10; number++) {
      window.use(number);
      if (!window.isUsed(number)) expect.fail(`${number} is not used`);
    }
    expect([replayNumbers + 2, replayNumbers + 5].map((number) => window.isUsed(number))).toEqual([
      true,
      true,
    ]);
  });

  it("one that is too old to tell marks no newer one as used", () => {
    const window = new ReplayWindow();
    window.use(10 + replayNumbers);
    window.use(5);
    expect([5, 5 + replayNumbers].map((number) => window.isUsed(number))).toEqual([true, false]);
    window.use(5 + replayNumbers);
    expect(window.isUsed(5 + replayNumbers)).toBe(true);
  });

  it("leaves open what was skipped, until it is used or 65,536 behind", () => {
    const window = new ReplayWindow();
    window.use(1);
    window.use(5);
    expect([2, 3, 4, 5].map((number) => window.isUsed(number))).toEqual([false, false, false, true]);
    window.use(3);
    expect([2, 3, 4].map((number) => window.isUsed(number))).toEqual([false, true, false]);
    window.use(4 + replayNumbers);
    expect([2, 3, 4, 5, 6].map((number) => window.isUsed(number))).toEqual([true, true, true, true, false]);
  });

  it("REL-C5 costs a jump of any size no more than a table of bits", () => {
    const window = new ReplayWindow();
    window.use(2 ** 32 - 1);
    expect([1, 2 ** 32 - 1 - replayNumbers, 2 ** 32 - 2].map((number) => window.isUsed(number))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("says what a set of numbers says, within its reach", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200_000 })), {
          maxLength: 200,
        }),
        fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 50 }),
        (used, asked) => {
          const window = new ReplayWindow();
          const set = new Set<number>();
          let highest = 0;
          const expected = (number: number): boolean => set.has(number) || number <= highest - replayNumbers;
          for (const number of used) {
            expect(window.isUsed(number)).toBe(expected(number));
            window.use(number);
            set.add(number);
            highest = Math.max(highest, number);
          }
          for (const number of [...used, ...asked]) expect(window.isUsed(number)).toBe(expected(number));
        },
      ),
    );
  });
});
