/** Calls of every kind, both ways, over both kinds of link: what is sent is what arrives, in order, once. RELIABILITY RQ, ST, CH. */
import { describe, expect, it } from "vitest";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import { FrameType } from "../../src/frame/frame.ts";
import type { Inbox } from "../../src/session/inbox.ts";
import {
  bytesOf,
  type OpenedCall,
  type PairOptions,
  type SessionPair,
  type SessionSide,
  sessionPair,
} from "./session-pair.ts";
import { settle } from "./settle.ts";

const setups: { name: string; options: PairOptions }[] = [
  { name: "json", options: {} },
  { name: "msgpack", options: { codec: msgpackCodec } },
  { name: "values", options: { kind: "structured" } },
  { name: "json over a narrow link", options: { roomBytes: 1000 } },
];

/** Takes items until the end; gives them. */
async function readAll(inbox: Inbox | undefined): Promise<unknown[]> {
  const items: unknown[] = [];
  for (;;) {
    const next: IteratorResult<unknown> | undefined = await inbox?.next();
    if (next === undefined || next.done === true) return items;
    items.push(next.value);
  }
}

/** Both directions of a session are alike: the caller and the callee, each way round. */
function ways(pair: SessionPair): [SessionSide, SessionSide][] {
  return [
    [pair.connector, pair.acceptor],
    [pair.acceptor, pair.connector],
  ];
}

