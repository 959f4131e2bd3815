/** The ReadableStream of a call's items: standard in every way of reading, and an item is taken exactly when somebody has it. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { CallReadable } from "../../src/call/call-readable.ts";
import type { ItemSource } from "../../src/call/item-source.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { settle } from "../session/settle.ts";
import { expectNoUnhandledRejections } from "./unhandled-rejections.ts";

expectNoUnhandledRejections();

const lost = new SluiceError("UNAVAILABLE", "lost");

/** A source that a test fills, and that counts what was asked of it. */
class TestSource implements ItemSource<number> {
  /** Items that somebody has asked for and got. */
  taken = 0;
  readonly cancelled: unknown[] = [];
  readonly #items: number[];
  #end: "open" | "ended" | SluiceError;
  #waiting: {
    resolve(result: IteratorResult<number, undefined>): void;
    reject(error: unknown): void;
    atEnd: (() => void) | undefined;
  }[] = [];

  constructor(items: number[], end: "open" | "ended" | SluiceError = "ended") {
    this.#items = [...items];
    this.#end = end;
  }

  get length(): number {
    return this.#items.length;
  }

  shift(): number {
    this.taken++;
    return this.#items.shift() as number;
  }

  next(atEnd?: () => void): Promise<IteratorResult<number, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject, atEnd });
      this.#serve();
    });
  }

  cancel(reason: unknown): void {
    this.cancelled.push(reason);
    this.#items.length = 0;
    this.#end = "ended";
    this.#serve();
  }

  push(item: number): void {
    this.#items.push(item);
    this.#serve();
  }

  end(how: "ended" | SluiceError = "ended"): void {
    this.#end = how;
    this.#serve();
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      if (this.#items.length > 0) {
        this.taken++;
        this.#waiting.shift()?.resolve({ done: false, value: this.#items.shift() as number });
        continue;
      }
      if (this.#end === "open") return;
      const waiting = this.#waiting.shift();
      waiting?.atEnd?.();
      if (this.#end === "ended") waiting?.resolve({ done: true, value: undefined });
      else waiting?.reject(this.#end);
    }
  }
}

async function readAll(stream: AsyncIterable<number>): Promise<number[]> {
  const items: number[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

describe("a reader of a call's items", () => {
  it("gets them one by one; none is taken before somebody asks", async () => {
    const source = new TestSource([1, 2, 3]);
    const stream = new CallReadable(source);
    await settle();
    expect(source.taken).toBe(0);
    const reader = stream.getReader();
    await settle();
    expect(source.taken).toBe(0);
    for (const item of [1, 2, 3]) {
      expect(await reader.read()).toEqual({ done: false, value: item });
      await settle();
      expect(source.taken).toBe(item);
    }
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    await reader.closed;
  });

  it("that asks three times at once takes three", async () => {
    const source = new TestSource([1, 2, 3, 4]);
    const reader = new CallReadable(source).getReader();
    const reads = [reader.read(), reader.read(), reader.read()];
    expect((await Promise.all(reads)).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(source.taken).toBe(3);
  });

  it("gets the error after the last item", async () => {
    const reader = new CallReadable(new TestSource([1], lost)).getReader();
    reader.closed.catch(() => {});
    expect((await reader.read()).value).toBe(1);
    await expect(reader.read()).rejects.toBe(lost);
    await expect(reader.closed).rejects.toBe(lost);
  });

  it("that cancels tells the call, with its reason, once", async () => {
    const source = new TestSource([1, 2]);
    const reader = new CallReadable(source).getReader();
    await reader.read();
    await reader.cancel("enough");
    expect(source.cancelled).toEqual(["enough"]);
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  it("that lets go while a read is pending loses no item: the next reader gets it", async () => {
    const source = new TestSource([], "open");
    const stream = new CallReadable(source);
    const first = stream.getReader();
    const pending = first.read();
    pending.catch(() => {});
    await settle();
    first.releaseLock();
    await expect(pending).rejects.toThrow(TypeError);
    source.push(1);
    source.push(2);
    source.end();
    await settle();
    // What the pending read had asked for; no more.
    expect(source.taken).toBe(1);
    const second = stream.getReader();
    expect([await second.read(), await second.read(), await second.read()].map(({ value }) => value)).toEqual(
      [1, 2, undefined],
    );
  });

  it("that comes second finds the stream locked", () => {
    const stream = new CallReadable(new TestSource([1]));
    stream.getReader();
    expect(() => stream.getReader()).toThrow(TypeError);
    expect(() => stream.values()).toThrow(TypeError);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError);
  });
});

describe("for await over a call's items", () => {
  it("gets all of them, then ends, and the stream is free again", async () => {
    const source = new TestSource([1, 2, 3]);
    const stream = new CallReadable(source);
    expect(await readAll(stream)).toEqual([1, 2, 3]);
    expect(stream.locked).toBe(false);
    expect(await stream.getReader().read()).toEqual({ done: true, value: undefined });
  });

  it("takes an item exactly when the loop asks for it", async () => {
    const source = new TestSource([1, 2, 3]);
    for await (const item of new CallReadable(source)) {
      await settle();
      expect(source.taken).toBe(item);
    }
  });

  it("locks the stream while it runs", async () => {
    const stream = new CallReadable(new TestSource([1]));
    for await (const _ of stream) expect(stream.locked).toBe(true);
  });

  it("throws the error after the last item, never a clean end, and the stream is free again", async () => {
    const stream = new CallReadable(new TestSource([1, 2], lost));
    const got: number[] = [];
    await expect(
      (async () => {
        for await (const item of stream) got.push(item);
      })(),
    ).rejects.toBe(lost);
    expect([got, stream.locked]).toEqual([[1, 2], false]);
    await expect(stream.getReader().read()).rejects.toBe(lost);
  });

  it("ST-3 break tells the call, and the stream is free and closed", async () => {
    const source = new TestSource([1, 2, 3]);
    const stream = new CallReadable(source);
    for await (const _ of stream) break;
    expect([source.cancelled, source.taken, stream.locked]).toEqual([[undefined], 1, false]);
    expect(await stream.getReader().read()).toEqual({ done: true, value: undefined });
  });

  it("a throw in the loop tells the call too", async () => {
    const source = new TestSource([1, 2]);
    await expect(
      (async () => {
        for await (const _ of new CallReadable(source)) throw new Error("mine");
      })(),
    ).rejects.toThrow("mine");
    expect(source.cancelled).toEqual([undefined]);
  });

  it("preventCancel leaves the rest for whoever comes next, in order", async () => {
    const source = new TestSource([1, 2, 3, 4, 5]);
    const stream = new CallReadable(source);
    for await (const item of stream.values({ preventCancel: true })) if (item === 2) break;
    expect([source.cancelled, stream.locked, source.taken]).toEqual([[], false, 2]);
    const reader = stream.getReader();
    expect((await reader.read()).value).toBe(3);
    reader.releaseLock();
    expect(await readAll(stream)).toEqual([4, 5]);
  });

  it("after a reader that let go gets what comes next, also what lies in the stream's own queue", async () => {
    const source = new TestSource([1, 2, 3, 4]);
    const stream = new CallReadable(source);
    const reader = stream.getReader();
    expect((await reader.read()).value).toBe(1);
    const pending = reader.read();
    reader.releaseLock();
    // An item was asked for; it must come first.
    await pending.catch(() => {});
    expect(await readAll(stream)).toEqual([2, 3, 4]);
  });

  it("the iterator can be used by hand: next after the end, return twice", async () => {
    const source = new TestSource([1]);
    const iterator = new CallReadable(source).values();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
    expect(await iterator.next()).toEqual({ done: false, value: 1 });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(source.cancelled).toEqual([]);
  });

  it("several nexts at once are served in order", async () => {
    const source = new TestSource([1, 2], "open");
    const iterator = new CallReadable(source).values();
    const nexts = [iterator.next(), iterator.next(), iterator.next(), iterator.next()];
    source.push(3);
    source.end();
    expect((await Promise.all(nexts)).map(({ value }) => value)).toEqual([1, 2, 3, undefined]);
  });
});

describe("the platform's ways with a call's items", () => {
  it("pipeTo brings all of them, and waits for its sink", async () => {
    const source = new TestSource([1, 2, 3]);
    const got: number[] = [];
    let open: (() => void) | undefined;
    const sink = new WritableStream<number>(
      {
        write(item) {
          got.push(item);
          return new Promise<void>((resolve) => {
            open = resolve;
          });
        },
      },
      { highWaterMark: 1 },
    );
    const piped = new CallReadable(source).pipeTo(sink);
    await settle();
    expect([got, source.taken]).toEqual([[1], 1]);
    while (got.length < 3) {
      open?.();
      await settle();
    }
    open?.();
    await piped;
    expect([got, source.taken]).toEqual([[1, 2, 3], 3]);
  });

  it("pipeTo into a sink that fails tells the call", async () => {
    const source = new TestSource([1, 2, 3]);
    const failing = new WritableStream<number>({
      write() {
        throw new Error("disk full");
      },
    });
    await expect(new CallReadable(source).pipeTo(failing)).rejects.toThrow("disk full");
    expect(source.cancelled).toHaveLength(1);
  });

  it("pipeThrough a transform", async () => {
    const doubled = new CallReadable(new TestSource([1, 2, 3])).pipeThrough(
      new TransformStream<number, number>({
        transform: (item, controller) => controller.enqueue(2 * item),
      }),
    );
    expect(await readAll(doubled as ReadableStream<number> & AsyncIterable<number>)).toEqual([2, 4, 6]);
  });

  it("tee gives both branches everything; the call is left when both are", async () => {
    const source = new TestSource([1, 2, 3], "open");
    const [one, other] = new CallReadable(source).tee() as [
      ReadableStream<number> & AsyncIterable<number>,
      ReadableStream<number> & AsyncIterable<number>,
    ];
    const [a, b] = [one.getReader(), other.getReader()];
    expect([(await a.read()).value, (await b.read()).value, (await a.read()).value]).toEqual([1, 1, 2]);
    const left = a.cancel("a");
    await settle();
    expect(source.cancelled).toEqual([]);
    expect((await b.read()).value).toBe(2);
    await b.cancel("b");
    await left;
    expect(source.cancelled).toEqual([["a", "b"]]);
  });

  it("structuredClone with transfer brings the items to a worker thread, in order, to the end", async () => {
    const items = Array.from({ length: 200 }, (_, i) => i);
    const source = new TestSource(items);
    const stream = new CallReadable(source);
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads");
       parentPort.once("message", async (stream) => {
         const got = [];
         for await (const item of stream) got.push(item);
         parentPort.postMessage(got);
       });`,
      { eval: true },
    );
    try {
      const answer = new Promise<number[]>((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
      });
      worker.postMessage(stream, [stream as never]);
      expect(stream.locked).toBe(true);
      expect(await answer).toEqual(items);
      expect(source.taken).toBe(200);
    } finally {
      await worker.terminate();
    }
  });

  it("structuredClone with transfer in one thread, and a cancel that comes back", async () => {
    const source = new TestSource([1, 2, 3], "open");
    const stream = new CallReadable(source);
    const moved = structuredClone(stream, { transfer: [stream as never] }) as ReadableStream<number>;
    const reader = moved.getReader();
    expect((await reader.read()).value).toBe(1);
    await reader.cancel("enough");
    while (source.cancelled.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(source.cancelled).toHaveLength(1);
  });

  it("is a ReadableStream, and its cancel without a reader tells the call", async () => {
    const source = new TestSource([1]);
    const stream = new CallReadable(source);
    expect(stream).toBeInstanceOf(ReadableStream);
    await stream.cancel("never wanted");
    expect(source.cancelled).toEqual(["never wanted"]);
    expect(await readAll(stream)).toEqual([]);
  });
});
