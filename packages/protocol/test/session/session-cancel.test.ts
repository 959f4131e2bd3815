/** Stop, abort and deadline in every phase of a call: what each side is told, and that nothing is left. RELIABILITY CA; docs/wire.md §4.4, §4.5. */
import { describe, expect, it } from "vitest";
import { FrameType } from "../../src/frame/frame.ts";
import { bytesOf, type OpenedCall, type OpenOptions, type SessionPair, sessionPair } from "./session-pair.ts";

const kinds = ["binary", "structured"] as const;

/** How far a call has come when it is given up. */
const phases: { name: string; reach: (pair: SessionPair, opened: OpenedCall) => Promise<void> }[] = [
  { name: "before its OPEN has arrived", reach: async () => {} },
  {
    name: "after its OPEN has arrived",
    async reach(pair) {
      pair.wire.deliver("toAcceptor");
    },
  },
  {
    name: "before the first item has arrived",
    async reach(pair) {
      await pair.run();
      pair.acceptor.handlers.last.write(bytesOf(100));
    },
  },
  {
    name: "after items that nobody has read",
    async reach(pair) {
      await pair.run();
      for (let i = 0; i < 5; i++) pair.acceptor.handlers.last.write(bytesOf(100));
      await pair.run();
    },
  },
  {
    name: "in the middle of an item",
    async reach(pair) {
      await pair.run();
      pair.acceptor.handlers.last.write(bytesOf(500_000));
      await pair.run();
    },
  },
  {
    name: "while both directions are full",
    async reach(pair, { write }) {
      await pair.run();
      while (pair.acceptor.handlers.last.write(bytesOf(3000)));
      while (write(bytesOf(3000)));
      await pair.run();
    },
  },
  {
    name: "after both have closed their halves",
    async reach(pair, { call }) {
      await pair.run();
      pair.acceptor.handlers.last.call.closeOutbox();
      call.closeOutbox();
      await pair.run();
    },
  },
  {
    name: "while the result is on its way",
    async reach(pair) {
      await pair.run();
      pair.acceptor.handlers.last.finish("done");
    },
  },
  {
    name: "while the result waits for credit behind items",
    async reach(pair) {
      await pair.run();
      const played = pair.acceptor.handlers.last;
      while (played.write(bytesOf(3000)));
      played.finish("done");
      await pair.run();
    },
  },
  {
    name: "in the middle of a large result",
    async reach(pair) {
      await pair.run();
      pair.acceptor.handlers.last.finish(bytesOf(300_000));
      pair.wire.deliver("toConnector", 1);
    },
  },
  {
    name: "in the middle of a large param",
    async reach(pair) {
      pair.connector.open({ kind: "channel", param: bytesOf(300_000), procedure: "large" });
      pair.wire.deliver("toAcceptor");
    },
  },
];

const options: OpenOptions = { kind: "channel" };

/** Lets all handlers that still run return, as those do that obey their signal. */
async function settleHandlers(pair: SessionPair): Promise<void> {
  await pair.run();
  for (const played of pair.acceptor.handlers.calls) if (!played.hasSettled) played.finish("stopped");
  await pair.run();
}

