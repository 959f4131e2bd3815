/** CallSource: readers in their order, over sources that come late, fail, and are followed by others. */
import { describe, expect, it } from "vitest";
import { CallSource } from "../../src/call/call-source.ts";
import { Cursor } from "../../src/call/cursor.ts";
import type { ItemSource } from "../../src/call/item-source.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { settle } from "../session/settle.ts";
import { expectNoUnhandledRejections } from "./unhandled-rejections.ts";

expectNoUnhandledRejections();

const cursor = new Cursor("feed", "at", true, undefined, { maxDepth: 8, maxNodes: 100 });
const broken = new SluiceError("UNAVAILABLE", "broken");

/** A source whose items come when a test says so, for readers in their order. */
class HandSource implements ItemSource<unknown> {
  readonly #items: unknown[] = [];
  readonly #readers: (() => void)[] = [];
  #end: "open" | "ended" | SluiceError = "open";
  cancelled = 0;

  constructor(...items: unknown[]) {
    this.#items.push(...items);
  }

  get length(): number {
    return this.#readers.length > 0 ? 0 : this.#items.length;
  }

  push(...items: unknown[]): void {
    this.#items.push(...items);
    this.#serve();
  }

  end(): void {
    this.#end = "ended";
    this.#serve();
  }

  fail(error: SluiceError): void {
    this.#end = error;
    this.#serve();
  }

  shift(): unknown {
    return this.#items.shift();
  }

  next(atEnd?: () => void): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      this.#readers.push(() => {
        if (this.#items.length > 0) resolve({ done: false, value: this.#items.shift() });
        else {
          atEnd?.();
          if (this.#end instanceof SluiceError) reject(this.#end);
          else resolve({ done: true, value: undefined });
        }
      });
      this.#serve();
    });
  }

  cancel(): void {
    this.cancelled++;
    this.#items.length = 0;
    this.end();
  }

  #serve(): void {
    while (this.#items.length > 0 || this.#end !== "open") {
      const reader = this.#readers.shift();
      if (reader === undefined) return;
      reader();
    }
  }
}

interface Read {
  readonly source: CallSource<unknown>;
  /** What readers were told, in their order; `pending` until then. */
  readonly told: unknown[];
  /** How often one was told of the end before its answer. */
  ends: number;
  /** How often the call was given up for its reader. */
  left: number;
  read(count?: number): Promise<void>;
}

function reading(): Read {
  const read: Read = {
    source: new CallSource({ close: async () => void read.left++ }),
    told: [],
    ends: 0,
    left: 0,
    async read(count = 1) {
      for (let at = 0; at < count; at++) {
        const place = read.told.push("pending") - 1;
        const tell = (what: unknown): void => {
          read.told[place] = what;
        };
        read.source
          .next(() => void read.ends++)
          .then(
            ({ done, value }) => tell(done === true ? "end" : value),
            (error) => tell(error.message),
          );
      }
      await settle();
    },
  };
  return read;
}

