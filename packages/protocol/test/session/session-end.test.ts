/** Drain, CLOSE and the loss of the link: every promise settles, every call ends once, nothing is left. Spec: docs/wire.md §4.15, §6. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { legalMoves } from "../../src/session/session-state.ts";
import { bytesOf, type OpenedCall, type RecordedEnd, type SessionPair, sessionPair } from "./session-pair.ts";
import { settle } from "./settle.ts";

/** Whether a promise has settled, and how. */
function watch(promise: Promise<unknown>): { outcome: string } {
  const watched = { outcome: "pending" };
  promise.then(
    () => {
      watched.outcome = "resolved";
    },
    (error: SluiceError) => {
      watched.outcome = error.code;
    },
  );
  return watched;
}

/** Does `then` when the call's user is told of its failure. */
function whenRejected(end: RecordedEnd, then: () => void): void {
  const told = end.rejected.bind(end);
  end.rejected = (error) => {
    told(error);
    then();
  };
}

/** Calls of every kind and in every state, both ways. */
async function busyPair(): Promise<{
  pair: SessionPair;
  settleAll: () => void;
  check: (code: string, acceptorsCode?: string) => Promise<void>;
}> {
  const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 8 } } });
  const { connector, acceptor } = pair;
  const request = connector.open({ timeoutMs: 60_000 });
  const stream = connector.open({ kind: "stream", procedure: "stream" });
  const channel = connector.open({ kind: "channel", procedure: "channel" });
  const large = connector.open({ kind: "upload", procedure: "large", param: bytesOf(2_000_000) });
  const stopped = connector.open({ kind: "stream", procedure: "stopped" });
  const aborted = connector.open({ kind: "stream", procedure: "aborted" });
  const back = acceptor.open({ kind: "stream", procedure: "back" });
  await pair.run();
  acceptor.handlers.of("stream").write(bytesOf(1_000_000));
  channel.write(bytesOf(1_000_000));
  stopped.call.stop();
  aborted.call.abort();
  await pair.run();
  const queued = [connector.open(), connector.open(), connector.open({ procedure: "queued" })];
  const writes = [
    watch(acceptor.handlers.of("stream").call.outbox.accepted()),
    watch(channel.call.outbox?.accepted() as Promise<void>),
  ];
  const reads = [stream, channel, back].map(({ call }) => watch(call.inbox?.next() as Promise<unknown>));
  const ping = watch(connector.session.ping());
  const all = [request, stream, channel, large, stopped, ...queued];
  return {
    pair,
    settleAll() {
      for (const played of [...acceptor.handlers.calls, ...connector.handlers.calls]) {
        if (!played.hasSettled) played.finish("too late");
      }
    },
    async check(code, acceptorsCode = code) {
      await pair.wire.run();
      expect(all.map(({ end }) => [end.ends.length, end.code])).toEqual(all.map(() => [1, code]));
      expect([back.end.ends.length, back.end.code]).toEqual([1, acceptorsCode]);
      expect(queued[2]?.end.error.processed).toBe("no");
      expect(request.end.error.processed).toBe("maybe");
      expect(aborted.end.code).toBe("CANCELLED");
      expect(writes.map(({ outcome }) => outcome)).not.toContain("pending");
      expect(reads.map(({ outcome }) => outcome)).toEqual([code, code, acceptorsCode]);
      expect(ping.outcome).toBe(code);
      for (const played of acceptor.handlers.calls) expect(played.aborts.length).toBe(1);
    },
  };
}

