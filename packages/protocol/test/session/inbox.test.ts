/** One direction as its receiver sees it: credit is granted when the reader takes, and nowhere else. Spec: docs/wire.md §4.1. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { ReceiveWindow } from "../../src/session/credit-window.ts";
import { Inbox } from "../../src/session/inbox.ts";
import { MemoryBudget } from "../../src/session/memory-budget.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { settle } from "./settle.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

interface Setup {
  readonly inbox: Inbox<string>;
  readonly window: ReceiveWindow;
  readonly budget: MemoryBudget;
  /** Limits that the peer was told of. */
  readonly granted: number[];
  readonly events: string[];
  /** An item of `bytes` offset bytes arrives whole. */
  arrive(item: string, bytes?: number): void;
}

function setUp(): Setup {
  const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
  const window = new ReceiveWindow(budget, { window: 64 * KiB, maxWindow: MiB }, new FakeClock());
  window.open();
  const granted: number[] = [];
  const events: string[] = [];
  const inbox = new Inbox<string>(window, {
    creditRaised: () => granted.push(window.limit),
    readerLeft: (reason) => events.push(`left ${String(reason)}`),
    itemsDropped: () => events.push("dropped"),
  });
  return {
    inbox,
    window,
    budget,
    granted,
    events,
    arrive: (item, bytes = 1000) => {
      window.arrive(window.received, window.received + bytes);
      inbox.push(item, window.received);
    },
  };
}

const done = { done: true, value: undefined };
const item = (value: string): IteratorResult<string> => ({ done: false, value });
const error = new SluiceError("UNAVAILABLE", "lost");

describe("Inbox delivery", () => {
  it("gives items in order, those that were there and those that come", async () => {
    const { inbox, arrive } = setUp();
    arrive("a");
    arrive("b");
    expect(inbox.length).toBe(2);
    expect([await inbox.next(), await inbox.next()]).toEqual([item("a"), item("b")]);
    const third = inbox.next();
    expect(inbox.isWaitedFor).toBe(true);
    arrive("c");
    expect(await third).toEqual(item("c"));
    expect([inbox.isWaitedFor, inbox.length, inbox.itemsTaken]).toEqual([false, 0, 3]);
  });

  it("serves several that wait in the order in which they asked", async () => {
    const { inbox, arrive } = setUp();
    const waiting = [inbox.next(), inbox.next(), inbox.next()];
    arrive("a");
    arrive("b");
    inbox.end();
    expect(await Promise.all(waiting)).toEqual([item("a"), item("b"), done]);
  });

  it("tells whoever watches of every item", () => {
    const { inbox, arrive } = setUp();
    let seen = 0;
    inbox.onItem = () => seen++;
    arrive("a");
    arrive("b");
    expect(seen).toBe(2);
  });
});

describe("Inbox credit", () => {
  it("REL-C4 FC-5 items that lie here grant nothing; taking half a window does", async () => {
    const { inbox, granted, arrive, window } = setUp();
    for (let i = 0; i < 64; i++) arrive("x", KiB);
    expect([granted, window.limit]).toEqual([[], 64 * KiB]);
    for (let i = 0; i < 31; i++) await inbox.next();
    expect(granted).toEqual([]);
    await inbox.next();
    expect(granted).toEqual([96 * KiB]);
  });

  it("an item that a reader waits for counts as taken", async () => {
    const { inbox, granted, arrive } = setUp();
    const next = inbox.next();
    arrive("x", 40 * KiB);
    await next;
    expect(granted).toHaveLength(1);
  });

  it("nothing is granted after the end", async () => {
    const { inbox, granted, arrive } = setUp();
    for (let i = 0; i < 64; i++) arrive("x", KiB);
    inbox.end();
    for (let i = 0; i < 64; i++) await inbox.next();
    expect(granted).toEqual([]);
  });
});

