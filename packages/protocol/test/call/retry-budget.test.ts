/** RetryBudget: how many repetitions a client has, whatever fails and however often it asks. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RetryBudget } from "../../src/call/retry-budget.ts";

/** How many tokens can be taken at `nowMs`. */
function drain(budget: RetryBudget, nowMs: number): number {
  let taken = 0;
  while (budget.withdraw(nowMs)) taken++;
  return taken;
}

describe("RetryBudget", () => {
  test("begins with `burst` tokens, by default 300", () => {
    expect(drain(new RetryBudget({}, 0), 0)).toBe(300);
    expect(drain(new RetryBudget({ burst: 7 }, 0), 0)).toBe(7);
    expect(drain(new RetryBudget({ burst: 0 }, 0), 0)).toBe(0);
  });

  test("gains `ratio` for each call, by default one for five", () => {
    const budget = new RetryBudget({ perSecond: 0 }, 0);
    drain(budget, 0);
    for (let call = 0; call < 4; call++) budget.deposit();
    expect(budget.withdraw(0)).toBe(false);
    // Sums of fifths are not exact.
    for (let call = 0; call < 2; call++) budget.deposit();
    expect(drain(budget, 0)).toBe(1);
  });

  test("gains `perSecond` with time, by default ten, from wherever its clock begins", () => {
    const budget = new RetryBudget({ ratio: 0 }, 5_000);
    drain(budget, 5_000);
    expect(drain(budget, 5_099)).toBe(0);
    expect(drain(budget, 5_101)).toBe(1);
    expect(drain(budget, 6_102)).toBe(10);
  });

  test("never holds more than `burst`", () => {
    const budget = new RetryBudget({ burst: 3 }, 0);
    for (let call = 0; call < 100; call++) budget.deposit();
    expect(drain(budget, 3_600_000)).toBe(3);
  });

  test("gives fractions together, not one by one", () => {
    const budget = new RetryBudget({ burst: 1, ratio: 0.5, perSecond: 0 }, 0);
    drain(budget, 0);
    budget.deposit();
    expect(budget.withdraw(0)).toBe(false);
    budget.deposit();
    expect(budget.withdraw(0)).toBe(true);
  });

  test("allows, over any time and any calls, at most burst + ratio × calls + perSecond × seconds", () => {
    const event = fc.oneof(
      fc.constant("call" as const),
      fc.constant("ask" as const),
      fc.integer({ min: 1, max: 2_000 }),
    );
    const numbers = fc.record({
      burst: fc.integer({ min: 0, max: 20 }),
      ratio: fc.double({ min: 0, max: 2, noNaN: true }),
      perSecond: fc.double({ min: 0, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(numbers, fc.array(event, { maxLength: 400 }), (options, events) => {
        const budget = new RetryBudget(options, 0);
        let nowMs = 0;
        let calls = 0;
        let allowed = 0;
        for (const one of events) {
          if (one === "call") {
            calls++;
            budget.deposit();
          } else if (one === "ask") allowed += Number(budget.withdraw(nowMs));
          else nowMs += one;
          const most = options.burst + options.ratio * calls + (options.perSecond * nowMs) / 1_000;
          expect(allowed).toBeLessThanOrEqual(most + 1e-6);
          expect(budget.tokens).toBeLessThanOrEqual(options.burst);
        }
      }),
    );
  });

  test.each([{ burst: -1 }, { ratio: Number.NaN }, { perSecond: -0.1 }])("refuses %j", (options) => {
    expect(() => new RetryBudget(options, 0)).toThrow(RangeError);
  });
});