describe.each(setups)("calls over $name", ({ options }) => {
  it("RQ-1 a request without a param and without a result, each way", async () => {
    const pair = await sessionPair(options);
    for (const [caller, callee] of ways(pair)) {
      const { end } = caller.open();
      await pair.run();
      expect(callee.handlers.last.param).toBeUndefined();
      callee.handlers.last.finish();
      await pair.run();
      expect(end.result).toBeUndefined();
    }
    await pair.expectIdle();
  });

  it("a request's param and result arrive as they are: null, false, 0, text, bytes, nested", async () => {
    const pair = await sessionPair(options);
    const values = [
      null,
      false,
      0,
      "",
      "é€😀",
      { a: [1, { b: null }] },
      bytesOf(0),
      bytesOf(300),
      [[]],
      -1.5,
    ];
    for (const [caller, callee] of ways(pair)) {
      for (const value of values) {
        const { end } = caller.open({ param: value });
        await pair.run();
        expect(callee.handlers.last.param).toEqual(value);
        callee.handlers.last.finish(value);
        await pair.run();
        expect(end.result).toEqual(value);
      }
    }
    await pair.expectIdle();
  });

  it("RQ-2 FC-11 params, items each way and results of any size", async () => {
    const pair = await sessionPair(options);
    for (const [caller, callee] of ways(pair)) {
      for (const size of [
        1, 959, 960, 1023, 1984, 1985, 4096, 65_472, 65_473, 65_536, 65_537, 300_000, 4_000_000,
      ]) {
        const { call, end, write } = caller.open({ kind: "channel", param: bytesOf(size, 1) });
        await pair.run();
        const played = callee.handlers.last;
        expect(Buffer.compare(played.param as Uint8Array, bytesOf(size, 1)), `param of ${size}`).toBe(0);
        write(bytesOf(size, 2));
        played.write(bytesOf(size, 3));
        const there = played.call.inbox?.next();
        const here = call.inbox?.next();
        await pair.run();
        expect(Buffer.compare((await there)?.value as Uint8Array, bytesOf(size, 2)), `item of ${size}`).toBe(
          0,
        );
        expect(Buffer.compare((await here)?.value as Uint8Array, bytesOf(size, 3)), `item of ${size}`).toBe(
          0,
        );
        played.finish(bytesOf(size, 4));
        await pair.run();
        expect(Buffer.compare(end.result as Uint8Array, bytesOf(size, 4)), `result of ${size}`).toBe(0);
      }
    }
    await pair.expectIdle();
  });

  it("ST-1 0, 1 and 10,000 items in order, then the end, then the result", async () => {
    const pair = await sessionPair(options);
    for (const count of [0, 1, 10_000]) {
      const { call, end } = pair.connector.open({ kind: "stream" });
      await pair.run();
      const played = pair.acceptor.handlers.last;
      const reading = readAll(call.inbox);
      for (let i = 0; i < count; i++) {
        played.write({ i });
        if (i % 500 === 0) await pair.run();
      }
      played.finish({ count });
      await pair.run();
      expect(await pair.until(reading)).toEqual(Array.from({ length: count }, (_, i) => ({ i })));
      expect(end.result).toEqual({ count });
    }
    await pair.expectIdle();
  });

  it("ST-2 X32 an error after k items comes after them", async () => {
    const pair = await sessionPair(options);
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    for (let i = 0; i < 3; i++) pair.acceptor.handlers.last.write(i);
    pair.acceptor.handlers.last.fail("ABORTED");
    await pair.run();
    for (let i = 0; i < 3; i++) expect(await call.inbox?.next()).toEqual({ done: false, value: i });
    await expect(call.inbox?.next()).rejects.toMatchObject({ code: "ABORTED", origin: "remote" });
    expect(end.error.code).toBe("ABORTED");
    await pair.expectIdle();
  });

  it("CH-1 CH-2 CH-3 items both ways, halves closed in either order or at once", async () => {
    const pair = await sessionPair(options);
    for (const first of ["caller", "callee", "both"] as const) {
      const { call, end, write } = pair.connector.open({ kind: "channel" });
      await pair.run();
      const played = pair.acceptor.handlers.last;
      const [here, there] = [readAll(call.inbox), readAll(played.call.inbox)];
      for (let i = 0; i < 5; i++) {
        write(`ping ${i}`);
        await pair.run();
        played.write(`pong ${i}`);
        await pair.run();
      }
      const closeCaller = (): void => call.closeOutbox();
      const closeCallee = (): void => played.call.closeOutbox();
      if (first === "caller") closeCaller();
      else closeCallee();
      if (first !== "both") await pair.run();
      if (first === "caller") closeCallee();
      else closeCaller();
      await pair.run();
      expect(await here).toEqual([0, 1, 2, 3, 4].map((i) => `pong ${i}`));
      expect(await there).toEqual([0, 1, 2, 3, 4].map((i) => `ping ${i}`));
      played.finish("done");
      await pair.run();
      expect(end.result).toBe("done");
    }
    await pair.expectIdle();
  });

  it("CH-2 a half that is closed leaves the other open", async () => {
    const pair = await sessionPair(options);
    const { call, write } = pair.connector.open({ kind: "channel" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    played.call.closeOutbox();
    await pair.run();
    expect(await call.inbox?.next()).toEqual({ done: true, value: undefined });
    write("still");
    await pair.run();
    expect(await played.call.inbox?.next()).toEqual({ done: false, value: "still" });
    expect(() => played.call.write(pair.acceptor.slot.encode("late"))).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION" }),
    );
    played.finish();
    await pair.expectIdle();
  });

  it("an event is a call without data whose empty result says that it was taken", async () => {
    const pair = await sessionPair(options);
    const { end } = pair.connector.open({ kind: "event", param: { clicked: 1 } });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    expect([played.param, played.open.event]).toEqual([{ clicked: 1 }, true]);
    played.finish();
    await pair.run();
    expect(end.result).toBeUndefined();
    await pair.expectIdle();
  });

  it("CH-6 items behind the OPEN wait until somebody reads them", async () => {
    const pair = await sessionPair(options);
    const { call, write } = pair.connector.open({ kind: "upload" });
    for (let i = 0; i < 4; i++) write(i);
    call.closeOutbox();
    await pair.run();
    expect(await readAll(pair.acceptor.handlers.last.call.inbox)).toEqual([0, 1, 2, 3]);
    pair.acceptor.handlers.last.finish();
    await pair.expectIdle();
  });

  it("RQ-8 1,000 at once, answered in another order, each gets its own", async () => {
    const pair = await sessionPair({
      ...options,
      limits: { limits: { maxConcurrentHandlers: 1024 } },
    });
    const opened = Array.from({ length: 1000 }, (_, i) => pair.connector.open({ param: i }));
    await pair.run();
    expect(pair.acceptor.handlers.calls).toHaveLength(1000);
    for (const played of pair.acceptor.handlers.calls.reverse())
      played.finish({ twice: 2 * (played.param as number) });
    await pair.run();
    expect(opened.map(({ end }) => end.result)).toEqual(opened.map((_, i) => ({ twice: 2 * i })));
    await pair.expectIdle();
  });

  it("both sides call each other at once, over the same ids' two halves", async () => {
    const pair = await sessionPair(options);
    const opened: OpenedCall[] = [];
    for (let i = 0; i < 20; i++) {
      for (const [caller] of ways(pair)) opened.push(caller.open({ kind: "channel", param: i }));
    }
    await pair.run();
    expect(new Set(opened.map(({ call }) => call.id)).size).toBe(40);
    for (const { write } of opened) write("x");
    await pair.run();
    for (const [, callee] of ways(pair)) {
      for (const played of callee.handlers.calls) {
        expect(await played.call.inbox?.next()).toEqual({ done: false, value: "x" });
        played.finish(played.param);
      }
    }
    await pair.run();
    expect(opened.map(({ end }) => end.result)).toEqual(opened.map((_, i) => Math.floor(i / 2)));
    await pair.expectIdle();
  });

  it("a handler that calls back its caller, which calls back again, eight deep", async () => {
    const pair = await sessionPair(options);
    const sides = [pair.connector, pair.acceptor] as const;
    const ends = [];
    for (let depth = 0; depth < 8; depth++) {
      ends.push((sides[depth % 2] as SessionSide).open({ param: depth }).end);
      await pair.run();
    }
    for (let depth = 7; depth >= 0; depth--) {
      const played = (sides[(depth + 1) % 2] as SessionSide).handlers.calls.pop();
      played?.finish(depth);
      await pair.run();
    }
    expect(ends.map((end) => end.result)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await pair.expectIdle();
  });

  it("metadata, window and deadline travel in the OPEN", async () => {
    const pair = await sessionPair(options);
    const metadata = '{"trace":"é"}';
    pair.connector.open({ procedure: "a/b", metadata, timeoutMs: 1234, param: 1 });
    await pair.run();
    expect(pair.acceptor.handlers.last.open).toMatchObject({
      procedure: "a/b",
      metadata,
      timeoutMs: 1234,
      window: 65_536,
      maxWindow: 1_048_576,
      halfClosed: true,
      event: false,
      routed: false,
      resume: undefined,
      key: { originHigh: 0x01234567, originLow: 0x89abcdef, number: 1 },
    });
    pair.acceptor.handlers.last.finish();
    await pair.expectIdle();
  });

  it("RQ-10 calls end once: a second result of the handler changes nothing", async () => {
    const pair = await sessionPair(options);
    const { end } = pair.connector.open();
    await pair.run();
    const played = pair.acceptor.handlers.last;
    played.call.resolve(pair.acceptor.slot.encode("first"));
    played.call.resolve(pair.acceptor.slot.encode("second"));
    played.call.slot.free();
    await pair.run();
    expect(end.result).toBe("first");
    await pair.expectIdle();
  });
});

describe("calls whose two sides know different procedures", () => {
  it("items for a caller that wanted none end that call; the session goes on", async () => {
    const pair = await sessionPair();
    const { end } = pair.connector.open({ kind: "request" });
    const other = pair.connector.open({ procedure: "other" });
    await pair.run();
    pair.acceptor.handlers.of("test").write("surprise");
    await pair.run();
    expect(end.error.code).toBe("INVALID_ARGUMENT");
    pair.acceptor.handlers.of("test").finish();
    pair.acceptor.handlers.of("other").finish("fine");
    await pair.run();
    expect(other.end.result).toBe("fine");
    await pair.expectIdle();
  });
});

describe("K8 a value without an encoding", () => {
  it("fails its own call before anything of it was sent; the next one gets the next id", async () => {
    const pair = await sessionPair();
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(() => pair.connector.open({ param: cycle })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    expect(() => pair.connector.open({ param: () => {} })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    const { call, end } = pair.connector.open({ param: 1 });
    expect(call.id).toBe(1);
    await pair.run();
    pair.acceptor.handlers.last.finish(2);
    await pair.run();
    expect(end.result).toBe(2);
    await pair.expectIdle();
  });
});

describe("§4.9 DONE", () => {
  it("rides with the next write, else comes within 50 ms", async () => {
    const pair = await sessionPair();
    const { auditor } = pair;
    pair.connector.open();
    await pair.run();
    pair.acceptor.handlers.last.finish();
    await pair.run();
    expect([auditor.ofType("toAcceptor", FrameType.DONE).length, pair.acceptor.session.openCalls]).toEqual([
      0, 1,
    ]);
    pair.connector.open();
    await pair.run();
    expect(auditor.ofType("toAcceptor", FrameType.DONE)).toMatchObject([{ calls: [1] }]);
    expect(pair.acceptor.session.openCalls).toBe(1);
    pair.acceptor.handlers.last.finish();
    await pair.run();
    await pair.advance(49);
    expect(auditor.ofType("toAcceptor", FrameType.DONE)).toHaveLength(1);
    await pair.advance(1);
    expect(auditor.ofType("toAcceptor", FrameType.DONE)).toMatchObject([{ calls: [1] }, { calls: [3] }]);
    await pair.expectIdle();
  });
});

describe("§4.11 turns", () => {
  it("FC-13 a small call is answered while large ones fill the link", async () => {
    const pair = await sessionPair();
    const bulk = Array.from({ length: 8 }, () => pair.connector.open({ kind: "stream" }));
    const small = pair.connector.open({ procedure: "small" });
    await pair.run();
    for (const { call } of bulk) void call.inbox?.next();
    for (const played of pair.acceptor.handlers.calls.slice(0, 8)) played.write(bytesOf(1_000_000));
    pair.acceptor.handlers.of("small").finish("quick");
    // Eight calls may take a turn each before it: 16 KiB and a frame.
    let delivered = 0;
    while (!small.end.isOver) {
      expect(pair.wire.deliver("toConnector", 1) + pair.wire.deliver("toAcceptor", 1)).toBeGreaterThan(0);
      delivered++;
    }
    expect(delivered).toBeLessThanOrEqual(20);
    expect(small.end.result).toBe("quick");
    await pair.run();
    for (const played of pair.acceptor.handlers.calls.slice(0, 8)) played.finish();
    await pair.run();
    expect(bulk.map(({ end }) => end.code)).toEqual(bulk.map(() => "OK"));
    await pair.expectIdle();
  });

  it("busy calls share the link by bytes, whatever their messages' sizes", async () => {
    const pair = await sessionPair({ roomBytes: 20_000 });
    const sizes = [100, 5000, 60_000];
    const opened = sizes.map(() => pair.connector.open({ kind: "stream" }));
    await pair.run();
    const reading = opened.map(({ call }) => readAll(call.inbox));
    let sent = [0, 0, 0];
    for (let round = 0; round < 60; round++) {
      pair.acceptor.handlers.calls.forEach((played, at) => {
        while (played.call.outbox.end - played.call.outbox.sent < 100_000)
          played.write(bytesOf(sizes[at] as number));
      });
      pair.wire.deliver("toConnector", 50);
      pair.wire.deliver("toAcceptor");
      await settle();
      sent = pair.acceptor.handlers.calls.map(({ call }) => call.outbox.sent);
    }
    expect(Math.max(...sent) - Math.min(...sent)).toBeLessThan(2 * (16_384 + 65_600));
    expect(Math.min(...sent)).toBeGreaterThan(300_000);
    for (const played of pair.acceptor.handlers.calls) played.finish();
    await pair.until(Promise.all(reading));
    await pair.expectIdle();
  });

  it("a call's messages keep their order when it has to wait for its turn", async () => {
    const pair = await sessionPair({ roomBytes: 1 });
    const { call, end, write } = pair.connector.open({ kind: "channel", param: "p" });
    for (let i = 0; i < 50; i++) write(i);
    call.closeOutbox();
    await pair.run();
    expect(await readAll(pair.acceptor.handlers.last.call.inbox)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    pair.acceptor.handlers.last.finish("r");
    await pair.run();
    expect(end.result).toBe("r");
    await pair.expectIdle();
  });
});
