/** INV-MEM in arithmetic: what is lent, reserved and always there never exceeds `maxBuffered`. Spec: docs/wire.md §4.1. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resolveLimits } from "../../src/limits.ts";
import { type Claim, MemoryBudget } from "../../src/session/memory-budget.ts";

const MiB = 1024 * 1024;

class Waiter implements Claim {
  readonly bytes: number;
  readonly log: Waiter[];
  isGranted = false;

  constructor(bytes: number, log: Waiter[]) {
    this.bytes = bytes;
    this.log = log;
  }

  granted(): void {
    this.isGranted = true;
    this.log.push(this);
  }
}

describe("MemoryBudget floors", () => {
  it.each([
    { maxBuffered: 8 * MiB, maxCalls: 1024, floor: 2048 },
    { maxBuffered: 8 * MiB, maxCalls: 256, floor: 8192 },
    { maxBuffered: 8 * MiB, maxCalls: 1, floor: 8192 },
    { maxBuffered: 8 * MiB, maxCalls: 2048, floor: 1024 },
    { maxBuffered: 8 * MiB, maxCalls: 1000, floor: 2097 },
    { maxBuffered: 64 * 1024, maxCalls: 16, floor: 1024 },
    { maxBuffered: 64 * 1024, maxCalls: 5, floor: 3276 },
  ])("$maxBuffered bytes for $maxCalls calls give a floor of $floor", ({ floor, ...limits }) => {
    expect(new MemoryBudget(limits).floor).toBe(floor);
  });

  it("fit a quarter whatever limits are allowed", () => {
    const sizes = fc.record({
      maxBuffered: fc.integer({ min: 64 * 1024, max: 2 ** 30 }),
      maxCalls: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(sizes, ({ maxBuffered, maxCalls }) => {
        const maxMessage = Math.min(4 * MiB, Math.floor(maxBuffered / 2));
        fc.pre(maxCalls * 1024 <= maxBuffered / 4);
        const { floor } = new MemoryBudget(resolveLimits({ limits: { maxBuffered, maxCalls, maxMessage } }));
        expect(floor * maxCalls).toBeLessThanOrEqual(maxBuffered / 4);
        expect(floor).toBeGreaterThanOrEqual(1024);
        expect(floor).toBeLessThanOrEqual(8192);
      }),
    );
  });
});

describe("MemoryBudget loans", () => {
  it("lends what is asked for, then what is left, then nothing", () => {
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    expect(budget.lend(MiB)).toBe(MiB);
    expect(budget.lend(2 * MiB)).toBe(MiB);
    expect(budget.lend(1)).toBe(0);
    expect(budget.lendable).toBe(0);
    budget.giveBack(10);
    expect(budget.lend(100)).toBe(10);
  });

  it("a request for nothing, or less, takes nothing", () => {
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    expect(budget.lend(0)).toBe(0);
    expect(budget.lend(-5)).toBe(0);
    expect(budget.lendable).toBe(2 * MiB);
  });
});

describe("MemoryBudget reservations", () => {
  it("are served in the order in which they were asked for, also when a later one would fit", () => {
    const log: Waiter[] = [];
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    const [first, second, third] = [
      new Waiter(3 * MiB, log),
      new Waiter(2 * MiB, log),
      new Waiter(1024, log),
    ] as const;
    expect(budget.reserve(3 * MiB, first)).toBe(true);
    expect(budget.reserve(2 * MiB, second)).toBe(false);
    expect(budget.reserve(1024, third)).toBe(false);
    expect(log).toEqual([]);
    budget.release(3 * MiB);
    expect(log).toEqual([second, third]);
  });

  it("a claim that is withdrawn lets the next one through", () => {
    const log: Waiter[] = [];
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    const [large, small] = [new Waiter(4 * MiB, log), new Waiter(1024, log)] as const;
    budget.reserve(1 * MiB, new Waiter(MiB, log));
    expect(budget.reserve(4 * MiB, large)).toBe(false);
    expect(budget.reserve(1024, small)).toBe(false);
    budget.withdraw(large);
    expect(log).toEqual([small]);
    budget.release(1 * MiB);
    expect(log).toEqual([small]);
  });

  it("withdrawing what does not wait changes nothing", () => {
    const log: Waiter[] = [];
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    const held = new Waiter(4 * MiB, log);
    expect(budget.reserve(4 * MiB, held)).toBe(true);
    budget.withdraw(held);
    expect(budget.reserve(1, new Waiter(1, log))).toBe(false);
  });

  it("withdrawing what does not wait leaves those alone that do", () => {
    const log: Waiter[] = [];
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    const [held, waiting] = [new Waiter(4 * MiB, log), new Waiter(1, log)] as const;
    budget.reserve(4 * MiB, held);
    expect(budget.reserve(1, waiting)).toBe(false);
    budget.withdraw(held);
    budget.release(4 * MiB);
    expect(log).toEqual([waiting]);
  });

  it("a claim is granted that takes all that is there", () => {
    const log: Waiter[] = [];
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    const [first, second] = [new Waiter(3 * MiB, log), new Waiter(4 * MiB, log)] as const;
    budget.reserve(3 * MiB, first);
    expect(budget.reserve(4 * MiB, second)).toBe(false);
    budget.release(3 * MiB - 1);
    expect(log).toEqual([]);
    budget.release(1);
    expect(log).toEqual([second]);
  });

  it("it knows whether anything is reserved", () => {
    const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
    expect(budget.isReserved).toBe(false);
    budget.reserve(1, new Waiter(1, []));
    expect(budget.isReserved).toBe(true);
    budget.lend(MiB);
    budget.release(1);
    expect(budget.isReserved, "a loan is no reservation").toBe(false);
  });

  it("the largest message that limits allow can be reserved whole", () => {
    for (const maxBuffered of [64 * 1024, 64 * 1024 + 1, 64 * 1024 + 2, 64 * 1024 + 3, 8 * MiB + 7]) {
      const maxMessage = Math.floor(maxBuffered / 2);
      const budget = new MemoryBudget(resolveLimits({ limits: { maxBuffered, maxMessage, maxCalls: 8 } }));
      expect(budget.reserve(maxMessage, new Waiter(maxMessage, [])), `${maxBuffered}`).toBe(true);
    }
  });

  it("never exceed what there is, with loans and floors, in any interleaving; claims are FIFO", () => {
    const step = fc.record({
      what: fc.constantFrom("lend", "giveBack", "reserve", "release", "withdraw"),
      bytes: fc.integer({ min: 1, max: 40_000 }),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: "max" }),
        fc.integer({ min: 64 * 1024, max: 200_000 }),
        (steps, maxBuffered) => {
          const maxCalls = 4;
          const budget = new MemoryBudget({ maxBuffered, maxCalls });
          const loans: number[] = [];
          const held: Waiter[] = [];
          const granted: Waiter[] = [];
          let waiting: Waiter[] = [];
          for (const { what, bytes, pick } of steps) {
            if (what === "lend") loans.push(budget.lend(bytes));
            else if (what === "giveBack" && loans.length > 0) {
              budget.giveBack(loans.splice(pick % loans.length, 1)[0] as number);
            } else if (what === "reserve") {
              const waiter = new Waiter(Math.min(bytes, Math.floor(maxBuffered / 2)), granted);
              if (budget.reserve(waiter.bytes, waiter)) held.push(waiter);
              else waiting.push(waiter);
            } else if (what === "release" && held.length > 0) {
              budget.release((held.splice(pick % held.length, 1)[0] as Waiter).bytes);
            } else if (what === "withdraw" && waiting.length > 0) {
              const [gone] = waiting.splice(pick % waiting.length, 1);
              budget.withdraw(gone as Waiter);
            }
            // Who was granted is a prefix of who waited.
            expect(granted.every((waiter, at) => waiter === waiting[at])).toBe(true);
            held.push(...granted);
            waiting = waiting.slice(granted.length);
            granted.length = 0;
            const sum = loans.reduce((a, b) => a + b, 0) + held.reduce((a, { bytes: b }) => a + b, 0);
            expect(sum + budget.floor * maxCalls).toBeLessThanOrEqual(maxBuffered);
            expect(budget.lendable).toBeGreaterThanOrEqual(0);
          }
          for (const waiter of waiting) if (!waiter.isGranted) budget.withdraw(waiter);
          held.push(...granted);
          for (const { bytes } of held) budget.release(bytes);
          for (const bytes of loans) budget.giveBack(bytes);
          expect(budget.lendable).toBe(Math.floor(maxBuffered / 4));
          expect(budget.reserve(Math.floor(maxBuffered / 2), new Waiter(0, []))).toBe(true);
        },
      ),
    );
  });
});