describe("CallSource", () => {
  it("serves readers that came before any source, in their order", async () => {
    const { source, told, read } = reading();
    await read(3);
    source.attach(new HandSource("a", "b"), undefined, false);
    await settle();
    expect(told).toEqual(["a", "b", "pending"]);
  });

  it("lets nobody pass readers that wait, neither by length nor by next", async () => {
    const { source, told, read } = reading();
    const hand = new HandSource();
    source.attach(hand, undefined, false);
    await read(2);
    hand.push("a", "b", "c");
    expect(source.length).toBe(0);
    await read();
    expect(told).toEqual(["a", "b", "c"]);
    hand.push("d");
    expect(source.length).toBe(1);
    expect(source.shift()).toBe("d");
  });

  it.each([true, false])(
    "keeps the order after the first item too, of which no other call can follow (%s)",
    async (isLast) => {
      const { source, told, read } = reading();
      const hand = new HandSource();
      source.attach(hand, undefined, isLast);
      await read(3);
      hand.push("first");
      await settle();
      await read();
      hand.push("b", "c", "d");
      await settle();
      expect(told).toEqual(["first", "b", "c", "d"]);
    },
  );

  it("tells readers in their order, also of the end", async () => {
    const told: unknown[] = [];
    const source = new CallSource({ close: async () => {} });
    const hand = new HandSource();
    source.attach(hand, cursor, false);
    for (const reader of [1, 2, 3, 4]) void source.next().then(({ value }) => told.push([reader, value]));
    hand.push("a", "b");
    hand.end();
    await settle();
    expect(told).toEqual([
      [1, "a"],
      [2, "b"],
      [3, undefined],
      [4, undefined],
    ]);
  });

  it("hands readers on from a source that fails to the next one", async () => {
    const { source, told, read, ...rest } = reading();
    const first = new HandSource({ at: 1 });
    source.attach(first, cursor, false);
    await read(3);
    first.fail(broken);
    source.interrupt();
    await settle();
    expect([told[0], told[1], told[2]]).toEqual([{ at: 1 }, "pending", "pending"]);
    source.attach(new HandSource({ at: 2 }, { at: 3 }), cursor, false);
    await settle();
    expect(told).toEqual([{ at: 1 }, { at: 2 }, { at: 3 }]);
    expect([source.lastCursor, source.itemsTaken, rest.ends]).toEqual([3, 3, 0]);
  });

  it("hands them on also where the next one is there before the failure is heard", async () => {
    const { source, told, read } = reading();
    const first = new HandSource();
    source.attach(first, cursor, false);
    await read(2);
    first.fail(broken);
    source.interrupt();
    source.attach(new HandSource("x", "y"), cursor, false);
    await settle();
    expect(told).toEqual(["x", "y"]);
  });

  it("counts an item that was on its way when its source failed", async () => {
    const { source, told, read } = reading();
    const first = new HandSource();
    source.attach(first, cursor, false);
    await read();
    first.push({ at: 7 });
    first.fail(broken);
    source.interrupt();
    await settle();
    expect([told, source.lastCursor]).toEqual([[{ at: 7 }], 7]);
  });

  it("ends all readers with their source, each told just before", async () => {
    const readers = reading();
    const hand = new HandSource();
    readers.source.attach(hand, undefined, false);
    await readers.read(2);
    hand.end();
    readers.source.finish(undefined);
    await readers.read();
    expect([readers.told, readers.ends, readers.source.hasEnded]).toEqual([["end", "end", "end"], 3, true]);
  });

  it("fails all readers with what is known of all calls, once what came is taken", async () => {
    const readers = reading();
    const hand = new HandSource("a");
    readers.source.attach(hand, cursor, false);
    hand.fail(broken);
    readers.source.finish(new SluiceError("UNAVAILABLE", "known of all"));
    await readers.read(3);
    expect([readers.told, readers.ends]).toEqual([["a", "known of all", "known of all"], 2]);
  });

  it.each([
    ["UNAVAILABLE", ["late", "no other comes", "no other comes"]],
    ["CANCELLED", ["no other comes", "no other comes", "no other comes"]],
    ["DEADLINE_EXCEEDED", ["no other comes", "no other comes", "no other comes"]],
  ])("that waits in vain, with %s, tells %j", async (code, expected) => {
    const readers = reading();
    const hand = new HandSource("late");
    readers.source.attach(hand, cursor, false);
    hand.fail(broken);
    readers.source.interrupt();
    readers.source.finish(new SluiceError(code, "no other comes"));
    await readers.read(3);
    expect(readers.told).toEqual(expected);
  });

  it("stays at its end for readers that were told of it, whatever becomes of the call", async () => {
    const readers = reading();
    const hand = new HandSource();
    readers.source.attach(hand, cursor, false);
    hand.end();
    await readers.read();
    readers.source.interrupt();
    readers.source.finish(new SluiceError("UNAVAILABLE", "no other comes"));
    await readers.read();
    expect(readers.told).toEqual(["end", "end"]);
  });

  it("that never had a source ends, or fails, with the call", async () => {
    const [ended, failed] = [reading(), reading()];
    await ended.read();
    ended.source.finish(undefined);
    failed.source.finish(broken);
    await failed.read();
    await settle();
    expect([ended.told, failed.told]).toEqual([["end"], ["broken"]]);
  });

  it("whose reader left before there was a source has it left, too", async () => {
    const readers = reading();
    readers.source.cancel("why");
    const hand = new HandSource("a");
    readers.source.attach(hand, undefined, false);
    await readers.read();
    expect([hand.cancelled, readers.left, readers.told]).toEqual([1, 0, ["end"]]);
  });

  it("whose reader leaves between two calls ends its readers, and gives the call up, once", async () => {
    const readers = reading();
    const hand = new HandSource();
    readers.source.attach(hand, cursor, false);
    await readers.read();
    hand.fail(broken);
    readers.source.interrupt();
    readers.source.cancel("why");
    readers.source.cancel("again");
    await readers.read();
    readers.source.finish(new SluiceError("CANCELLED", "left"));
    await readers.read();
    expect([readers.told, readers.left, readers.source.hasLeft]).toEqual([["end", "end", "end"], 1, true]);
  });
});
