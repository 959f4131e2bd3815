/** What a user holds of a stream or channel: before it is opened, while it runs, and however it ends. */
import { describe, expect, it } from "vitest";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { settle } from "../session/settle.ts";
import { type CallPairOptions, callPair, type Gate, gate, type Handler } from "./call-pair.ts";
import { expectNoUnhandledRejections } from "./unhandled-rejections.ts";

expectNoUnhandledRejections();

const number = { type: "number" } as const;
const protocol = {
  count: { type: "stream", param: { type: "integer" }, receive: number, result: { type: "string" } },
  chat: { type: "channel", send: number, receive: number, result: true },
  upload: { type: "channel", send: true, result: true },
  forever: { type: "stream", receive: true, result: true },
} as const satisfies ProtocolDefinition;

/** Counts to its param. */
const count: Handler = async function* ({ param }) {
  for (let i = 1; i <= (param as number); i++) yield i;
  return `counted to ${param as number}`;
};

/** Answers each item with its double; gives the sum. */
const chat: Handler = async ({ readable, writable }) => {
  const writer = writable.getWriter();
  let sum = 0;
  for await (const item of readable as AsyncIterable<number>) {
    sum += item;
    await writer.write(2 * item);
  }
  return sum;
};

/** Gives what was uploaded. */
const upload: Handler = async ({ readable }) => {
  const items: unknown[] = [];
  for await (const item of readable as AsyncIterable<unknown>) items.push(item);
  return items;
};

/** Runs until its signal aborts; gives the reason. */
const forever: Handler = ({ signal }) =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener("abort", () => resolve(signal.reason));
  });

const handlers = { count, chat, upload, forever };

function options(changes: Partial<CallPairOptions> = {}): CallPairOptions {
  return { protocol, handlers, ...changes };
}

async function readAll(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const got: unknown[] = [];
  for await (const item of items) got.push(item);
  return got;
}

describe.each(["binary", "structured"] as const)("a call over a %s link", (kind) => {
  it("is iterable, its readable too; awaiting it gives the result", async () => {
    const pair = await callPair(options({ kind }));
    const one = pair.caller.items("count", "stream", { param: 3 });
    expect(await pair.until(readAll(one))).toEqual([1, 2, 3]);
    expect(await pair.until(one)).toBe("counted to 3");
    const other = pair.caller.items("count", "stream", { param: 3 });
    expect(await pair.until(readAll(other.readable))).toEqual([1, 2, 3]);
    expect(await other.result).toBe("counted to 3");
    await pair.expectIdle();
  });

  it("is what a generator may delegate to: it yields the items, and ends with undefined; the result is awaited", async () => {
    const pair = await callPair(options({ kind }));
    const call = pair.caller.items("count", "stream", { param: 3 });
    const relay = (async function* () {
      yield "first";
      const end = yield* call;
      yield ["end", end];
      return call;
    })();
    expect(await pair.until(readAll(relay))).toEqual(["first", 1, 2, 3, ["end", undefined]]);
    expect(await call.result).toBe("counted to 3");

    const chat = pair.caller.items("chat", "channel");
    const doubled = (async function* (): AsyncGenerator<unknown, unknown, unknown> {
      yield* chat;
      return await chat;
    })();
    const first = doubled.next("nobody hears this");
    await pair.until(chat.send(5));
    expect(await pair.until(first)).toEqual({ done: false, value: 10 });
    const last = doubled.next();
    await pair.until(chat.writable.getWriter().close());
    expect(await pair.until(last)).toEqual({ done: true, value: 5 });
    await pair.expectIdle();
  });

  it("is left by a generator that delegated to it and is told to end, with the value that it was told", async () => {
    const pair = await callPair(options({ kind }));
    const call = pair.caller.items("count", "stream", { param: 1_000_000 });
    const relay = (async function* (): AsyncGenerator<unknown, unknown, unknown> {
      return yield* call;
    })();
    expect(await pair.until(relay.next())).toEqual({ done: false, value: 1 });
    expect(await pair.until(relay.return("enough"))).toEqual({ done: true, value: "enough" });
    expect(await pair.until(relay.next())).toEqual({ done: true, value: undefined });
    await pair.failure(call);
    expect(pair.auditor.ofType("toAcceptor", FrameType.CANCEL)).toMatchObject([{ abort: false }]);
    await pair.expectIdle();
  });

  it("CH-1 sends and receives", async () => {
    const pair = await callPair(options({ kind }));
    const call = pair.caller.items("chat", "channel");
    const reading = readAll(call);
    for (const item of [1, 2, 3]) await pair.until(call.send(item));
    await pair.until(call.writable.getWriter().close());
    expect(await pair.until(reading)).toEqual([2, 4, 6]);
    expect(await pair.until(call)).toBe(6);
    await pair.expectIdle();
  });
});