describe("the end of a session INV-LIVE INV-ONE INV-QUIET", () => {
  it("by the loss of its link", async () => {
    const { pair, settleAll, check } = await busyPair();
    pair.wire.cut();
    await check("UNAVAILABLE");
    expect(pair.acceptor.handlers.of("stream").aborts).toEqual(["disconnected"]);
    settleAll();
    await pair.expectOver();
  });

  it("by its own close()", async () => {
    const { pair, settleAll, check } = await busyPair();
    pair.connector.session.close(new SluiceError("CANCELLED", "the client was disposed"));
    await check("CANCELLED", "UNAVAILABLE");
    expect(pair.acceptor.handlers.of("stream").aborts).toEqual(["disconnected"]);
    // A peer that simply leaves cancels nothing: its own calls were lost.
    expect(pair.acceptor.session.state).toMatchObject({ error: { code: "UNAVAILABLE", origin: "remote" } });
    settleAll();
    await pair.expectOver();
  });

  it("by its peer's close()", async () => {
    const { pair, settleAll, check } = await busyPair();
    pair.acceptor.session.close(new SluiceError("UNAVAILABLE", "shutting down"));
    expect(pair.acceptor.handlers.of("stream").aborts).toEqual(["shutdown"]);
    await check("UNAVAILABLE");
    settleAll();
    await pair.expectOver();
  });

  it("by a malformed frame: CLOSE says why, on both sides", async () => {
    const { pair, settleAll, check } = await busyPair();
    pair.wire.observers.length = 0;
    pair.wire.acceptor.send({ type: FrameType.CREDIT, call: 999, received: 0, limit: 0 });
    await check("PROTOCOL_ERROR");
    expect(pair.acceptor.session.state).toMatchObject({
      error: { code: "PROTOCOL_ERROR", origin: "remote" },
    });
    settleAll();
    await pair.expectOver();
  });

  it("by bytes that are no frames", async () => {
    const { pair, settleAll, check } = await busyPair();
    pair.connector.session.malformed(new SluiceError("FRAME_TOO_LARGE", "a frame of 4 GiB"));
    await check("FRAME_TOO_LARGE");
    settleAll();
    await pair.expectOver();
  });

  it("INV-LEAK by a fault of its own code says INTERNAL and nothing else to the peer", async () => {
    const pair = await sessionPair();
    pair.acceptor.session.listener = {};
    pair.connector.session.listener = {
      draining() {
        throw new Error("/home/canary");
      },
    };
    void pair.acceptor.session.drain(1000);
    await pair.run();
    expect(pair.connector.session.state).toMatchObject({ error: { code: "INTERNAL" } });
    const [close] = pair.auditor.ofType("toAcceptor", FrameType.CLOSE);
    expect(close).toMatchObject({ code: "INTERNAL" });
    expect(JSON.stringify(close)).not.toContain("canary");
    await pair.expectOver();
  });

  it("the same when nothing has arrived, but the carrier has room again: nobody is above it to catch anything", async () => {
    const pair = await sessionPair();
    const { session, handlers } = pair.acceptor;
    pair.connector.open();
    await pair.run();
    pair.wire.acceptor.roomBytes = 0;
    handlers.last.finish("result");
    pair.wire.acceptor.roomBytes = 1_000;
    const send = pair.wire.acceptor.send.bind(pair.wire.acceptor);
    pair.wire.acceptor.send = (frame) => {
      if (frame.type === FrameType.RESULT) throw new RangeError("canary");
      return send(frame);
    };
    session.writable();
    expect(session.state).toMatchObject({ error: { code: "INTERNAL" } });
    await pair.run();
    expect(pair.auditor.ofType("toConnector", FrameType.CLOSE)).toMatchObject([{ code: "INTERNAL" }]);
    await pair.expectOver();
  });
});

describe("a closed session", () => {
  it("tells its owner once, closes once, refuses calls with `no`, and pings with its error", async () => {
    const pair = await sessionPair();
    const told: string[] = [];
    pair.connector.session.listener = { closed: (error) => told.push(error.code) };
    const error = new SluiceError("ABORTED", "enough", { processed: "maybe" });
    pair.connector.session.close(error);
    pair.connector.session.close(new SluiceError("INTERNAL", "again"));
    await pair.run();
    expect(told).toEqual(["ABORTED"]);
    expect(pair.auditor.ofType("toAcceptor", FrameType.CLOSE)).toHaveLength(1);
    expect(() => pair.connector.open()).toThrow(
      expect.objectContaining({ code: "ABORTED", processed: "no" }),
    );
    await expect(pair.connector.session.ping()).rejects.toBe(error);
    await pair.connector.session.drain(1000);
    await pair.connector.session.stop();
    await pair.connector.session.rest.whenSettled();
    await pair.expectOver();
  });

  it("says a text of any length in its CLOSE", async () => {
    const pair = await sessionPair();
    pair.connector.session.close(new SluiceError("ABORTED", "long ".repeat(10_000)));
    await pair.run();
    expect(pair.acceptor.session.state).toMatchObject({ name: "closed", error: { code: "ABORTED" } });
    await pair.expectOver();
  });

  it("cuts its link after 5 s if the peer does not close it", async () => {
    const pair = await sessionPair();
    pair.connector.session.close(new SluiceError("ABORTED", "enough"));
    expect([pair.wire.connector.state, pair.clock.armedTimers]).toEqual(["closing", 1]);
    await pair.clock.advance(5000);
    expect([pair.wire.connector.state, pair.clock.armedTimers]).toEqual(["closed", 0]);
  });

  it("passes over what still arrives", async () => {
    const pair = await sessionPair();
    const { write } = pair.connector.open({ kind: "upload" });
    await pair.run();
    for (let i = 0; i < 5; i++) write(i);
    pair.acceptor.session.close(new SluiceError("UNAVAILABLE", "bye"));
    pair.wire.deliver("toAcceptor");
    expect(pair.acceptor.handlers.last.call.inbox?.length).toBe(0);
    await pair.run();
    pair.acceptor.handlers.last.finish();
    await pair.expectOver();
  });

  it("a call that its user gives up while he is told of another is told once", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 1 } } });
    const opened = Array.from({ length: 4 }, () => pair.connector.open());
    await pair.run();
    const [running, second, , last] = opened as [OpenedCall, OpenedCall, OpenedCall, OpenedCall];
    // The first that is told, of the queue and of those that run, gives up another one.
    whenRejected(second.end, () => last.call.abort());
    whenRejected(running.end, () => second.call.abort());
    pair.wire.cut();
    await pair.run();
    expect(opened.map(({ end }) => end.ends.length)).toEqual([1, 1, 1, 1]);
    pair.acceptor.handlers.last.finish();
    await pair.expectOver();
  });
});