describe.each(kinds)("over a %s link", (kind) => {
  it.each(phases)(
    "CA-1..11 abort $name: over at once with CANCELLED, and nothing is left",
    async ({ reach }) => {
      const pair = await sessionPair({ kind });
      const opened = pair.connector.open(options);
      await reach(pair, opened);
      const hadEnded = opened.end.isOver;
      for (const call of [opened.call]) call.abort("enough");
      expect(opened.end.isOver).toBe(true);
      if (!hadEnded) expect(opened.end.error).toMatchObject({ code: "CANCELLED", origin: "local" });
      await pair.run();
      for (const played of pair.acceptor.handlers.calls) {
        if (!played.hasSettled && played.open.procedure === "test")
          expect(played.aborts).toEqual(["cancelled"]);
      }
      await settleHandlers(pair);
      expect(opened.end.ends).toHaveLength(1);
      await pair.expectIdle();
    },
  );

  it.each(phases)("CA-1..11 stop $name: the handler finishes, its result is delivered", async ({ reach }) => {
    const pair = await sessionPair({ kind });
    const opened = pair.connector.open(options);
    await reach(pair, opened);
    opened.call.stop();
    await settleHandlers(pair);
    // What lay before an end that was on its way is still the reader's; it leaves.
    opened.call.inbox?.cancel(undefined);
    await pair.run();
    expect(opened.end.code).toBe("OK");
    for (const played of pair.acceptor.handlers.calls) expect(played.aborts.length).toBeLessThanOrEqual(1);
    await pair.expectIdle();
  });

  it.each(phases)("ST-3 a reader that leaves $name: as stop", async ({ reach }) => {
    const pair = await sessionPair({ kind });
    const opened = pair.connector.open(options);
    await reach(pair, opened);
    opened.call.inbox?.cancel("break");
    await settleHandlers(pair);
    expect(opened.end.code).toBe("OK");
    await pair.expectIdle();
  });

  it.each(phases)("CA-15 a deadline that passes $name ends it on both sides", async ({ reach }) => {
    const pair = await sessionPair({ kind });
    const opened = pair.connector.open({ ...options, timeoutMs: 1000 });
    await reach(pair, opened);
    const hadEnded = opened.end.isOver;
    await pair.advance(1001);
    if (!hadEnded && opened.end.code !== "OK") expect(opened.end.error.code).toBe("DEADLINE_EXCEEDED");
    for (const played of pair.acceptor.handlers.calls) {
      if (!played.hasSettled && played.open.procedure === "test") {
        expect(["deadline", "cancelled"]).toContain(played.aborts[0]);
      }
    }
    await settleHandlers(pair);
    expect(opened.end.ends).toHaveLength(1);
    await pair.expectIdle();
  });

  it.each(phases)(
    "X36 the link is lost $name: both sides learn it once, and nothing is left",
    async ({ reach }) => {
      const pair = await sessionPair({ kind });
      const opened = pair.connector.open(options);
      await reach(pair, opened);
      const hadEnded = opened.end.isOver;
      pair.wire.cut();
      await pair.run();
      expect(opened.end.ends).toHaveLength(1);
      if (!hadEnded) expect(opened.end.error).toMatchObject({ code: "UNAVAILABLE" });
      for (const played of pair.acceptor.handlers.calls) {
        if (played.hasSettled) continue;
        expect(played.aborts).toEqual(["disconnected"]);
        played.finish("too late");
      }
      await pair.expectOver();
    },
  );
});

describe("stop", () => {
  it("§4.4 the signal says stop, later writes go nowhere, the result still comes", async () => {
    const pair = await sessionPair();
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    played.write("before");
    await pair.run();
    call.stop();
    await pair.run();
    expect([played.aborts, played.call.isWanted, played.write("after")]).toEqual([["stop"], false, true]);
    played.finish("total");
    await pair.run();
    expect(await call.inbox?.next()).toEqual({ done: false, value: "before" });
    expect(await call.inbox?.next()).toEqual({ done: true, value: undefined });
    expect(end.result).toBe("total");
    await pair.expectIdle();
  });

  it("drops an item of which pieces were sent, and nobody minds", async () => {
    const pair = await sessionPair();
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    played.write(bytesOf(500_000));
    await pair.run();
    expect(pair.auditor.call(1).toCaller.unfinished).toBeDefined();
    call.stop();
    await pair.run();
    played.finish("total");
    await pair.run();
    expect([end.result, await call.inbox?.next()]).toEqual(["total", { done: true, value: undefined }]);
    await pair.expectIdle();
  });

  it("twice is once, and abort after stop is an abort", async () => {
    const pair = await sessionPair();
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    call.stop();
    call.stop();
    await pair.run();
    call.abort();
    await pair.run();
    expect(pair.auditor.ofType("toAcceptor", FrameType.CANCEL).map(({ abort }) => abort)).toEqual([
      false,
      true,
    ]);
    expect([end.code, pair.acceptor.handlers.last.call.state]).toEqual(["CANCELLED", "aborting"]);
    await settleHandlers(pair);
    await pair.expectIdle();
  });

  it("of a call whose OPEN has no room on the link ends it with `no`, and nothing is sent of it", async () => {
    const pair = await sessionPair({ roomBytes: 1 });
    const first = pair.connector.open({ param: "fills the link" });
    const { call, end } = pair.connector.open({ procedure: "waits" });
    expect(call.state).toBe("opened");
    call.stop();
    expect(end.error).toMatchObject({ code: "CANCELLED", processed: "no" });
    await pair.run();
    expect(pair.acceptor.handlers.calls).toHaveLength(1);
    pair.acceptor.handlers.last.finish();
    await pair.run();
    expect(first.end.code).toBe("OK");
    await pair.expectIdle();
  });
});