describe("a call before it is opened", () => {
  it("takes writes, reads, an end and an await, and does all of it in order when it is", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("chat", "channel");
    const reading = readAll(call);
    const writer = call.writable.getWriter();
    for (const item of [1, 2, 3]) void writer.write(item);
    void writer.close();
    const result = call.result;
    await settle();
    expect(call.stats).toEqual({ credit: 0, buffered: 0, received: 0, sent: 0 });
    await pair.connect();
    expect(await pair.until(reading)).toEqual([2, 4, 6]);
    expect(await result).toBe(6);
    await pair.expectIdle();
  });

  it("INV-ORDER a write of the moment in which it is opened does not pass those that wait", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("upload", "channel");
    for (const item of ["a", "b"]) void call.send(item);
    // Its route resolves: this runs between the opening and the reactions of whoever waits.
    const opened = call.opened.bind(call);
    call.opened = (outgoing, procedure) => {
      opened(outgoing, procedure);
      void call.send("c");
      void call.writable.getWriter().close();
    };
    await pair.connect();
    expect(await pair.until(call)).toEqual(["a", "b", "c"]);
    await pair.expectIdle();
  });

  it("REL-C10 writes and a close that were not awaited are DATA and then END, never the other way round", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("upload", "channel");
    const writer = call.writable.getWriter();
    void writer.write("x");
    void writer.close();
    await pair.connect();
    const types = pair.auditor.frames
      .filter(({ direction, frame }) => direction === "toAcceptor" && "call" in frame && frame.call === 1)
      .map(({ frame }) => frame.type);
    expect(types.slice(0, 3)).toEqual([FrameType.OPEN, FrameType.DATA, FrameType.END]);
    expect(await pair.until(call)).toEqual(["x"]);
    await pair.expectIdle();
  });

  it("aborted, it never is: CANCELLED{no} for whoever reads, writes and awaits", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("chat", "channel");
    const reading = readAll(call);
    const sending = call.send(1);
    call.abort("changed my mind");
    const no = { code: "CANCELLED", processed: "no" };
    await expect(reading).rejects.toMatchObject(no);
    await expect(sending).rejects.toMatchObject(no);
    await expect(call.result).rejects.toMatchObject(no);
    expect(call.signal.aborted).toBe(true);
    await pair.connect();
    expect(pair.auditor.calls).toEqual([]);
    await pair.expectIdle();
  });

  it("§8 closed, it is over with CANCELLED{no}: nobody else knows of it", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("count", "stream", { param: 3 });
    await call.close();
    await expect(call.result).rejects.toMatchObject({ code: "CANCELLED", processed: "no" });
    {
      await using disposed = pair.caller.items("count", "stream", { param: 3 });
      void disposed.result.catch(() => {});
    }
    await pair.connect();
    expect(pair.auditor.calls).toEqual([]);
    await pair.expectIdle();
  });

  it("whose iterator leaves before it is opened is stopped when it is", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("forever", "stream");
    const iterator = call[Symbol.asyncIterator]();
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await pair.connect();
    expect(await pair.until(call)).toBe("stop");
    await pair.expectIdle();
  });

  it("that never is says so to everybody, and nobody has to listen", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("chat", "channel");
    const reading = readAll(call.readable);
    const read = reading.catch((error: SluiceError) => error.code);
    void call.send(1);
    void call.writable.getWriter().write(2);
    pair.giveUp(new SluiceError("UNAUTHENTICATED", "no", { processed: "no" }));
    expect(await read).toBe("UNAUTHENTICATED");
    expect(call.readable.locked, "its reader was told").toBe(false);
    await expect(call).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("the end of a call", () => {
  it("ST-3 break is stop: the handler finishes and the result still comes", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("count", "stream", { param: 1_000_000 });
    const looping = (async () => {
      for await (const item of call) if (item === 3) break;
    })();
    await pair.until(looping);
    const error = await pair.failure(call);
    // The generator was closed at its second value after the stop: it has no result.
    expect(error.code).toBe("CANCELLED");
    expect(pair.auditor.ofType("toAcceptor", FrameType.CANCEL)).toMatchObject([{ abort: false }]);
    await pair.expectIdle();
  });

  it("close() is stop too; twice, and after the end, is fine", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("forever", "stream");
    await pair.run();
    await Promise.all([call.close(), call.close()]);
    expect(await pair.until(call)).toBe("stop");
    await call.close();
    call.abort();
    expect(await call).toBe("stop");
    await pair.expectIdle();
  });

  it("abort() rejects with CANCELLED, and the handler's signal says so", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("forever", "stream");
    await pair.run();
    const cause = new Error("because");
    call.abort(cause);
    await expect(call).rejects.toMatchObject({ code: "CANCELLED", processed: "maybe", cause });
    expect(call.signal.reason).toMatchObject({ code: "CANCELLED" });
    call.abort("again");
    expect((await pair.failure(call.result)).cause).toBe(cause);
    await pair.expectIdle();
  });

  it("INV-PREFIX an abort never looks like a clean end, whoever reads how and when", async () => {
    const pair = await callPair(options());
    const ways: ((call: ReturnType<typeof pair.caller.items>) => Promise<unknown>)[] = [
      (call) => readAll(call),
      (call) => readAll(call.readable),
      (call) => call.readable.getReader().read(),
      (call) => call.readable.pipeTo(new WritableStream()),
    ];
    for (const read of ways) {
      const call = pair.caller.items("count", "stream", { param: 1_000_000 });
      await pair.run();
      expect(call.stats.received).toBeGreaterThan(100);
      call.abort();
      expect((await pair.failure(read(call))).code).toBe("CANCELLED");
      const late = pair.caller.items("forever", "stream", { timeout: 100 });
      await pair.run();
      await pair.advance(100);
      expect((await pair.failure(read(late))).code).toBe("DEADLINE_EXCEEDED");
    }
    await pair.expectIdle();
  });

  it("CA-15 a deadline that passes while the loop body works ends the loop with the error", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("count", "stream", { param: 1_000_000, timeout: 1000 });
    const body: Gate = gate();
    const looping = (async () => {
      for await (const item of call) if (item === 2) await body.promise;
    })();
    await pair.run();
    await pair.advance(1000);
    body.open();
    expect((await pair.failure(looping)).code).toBe("DEADLINE_EXCEEDED");
    await pair.expectIdle();
  });

  it("its result is nobody's unhandled rejection, asked for or not", async () => {
    const pair = await callPair(options());
    const calls = [pair.caller.items("forever", "stream"), pair.caller.items("forever", "stream")];
    void calls[0]?.result;
    void calls[1]?.signal;
    await pair.run();
    for (const call of calls) call.abort();
    await pair.expectIdle();
  });

  it("its signal aborts when it failed, asked for before or after, and not when it ended well", async () => {
    const pair = await callPair(options());
    const good = pair.caller.items("count", "stream", { param: 0 });
    const { signal } = good;
    await pair.until(good);
    expect([signal.aborted, good.signal]).toEqual([false, signal]);
    const bad = pair.caller.items("forever", "stream");
    const before = bad.signal;
    bad.abort();
    expect([before.aborted, bad.signal.aborted]).toEqual([true, true]);
    await pair.expectIdle();
  });

  it("asyncDispose stops and waits for the end, whatever that is", async () => {
    const pair = await callPair(options());
    const disposing = (async () => {
      await using call = pair.caller.items("forever", "stream");
      await call.readable.getReader().closed.catch(() => {});
    })();
    void disposing;
    await pair.run();
    const call = pair.caller.items("forever", "stream");
    await pair.run();
    const disposed = call[Symbol.asyncDispose]();
    expect(await pair.until(disposed)).toBeUndefined();
    expect(await call).toBe("stop");
    const failed = pair.caller.items("forever", "stream");
    await pair.run();
    failed.abort();
    await failed[Symbol.asyncDispose]();
    pair.callerSession.close(new SluiceError("CANCELLED", "done"));
    await pair.run();
  });

  it("INV-ONE by the loss of the link is told to reader, writer and result", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, chat: forever } }));
    const call = pair.caller.items("chat", "channel");
    const reading = readAll(call);
    await pair.run();
    const writing = (async () => {
      for (let i = 0; ; i++) await call.send(i);
    })();
    await pair.run();
    pair.wire.cut();
    const errors = await Promise.all([reading, writing, call].map((promise) => pair.failure(promise)));
    expect(errors.map(({ code }) => code)).toEqual(["UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"]);
    expect(pair.clock.armedTimers).toBe(0);
  });
});