describe("Inbox messages larger than the window", () => {
  it("FC-11 a reader that waits has the rest reserved, one that does not wait has not", async () => {
    const { inbox, window, granted } = setUp();
    window.arrive(0, 64 * KiB);
    inbox.expect(2 * MiB);
    expect([granted, window.holdsReservation]).toEqual([[], false]);
    const next = inbox.next();
    expect([granted, window.holdsReservation]).toEqual([[2 * MiB], true]);
    window.arrive(64 * KiB, 2 * MiB);
    inbox.push("large", 2 * MiB);
    expect(await next).toEqual(item("large"));
    expect([window.holdsReservation, window.limit > 2 * MiB]).toEqual([false, true]);
  });

  it("a reader that waits before the first piece comes is seen when it comes", () => {
    const { inbox, window, granted } = setUp();
    void inbox.next();
    window.arrive(0, 64 * KiB);
    inbox.expect(2 * MiB);
    expect(granted).toEqual([2 * MiB]);
  });

  it("behind items that nobody has taken nothing is reserved", async () => {
    const { inbox, window, granted, arrive } = setUp();
    arrive("a");
    window.arrive(1000, 64 * KiB);
    inbox.expect(2 * MiB);
    await inbox.next();
    expect(window.holdsReservation).toBe(false);
    void inbox.next();
    expect([granted, window.holdsReservation]).toEqual([[2 * MiB], true]);
  });

  it("two of 4 MiB in two calls come one after the other", async () => {
    const first = setUp();
    const { budget } = first;
    const window = new ReceiveWindow(budget, { window: 64 * KiB, maxWindow: MiB }, new FakeClock());
    window.open();
    const granted: number[] = [];
    const second = new Inbox<string>(window, {
      creditRaised: () => granted.push(window.limit),
      readerLeft() {},
      itemsDropped() {},
    });
    const end = 4 * MiB;
    for (const { inbox, window: one } of [first, { inbox: second, window }]) {
      one.arrive(0, KiB);
      inbox.expect(end);
      void inbox.next();
    }
    expect([first.granted, granted]).toEqual([[end], []]);
    first.window.arrive(KiB, end);
    first.inbox.push("first", end);
    expect(granted).toEqual([end]);
  });
});

