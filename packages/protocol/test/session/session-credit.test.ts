/** INV-CREDIT and INV-MEM between two sessions: a writer stops exactly at its limit, and a stalled reader stops its own writer only. */
import { describe, expect, it } from "vitest";
import { FrameType } from "../../src/frame/frame.ts";
import type { Inbox } from "../../src/session/inbox.ts";
import { bytesOf, type OpenedCall, type PairOptions, type SessionPair, sessionPair } from "./session-pair.ts";
import { settle } from "./settle.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

const setups: { name: string; options: PairOptions; itemBytes: number }[] = [
  // Items of 1,024 offset bytes each: 64, and on a structured link 256, are not payload.
  { name: "bytes", options: {}, itemBytes: 960 },
  { name: "values", options: { kind: "structured" }, itemBytes: 704 },
];

async function readAll(inbox: Inbox | undefined): Promise<number> {
  for (let count = 0; ; count++) {
    const next: IteratorResult<unknown> | undefined = await inbox?.next();
    if (next === undefined || next.done === true) return count;
  }
}

/** What lies untaken in the readers of both sides' open calls. */
function bufferedBytes(inboxes: readonly (Inbox | undefined)[]): number {
  return inboxes.reduce(
    (sum, inbox) => sum + (inbox === undefined ? 0 : inbox.window.received - inbox.window.taken),
    0,
  );
}

describe.each(setups)("a paused reader of $name", ({ options, itemBytes }) => {
  const item = bytesOf(itemBytes);

  it("FC-1 REL-C4 stops the handler's writer at exactly 64 KiB; 1,000 further turns change nothing", async () => {
    const pair = await sessionPair(options);
    const { call } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    const answers: boolean[] = [];
    for (let i = 0; i < 66; i++) answers.push(played.write(item));
    expect(answers.lastIndexOf(true)).toBe(63);
    let woken = false;
    played.call.outbox.accepted().then(
      () => {
        woken = true;
      },
      () => {},
    );
    for (let turn = 0; turn < 1000; turn++) {
      await pair.run();
      await pair.clock.advance(1);
    }
    const flow = pair.auditor.call(1).toCaller;
    expect([flow.sent, flow.arrived, flow.granted, call.inbox?.length, woken]).toEqual([
      65_536,
      65_536,
      65_536,
      64,
      false,
    ]);
    expect(pair.auditor.ofType("toAcceptor", FrameType.CREDIT)).toEqual([]);
  });

  it("FC-1 stops the caller's writer at exactly 64 KiB beyond the param", async () => {
    const pair = await sessionPair(options);
    const { write } = pair.connector.open({ kind: "upload" });
    await pair.run();
    for (let i = 0; i < 66; i++) write(item);
    for (let turn = 0; turn < 1000; turn++) await pair.run();
    const flow = pair.auditor.call(1).toCallee;
    expect([flow.sent, flow.granted]).toEqual([64 + 65_536, 64 + 65_536]);
    expect(pair.acceptor.handlers.last.call.inbox?.length).toBe(64);
  });

  it("goes on when it reads, and at rest the peer has exactly one window", async () => {
    const pair = await sessionPair(options);
    const { call } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    for (let i = 0; i < 200; i++) played.write(item);
    await pair.run();
    const { inbox } = call;
    for (let taken = 1; taken <= 200; taken++) {
      await pair.until(inbox?.next() as Promise<unknown>);
      const { toCaller } = pair.auditor.call(1);
      const window = inbox?.window as NonNullable<typeof inbox>["window"];
      expect(window.taken).toBe(taken * KiB);
      expect(toCaller.sent - window.taken).toBeLessThanOrEqual(toCaller.granted - window.taken);
      expect(toCaller.granted).toBe(window.limit);
      // Raised in steps of half a window: never less than half of it is left.
      expect(window.limit - window.taken).toBeLessThanOrEqual(window.size);
      expect(2 * (window.limit - window.taken)).toBeGreaterThan(window.size);
    }
    played.finish();
    await pair.expectIdle();
  });

  it("C8 64 stalled streams, and a 65th starts, runs and finishes", async () => {
    const pair = await sessionPair(options);
    const stalled = Array.from({ length: 64 }, () => pair.connector.open({ kind: "stream" }));
    await pair.run();
    for (const played of pair.acceptor.handlers.calls) for (let i = 0; i < 65; i++) played.write(item);
    await pair.run();
    const { end, call } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    const reading = readAll(call.inbox);
    for (let i = 0; i < 1000; i++) {
      played.write(item);
      if (i % 10 === 0) await pair.run();
    }
    played.finish("done");
    expect(await pair.until(reading)).toBe(1000);
    expect(end.result).toBe("done");
    const buffered = bufferedBytes(stalled.map((one) => one.call.inbox));
    expect(buffered).toBeLessThanOrEqual(pair.connector.session.limits.maxBuffered);
    for (const one of stalled) one.call.abort();
    await pair.run();
    for (const one of pair.acceptor.handlers.calls.slice(0, 64)) one.finish();
    await pair.expectIdle();
  });

  it("C8 §7 40 stalled streams of 256 KiB items, and a request and a 41st stream are served", async () => {
    const pair = await sessionPair(options);
    const stalled = Array.from({ length: 40 }, () => pair.connector.open({ kind: "stream" }));
    await pair.run();
    for (const played of pair.acceptor.handlers.calls) {
      expect(played.write(bytesOf(256 * KiB))).toBe(false);
    }
    await pair.run();
    const request = pair.connector.open({ procedure: "request" });
    const stream = pair.connector.open({ procedure: "stream", kind: "stream" });
    await pair.run();
    pair.acceptor.handlers.of("request").finish("served");
    const played = pair.acceptor.handlers.of("stream");
    const reading = readAll(stream.call.inbox);
    for (let i = 0; i < 20; i++) {
      played.write(item);
      await pair.until(played.call.outbox.accepted());
    }
    played.finish();
    expect(await pair.until(reading)).toBe(20);
    expect([request.end.result, stream.end.code]).toEqual(["served", "OK"]);
    for (const one of stalled) one.call.abort();
    await pair.run();
    for (const one of pair.acceptor.handlers.calls.slice(0, 40)) one.finish();
    await pair.expectIdle();
  });

  it("INV-MEM 256 calls that nobody reads, each with as much as it can get, stay within maxBuffered", async () => {
    const pair = await sessionPair(options);
    const opened = Array.from({ length: 256 }, () => pair.connector.open({ kind: "stream" }));
    await pair.run();
    for (const played of pair.acceptor.handlers.calls)
      for (let i = 0; i < 20; i++) played.write(bytesOf(2 * KiB));
    await pair.run();
    const buffered = bufferedBytes(opened.map(({ call }) => call.inbox));
    expect(buffered).toBeGreaterThan(MiB);
    expect(buffered).toBeLessThanOrEqual(8 * MiB);
    const readings = opened.map(({ call }) => readAll(call.inbox));
    for (const played of pair.acceptor.handlers.calls) played.finish();
    expect(await pair.until(Promise.all(readings))).toEqual(opened.map(() => 20));
    await pair.expectIdle();
  });
});