describe("awaiting a call without reading it", () => {
  it("gives the result of one that fits its window", async () => {
    const pair = await callPair(options());
    expect(await pair.until(pair.caller.items("count", "stream", { param: 3 }))).toBe("counted to 3");
    await pair.expectIdle();
  });

  it("waits with one that does not, and says so in the log after 5 s", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("count", "stream", { param: 10_000 });
    let isDone = false;
    void call.then(() => {
      isDone = true;
    });
    await pair.run();
    await pair.advance(4999);
    expect([pair.log, isDone]).toEqual([[], false]);
    await pair.advance(1);
    expect(pair.log).toMatchObject([{ level: "warn", message: expect.stringContaining("count") }]);
    expect(await pair.until(call.drain())).toBe("counted to 10000");
    await pair.expectIdle();
  });

  it("drain() takes and drops the rest, before it is opened too, and gives the result", async () => {
    const pair = await callPair(options({ isLate: true }));
    const call = pair.caller.items("count", "stream", { param: 10_000 });
    const drained = call.drain();
    await pair.connect();
    expect(await pair.until(drained)).toBe("counted to 10000");
    expect(await pair.until(readAll(call))).toEqual([]);
    expect(pair.auditor.ofType("toAcceptor", FrameType.CANCEL)).toEqual([]);
    await pair.expectIdle();
  });
});

