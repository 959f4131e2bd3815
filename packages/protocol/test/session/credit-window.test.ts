/** One number for flow control, acknowledgement and resumption, seen from both ends. Spec: docs/wire.md §2, §4.1, §4.2. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReceiveWindow, SendWindow } from "../../src/session/credit-window.ts";
import { MemoryBudget } from "../../src/session/memory-budget.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const flowControl = expect.objectContaining({ code: "FLOW_CONTROL_ERROR" });
const protocolError = expect.objectContaining({ code: "PROTOCOL_ERROR" });

describe("SendWindow", () => {
  it("takes what is higher of received and limit, each for itself", () => {
    const window = new SendWindow(100);
    expect(window.credit(50, 200, 80)).toBe(true);
    expect([window.received, window.limit]).toEqual([50, 200]);
    expect(window.credit(60, 150, 80)).toBe(true);
    expect([window.received, window.limit]).toEqual([60, 200]);
    expect(window.credit(10, 300, 80)).toBe(true);
    expect([window.received, window.limit]).toEqual([60, 300]);
  });

  it("a lower or equal received and limit change nothing", () => {
    const window = new SendWindow(100);
    window.credit(50, 200, 80);
    expect(window.credit(50, 200, 80)).toBe(false);
    expect(window.credit(0, 0, 80)).toBe(false);
    expect([window.received, window.limit]).toEqual([50, 200]);
  });

  it("REL-S4 more received than sent is PROTOCOL_ERROR, exactly what was sent is not", () => {
    const window = new SendWindow(100);
    expect(() => window.credit(81, 100, 80)).toThrow(protocolError);
    expect(window.credit(80, 100, 80)).toBe(true);
  });

  it("REL-C2 a limit more than 16 MiB beyond received is FLOW_CONTROL_ERROR", () => {
    const window = new SendWindow(100);
    expect(window.credit(10, 10 + 16 * MiB, 80)).toBe(true);
    expect(() => window.credit(10, 11 + 16 * MiB, 80)).toThrow(flowControl);
    expect(() => window.credit(0, 2 ** 48 - 1, 80)).toThrow(flowControl);
    expect(window.limit).toBe(10 + 16 * MiB);
  });

  it("never goes back, whatever CREDITs come", () => {
    const credits = fc.array(
      fc.record({ received: fc.nat(5000), limit: fc.nat(20 * MiB), sent: fc.nat(200) }),
    );
    fc.assert(
      fc.property(credits, (frames) => {
        const window = new SendWindow(64);
        let sent = 0;
        for (const frame of frames) {
          sent += frame.sent;
          const before = { received: window.received, limit: window.limit };
          let changed = false;
          try {
            changed = window.credit(frame.received, frame.limit, sent);
          } catch {
            // Refused as a whole.
          }
          expect(window.received).toBeGreaterThanOrEqual(before.received);
          expect(window.limit).toBeGreaterThanOrEqual(before.limit);
          expect(window.received).toBeLessThanOrEqual(sent);
          expect(changed).toBe(window.received !== before.received || window.limit !== before.limit);
        }
      }),
    );
  });
});

const defaults = { maxBuffered: 8 * MiB, maxCalls: 1024 };

function openWindow({
  limits = { window: 64 * KiB, maxWindow: MiB },
  budget = new MemoryBudget(defaults),
  clock = new FakeClock(),
}: {
  limits?: { window: number; maxWindow: number };
  budget?: MemoryBudget;
  clock?: FakeClock;
} = {}): { window: ReceiveWindow; budget: MemoryBudget; clock: FakeClock; lendable: number } {
  const lendable = budget.lendable;
  const window = new ReceiveWindow(budget, limits, clock);
  window.open();
  return { window, budget, clock, lendable };
}

describe("ReceiveWindow opening", () => {
  it("is as wide as the limits say while that can be lent", () => {
    const { window, budget, lendable } = openWindow();
    expect([window.limit, window.size]).toEqual([64 * KiB, 64 * KiB]);
    expect(budget.lendable).toBe(lendable - 64 * KiB + budget.floor);
  });

  it("is the floor when nothing can be lent, and what is left in between", () => {
    const budget = new MemoryBudget(defaults);
    budget.lend(budget.lendable - 1000);
    expect(openWindow({ budget }).window.limit).toBe(budget.floor + 1000);
    expect(openWindow({ budget }).window.limit).toBe(budget.floor);
  });

  it("begins at the end of the param", () => {
    const budget = new MemoryBudget(defaults);
    const window = new ReceiveWindow(budget, { window: 64 * KiB, maxWindow: MiB }, new FakeClock());
    expect(window.open(500)).toBe(500 + 64 * KiB);
    expect([window.received, window.taken]).toEqual([500, 500]);
  });

  it("grants nothing before", () => {
    const window = new ReceiveWindow(
      new MemoryBudget(defaults),
      { window: 64 * KiB, maxWindow: MiB },
      new FakeClock(),
    );
    expect([window.limit, window.hasWaited, window.isEmpty]).toEqual([0, false, true]);
    expect(() => window.arrive(0, 1)).toThrow(flowControl);
  });

  it("may be opened again after it was closed, for a call that was put back", () => {
    const { window, budget, lendable } = openWindow();
    window.arrive(0, 1000);
    window.close();
    expect(window.open()).toBe(64 * KiB);
    expect([window.received, window.taken]).toEqual([0, 0]);
    window.arrive(0, 64 * KiB);
    expect(window.take(64 * KiB)).toBe(true);
    window.close();
    expect(budget.lendable).toBe(lendable);
  });
});

describe("ReceiveWindow arrivals", () => {
  it("REL-C1 one byte beyond the limit is FLOW_CONTROL_ERROR, the limit itself is not", () => {
    const { window } = openWindow();
    expect(() => window.arrive(0, 64 * KiB + 1)).toThrow(flowControl);
    expect(window.arrive(0, 64 * KiB)).toBe(true);
    expect(() => window.arrive(64 * KiB, 64 * KiB + 64)).toThrow(flowControl);
  });

  it("a result may go beyond the limit by its allowance, not further", () => {
    const { window } = openWindow();
    window.arrive(0, 64 * KiB);
    expect(() => window.arrive(64 * KiB, 66 * KiB + 1, 2 * KiB)).toThrow(flowControl);
    expect(window.arrive(64 * KiB, 66 * KiB, 2 * KiB)).toBe(true);
  });

  it("a gap and an overlap are PROTOCOL_ERROR, what was here before is not new", () => {
    const { window } = openWindow();
    window.arrive(0, 100);
    expect(() => window.arrive(101, 200)).toThrow(protocolError);
    expect(() => window.arrive(99, 200)).toThrow(protocolError);
    expect(() => window.arrive(0, 101)).toThrow(protocolError);
    expect([window.arrive(0, 100), window.arrive(50, 100), window.received]).toEqual([false, false, 100]);
  });
});

describe("ReceiveWindow raising", () => {
  it("REL-C4 FC-5 arrival alone raises nothing, however long it lies there", async () => {
    const { window, clock } = openWindow();
    window.arrive(0, 64 * KiB);
    await clock.advance(100_000);
    expect(window.limit).toBe(64 * KiB);
  });

  it("raises in steps of at least half a window", () => {
    const { window } = openWindow();
    window.arrive(0, 60 * KiB);
    expect([window.take(32 * KiB - 1), window.limit]).toEqual([false, 64 * KiB]);
    expect([window.take(32 * KiB), window.limit]).toEqual([true, 96 * KiB]);
    expect([window.take(40 * KiB), window.limit]).toEqual([false, 96 * KiB]);
  });

  it("knows what was taken, however little, and raises nothing while there is room", () => {
    const { window } = openWindow();
    window.arrive(0, 1000);
    expect([window.take(100), window.taken, window.isEmpty]).toEqual([false, 100, false]);
    expect([window.take(1000), window.taken, window.isEmpty]).toEqual([false, 1000, true]);
    expect(window.limit).toBe(64 * KiB);
  });

  it("half of an odd window is its larger half, also if less than a piece may go to a reader that has more to take", () => {
    const { window } = openWindow({ limits: { window: 64 * KiB + 1, maxWindow: MiB } });
    window.arrive(0, 65_000);
    expect([window.take(32 * KiB), window.limit]).toEqual([false, 64 * KiB + 1]);
    expect([window.take(32 * KiB + 1), window.limit]).toEqual([true, 96 * KiB + 2]);
  });

  it("a sender that may send exactly the smallest piece waits for half a window", () => {
    const budget = new MemoryBudget({ maxBuffered: 2047 * 4 * 100, maxCalls: 100 });
    budget.lend(budget.lendable);
    const { window } = openWindow({ budget });
    expect(window.size).toBe(2047);
    window.arrive(0, 1023);
    expect([window.take(1023), window.limit]).toEqual([false, 2047]);
    window.arrive(1023, 1024);
    expect([window.take(1024), window.limit]).toEqual([true, 1024 + 2047]);
  });

  it("taking less than before changes nothing", () => {
    const { window } = openWindow();
    window.arrive(0, 60 * KiB);
    window.take(40 * KiB);
    const { limit } = window;
    expect([window.take(10), window.taken, window.limit]).toEqual([false, 40 * KiB, limit]);
  });

  it("doubles for a reader that empties half a window in less than a second, up to maxWindow", () => {
    const { window } = openWindow();
    const sizes: number[] = [];
    for (let i = 0; i < 7; i++) {
      window.arrive(window.received, window.limit);
      window.take(window.received);
      sizes.push(window.size / KiB);
    }
    expect(sizes).toEqual([128, 256, 512, 1024, 1024, 1024, 1024]);
    expect(window.limit - window.taken).toBe(MiB);
  });

  it("grows to maxWindow exactly, whatever its size was", () => {
    const { window } = openWindow({ limits: { window: 64 * KiB, maxWindow: 100 * KiB } });
    for (const size of [100, 100]) {
      window.arrive(window.received, window.limit);
      expect([window.take(window.received), window.size]).toEqual([true, size * KiB]);
    }
  });

  it("grows whatever the time is, by the time since the last raise alone", async () => {
    const clock = new FakeClock();
    await clock.advance(100_000);
    const { window } = openWindow({ clock });
    window.arrive(0, 64 * KiB);
    await clock.advance(999);
    expect([window.take(64 * KiB), window.size]).toEqual([true, 128 * KiB]);
    window.arrive(64 * KiB, window.limit);
    await clock.advance(1000);
    expect([window.take(window.received), window.size]).toEqual([true, 128 * KiB]);
  });

  it("grows for a reader that had to wait since the last raise, also if something is there when half is due", () => {
    const { window } = openWindow();
    window.hasWaited = true;
    window.arrive(0, 60 * KiB);
    expect([window.take(40 * KiB), window.size]).toEqual([true, 128 * KiB]);
    window.arrive(60 * KiB, 150 * KiB);
    expect([window.take(140 * KiB), window.size], "it has not waited since").toEqual([true, 128 * KiB]);
  });

  it("does not grow for a slow reader, nor for one that leaves something", async () => {
    const slow = openWindow();
    slow.window.arrive(0, 64 * KiB);
    await slow.clock.advance(1000);
    slow.window.take(64 * KiB);
    expect(slow.window.size).toBe(64 * KiB);
    const behind = openWindow();
    behind.window.arrive(0, 64 * KiB);
    behind.window.take(63 * KiB);
    expect(behind.window.size).toBe(64 * KiB);
  });

  it("does not grow when nothing can be lent", () => {
    const { window, budget } = openWindow();
    budget.lend(budget.lendable);
    window.arrive(0, 64 * KiB);
    expect(window.take(64 * KiB)).toBe(true);
    expect([window.size, window.limit]).toEqual([64 * KiB, 128 * KiB]);
  });

  it("leaves a sender whose reader has taken all at least the smallest piece, at every floor", () => {
    for (const floor of [1024, 1025, 1500, 2047, 2048, 4096, 8192]) {
      const budget = new MemoryBudget({ maxBuffered: floor * 4 * 100, maxCalls: 100 });
      expect(budget.floor).toBe(floor);
      budget.lend(budget.lendable);
      for (let first = 64; first <= floor; first += 16) {
        const { window } = openWindow({ budget });
        window.arrive(0, first);
        window.take(first);
        expect(window.limit - window.received, `floor ${floor}, after ${first}`).toBeGreaterThanOrEqual(1024);
        window.close();
      }
    }
  });
});

describe("ReceiveWindow reservations", () => {
  it("FC-11 raise the limit to the message's end and are given back when it is taken", () => {
    const { window, budget } = openWindow();
    const end = 3 * MiB;
    window.arrive(0, 64 * KiB);
    expect(window.reserve(end, () => {})).toBe(true);
    expect([window.limit, window.holdsReservation]).toEqual([end, true]);
    expect(budget.reserve(4 * MiB, { granted() {} })).toBe(false);
    window.arrive(64 * KiB, end);
    expect(window.take(end)).toBe(true);
    expect([window.holdsReservation, window.limit]).toEqual([false, end + window.size]);
  });

  it("to where the limit is already take nothing", () => {
    const { window, budget } = openWindow();
    expect([window.reserve(64 * KiB, () => {}), window.reserve(10, () => {})]).toEqual([false, false]);
    expect(window.holdsReservation).toBe(false);
    expect(budget.reserve(4 * MiB, { granted() {} })).toBe(true);
  });

  it("wait for their turn, and say when it has come; asking again meanwhile changes nothing", () => {
    const { window, budget } = openWindow();
    budget.reserve(4 * MiB, { granted() {} });
    let granted = 0;
    window.arrive(0, 1000);
    expect(window.reserve(MiB, () => granted++)).toBe(false);
    expect(window.reserve(MiB, () => granted++)).toBe(false);
    expect([window.limit, granted]).toEqual([64 * KiB, 0]);
    budget.release(4 * MiB);
    expect([window.limit, granted]).toEqual([MiB, 1]);
  });

  it("stay while something of the message lies here", () => {
    const { window, budget } = openWindow();
    window.arrive(0, 64 * KiB);
    window.reserve(MiB, () => {});
    window.arrive(64 * KiB, 512 * KiB);
    window.take(100);
    expect(window.holdsReservation).toBe(true);
    window.take(40 * KiB);
    expect(window.holdsReservation, "more than half of the window is taken").toBe(true);
    expect(budget.reserve(4 * MiB, { granted() {} })).toBe(false);
  });

  it("a second one, after a message that broke off, is held and given back beside the first", () => {
    const { window, budget, lendable } = openWindow();
    window.arrive(0, 1024);
    window.reserve(MiB, () => {});
    // The rest never comes: a result begins instead, larger than what was reserved.
    window.reserve(2 * MiB, () => {});
    expect(window.limit).toBe(2 * MiB);
    window.close();
    expect(budget.lendable).toBe(lendable);
    expect(budget.reserve(4 * MiB, { granted() {} })).toBe(true);
  });
});

describe("ReceiveWindow closing", () => {
  it("gives loan and reservation back, and withdraws a claim", () => {
    const { window, budget, lendable } = openWindow();
    const other = openWindow({ budget });
    window.arrive(0, 1000);
    window.reserve(4 * MiB, () => {});
    other.window.arrive(0, 1000);
    other.window.reserve(4 * MiB, () => {
      throw new Error("A claim that was withdrawn was granted");
    });
    other.window.close();
    window.close();
    expect(budget.lendable).toBe(lendable);
    expect(budget.reserve(4 * MiB, { granted() {} })).toBe(true);
  });

  it("twice is once", () => {
    const { window, budget, lendable } = openWindow();
    window.close();
    window.close();
    expect(budget.lendable).toBe(lendable);
  });

  it("a reader that goes back after the end has taken no less", () => {
    const { window } = openWindow();
    window.arrive(0, 64 * KiB);
    window.close();
    window.take(60 * KiB);
    window.take(40 * KiB);
    expect([window.taken, window.isEmpty]).toEqual([60 * KiB, false]);
  });

  it("a reader that takes what lies here after the end borrows nothing", () => {
    const { window, budget, lendable } = openWindow();
    window.arrive(0, 64 * KiB);
    window.close();
    expect(window.take(64 * KiB)).toBe(false);
    expect(window.reserve(MiB, () => {})).toBe(false);
    expect(budget.lendable).toBe(lendable);
    expect(budget.reserve(4 * MiB, { granted() {} })).toBe(true);
  });
});

describe("ReceiveWindow invariants", () => {
  it("INV-MEM INV-CREDIT hold over any arrivals, takes, waits, reservations and closes of several calls", () => {
    const step = fc.record({
      what: fc.constantFrom("arrive", "arrive", "take", "take", "reserve", "wait", "reopen"),
      call: fc.nat(3),
      bytes: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        const maxBuffered = 512 * KiB;
        const budget = new MemoryBudget({ maxBuffered, maxCalls: 8 });
        const clock = new FakeClock();
        const limits = { window: 32 * KiB, maxWindow: 128 * KiB };
        const windows = Array.from({ length: 4 }, () => new ReceiveWindow(budget, limits, clock));
        const lendable = budget.lendable;
        for (const window of windows) window.open();
        for (const { what, call, bytes } of steps) {
          const window = windows[call] as ReceiveWindow;
          const before = window.limit;
          if (what === "arrive") {
            const to = Math.min(window.limit, window.received + bytes);
            if (to > window.received) window.arrive(window.received, to);
            expect(() => window.arrive(window.received, window.limit + 1)).toThrow(flowControl);
          } else if (what === "take") {
            const raised = window.take(Math.min(window.received, window.taken + bytes));
            expect(raised).toBe(window.limit > before);
            if (raised) expect(window.limit).toBeGreaterThanOrEqual(window.taken + window.size);
          } else if (what === "reserve") {
            // As an inbox does: only for the message at the reader's place.
            if (window.isEmpty || window.holdsReservation) continue;
            window.reserve(window.received + bytes, () => {});
          } else if (what === "wait") void clock.advance(bytes / 100);
          else {
            window.close();
            window.open();
            continue;
          }
          expect(window.limit).toBeGreaterThanOrEqual(before);
          expect(window.received).toBeLessThanOrEqual(window.limit);
          const buffered = windows.reduce((sum, { received, taken }) => sum + received - taken, 0);
          const granted = windows.reduce((sum, { limit, taken }) => sum + limit - taken, 0);
          expect(buffered).toBeLessThanOrEqual(granted);
          expect(granted).toBeLessThanOrEqual(maxBuffered);
        }
        for (const window of windows) window.close();
        expect(budget.lendable).toBe(lendable);
        expect(budget.reserve(maxBuffered / 2, { granted() {} })).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