describe.each(setups)("messages larger than the window, of $name", ({ options }) => {
  it("FC-11 wait while nobody waits for them, and come whole when somebody does", async () => {
    const pair = await sessionPair(options);
    const { call } = pair.connector.open({ kind: "stream" });
    await pair.run();
    pair.acceptor.handlers.last.write(bytesOf(3 * MiB));
    await pair.run();
    expect(pair.auditor.call(1).toCaller.arrived).toBeLessThanOrEqual(64 * KiB);
    const next = pair.until(call.inbox?.next() as Promise<IteratorResult<unknown>>);
    expect(Buffer.compare((await next).value as Uint8Array, bytesOf(3 * MiB))).toBe(0);
    pair.acceptor.handlers.last.finish();
    await pair.expectIdle();
  });

  it("INV-MEM of five calls at once come one after the other, within maxBuffered, and all arrive", async () => {
    const pair = await sessionPair(options);
    const opened = Array.from({ length: 5 }, () => pair.connector.open({ kind: "stream" }));
    await pair.run();
    for (const played of pair.acceptor.handlers.calls) {
      // The handlers write them one by one: five at once are more than a session keeps.
      played.write(bytesOf(2 * MiB, played.call.id));
      played.finish();
    }
    const items = opened.map(({ call }) => call.inbox?.next() as Promise<IteratorResult<unknown>>);
    let largest = 0;
    pair.wire.observers.push({
      delivered() {
        const { calls } = pair.auditor;
        const arrived = calls.map(
          ({ toCaller }, at) => toCaller.arrived - (opened[at]?.call.inbox?.window.taken ?? 0),
        );
        largest = Math.max(
          largest,
          arrived.reduce((sum, bytes) => sum + Math.max(0, bytes), 0),
        );
      },
    });
    for (const [at, item] of (await pair.until(Promise.all(items))).entries()) {
      expect(Buffer.compare(item.value as Uint8Array, bytesOf(2 * MiB, 2 * at + 1))).toBe(0);
    }
    expect(largest).toBeLessThanOrEqual(8 * MiB);
    await pair.expectIdle();
  });

  it("results larger than the window come while items before them are unread", async () => {
    const pair = await sessionPair(options);
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    pair.acceptor.handlers.last.write(bytesOf(100));
    pair.acceptor.handlers.last.finish(bytesOf(2 * MiB));
    await pair.run();
    expect(Buffer.compare(end.result as Uint8Array, bytesOf(2 * MiB))).toBe(0);
    expect((await call.inbox?.next())?.value).toEqual(bytesOf(100));
    await pair.expectIdle();
  });

  it("a result comes in spite of a full window that nobody reads", async () => {
    const pair = await sessionPair(options);
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    while (played.write(bytesOf(704)));
    // The last one does not fit: who stops reading has to say so.
    call.stop();
    await pair.run();
    played.finish(bytesOf(300_000));
    await pair.run();
    expect(Buffer.compare(end.result as Uint8Array, bytesOf(300_000))).toBe(0);
    await pair.expectIdle();
  });
});