describe("sending", () => {
  it("FC-1 waits for the handler's reader, as each way of writing does", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, upload: forever } }));
    const call = pair.caller.items("upload", "channel");
    await pair.run();
    const item = "x".repeat(958);
    let sent = 0;
    void (async () => {
      for (;;) {
        await call.send(item);
        sent++;
      }
    })().catch(() => {});
    for (let turn = 0; turn < 200; turn++) await pair.run();
    expect([sent, call.stats.sent, call.stats.credit]).toEqual([64, 65, 0]);
    await call.close();
    await pair.until(call);
    await pair.expectIdle();
  });

  it("CH-4 after close(), break, writer.close() and the end is refused here; the session goes on", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, chat: forever } }));
    const no = { code: "FAILED_PRECONDITION", processed: "no" };
    const closed = pair.caller.items("chat", "channel");
    await pair.run();
    await closed.close();
    await expect(closed.send(1)).rejects.toMatchObject(no);
    const broken = pair.caller.items("chat", "channel");
    await pair.run();
    await broken[Symbol.asyncIterator]().return?.();
    await expect(broken.send(1)).rejects.toMatchObject(no);
    const half = pair.caller.items("chat", "channel");
    await pair.run();
    await half.writable.close();
    await expect(half.send(1)).rejects.toMatchObject(no);
    await half.close();
    for (const call of [closed, broken, half]) {
      expect(await pair.until(call)).toBe("stop");
      await expect(call.send(1)).rejects.toMatchObject(no);
      void call.send(2);
    }
    expect(pair.calleeSession.state.name).toBe("open");
    await pair.expectIdle();
  });

  it("an item that does not fit is refused here, and the call goes on", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("chat", "channel");
    const reading = readAll(call);
    await expect(pair.until(call.send("text"))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      processed: "no",
    });
    await pair.until(call.send(1));
    await call.writable.close();
    expect(await pair.until(reading)).toEqual([2]);
    await pair.expectIdle();
  });

  it("to a procedure that takes none is refused", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("count", "stream", { param: 0 });
    await expect(call.send(1)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await pair.until(call);
    await pair.expectIdle();
  });

  it("un-awaited sends that the end overtakes are nobody's rejection", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, upload: () => "early" } }));
    const call = pair.caller.items("upload", "channel");
    for (let i = 0; i < 200; i++) void call.send("x".repeat(1000));
    expect(await pair.until(call)).toBe("early");
    void call.send("late");
    await pair.expectIdle();
  });

  it("K8 what has no encoding fails its own send; what the peer does not accept, too", async () => {
    const pair = await callPair(options({ calleeLimits: { limits: { maxMessage: 2000 } } }));
    const call = pair.caller.items("upload", "channel");
    await expect(pair.until(call.send(() => {}))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(pair.until(call.send("x".repeat(2001)))).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
    });
    await pair.until(call.send("fine"));
    await call.writable.close();
    expect(await pair.until(call)).toEqual(["fine"]);
    await pair.expectIdle();
  });
});

