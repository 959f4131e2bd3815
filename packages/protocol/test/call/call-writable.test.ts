/** The WritableStream of a call's items: kind to handlers that write from timers and close in abort listeners, and never unhandled. */
import { describe, expect, it } from "vitest";
import { CallWritable, type ItemSink } from "../../src/call/call-writable.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { settle } from "../session/settle.ts";
import { expectNoUnhandledRejections } from "./unhandled-rejections.ts";

expectNoUnhandledRejections();

const ended = new SluiceError("CANCELLED", "the call has ended");

/** A sink that takes items at once, or when a test says so. */
class TestSink implements ItemSink<number> {
  readonly log: string[] = [];
  /** Items after which writers wait; they are let go by {@link letGo}. */
  credit = Number.POSITIVE_INFINITY;
  #end: unknown;
  #onEnd: ((error: unknown) => void) | undefined;
  #waiting: { resolve(): void; reject(reason: unknown): void }[] = [];

  write(item: number): Promise<void> | undefined {
    if (this.#end !== undefined) throw this.#end;
    if (item < 0) throw new TypeError(`${item} does not fit`);
    this.log.push(`write ${item}`);
    if (--this.credit >= 0) return undefined;
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  close(): void {
    this.log.push("close");
  }

  abort(reason: unknown): void {
    this.log.push(`abort ${String(reason)}`);
  }

  onEnd(onEnd: (error: unknown) => void): void {
    this.#onEnd = onEnd;
    if (this.#end !== undefined) onEnd(this.#end);
  }

  /** The call is over. */
  end(error: unknown = ended): void {
    this.#end = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#onEnd?.(error);
  }

  letGo(count = 1): void {
    for (const { resolve } of this.#waiting.splice(0, count)) resolve();
  }
}

function setUp(): {
  sink: TestSink;
  stream: CallWritable<number>;
  writer: WritableStreamDefaultWriter<number>;
} {
  const sink = new TestSink();
  const stream = new CallWritable(sink);
  return { sink, stream, writer: stream.getWriter() };
}

describe("a writer of a call's items", () => {
  it("hands items over at once, in order", async () => {
    const { sink, writer } = setUp();
    const writes = [writer.write(1), writer.write(2)];
    expect(sink.log).toEqual(["write 1", "write 2"]);
    await Promise.all(writes);
    await writer.close();
    expect(sink.log).toEqual(["write 1", "write 2", "close"]);
    await writer.closed;
  });

  it("waits as long as the sink does; ready and desiredSize say so", async () => {
    const { sink, writer } = setUp();
    sink.credit = 1;
    await writer.ready;
    expect(writer.desiredSize).toBe(1);
    await writer.write(1);
    let isWritten = false;
    let isReady = false;
    const waiting = writer.write(2).then(() => {
      isWritten = true;
    });
    const ready = writer.ready.then(() => {
      isReady = true;
    });
    await settle();
    expect([isWritten, isReady, writer.desiredSize]).toEqual([false, false, 0]);
    sink.letGo();
    await Promise.all([waiting, ready]);
    expect([isWritten, isReady, writer.desiredSize]).toEqual([true, true, 1]);
  });

  it("close waits for what was written, whose order is the call's own", async () => {
    const { sink, writer } = setUp();
    sink.credit = 0;
    const write = writer.write(1);
    let isClosed = false;
    const close = writer.close().then(() => {
      isClosed = true;
    });
    await settle();
    expect([sink.log, isClosed]).toEqual([["write 1", "close"], false]);
    sink.letGo();
    await Promise.all([write, close]);
  });

  it("closing twice, three times, and after the end is fine", async () => {
    const { sink, writer, stream } = setUp();
    await Promise.all([writer.close(), writer.close()]);
    await writer.close();
    writer.releaseLock();
    await stream.close();
    await stream.getWriter().close();
    expect(sink.log).toEqual(["close"]);
    const late = setUp();
    late.sink.end();
    await late.writer.close();
    await late.writer.close();
    const other = new CallWritable(late.sink);
    await settle();
    await other.getWriter().close();
    expect(late.sink.log).toEqual([]);
  });

  it("CH-4 X33 a write after close, after the end or after the release rejects quietly", async () => {
    const { sink, writer } = setUp();
    void writer.close();
    // In the same turn, before the sink was told.
    await expect(writer.write(1)).rejects.toThrow(TypeError);
    expect(sink.log).not.toContain("write 1");
    const over = setUp();
    over.sink.end();
    await expect(over.writer.write(1)).rejects.toBe(ended);
    const released = setUp();
    released.writer.releaseLock();
    await expect(released.writer.write(1)).rejects.toThrow(TypeError);
    // And nobody has to look at any of it.
    void writer.write(2);
    void over.writer.write(2);
    void released.writer.write(2);
    void released.writer.abort("x");
    void released.writer.close();
    expect([...sink.log, ...released.sink.log].filter((line) => line.startsWith("write"))).toEqual([]);
  });

  it("un-awaited writes that fail when the call ends are nobody's rejection", async () => {
    const { sink, writer } = setUp();
    sink.credit = 0;
    for (let i = 0; i < 10; i++) void writer.write(i);
    void writer.ready;
    void writer.closed;
    void writer.close();
    sink.end();
    await settle();
    expect(sink.log.filter((line) => line.startsWith("write"))).toHaveLength(10);
  });

  it("an awaited write that fails tells its writer", async () => {
    const { sink, writer } = setUp();
    sink.credit = 0;
    const write = writer.write(1);
    sink.end();
    await expect(write).rejects.toBe(ended);
    await expect(writer.closed).rejects.toBe(ended);
  });

  it("an item that does not fit fails its own write and no other", async () => {
    const { sink, writer } = setUp();
    await expect(writer.write(-1)).rejects.toThrow(TypeError);
    await writer.write(1);
    expect(sink.log).toEqual(["write 1"]);
  });

  it("abort tells the call, with its reason", async () => {
    const { sink, writer } = setUp();
    await settle();
    await writer.abort("no more");
    expect(sink.log).toEqual(["abort no more"]);
    await expect(writer.closed).rejects.toBe("no more");
  });

  it("closes in an abort listener while a write is pending", async () => {
    const { sink, writer } = setUp();
    sink.credit = 0;
    const controller = new AbortController();
    controller.signal.addEventListener("abort", () => void writer.close());
    void writer.write(1);
    controller.abort();
    sink.end();
    await settle();
    expect(sink.log).toEqual(["write 1", "close"]);
  });

  it("a second writer finds the stream locked, and gets it when the first lets go", async () => {
    const { sink, stream, writer } = setUp();
    expect(() => stream.getWriter()).toThrow(TypeError);
    expect(stream.locked).toBe(true);
    writer.releaseLock();
    const second = stream.getWriter();
    await second.write(1);
    expect(sink.log).toEqual(["write 1"]);
  });
});

describe("the stream itself", () => {
  it("is a WritableStream that pipeTo writes to, waiting for the sink, and closes", async () => {
    const sink = new TestSink();
    sink.credit = 1;
    const stream = new CallWritable(sink);
    expect(stream).toBeInstanceOf(WritableStream);
    const source = new ReadableStream<number>({
      start(controller) {
        for (const item of [1, 2, 3]) controller.enqueue(item);
        controller.close();
      },
    });
    const piped = source.pipeTo(stream);
    await settle();
    expect(sink.log).toEqual(["write 1", "write 2"]);
    sink.letGo();
    await settle();
    expect(sink.log).toEqual(["write 1", "write 2", "write 3"]);
    sink.letGo();
    await piped;
    expect(sink.log.at(-1)).toBe("close");
  });

  it("a pipe into it ends with the call's error, and its source is told", async () => {
    const sink = new TestSink();
    let cancelled: unknown;
    const source = new ReadableStream<number>({
      pull: (controller) => controller.enqueue(1),
      cancel(reason) {
        cancelled = reason;
      },
    });
    sink.credit = 3;
    const piped = source.pipeTo(new CallWritable(sink));
    await settle();
    sink.end();
    await expect(piped).rejects.toBe(ended);
    expect(cancelled).toBe(ended);
  });

  it("a source that fails aborts it, unless preventAbort says no", async () => {
    const failing = (): ReadableStream<number> =>
      new ReadableStream({
        pull() {
          throw new Error("source");
        },
      });
    const sink = new TestSink();
    await expect(failing().pipeTo(new CallWritable(sink))).rejects.toThrow("source");
    expect(sink.log).toEqual(["abort Error: source"]);
    const kept = new TestSink();
    await expect(failing().pipeTo(new CallWritable(kept), { preventAbort: true })).rejects.toThrow("source");
    expect(kept.log).toEqual([]);
  });

  it("close and abort without a writer; close of a locked one is refused as in the standard", async () => {
    const sink = new TestSink();
    await new CallWritable(sink).close();
    expect(sink.log).toEqual(["close"]);
    const aborted = new TestSink();
    await new CallWritable(aborted).abort("x");
    expect(aborted.log).toEqual(["abort x"]);
    const { stream } = setUp();
    await expect(stream.close()).rejects.toThrow(TypeError);
  });

  it("of a call that has ended before it was made is errored", async () => {
    const sink = new TestSink();
    sink.end();
    const writer = new CallWritable(sink).getWriter();
    await expect(writer.closed).rejects.toBe(ended);
  });
});
