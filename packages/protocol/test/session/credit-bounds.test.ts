/** Windows and budgets at their bounds: exactly full, exactly empty, one step behind. Spec: docs/wire.md §4.1. */
import { describe, expect, it } from "vitest";
import { ReceiveWindow } from "../../src/session/credit-window.ts";
import { MemoryBudget } from "../../src/session/memory-budget.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

function opened({ window = 64 * KiB, maxWindow = 64 * KiB, clock = new FakeClock() } = {}): {
  readonly window: ReceiveWindow;
  readonly budget: MemoryBudget;
} {
  const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
  const made = new ReceiveWindow(budget, { window, maxWindow }, clock);
  made.open();
  return { window: made, budget };
}

describe("ReceiveWindow", () => {
  it("counts as taken what was taken, also where nothing is raised for it; and never takes it back", () => {
    const { window } = opened();
    window.arrive(0, 3 * KiB);
    expect(window.take(KiB)).toBe(false);
    expect([window.taken, window.isEmpty]).toEqual([KiB, false]);
    window.take(500);
    expect(window.taken).toBe(KiB);
    window.take(3 * KiB);
    window.arrive(3 * KiB, 50 * KiB);
    window.take(45 * KiB);
    window.take(44 * KiB);
    expect(window.taken).toBe(45 * KiB);
  });

  it("once closed counts on, raises nothing, and takes nothing back", () => {
    const { window } = opened();
    window.arrive(0, 60 * KiB);
    window.close();
    const { limit } = window;
    expect([window.take(50 * KiB), window.take(40 * KiB)]).toEqual([false, false]);
    expect([window.taken, window.limit]).toEqual([50 * KiB, limit]);
  });

  it("holds a reservation until all that has arrived was taken", () => {
    const { window, budget } = opened();
    window.reserve(256 * KiB, () => {});
    window.arrive(0, 256 * KiB);
    window.take(255 * KiB);
    expect([window.holdsReservation, budget.isReserved]).toEqual([true, true]);
    window.take(256 * KiB);
    expect([window.holdsReservation, budget.isReserved]).toEqual([false, false]);
  });

  it("grows for a reader that is fast, at whatever time of the day, and no further than its most", async () => {
    const clock = new FakeClock();
    await clock.advance(1_000_000);
    const { window } = opened({ window: 40 * KiB, maxWindow: 64 * KiB, clock });
    window.arrive(0, 40 * KiB);
    await clock.advance(999);
    window.take(40 * KiB);
    expect(window.size).toBe(64 * KiB);
    const slow = opened({ window: 40 * KiB, maxWindow: 64 * KiB, clock }).window;
    slow.arrive(0, 40 * KiB);
    await clock.advance(1_000);
    slow.take(40 * KiB);
    expect(slow.size).toBe(40 * KiB);
  });

  it("of the smallest size raises for a reader that waits once less than a piece is left, not when one fits", () => {
    const budget = new MemoryBudget({ maxBuffered: 4 * 1_500 * 8, maxCalls: 8 });
    const window = new ReceiveWindow(budget, { window: KiB, maxWindow: KiB }, new FakeClock());
    expect(window.open()).toBe(1_500);
    window.arrive(0, 1_500 - KiB);
    expect(window.take(1_500 - KiB)).toBe(false);
    window.arrive(1_500 - KiB, 1_501 - KiB);
    expect(window.take(1_501 - KiB)).toBe(true);
    expect(window.limit).toBe(1_501 - KiB + 1_500);
  });
});

describe("MemoryBudget", () => {
  const budgetOf = (maxBuffered: number): MemoryBudget => new MemoryBudget({ maxBuffered, maxCalls: 1 });
  const claimOf = (granted: string[], name: string) => ({ granted: () => void granted.push(name) });

  it("says whether anything is reserved", () => {
    const budget = budgetOf(64 * KiB);
    expect(budget.isReserved).toBe(false);
    budget.reserve(1, claimOf([], ""));
    expect(budget.isReserved).toBe(true);
    budget.release(1);
    expect(budget.isReserved).toBe(false);
  });

  it("serves who waits with exactly what was given back", () => {
    const budget = budgetOf(64 * KiB);
    const granted: string[] = [];
    budget.reserve(32 * KiB, claimOf(granted, "first"));
    expect(budget.reserve(KiB, claimOf(granted, "second"))).toBe(false);
    budget.release(KiB);
    expect(granted).toEqual(["second"]);
  });

  it("leaves those that wait alone when a claim is withdrawn that does not", () => {
    const budget = budgetOf(64 * KiB);
    const granted: string[] = [];
    budget.reserve(32 * KiB, claimOf(granted, "first"));
    budget.reserve(KiB, claimOf(granted, "second"));
    budget.withdraw(claimOf(granted, "nobody"));
    budget.release(32 * KiB);
    expect(granted).toEqual(["second"]);
  });
});
