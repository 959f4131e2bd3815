/** Streams and channels that fail and are opened again: nothing that their reader took is lost or comes twice. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProtocolDefinition } from "../../src/definition/protocol-definition.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import type { Handler } from "./call-pair.ts";
import { type RetryRig, type RetryRigOptions, retryRig } from "./retry-rig.ts";
import { expectNoUnhandledRejections } from "./unhandled-rejections.ts";

expectNoUnhandledRejections();

const integer = { type: "integer" } as const;
const numbered = { type: "object", properties: { seq: integer, note: true } } as const;
const protocol = {
  count: { type: "stream", param: integer, receive: numbered, result: integer, cursor: "seq" },
  plain: { type: "stream", receive: true, result: true },
  chat: { type: "channel", send: true, receive: true, result: true },
  upload: { type: "channel", send: true, result: true },
} as const satisfies ProtocolDefinition;

/** What the handlers of `count` were told to go on after, in their order. */
let cursors: unknown[] = [];

/** How many of them still wait for ever after their items. */
let unfinished = 0;

/** Counts on to its param. */
const count: Handler = async function* ({ param, cursor }) {
  cursors.push(cursor);
  const from = (cursor as number | undefined) ?? 0;
  for (let seq = from + 1; seq <= (param as number); seq++) yield { seq };
  if (unfinished-- > 0) await new Promise(() => {});
  return param;
};

const silent: Handler = () => new Promise(() => {});

/** @param servers how many of them do not finish their first call */
function rigWith(changes: Partial<RetryRigOptions> = {}, servers = 1): Promise<RetryRig> {
  cursors = [];
  unfinished = servers;
  return retryRig({ protocol, handlers: { count, plain: silent, chat: silent, upload: silent }, ...changes });
}

/** The server is gone, and the next one is found after the pause. */
async function restart(rig: RetryRig): Promise<void> {
  await rig.lose();
  await rig.connect();
  await rig.advance(400);
}

type Numbered = { readonly seq: number };

function iterate(items: AsyncIterable<unknown>): AsyncIterator<Numbered, undefined> {
  return items[Symbol.asyncIterator]() as AsyncIterator<Numbered, undefined>;
}

async function take(
  rig: RetryRig,
  items: AsyncIterator<Numbered, undefined>,
  most: number,
): Promise<number[]> {
  const got: number[] = [];
  while (got.length < most) {
    const { done, value } = await rig.until(items.next());
    if (done === true) break;
    got.push(value.seq);
  }
  return got;
}

function upTo(last: number, from = 1): number[] {
  return Array.from({ length: last - from + 1 }, (_, at) => from + at);
}

describe.each(["binary", "structured"] as const)("a stream with cursor over a %s link", (kind) => {
  it("X9 goes on after server after server, without loss or repetition", async () => {
    const rig = await rigWith({ kind }, 4);
    const stream = rig.caller.items("count", "stream", { param: 40 });
    const items = iterate(stream);
    const got: number[] = [];
    for (const most of [7, 1, 12, 9]) {
      got.push(...(await take(rig, items, most)));
      await restart(rig);
    }
    got.push(...(await take(rig, items, 100)));
    expect(got).toEqual(upTo(40));
    expect(await rig.until(stream)).toBe(40);
    expect(cursors).toEqual([undefined, 7, 8, 20, 29]);
    expect(rig.runs).toEqual({ count: 5 });
    expect(stream.stats.received).toBe(40);
    expect(await rig.leftovers()).toEqual([]);
  });

  it("goes on for readers of its readable as well", async () => {
    const rig = await rigWith({ kind });
    const stream = rig.caller.items("count", "stream", { param: 5 });
    const reader = stream.readable.getReader();
    expect(await rig.until(reader.read())).toEqual({ done: false, value: { seq: 1 } });
    await restart(rig);
    const rest: unknown[] = [];
    for (let next = await rig.until(reader.read()); !next.done; next = await rig.until(reader.read())) {
      rest.push(next.value);
    }
    expect(rest).toEqual(upTo(5, 2).map((seq) => ({ seq })));
  });

  it("wakes a reader that waited when the server went, and gives it the next item", async () => {
    let goOn!: () => void;
    const going = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow: Handler = async function* ({ cursor }) {
      if (cursor === undefined) yield { seq: 1 };
      if (cursor === undefined) await going;
      yield { seq: 2 };
      return 2;
    };
    const rig = await rigWith({ kind, handlers: { count: slow } });
    const items = iterate(rig.caller.items("count", "stream", { param: 2 }));
    expect(await take(rig, items, 1)).toEqual([1]);
    const second = items.next();
    const third = items.next();
    expect(await rig.outcome(second)).toBe("pending");
    await restart(rig);
    expect(await rig.until(second)).toEqual({ done: false, value: { seq: 2 } });
    expect(await rig.until(third)).toEqual({ done: true, value: undefined });
    goOn();
  });
});