describe("windows at their smallest", () => {
  // 2,048 calls in 8 MiB: the floor is 1,024, half a window less than a piece.
  const options: PairOptions = { limits: { limits: { maxCalls: 2048, window: 1024, maxWindow: 1024 } } };

  it("§4.1 a call whose reader reads makes progress, whatever the sizes of its messages", async () => {
    const pair = await sessionPair(options);
    for (const side of [pair.connector, pair.acceptor]) side.session.budget.lend(side.lendable);
    const sizes = [100, 2000, 0, 959, 960, 961, 1, 5000, 300, 300, 300, 1984, 64, 65_600, 10, 10, 900, 900];
    const { call, end, write } = pair.connector.open({ kind: "channel" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    const got: number[][] = [[], []];
    const read = async (inbox: Inbox | undefined, into: number[]): Promise<void> => {
      for (;;) {
        const next: IteratorResult<unknown> | undefined = await inbox?.next();
        if (next === undefined || next.done === true) return;
        into.push((next.value as Uint8Array).length);
      }
    };
    const reading = Promise.all([
      read(call.inbox, got[0] as number[]),
      read(played.call.inbox, got[1] as number[]),
    ]);
    for (const size of sizes) {
      played.write(bytesOf(size));
      write(bytesOf(size));
    }
    played.call.closeOutbox();
    call.closeOutbox();
    await pair.until(reading);
    expect(got).toEqual([sizes, sizes]);
    played.finish(bytesOf(5000));
    await pair.run();
    expect(end.code).toBe("OK");
    for (const side of [pair.connector, pair.acceptor]) side.session.budget.giveBack(side.lendable);
    await pair.expectIdle();
  });

  it("params and results of every size pass", async () => {
    const pair = await sessionPair(options);
    for (const side of [pair.connector, pair.acceptor]) side.session.budget.lend(side.lendable);
    for (const size of [0, 959, 960, 961, 1024, 1985, 3000, 70_000, 1_000_000]) {
      const { end } = pair.connector.open({ param: bytesOf(size) });
      await pair.run();
      pair.acceptor.handlers.last.finish(pair.acceptor.handlers.last.param);
      await pair.run();
      expect(Buffer.compare(end.result as Uint8Array, bytesOf(size)), `${size}`).toBe(0);
    }
  });
});

describe("both directions at once", () => {
  it("FC-3 CH-5 with full windows do not lock each other, and every byte arrives", async () => {
    const pair = await sessionPair({ roomBytes: 30_000 });
    const { call, write, end } = pair.connector.open({ kind: "channel" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    const total = 8 * MiB;
    const chunk = 50_000;
    const sums = { here: 0, there: 0 };
    const sending = async (push: (at: number) => boolean, outbox: () => Promise<void>): Promise<void> => {
      for (let at = 0; at < total; at += chunk) if (!push(at)) await outbox();
    };
    const reading = async (inbox: Inbox | undefined, side: keyof typeof sums): Promise<void> => {
      for (let at = 0; at < total; at += chunk) {
        const next = (await inbox?.next()) as IteratorResult<Uint8Array>;
        if (Buffer.compare(next.value as Uint8Array, bytesOf(chunk, at % 251)) !== 0)
          throw new Error(`${side} at ${at}`);
        sums[side] += chunk;
      }
    };
    await pair.until(
      Promise.all([
        sending(
          (at) => write(bytesOf(chunk, at % 251)),
          () => call.outbox?.accepted() as Promise<void>,
        ),
        sending(
          (at) => played.write(bytesOf(chunk, at % 251)),
          () => played.call.outbox.accepted(),
        ),
        reading(call.inbox, "here"),
        reading(played.call.inbox, "there"),
      ]),
    );
    expect(sums).toEqual({ here: 8_400_000, there: 8_400_000 });
    played.finish();
    await pair.run();
    expect(end.code).toBe("OK");
    await pair.expectIdle();
  });
});

describe("what a session lends", () => {
  /** Fills the window of a call, and ends it with a result beyond the limit. */
  async function fillAndEnd(pair: SessionPair): Promise<OpenedCall> {
    const opened = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    for (let i = 0; i < 64; i++) played.write(bytesOf(960));
    played.finish("done");
    await pair.run();
    expect(opened.end.result).toBe("done");
    return opened;
  }

  it("comes back when a call ends, also when its items are read only afterwards, a hundred times", async () => {
    const pair = await sessionPair();
    for (let i = 0; i < 100; i++) {
      const { call } = await fillAndEnd(pair);
      expect(await pair.until(readAll(call.inbox))).toBe(64);
      expect(pair.connector.session.budget.lendable).toBe(pair.connector.lendable);
    }
    await pair.expectIdle();
  });

  it("FC-10 comes back when a call is aborted, before its handler has settled", async () => {
    const pair = await sessionPair();
    const opened = Array.from({ length: 50 }, () => pair.connector.open({ kind: "channel" }));
    await pair.run();
    for (const { write } of opened) write(bytesOf(1000));
    await pair.run();
    for (const side of [pair.connector, pair.acceptor]) expect(side.session.budget.lendable).toBe(0);
    for (const { call } of opened) call.abort();
    await pair.run();
    for (const side of [pair.connector, pair.acceptor]) {
      expect(side.session.budget.lendable).toBe(side.lendable);
    }
    expect(pair.acceptor.session.runningHandlers).toBe(50);
    for (const played of pair.acceptor.handlers.calls) played.finish();
    await pair.expectIdle();
  });

  it("X21 a reader that leaves in the middle of a large message releases what it had reserved", async () => {
    const pair = await sessionPair();
    const { call } = pair.connector.open({ kind: "stream" });
    const other = pair.connector.open({ kind: "stream" });
    await pair.run();
    const [first, second] = pair.acceptor.handlers.calls;
    void call.inbox?.next();
    const item = other.call.inbox?.next() as Promise<IteratorResult<unknown>>;
    first?.write(bytesOf(4_000_000));
    pair.wire.deliver("toConnector", 1);
    second?.write(bytesOf(4_000_000));
    pair.wire.deliver("toConnector", 3);
    await settle();
    call.inbox?.cancel(undefined);
    expect((await pair.until(item)).done).toBe(false);
    first?.finish("stopped");
    second?.finish();
    await pair.expectIdle();
  });
});

describe("a side that says what it accepts", () => {
  it("LM a message above the peer's maxMessage fails its own call at its sender; the session goes on", async () => {
    const pair = await sessionPair({ connectorLimits: { limits: { maxMessage: 10_000 } } });
    const tooLarge = expect.objectContaining({ code: "RESOURCE_EXHAUSTED", processed: "no" });
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    expect(() => played.write(bytesOf(10_001))).toThrow(tooLarge);
    expect(() => played.call.resolve(pair.acceptor.slot.encode(bytesOf(10_001)))).toThrow(tooLarge);
    expect(() => pair.acceptor.open({ param: bytesOf(10_001) })).toThrow(tooLarge);
    played.write(bytesOf(10_000));
    played.finish(bytesOf(10_000));
    await pair.run();
    expect((await call.inbox?.next())?.value).toHaveLength(10_000);
    expect(end.result).toHaveLength(10_000);
    await pair.expectIdle();
  });
});