describe("§4.15 drain", () => {
  it("DR-3 lets running calls finish, both ways, and resolves then", async () => {
    const pair = await sessionPair();
    const calls = [pair.connector.open(), pair.connector.open({ kind: "stream" })];
    const back = pair.acceptor.open();
    await pair.run();
    const drained = watch(pair.acceptor.session.drain(30_000, 500));
    await pair.run();
    expect([drained.outcome, pair.acceptor.session.state, pair.connector.session.state]).toEqual([
      "pending",
      { name: "draining", ours: true, theirs: false, retry: 0 },
      { name: "draining", ours: false, theirs: true, retry: 500 },
    ]);
    pair.acceptor.handlers.calls[0]?.finish(1);
    pair.acceptor.handlers.calls[1]?.write("item");
    pair.acceptor.handlers.calls[1]?.finish(2);
    await pair.run();
    await pair.advance(50);
    expect(drained.outcome).toBe("pending");
    pair.connector.handlers.last.finish(3);
    await pair.run();
    await pair.advance(50);
    expect([drained.outcome, ...calls.map(({ end }) => end.result), back.end.result]).toEqual([
      "resolved",
      1,
      2,
      3,
    ]);
    await pair.expectIdle();
  });

  it("DR-2 of an idle session resolves when the peer has heard of it", async () => {
    const pair = await sessionPair();
    const told: number[][] = [];
    pair.connector.session.listener = { draining: (grace, retry) => told.push([grace, retry]) };
    const drained = watch(pair.acceptor.session.drain(10_000, 2000));
    await settle();
    expect(drained.outcome).toBe("pending");
    await pair.run();
    expect(drained.outcome).toBe("resolved");
    expect(told).toEqual([[10_000, 2000]]);
  });

  it("DR-1 X40 OPENs that cross it are refused with UNAVAILABLE{no}, which is no abuse", async () => {
    const pair = await sessionPair();
    const opened = Array.from({ length: 150 }, () => pair.connector.open());
    void pair.acceptor.session.drain(10_000);
    await pair.run();
    expect(opened.map(({ end }) => [end.error.code, end.error.processed])).toEqual(
      opened.map(() => ["UNAVAILABLE", "no"]),
    );
    expect([pair.acceptor.handlers.calls.length, pair.acceptor.session.state.name]).toEqual([0, "draining"]);
    await pair.expectIdle();
  });

  it("DR-6 the peer's queue and later calls fail with UNAVAILABLE{no}; its own handlers still serve", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 1 } } });
    const running = pair.connector.open();
    const queued = pair.connector.open();
    await pair.run();
    void pair.acceptor.session.drain(10_000);
    await pair.run();
    const no = { code: "UNAVAILABLE", processed: "no" };
    expect(queued.end.error).toMatchObject(no);
    expect(() => pair.connector.open()).toThrow(expect.objectContaining(no));
    const back = pair.acceptor.open();
    await pair.run();
    pair.connector.handlers.last.finish("served");
    pair.acceptor.handlers.last.finish("finished");
    await pair.run();
    expect([back.end.result, running.end.result]).toEqual(["served", "finished"]);
    await pair.expectIdle();
  });

  it("DR-5 twice says it once; both sides may", async () => {
    const pair = await sessionPair();
    pair.connector.open();
    await pair.run();
    const drains = [
      pair.acceptor.session.drain(1),
      pair.acceptor.session.drain(2),
      pair.connector.session.drain(3),
    ].map(watch);
    await pair.run();
    expect(pair.auditor.ofType("toConnector", FrameType.DRAIN)).toHaveLength(1);
    expect(pair.auditor.ofType("toAcceptor", FrameType.DRAIN)).toHaveLength(1);
    expect(pair.acceptor.session.state).toEqual({ name: "draining", ours: true, theirs: true, retry: 0 });
    pair.acceptor.handlers.last.finish();
    await pair.run();
    await pair.advance(50);
    expect(drains.map(({ outcome }) => outcome)).toEqual(["resolved", "resolved", "resolved"]);
    await pair.expectIdle();
  });

  it("a second DRAIN of the peer changes nothing", async () => {
    const pair = await sessionPair();
    let told = 0;
    pair.acceptor.session.listener = { draining: () => told++ };
    const drain: Frame = { type: FrameType.DRAIN, call: 0, grace: 1, retry: 0 };
    pair.wire.connector.send(drain);
    pair.wire.connector.send(drain);
    await pair.run();
    expect(told).toBe(1);
  });

  it("DR-4 is over with the session: a handler that never settles keeps nobody waiting", async () => {
    const pair = await sessionPair();
    pair.connector.open();
    await pair.run();
    const drained = watch(pair.acceptor.session.drain(1000));
    const settled = watch(pair.acceptor.session.rest.whenSettled());
    pair.acceptor.session.close(new SluiceError("UNAVAILABLE", "the grace is over"));
    await pair.run();
    expect([drained.outcome, settled.outcome]).toEqual(["resolved", "pending"]);
    pair.acceptor.handlers.last.finish();
    await pair.run();
    expect(settled.outcome).toBe("resolved");
    await pair.expectOver();
  });
});