describe("a stream with cursor", () => {
  it("starts anew if its reader has taken nothing", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 3 });
    await rig.run();
    expect(stream.stats.received).toBe(3);
    await rig.lose();
    // What has come stays until something else does.
    expect(stream.stats.received).toBe(3);
    await rig.connect();
    await rig.advance(50);
    expect(await take(rig, iterate(stream), 10)).toEqual([1, 2, 3]);
    expect(cursors).toEqual([undefined, undefined]);
  });

  it("gives what has come while it waits for a server, and goes on after that", async () => {
    const rig = await rigWith();
    const items = iterate(rig.caller.items("count", "stream", { param: 6 }));
    expect(await take(rig, items, 2)).toEqual([1, 2]);
    await rig.lose();
    await rig.advance(1_000);
    expect(await take(rig, items, 2)).toEqual([3, 4]);
    await rig.connect();
    expect(await take(rig, items, 10)).toEqual([5, 6]);
    expect(cursors).toEqual([undefined, 4]);
  });

  it("goes on after an item that does not say where it stands as after the one before", async () => {
    const sparse: Handler = async function* ({ cursor }) {
      cursors.push(cursor);
      if (cursor === undefined) {
        yield { seq: 1 };
        yield { note: "alive" };
        await new Promise(() => {});
      }
      yield { seq: 2 };
      return 0;
    };
    const rig = await rigWith({ handlers: { count: sparse } });
    const items = iterate(rig.caller.items("count", "stream", { param: 0 }));
    expect(await take(rig, items, 2)).toEqual([1, undefined]);
    await restart(rig);
    expect(await take(rig, items, 1)).toEqual([2]);
    expect(cursors).toEqual([undefined, 1]);
  });

  it("brings its result when the server goes between the last item and that", async () => {
    let runs = 0;
    const late: Handler = async ({ cursor, writable }) => {
      const writer = writable.getWriter();
      // One item more than the reader has been promised.
      for (const seq of [1, 2, 3]) if (seq > ((cursor as number) ?? 0)) await writer.write({ seq });
      if (runs > 0) await writer.write({ seq: 4 });
      await writer.close();
      return ++runs > 1 ? 7 : new Promise(() => {});
    };
    const rig = await rigWith({ handlers: { count: late } });
    const stream = rig.caller.items("count", "stream", { param: 3 });
    const items = iterate(stream);
    expect(await take(rig, items, 10)).toEqual([1, 2, 3]);
    await restart(rig);
    expect(await rig.until(stream)).toBe(7);
    expect(await rig.until(items.next())).toEqual({ done: true, value: undefined });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("is repeated as often as it brings something, and three times if it does not", async () => {
    let isBroken = false;
    const breaking: Handler = async function* ({ cursor }) {
      if (isBroken) throw new SluiceError("UNAVAILABLE", "broken");
      yield { seq: ((cursor as number) ?? 0) + 1 };
      await new Promise<void>((resolve) => rig.clock.setTimer(10, resolve));
      throw new SluiceError("UNAVAILABLE", "breaks after each");
    };
    const rig = await rigWith({ handlers: { count: breaking } });
    const stream = rig.caller.items("count", "stream", { param: 0 });
    const items = iterate(stream);
    const got: number[] = [];
    for (let round = 0; round < 20; round++) {
      got.push(...(await take(rig, items, 1)));
      // Always the first pause.
      await rig.advance(10);
      if (round < 19) await rig.advance(50);
    }
    expect(got).toEqual(upTo(20));
    isBroken = true;
    const last = items.next();
    await rig.advance(349);
    expect(await rig.outcome(last)).toBe("pending");
    await rig.advance(1);
    expect(await rig.outcome(last)).toMatchObject({ message: "broken", processed: "maybe" });
    expect(await rig.outcome(stream)).toMatchObject({ message: "broken" });
    expect(rig.runs.count).toBe(20 + 3);
  });

  it("that is not repeated any more gives what has come, then the error", async () => {
    const rig = await rigWith({ retry: { attempts: 0 } });
    const stream = rig.caller.items("count", "stream", { param: 3 });
    const items = iterate(stream);
    expect(await take(rig, items, 1)).toEqual([1]);
    await rig.lose();
    expect(await rig.outcome(stream)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    expect(await take(rig, items, 2)).toEqual([2, 3]);
    expect(await rig.failure(items.next())).toMatchObject({ code: "UNAVAILABLE" });
  });

  it("that waits, and for which no server will come, gives what has come, then why", async () => {
    const rig = await rigWith();
    const items = iterate(rig.caller.items("count", "stream", { param: 3 }));
    expect(await take(rig, items, 2)).toEqual([1, 2]);
    await rig.lose();
    await rig.advance(50);
    rig.giveUp(new SluiceError("UNAUTHENTICATED", "Who are you?", { processed: "no" }));
    await rig.run();
    expect(await take(rig, items, 1)).toEqual([3]);
    expect(await rig.failure(items.next())).toMatchObject({ code: "UNAUTHENTICATED", processed: "maybe" });
  });

  it("fails with what JSON cannot say as a cursor", async () => {
    const anything = {
      count: { type: "stream", receive: { properties: { seq: true } }, cursor: "seq" },
    } as const satisfies ProtocolDefinition;
    const handler: Handler = async function* () {
      yield { seq: Number.NaN };
      await new Promise(() => {});
    };
    const rig = await rigWith({ protocol: anything, handlers: { count: handler }, kind: "structured" });
    const items = iterate(rig.caller.items("count", "stream"));
    await take(rig, items, 1);
    await restart(rig);
    expect(await rig.failure(items.next())).toMatchObject({
      code: "INVALID_ARGUMENT",
      processed: "maybe",
      message: expect.stringMatching(/^Invalid cursor of count: /),
    });
  });

  it("fails where the next server refuses it", async () => {
    const rig = await rigWith({
      guard: ({ procedure }) => {
        if (cursors.length > 0) throw new SluiceError("INVALID_ARGUMENT", `${procedure} has changed`);
        return undefined;
      },
    });
    const items = iterate(rig.caller.items("count", "stream", { param: 3 }));
    await take(rig, items, 3);
    await restart(rig);
    expect(await rig.failure(items.next())).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "count has changed",
      processed: "maybe",
    });
  });
});

