/** Peers that live and stop in the middle of a message that memory is reserved for. Spec: docs/wire.md §4.1; docs/limits.md. */
import { describe, expect, it } from "vitest";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { cancel, credit, data, open } from "./frames.ts";
import { type RawConnector, rawConnector } from "./raw-end.ts";
import { bytesOf } from "./session-pair.ts";
import { settle } from "./settle.ts";

const stallTimeout = 30_000;
/** Larger than any window that is lent at first, so that memory is reserved for it. */
const large = 200_000;
/** The other half of a message of which `data(0, bytesOf(1_024), { total: large })` was the first piece. */
const firstPiece = 1_024;

const watched = (): Promise<RawConnector> => rawConnector({ stallTimeout }, { isWatched: true });

/** Lets `ms` pass, in which the peer answers every sign of life that is asked of it, and gives one more often than that. */
async function live({ clock, wire, raw }: RawConnector, ms: number): Promise<void> {
  const until = clock.now() + ms;
  let answered = raw.ofType(FrameType.PING).length;
  while (clock.now() < until) {
    await clock.advance(Math.min(clock.nextTimerMs ?? ms, until - clock.now()));
    await wire.run();
    for (const ping of raw.ofType(FrameType.PING).slice(answered)) {
      answered++;
      if (!ping.answer) raw.end.send({ ...ping, answer: true });
    }
    await wire.run();
  }
}

/** A call whose param has begun. */
const openInside: Frame = open({
  more: true,
  raw: true,
  total: large,
  payload: bytesOf(firstPiece),
  end: firstPiece,
});

/** The errors that the peer was told, as `call code processed`. */
function errors({ raw }: RawConnector): string[] {
  return raw.ofType(FrameType.ERROR).map(({ call, body }) => `${call} ${body.code} ${body.processed}`);
}

/** Whether all that can be reserved is there. */
function isUnreserved({ session }: RawConnector): boolean {
  return !session.budget.isReserved;
}