describe("abort", () => {
  it("§4.13 says `no` while the OPEN waits for room on the link, then `maybe`", async () => {
    const pair = await sessionPair({ roomBytes: 1 });
    const first = pair.connector.open({ param: "fills the link" });
    const second = pair.connector.open();
    second.call.abort();
    first.call.abort();
    expect([second.end.error.processed, first.end.error.processed]).toEqual(["no", "maybe"]);
    await settleHandlers(pair);
    expect(pair.acceptor.handlers.calls).toHaveLength(1);
    await pair.expectIdle();
  });

  it("CA-17 the caller remembers the id, and the slot is held, until the handler settles", async () => {
    const pair = await sessionPair();
    const { call } = pair.connector.open({ kind: "stream" });
    await pair.run();
    call.abort();
    await pair.run();
    await pair.advance(60_000);
    expect([call.state, pair.connector.session.openCalls, pair.acceptor.session.runningHandlers]).toEqual([
      "aborted",
      1,
      1,
    ]);
    await settleHandlers(pair);
    expect(call.state).toBe("over");
    await pair.expectIdle();
  });

  it("RQ-9 what the callee had sent before it knew is dropped, and is no fault", async () => {
    const pair = await sessionPair();
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    for (let i = 0; i < 300; i++) played.write(bytesOf(10));
    played.finish("late");
    call.abort();
    await pair.run();
    expect([end.code, pair.connector.session.state.name]).toEqual(["CANCELLED", "open"]);
    await pair.expectIdle();
  });
});

describe("deadlines", () => {
  it("CA-14 hold at both ends, and the callee's ends the call when the caller's word does not arrive", async () => {
    const pair = await sessionPair();
    const { end } = pair.connector.open({ kind: "stream", timeoutMs: 1000 });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    played.write(bytesOf(500_000));
    // Nothing is delivered any more.
    await pair.clock.advance(1000);
    expect([end.code, played.aborts]).toEqual(["DEADLINE_EXCEEDED", ["deadline"]]);
    await settleHandlers(pair);
    await pair.expectIdle();
  });

  it("the callee's alone, in the middle of an item, ends the call and not the session", async () => {
    const pair = await sessionPair({ acceptorLimits: { maxDeadline: 86_400_000 } });
    // A caller whose own clock has not run: its deadline is longer than the one that its OPEN says.
    const { call, end } = pair.connector.open({ kind: "stream" });
    const other = pair.connector.open({ procedure: "other" });
    pair.wire.deliver("toAcceptor");
    const played = pair.acceptor.handlers.of("test");
    played.write(bytesOf(500_000));
    await pair.run();
    // What its own deadline does, on the callee's side only.
    played.call.outbox.dropUnsent();
    played.fail("DEADLINE_EXCEEDED");
    await pair.run();
    expect([end.code, pair.connector.session.state.name]).toEqual(["DEADLINE_EXCEEDED", "open"]);
    await expect(call.inbox?.next()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    pair.acceptor.handlers.of("other").finish("fine");
    await pair.run();
    expect(other.end.result).toBe("fine");
    await pair.expectIdle();
  });

  it("shrink while the call waits at its caller", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 1 } } });
    const first = pair.connector.open();
    pair.connector.open({ procedure: "second", timeoutMs: 1000 });
    await pair.run();
    await pair.advance(300);
    pair.acceptor.handlers.last.finish();
    await pair.run();
    expect(first.end.code).toBe("OK");
    expect(pair.acceptor.handlers.of("second").open.timeoutMs).toBe(700);
    pair.acceptor.handlers.of("second").finish();
    await pair.expectIdle();
  });

  it("CA-16 of 2^31 ms do not fire at once, and those beyond 24 h are 24 h at the callee", async () => {
    const pair = await sessionPair();
    const { end } = pair.connector.open({ timeoutMs: 2 ** 31 });
    await pair.run();
    await pair.advance(1000);
    expect(end.code).toBe("none");
    expect(pair.acceptor.handlers.last.call.remainingMs).toBe(86_400_000 - 1000);
    pair.acceptor.handlers.last.finish();
    await pair.expectIdle();
  });
});

describe("an item that does not fit", () => {
  it("while the callee is in the middle of one of its own ends the call, not the session", async () => {
    const pair = await sessionPair();
    const { call, end } = pair.connector.open({ kind: "channel" });
    const other = pair.connector.open({ procedure: "other" });
    await pair.run();
    pair.acceptor.handlers.of("test").write(bytesOf(500_000));
    await pair.run();
    call.write({ body: "{", length: -1, raw: false, start: 0 });
    await pair.run();
    expect(end.error).toMatchObject({ code: "DECODE_ERROR", origin: "remote" });
    expect(pair.acceptor.handlers.of("test").aborts).toEqual(["cancelled"]);
    expect([pair.connector.session.state.name, pair.acceptor.session.state.name]).toEqual(["open", "open"]);
    pair.acceptor.handlers.of("test").finish();
    pair.acceptor.handlers.of("other").finish("fine");
    await pair.run();
    expect(other.end.result).toBe("fine");
    await pair.expectIdle();
  });
});