describe("a reader", () => {
  it("that comes while its stream waits gets what has come, and what follows", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 4 });
    await rig.run();
    await rig.lose();
    const items = iterate(stream);
    expect(await take(rig, items, 4)).toEqual([1, 2, 3, 4]);
    const next = items.next();
    expect(await rig.outcome(next)).toBe("pending");
    await rig.connect();
    await rig.advance(50);
    expect(await rig.until(next)).toEqual({ done: true, value: undefined });
    expect(cursors).toEqual([undefined, 4]);
    expect(await rig.until(stream)).toBe(4);
  });

  it("that comes only to the last of several calls finds it as it would have found the first", async () => {
    let goOn = (): void => {};
    const slow: Handler = async function* () {
      yield { seq: 1 };
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      yield { seq: 2 };
      await new Promise(() => {});
    };
    const rig = await rigWith({ handlers: { count: slow } });
    const stream = rig.caller.items("count", "stream", { param: 2 });
    await rig.run();
    await restart(rig);
    const items = iterate(stream);
    expect(await take(rig, items, 1)).toEqual([1]);
    const second = items.next();
    await rig.run();
    goOn();
    expect(await rig.until(second)).toEqual({ done: false, value: { seq: 2 } });
  });

  it("that comes when its stream has failed before it was opened is told why", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 4, timeout: -1 });
    const failed = { code: "INVALID_ARGUMENT", processed: "no" };
    expect(await rig.failure(iterate(stream).next())).toMatchObject(failed);
    expect(await rig.failure(stream)).toMatchObject(failed);
  });

  it("that leaves is followed by no other call", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 3 });
    const items = iterate(stream);
    await take(rig, items, 1);
    await items.return?.();
    await rig.lose();
    expect(await rig.outcome(stream)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("that leaves while its stream waits ends it", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 3 });
    const items = iterate(stream);
    await take(rig, items, 1);
    await rig.lose();
    await items.return?.();
    expect(await rig.outcome(stream)).toMatchObject({ code: "CANCELLED", processed: "maybe" });
    await rig.connect();
    await rig.advance(10_000);
    expect(rig.runs).toEqual({ count: 1 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("that drops the rest gets the result of the last call", async () => {
    const rig = await rigWith({}, 0);
    const stream = rig.caller.items("count", "stream", { param: 5_000 });
    await rig.run();
    const result = stream.drain();
    await rig.lose();
    await rig.connect();
    await rig.advance(50);
    expect(await rig.until(result)).toBe(5_000);
    expect(rig.runs).toEqual({ count: 2 });
  });

  it("that drops the rest while its stream waits gets the result as well", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 3 });
    const items = iterate(stream);
    await take(rig, items, 1);
    await rig.lose();
    const result = stream.drain();
    await rig.connect();
    await rig.advance(50);
    expect(await rig.until(result)).toBe(3);
  });

  it.each<[string, (stream: ReturnType<RetryRig["caller"]["items"]>) => unknown]>([
    ["close()", (stream) => stream.close()],
    ["abort()", (stream) => stream.abort()],
  ])("that waits is told of %s at once, without what had come", async (_, end) => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 3 });
    const items = iterate(stream);
    await take(rig, items, 1);
    await rig.lose();
    end(stream);
    const over = { code: "CANCELLED", processed: "maybe" };
    expect(await rig.outcome(stream)).toMatchObject(over);
    expect(stream.signal.reason).toMatchObject(over);
    expect(await rig.failure(items.next())).toMatchObject(over);
    expect(await rig.leftovers()).toEqual([]);
  });

  it("does not see a call that was closed begin again", async () => {
    const rig = await rigWith({ handlers: { count: ({ signal }) => new Promise(() => void signal) } });
    const stream = rig.caller.items("count", "stream", { param: 3 });
    await rig.run();
    await stream.close();
    await rig.lose();
    expect(await rig.outcome(stream)).toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("the time without an item", () => {
  it("goes on while a stream waits, and ends it", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("count", "stream", { param: 3, idleTimeout: 1_000 });
    await take(rig, iterate(stream), 3);
    await rig.advance(600);
    await rig.lose();
    await rig.advance(399);
    expect(await rig.outcome(stream)).toBe("pending");
    await rig.advance(1);
    expect(await rig.outcome(stream)).toMatchObject({ code: "DEADLINE_EXCEEDED", processed: "maybe" });
    expect(rig.runs).toEqual({ count: 1 });
    expect(await rig.leftovers()).toEqual([]);
  });

  it("begins anew with each item, whichever call brings it", async () => {
    const slow: Handler = async function* ({ cursor }) {
      yield { seq: ((cursor as number) ?? 0) + 1 };
      await new Promise(() => {});
    };
    const rig = await rigWith({ handlers: { count: slow } });
    const stream = rig.caller.items("count", "stream", { param: 3, idleTimeout: 1_000 });
    const items = iterate(stream);
    for (const seq of [1, 2, 3]) {
      expect(await take(rig, items, 1)).toEqual([seq]);
      await rig.advance(500);
      await restart(rig);
    }
    expect(await take(rig, items, 1)).toEqual([4]);
    await rig.lose();
    const waiting = items.next();
    // The last item came 350 ms before.
    await rig.advance(649);
    expect(await rig.outcome(waiting)).toBe("pending");
    await rig.advance(1);
    expect(await rig.outcome(waiting)).toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: "count gave no item for 1000 ms",
    });
    expect(await rig.leftovers()).toEqual([]);
  });
});