describe("an upload from a source", () => {
  it("async iterable, iterable and ReadableStream are sent, then the sending side closes", async () => {
    const pair = await callPair(options());
    async function* generate(): AsyncGenerator<number> {
      for (const item of [1, 2, 3]) yield item;
    }
    const stream = new ReadableStream<number>({
      start(controller) {
        for (const item of [1, 2, 3]) controller.enqueue(item);
        controller.close();
      },
    });
    for (const send of [generate(), stream, [1, 2, 3] as unknown as AsyncIterable<number>]) {
      const call = pair.caller.items("upload", "channel", { send });
      expect(await pair.until(call)).toEqual([1, 2, 3]);
    }
    await pair.expectIdle();
  });

  it("waits for the reader: an endless source is asked for no more than the window takes", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, upload: forever } }));
    let made = 0;
    let isLeft = false;
    async function* endless(): AsyncGenerator<string> {
      try {
        for (;;) {
          made++;
          yield "x".repeat(958);
        }
      } finally {
        isLeft = true;
      }
    }
    const call = pair.caller.items("upload", "channel", { send: endless() });
    for (let turn = 0; turn < 100; turn++) await pair.run();
    expect([made, isLeft]).toEqual([65, false]);
    await call.close();
    expect(await pair.until(call)).toBe("stop");
    await settle();
    expect(isLeft).toBe(true);
    await pair.expectIdle();
  });

  it("is left when the call ends first, also while it waits for something that never comes", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, upload: () => "done" } }));
    let cancelled: unknown = "no";
    const silent = new ReadableStream({
      cancel(reason) {
        cancelled = reason;
      },
    });
    const call = pair.caller.items("upload", "channel", { send: silent });
    expect(await pair.until(call)).toBe("done");
    await settle();
    expect([cancelled, call.writable.locked]).toEqual([undefined, false]);
    await pair.expectIdle();
  });

  it("is left when the call ends, also if somebody has looked at call.writable", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, upload: () => "done" } }));
    let isLeft = false;
    const silent = new ReadableStream({
      cancel() {
        isLeft = true;
      },
    });
    const call = pair.caller.items("upload", "channel", { send: silent });
    expect(call.writable).toBeInstanceOf(WritableStream);
    await pair.until(call);
    await settle();
    expect(isLeft).toBe(true);
  });

  it("that fails gives the call up, with what it threw as cause", async () => {
    const pair = await callPair(options());
    const cause = new Error("disk");
    async function* failing(): AsyncGenerator<number> {
      yield 1;
      throw cause;
    }
    const call = pair.caller.items("upload", "channel", { send: failing() });
    expect(await pair.failure(call)).toMatchObject({ code: "CANCELLED", cause });
    await pair.expectIdle();
  });

  it.each(["close()", "break"])(
    "that is stopped by %s still has its result, and the source is left",
    async (how) => {
      const pair = await callPair(options());
      let isLeft = false;
      async function* endless(): AsyncGenerator<number> {
        try {
          for (let n = 0; ; n++) {
            yield n;
            await settle();
          }
        } finally {
          isLeft = true;
        }
      }
      const call = pair.caller.items("chat", "channel", { send: endless() });
      const using = async (): Promise<unknown> => {
        for await (const doubled of call) {
          if ((doubled as number) < 6) continue;
          if (how === "break") break;
          await call.close();
        }
        return call;
      };
      expect(await pair.until(using())).toBeGreaterThanOrEqual(6);
      await settle();
      expect(isLeft).toBe(true);
      await pair.expectIdle();
    },
  );

  it("whose item does not fit gives the call up, and the source is left", async () => {
    const pair = await callPair(options());
    let isLeft = false;
    async function* odd(): AsyncGenerator<unknown> {
      try {
        yield 1;
        yield "text";
        yield 3;
      } finally {
        isLeft = true;
      }
    }
    const call = pair.caller.items("chat", "channel", { send: odd() });
    expect(await pair.failure(call)).toMatchObject({ code: "INVALID_ARGUMENT", processed: "maybe" });
    await settle();
    expect(isLeft).toBe(true);
    await pair.expectIdle();
  });

  const hostile: { name: string; send: unknown }[] = [
    {
      name: "is locked",
      get send() {
        const stream = new ReadableStream();
        stream.getReader();
        return stream;
      },
    },
    { name: "is nothing that could be iterated", send: {} },
    { name: "is a number", send: 5 },
    { name: "is null", send: null },
    {
      name: "throws when it is asked for its iterator",
      send: {
        [Symbol.asyncIterator]() {
          throw new Error("no iterator");
        },
      },
    },
    {
      name: "throws from next",
      send: {
        [Symbol.asyncIterator]: () => ({
          next() {
            throw new Error("no next");
          },
        }),
      },
    },
  ];
  it.each(hostile)("that $name fails its own call, at once, and the session goes on", async ({ send }) => {
    const pair = await callPair(options());
    const call = pair.caller.items("upload", "channel", { send: send as AsyncIterable<unknown> });
    expect((await pair.failure(call)).code).toBe("CANCELLED");
    expect(await pair.until(pair.caller.items("count", "stream", { param: 1 }))).toBe("counted to 1");
    await pair.expectIdle();
  });

  it("whose return() throws when it is left disturbs nobody", async () => {
    const pair = await callPair(options({ handlers: { ...handlers, upload: () => "done" } }));
    const rude = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<unknown>>(() => {}),
        return() {
          throw new Error("I will not leave");
        },
      }),
    };
    const call = pair.caller.items("upload", "channel", { send: rude });
    expect(await pair.until(call)).toBe("done");
    expect([pair.callerSession.state.name, pair.calleeSession.state.name]).toEqual(["open", "open"]);
    await pair.expectIdle();
  });
});