describe("a message that stops", () => {
  it("LM-9 ends its call after stallTimeout, and not before: the param of one that no handler has seen", async () => {
    const peer = await watched();
    await peer.send(openInside);
    expect(isUnreserved(peer)).toBe(false);
    await live(peer, stallTimeout - 1);
    expect([errors(peer), peer.code]).toEqual([[], "open"]);
    await live(peer, 1);
    expect([errors(peer), peer.code]).toEqual([["1 RESOURCE_EXHAUSTED no"], "open"]);
    expect([peer.acceptor.handlers.calls, peer.session.runningHandlers]).toEqual([[], 0]);
    expect(isUnreserved(peer)).toBe(true);
  });

  it("LM-9 of items ends its call, and tells the handler; the other calls of the session go on", async () => {
    const peer = await watched();
    await peer.send(open({ halfClosed: false }), open({ call: 3, key: keyOf(2) }));
    const [channel, other] = peer.acceptor.handlers.calls;
    const item = channel?.call.inbox?.next();
    const failed = expect(item).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await live(peer, 1_000);
    await peer.send(data(64, bytesOf(60_000), { total: large }));
    expect(isUnreserved(peer)).toBe(false);
    await live(peer, stallTimeout - 1);
    expect([errors(peer), channel?.aborts]).toEqual([[], []]);
    await live(peer, 1);
    await failed;
    expect([errors(peer), channel?.aborts]).toEqual([["1 RESOURCE_EXHAUSTED maybe"], ["cancelled"]]);
    expect([isUnreserved(peer), other?.aborts]).toEqual([true, []]);
    other?.finish("well");
    // What was on its way when the call ended is no offence.
    await peer.send(data(64 + 64 + 60_000, bytesOf(10_000), { more: true, head: false, total: large }));
    expect([peer.raw.ofType(FrameType.RESULT).map(({ call }) => call), peer.code]).toEqual([[3], "open"]);
  });

  it("LM-9 lives as long as a piece comes in time, however long the whole takes", async () => {
    const peer = await watched();
    await peer.send(openInside);
    for (let sent = firstPiece; sent < large; ) {
      await live(peer, stallTimeout - 1);
      const bytes = Math.min(20_000, large - sent);
      const more = sent + bytes < large;
      await peer.send(data(64 + sent, bytesOf(bytes), { more, head: false, total: large }));
      sent += bytes;
    }
    expect([errors(peer), peer.acceptor.handlers.calls.length]).toEqual([[], 1]);
    expect(isUnreserved(peer)).toBe(true);
  });

  it("LM-9 counts from when memory was reserved, since nobody could send before", async () => {
    const peer = await rawConnector(
      { stallTimeout, limits: { maxBuffered: 1 << 20, maxMessage: 400_000, maxCalls: 64 } },
      { isWatched: true },
    );
    const half = { more: true, raw: true, total: 400_000, payload: bytesOf(firstPiece), end: firstPiece };
    await peer.send(open(half), open({ ...half, call: 3, key: keyOf(2) }));
    await live(peer, stallTimeout);
    // The first has lost its call, and with it the memory that the second waited for.
    expect(errors(peer)).toEqual(["1 RESOURCE_EXHAUSTED no"]);
    await live(peer, stallTimeout - 1);
    expect(errors(peer)).toHaveLength(1);
    await live(peer, 1);
    expect(errors(peer)).toEqual(["1 RESOURCE_EXHAUSTED no", "3 RESOURCE_EXHAUSTED no"]);
  });

  it.each(["DATA", "RESULT"] as const)(
    "LM-9 of a callee, as %s, ends the call for its caller",
    async (name) => {
      const peer = await watched();
      const { end, call } = peer.acceptor.open({ kind: "stream" });
      await peer.wire.run();
      const item = call.inbox?.next();
      const failed = expect(item).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
      const type = FrameType[name];
      await peer.send(data(0, bytesOf(60_000), { type, call: call.id, total: large }));
      expect(isUnreserved(peer)).toBe(false);
      await live(peer, stallTimeout - 1);
      expect(end.code).toBe("none");
      await live(peer, 1);
      await failed;
      expect([end.code, end.error.processed, peer.code]).toEqual(["RESOURCE_EXHAUSTED", "maybe", "open"]);
      expect(peer.raw.ofType(FrameType.CANCEL)).toMatchObject([{ call: call.id, abort: true }]);
      expect(isUnreserved(peer)).toBe(true);
    },
  );

  it("is waited for while nobody reads, since its sender may not send the rest", async () => {
    const peer = await watched();
    await peer.send(open({ halfClosed: false }));
    await peer.send(data(64, bytesOf(60_000), { total: large }));
    await live(peer, 3 * stallTimeout);
    expect([errors(peer), isUnreserved(peer)]).toEqual([[], true]);
    const { inbox } = peer.acceptor.handlers.last.call;
    void inbox?.next().catch(() => {});
    await settle();
    await live(peer, stallTimeout - 1);
    expect([errors(peer), isUnreserved(peer)]).toEqual([[], false]);
    await live(peer, 1);
    expect(errors(peer)).toEqual(["1 RESOURCE_EXHAUSTED maybe"]);
  });

  it("may stay unfinished where its caller has said stop: the callee has all the time for its result", async () => {
    const peer = await watched();
    const { end, call } = peer.acceptor.open({ kind: "stream" });
    await peer.wire.run();
    void call.inbox?.next();
    await peer.send(data(0, bytesOf(60_000), { call: call.id, total: large }));
    call.stop();
    await live(peer, 3 * stallTimeout);
    expect(end.code).toBe("none");
    await peer.send(data(64 + 60_000, bytesOf(10), { type: FrameType.RESULT, call: call.id }));
    expect(end.code).toBe("OK");
  });

  it("is no matter of a call that its caller has given up", async () => {
    const peer = await watched();
    await peer.send(open({ halfClosed: false }));
    void peer.acceptor.handlers.last.call.inbox?.next().catch(() => {});
    await peer.send(data(64, bytesOf(60_000), { total: large }), cancel(true));
    await live(peer, 2 * stallTimeout);
    expect([errors(peer), isUnreserved(peer)]).toEqual([[], true]);
    peer.acceptor.handlers.last.finish();
    await peer.wire.run();
    expect(errors(peer)).toEqual(["1 CANCELLED maybe"]);
  });
});

describe("a peer that never grants credit", () => {
  it("X23 makes the writer wait, on a link that lives, until the deadline: nothing is sent beyond the window", async () => {
    const peer = await watched();
    const { end, call, write } = peer.acceptor.open({ kind: "channel", timeoutMs: 100_000 });
    await peer.wire.run();
    await peer.send(credit(64, 64 + 1_064, call.id));
    expect([write(bytesOf(1_000)), write(bytesOf(1_000))]).toEqual([true, false]);
    let isAccepted = false;
    const waiting = call.outbox?.accepted().then(() => {
      isAccepted = true;
    });
    const failed = expect(waiting).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await live(peer, 99_999);
    const sent = peer.raw.ofType(FrameType.DATA).map(({ offset, start, end: to }) => [offset, to - start]);
    expect([sent, isAccepted, end.code, peer.code]).toEqual([[[64, 1_000]], false, "none", "open"]);
    expect(peer.raw.ofType(FrameType.PING).length).toBeGreaterThanOrEqual(6);
    await live(peer, 1);
    await failed;
    expect([end.code, peer.code, peer.session.keptBytes]).toEqual(["DEADLINE_EXCEEDED", "open", 0]);
  });
});

function keyOf(number: number): ReturnType<typeof open>["key"] {
  return { originHigh: 0x01234567, originLow: 0x89abcdef, number };
}