describe("a stream without cursor", () => {
  it("that has brought nothing fails with `maybe`, like any call", async () => {
    const rig = await rigWith();
    const stream = rig.caller.items("plain", "stream");
    const next = iterate(stream).next();
    await rig.run();
    await rig.lose();
    const lost = { code: "UNAVAILABLE", processed: "maybe" };
    expect(await rig.outcome(stream)).toMatchObject(lost);
    expect(await rig.outcome(next)).toMatchObject(lost);
    expect(rig.runs).toEqual({ plain: 1 });
  });

  it("`processed: no`: is opened again for a reader that waits", async () => {
    let isClosed = true;
    const rig = await rigWith({
      handlers: {
        async *plain() {
          yield "item";
          return "result";
        },
      },
      guard: () => {
        if (isClosed) throw new SluiceError("UNAVAILABLE", "not now");
        return undefined;
      },
    });
    const stream = rig.caller.items("plain", "stream");
    const items = iterate(stream);
    const reads = [items.next(), items.next()];
    await rig.run();
    isClosed = false;
    await rig.advance(50);
    expect(await rig.outcome(Promise.all(reads))).toEqual([
      { done: false, value: "item" },
      { done: true, value: undefined },
    ]);
    expect(await rig.until(stream)).toBe("result");
    expect(rig.runs).toEqual({ plain: 1 });
    expect(await rig.leftovers()).toEqual([]);
  });
});