describe("stop() of a session", () => {
  it("stops what it has opened, cancels what waits, and resolves when all has ended", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 2 } } });
    const calls = [pair.connector.open({ kind: "stream" }), pair.connector.open()];
    const queued = pair.connector.open();
    const back = pair.acceptor.open();
    await pair.run();
    const stopped = watch(pair.connector.session.stop());
    await pair.run();
    expect(queued.end.error).toMatchObject({ code: "CANCELLED", processed: "no" });
    expect(pair.acceptor.handlers.calls.map(({ aborts }) => aborts)).toEqual([["stop"], ["stop"]]);
    expect(pair.connector.handlers.last.aborts).toEqual([]);
    for (const played of pair.acceptor.handlers.calls) played.finish("done");
    await pair.run();
    expect([stopped.outcome, ...calls.map(({ end }) => end.result)]).toEqual(["resolved", "done", "done"]);
    pair.connector.handlers.last.finish("back");
    await pair.run();
    expect(back.end.result).toBe("back");
    await pair.expectIdle();
  });

  it("of an idle session resolves at once", async () => {
    const pair = await sessionPair();
    await pair.connector.session.stop();
    await pair.connector.session.rest.whenSettled();
  });
});

describe("PING", () => {
  it("§4.10 is answered with its nonce, each way, and gives the round trip", async () => {
    const pair = await sessionPair();
    for (const [side, other] of [
      [pair.connector, "toConnector"],
      [pair.acceptor, "toAcceptor"],
    ] as const) {
      const ping = side.session.ping();
      await pair.clock.advance(12);
      await pair.run();
      expect(await ping).toBe(12);
      expect(pair.auditor.ofType(other, FrameType.PING).filter(({ answer }) => answer)).toHaveLength(1);
    }
  });

  it("overtakes data that waits", async () => {
    const pair = await sessionPair();
    const { write } = pair.connector.open({ kind: "upload" });
    await pair.run();
    for (let i = 0; i < 20; i++) write(bytesOf(3000));
    const ping = watch(pair.connector.session.ping());
    pair.wire.deliver("toAcceptor");
    pair.wire.deliver("toConnector");
    await settle();
    expect(ping.outcome).toBe("resolved");
    pair.acceptor.handlers.last.finish();
    await pair.expectIdle();
  });
});

describe("the states of a session", () => {
  const moves: [string, (pair: SessionPair) => void, string][] = [
    ["open -> draining, ours", (pair) => void pair.connector.session.drain(1), "draining"],
    ["open -> draining, theirs", (pair) => void pair.acceptor.session.drain(1), "draining"],
    [
      "draining -> draining",
      (pair) => {
        void pair.connector.session.drain(1);
        void pair.acceptor.session.drain(1);
      },
      "draining",
    ],
    ["open -> closed", (pair) => pair.connector.session.close(new SluiceError("ABORTED", "")), "closed"],
    [
      "draining -> closed",
      (pair) => {
        void pair.connector.session.drain(1);
        pair.connector.session.close(new SluiceError("ABORTED", ""));
      },
      "closed",
    ],
  ];
  it.each(moves)("%s", async (_name, move, to) => {
    const pair = await sessionPair();
    move(pair);
    await pair.run();
    expect(pair.connector.session.state.name).toBe(to);
  });

  it("closed leads nowhere", () => {
    expect(legalMoves).toEqual({
      open: ["draining", "detached", "closed"],
      draining: ["draining", "detached", "closed"],
      detached: ["open", "draining", "detached", "closed"],
      closed: [],
    });
  });
});