describe("Inbox ends", () => {
  it("after the last item, again and again", async () => {
    const { inbox, arrive } = setUp();
    arrive("a");
    inbox.end();
    expect(inbox.isOpen).toBe(false);
    expect([await inbox.next(), await inbox.next(), await inbox.next()]).toEqual([item("a"), done, done]);
  });

  it("ST-2 with an error after the last item, again and again, never with a clean end", async () => {
    const { inbox, arrive } = setUp();
    arrive("a");
    inbox.fail(error);
    expect(await inbox.next()).toEqual(item("a"));
    await expect(inbox.next()).rejects.toBe(error);
    await expect(inbox.next()).rejects.toBe(error);
  });

  it("whoever waits is told", async () => {
    const ended = setUp().inbox;
    const waiting = [ended.next(), ended.next()];
    ended.end();
    expect(await Promise.all(waiting)).toEqual([done, done]);
    const failed = setUp().inbox;
    const doomed = failed.next();
    failed.fail(error);
    await expect(doomed).rejects.toBe(error);
  });

  it.each<[string, (inbox: Inbox<string>) => void]>([
    ["that ended before", (inbox) => inbox.end()],
    ["that failed before", (inbox) => inbox.fail(error)],
    ["that was left before", (inbox) => inbox.cancel(undefined)],
  ])(
    "whoever asks one %s hears of the end at once, whoever waits as it comes, and nobody of an item",
    (_, end) => {
      const { inbox, arrive } = setUp();
      let ends = 0;
      const atEnd = (): void => {
        ends++;
      };
      const ask = (): void => void inbox.next(atEnd).catch(() => {});
      arrive("a");
      ask();
      ask();
      arrive("b");
      ask();
      expect(ends).toBe(0);
      end(inbox);
      expect(ends, "of the one that waits").toBe(1);
      ask();
      expect(ends, "of the one that comes later").toBe(2);
    },
  );

  it("once: neither a later end nor a later error changes how it ended", async () => {
    const { inbox } = setUp();
    inbox.end();
    inbox.fail(error);
    expect(await inbox.next()).toEqual(done);
    const failed = setUp().inbox;
    failed.fail(error);
    failed.fail(new SluiceError("ABORTED", "other"));
    failed.end();
    await expect(failed.next()).rejects.toBe(error);
  });

  it("given up: what lies here is dropped, and the reader gets the error and no clean end", async () => {
    const { inbox, arrive, window } = setUp();
    arrive("a");
    arrive("b");
    inbox.abandon(error);
    expect([inbox.length, window.isEmpty]).toEqual([0, true]);
    await expect(inbox.next()).rejects.toBe(error);
  });

  it("given up after its end: what was not read is missing, and the reader learns that it is", async () => {
    const { inbox, arrive } = setUp();
    arrive("a");
    arrive("b");
    inbox.end();
    expect(await inbox.next()).toEqual(item("a"));
    inbox.abandon(error);
    expect(inbox.length).toBe(0);
    await expect(inbox.next()).rejects.toBe(error);
  });

  it("given up after its end: who has read all stays at the end", async () => {
    const { inbox, arrive } = setUp();
    arrive("a");
    expect(await inbox.next()).toEqual(item("a"));
    inbox.end();
    inbox.abandon(error);
    expect(await inbox.next()).toEqual(done);
  });

  it("given up after an error: the first one stays", async () => {
    const { inbox, arrive } = setUp();
    arrive("a");
    const first = new SluiceError("DATA_LOSS", "first");
    inbox.fail(first);
    inbox.abandon(error);
    await expect(inbox.next()).rejects.toBe(first);
  });

  it("given up after an error and an end that came later: the first error stays, also for items that lie here", async () => {
    const { inbox, arrive } = setUp();
    arrive("a");
    const first = new SluiceError("DATA_LOSS", "first");
    inbox.fail(first);
    inbox.end();
    inbox.abandon(error);
    expect(inbox.length).toBe(0);
    await expect(inbox.next()).rejects.toBe(first);
  });

  it("is open until then", () => {
    for (const end of [
      (inbox: Inbox<string>) => inbox.end(),
      (inbox: Inbox<string>) => inbox.fail(error),
      (inbox: Inbox<string>) => inbox.abandon(error),
    ]) {
      const { inbox } = setUp();
      expect(inbox.isOpen).toBe(true);
      end(inbox);
      expect(inbox.isOpen).toBe(false);
    }
  });
});

describe("Inbox memory", () => {
  it("counts what nobody has taken, also pieces of a message, and after the end whole items alone", async () => {
    const { inbox, arrive, window } = setUp();
    expect(inbox.bufferedBytes).toBe(0);
    arrive("a", 1_000);
    arrive("b", 500);
    expect(inbox.bufferedBytes).toBe(1_500);
    await inbox.next();
    expect(inbox.bufferedBytes).toBe(500);
    window.arrive(1_500, 4_000);
    inbox.expect(9_000);
    expect(inbox.bufferedBytes).toBe(3_000);
    inbox.end();
    expect(inbox.bufferedBytes, "what was not whole is gone").toBe(500);
    await inbox.next();
    expect(inbox.bufferedBytes).toBe(0);
  });

  it("is none of items that nobody will read", () => {
    const { inbox, arrive, window } = setUp();
    arrive("a", 1_000);
    inbox.drop();
    window.arrive(1_000, 3_000);
    inbox.skip();
    inbox.end();
    expect(inbox.bufferedBytes).toBe(0);
  });
});