describe("a channel", () => {
  const narrow = { limits: { limits: { maxConcurrentHandlers: 1 } } } as const;
  const echo: Handler = async function* ({ readable }) {
    for await (const item of readable) yield item;
    return "over";
  };

  it("X10 that never left, and has sent nothing, is opened at the next server; writes go there", async () => {
    const rig = await rigWith({ ...narrow, handlers: { plain: silent, chat: echo } });
    void rig.caller.items("plain", "stream").result.catch(() => {});
    await rig.run();
    const chat = rig.caller.items("chat", "channel");
    const items = iterate(chat);
    const first = items.next();
    const writer = chat.writable.getWriter();
    await rig.lose();
    const sent = writer.write("early");
    void writer.close();
    await rig.connect();
    await rig.run();
    expect(await rig.outcome(sent)).toBeUndefined();
    expect(await rig.outcome(first)).toEqual({ done: false, value: "early" });
    expect(await rig.until(chat)).toBe("over");
    expect(rig.runs).toEqual({ plain: 1, chat: 1 });
  });

  it("that has sent an item is not, since that is gone", async () => {
    const rig = await rigWith({ ...narrow, handlers: { plain: silent, chat: echo } });
    void rig.caller.items("plain", "stream").result.catch(() => {});
    const chat = rig.caller.items("chat", "channel");
    void chat.send("gone");
    await rig.lose();
    expect(await rig.outcome(chat)).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  });
});

it("a stream with cursor gives its reader every number once, in order, whenever its server goes", async () => {
  const last = 60;
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 3, arbitrary: fc.record({ deliver: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 2, arbitrary: fc.constant("lose" as const) },
    { weight: 2, arbitrary: fc.constant("connect" as const) },
    { weight: 3, arbitrary: fc.record({ pass: fc.integer({ min: 1, max: 300 }) }) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("binary" as const, "structured" as const),
      fc.array(step, { maxLength: 60 }),
      async (kind, steps) => {
        // Small windows: the handler is in the middle of it when its server goes.
        const small = {
          window: 1_024,
          maxWindow: 1_024,
          maxMessage: 16_384,
          maxCalls: 16,
          maxBuffered: 65_536,
        };
        const retry = { budget: false, attempts: 1_000 } as const;
        const rig = await rigWith({ kind, retry, limits: { limits: small } }, 0);
        const stream = rig.caller.items("count", "stream", { param: last });
        const items = iterate(stream);
        const got: number[] = [];
        let isReading = false;
        const read = async (most: number): Promise<void> => {
          if (isReading) return;
          isReading = true;
          for (let taken = 0; taken < most; taken++) {
            const { done, value } = await items.next();
            if (done === true) break;
            got.push(value.seq);
          }
          isReading = false;
        };
        let isUp = true;
        for (const one of steps) {
          if (one === "lose" && isUp) {
            isUp = false;
            rig.cut();
          } else if (one === "connect" && !isUp) {
            isUp = true;
            await rig.connect();
          } else if (typeof one !== "object") continue;
          else if ("take" in one) void read(one.take);
          else if ("deliver" in one) await rig.deliver(one.deliver);
          else await rig.clock.advance(one.pass);
        }
        if (!isUp) await rig.connect();
        await rig.advance(10_000);
        while (isReading) await rig.run();
        await rig.until(read(1_000));
        expect(got).toEqual(upTo(last));
        expect(await rig.until(stream)).toBe(last);
        expect(await rig.leftovers()).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});