describe("idleTimeout", () => {
  it("fails the call after so long without an item, each of which counts", async () => {
    const items: Gate<number>[] = [gate<number>(), gate<number>()];
    const slow: Handler = async function* () {
      for (const item of items) yield await item.promise;
      await new Promise(() => {});
    };
    const pair = await callPair(options({ handlers: { ...handlers, forever: slow } }));
    const call = pair.caller.items("forever", "stream", { idleTimeout: 1000 });
    const got: unknown[] = [];
    const reading = (async () => {
      for await (const item of call) got.push(item);
    })();
    reading.catch(() => {});
    await pair.advance(900);
    items[0]?.open(1);
    await pair.advance(900);
    items[1]?.open(2);
    await pair.advance(999);
    expect(got).toEqual([1, 2]);
    await pair.advance(1);
    expect((await pair.failure(reading)).code).toBe("DEADLINE_EXCEEDED");
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", processed: "maybe" });
    expect(pair.clock.armedTimers).toBe(0);
  });

  it("of the caller holds for calls that say none; its timer goes with the call", async () => {
    const pair = await callPair(options({ defaults: { idleTimeout: 500 } }));
    const call = pair.caller.items("forever", "stream");
    await pair.advance(500);
    await expect(call).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await pair.until(pair.caller.items("count", "stream", { param: 1 }));
    await pair.expectIdle();
  });
});

describe("a call's signal option", () => {
  it("CA-12 that has aborted before makes no call", async () => {
    const pair = await callPair(options());
    const signal = AbortSignal.abort("never mind");
    const call = pair.caller.items("forever", "stream", { signal });
    await expect(call).rejects.toMatchObject({ code: "CANCELLED", processed: "no" });
    expect(pair.auditor.calls).toEqual([]);
  });

  it("aborts the call; the listener is gone when the call is", async () => {
    const pair = await callPair(options());
    const controller = new AbortController();
    const call = pair.caller.items("forever", "stream", { signal: controller.signal });
    await pair.run();
    controller.abort(new Error("enough"));
    await expect(call).rejects.toMatchObject({
      code: "CANCELLED",
      processed: "maybe",
      cause: { message: "enough" },
    });
    await pair.expectIdle();
  });
});

describe("stats", () => {
  it("count what has come, what lies there and what went", async () => {
    const pair = await callPair(options());
    const call = pair.caller.items("count", "stream", { param: 5 });
    await pair.run();
    expect(call.stats).toMatchObject({ received: 5, buffered: 5 * 65, sent: 0 });
    const iterator = call[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    expect(call.stats).toMatchObject({ received: 5, buffered: 3 * 65 });
    await readAll({ [Symbol.asyncIterator]: () => iterator });
    expect(call.stats).toMatchObject({ received: 5, buffered: 0 });
    const chatting = pair.caller.items("chat", "channel");
    await pair.until(chatting.send(1));
    await pair.run();
    expect(chatting.stats).toMatchObject({ sent: 1, received: 1 });
    expect(chatting.stats.credit).toBeGreaterThan(60_000);
    chatting.abort();
    call.abort();
    await pair.run();
  });

  it("ids name the procedure, and differ", async () => {
    const pair = await callPair(options());
    const [a, b] = [pair.caller.items("forever", "stream"), pair.caller.items("forever", "stream")];
    expect(a.id).toMatch(/^forever#\d+$/);
    expect(a.id).not.toBe(b.id);
    a.abort();
    b.abort();
    await pair.run();
  });
});