describe("Inbox whose reader leaves", () => {
  it("drops what is here, counts it as taken, and says so once", async () => {
    const { inbox, arrive, events, granted, window } = setUp();
    for (let i = 0; i < 40; i++) arrive("x", KiB);
    inbox.cancel("enough");
    inbox.cancel("again");
    expect(events).toEqual(["dropped", "left enough"]);
    expect([inbox.length, inbox.isDropping, window.isEmpty, granted.length]).toEqual([0, true, true, 1]);
    expect(await inbox.next()).toEqual(done);
  });

  it("passes over what comes and grants for it, items and pieces alike", () => {
    const { inbox, window, granted } = setUp();
    inbox.cancel(undefined);
    for (let i = 0; i < 8; i++) {
      window.arrive(window.received, window.received + 40 * KiB);
      inbox.skip();
    }
    expect(granted.length).toBeGreaterThanOrEqual(3);
    expect([window.isEmpty, inbox.itemsTaken]).toEqual([true, 0]);
  });

  it("releases what was reserved for the message that it did not wait for any more", () => {
    const { inbox, window, budget } = setUp();
    void inbox.next();
    window.arrive(0, 64 * KiB);
    inbox.expect(4 * MiB);
    inbox.cancel(undefined);
    expect(window.holdsReservation).toBe(false);
    const half = { granted() {} };
    expect(budget.reserve(4 * MiB, half)).toBe(true);
  });

  it("a waiting read is done", async () => {
    const { inbox } = setUp();
    const next = inbox.next();
    inbox.cancel(undefined);
    expect(await next).toEqual(done);
  });

  it("after the end says nothing to the call", () => {
    const { inbox, events } = setUp();
    inbox.end();
    inbox.cancel("late");
    expect(events).toEqual(["dropped"]);
  });

  it("a call that fails afterwards is no concern of it", async () => {
    const { inbox } = setUp();
    inbox.cancel(undefined);
    inbox.fail(error);
    expect(await inbox.next()).toEqual(done);
  });
});

describe("Inbox against a model", () => {
  it("INV-PREFIX INV-CREDIT hold over any arrivals, reads, ends and leaving", async () => {
    const step = fc.record({
      what: fc.constantFrom("arrive", "arrive", "arrive", "read", "read", "read", "end", "fail", "cancel"),
      bytes: fc.integer({ min: 64, max: 20_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const { inbox, window, granted } = setUp();
        const sent: string[] = [];
        const got: string[] = [];
        const ends: string[] = [];
        let reads = 0;
        let isOpen = true;
        let hasLeft = false;
        for (const { what, bytes } of steps) {
          if (what === "arrive" && isOpen && window.received + bytes <= window.limit) {
            window.arrive(window.received, window.received + bytes);
            if (inbox.isDropping) inbox.skip();
            else {
              sent.push(`${sent.length}`);
              inbox.push(`${sent.length - 1}`, window.received);
            }
          } else if (what === "read") {
            reads++;
            inbox.next().then(
              ({ done: isDone, value }) => (isDone === true ? ends.push("end") : got.push(value as string)),
              () => ends.push("error"),
            );
          } else if (what === "end" && isOpen) {
            inbox.end();
            isOpen = false;
          } else if (what === "fail" && isOpen) {
            inbox.fail(error);
            isOpen = false;
          } else if (what === "cancel") {
            inbox.cancel(undefined);
            hasLeft = true;
          }
          expect(window.taken).toBeLessThanOrEqual(window.received);
          expect(window.received).toBeLessThanOrEqual(window.limit);
          // After the end nothing comes that credit would be for: its sender is not told.
          if (isOpen) expect(window.limit).toBe(granted.at(-1) ?? (window.limit as number));
          expect(inbox.length === 0 || !inbox.isWaitedFor).toBe(true);
        }
        inbox.end();
        await settle();
        expect(got).toEqual(sent.slice(0, got.length));
        expect(got.length + ends.length).toBe(reads);
        if (!hasLeft) expect(inbox.length).toBe(sent.length - got.length);
      }),
    );
  });
});

describe("Inbox and the size of its window", () => {
  /** A reader that waits for the first `waits` of 40 items, and takes the rest from a full window. Its size afterwards. */
  async function sizeAfter(waits: number): Promise<number> {
    const { inbox, window, arrive } = setUp();
    for (let i = 0; i < waits; i++) {
      const next = inbox.next();
      arrive(`${i}`);
      await next;
    }
    for (let i = waits; i < 40; i++) arrive(`${i}`);
    while (inbox.length > 1) inbox.shift();
    return window.size;
  }

  it("a reader that has waited for its first item only is not fast", async () => {
    const before = setUp().window.size;
    expect(await sizeAfter(1)).toBe(before);
    expect(await sizeAfter(2)).toBeGreaterThan(before);
  });
});
