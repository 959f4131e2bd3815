/** A session whose link is lost: what goes on, what ends, and what both sides are told. Spec: docs/wire.md §4.7, §4.8, §8. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { type ResumingOptions, ResumingPair } from "./resuming-pair.ts";
import { settle } from "./settle.ts";

async function cutAndMend(pair: ResumingPair): Promise<void> {
  pair.cut();
  await settle();
  const mended = pair.mend();
  await pair.run();
  await mended;
}

/** Frames of the next link, one way. */
function watch(pair: ResumingPair, way: "toAcceptor" | "toConnector"): Frame[] {
  const frames: Frame[] = [];
  pair.wire.observers.push({ sent: (direction, frame) => void (direction === way && frames.push(frame)) });
  return frames;
}

const kinds: [string, ResumingOptions][] = [
  ["binary", { kind: "binary" }],
  ["structured", { kind: "structured" }],
];

describe.each(kinds)("a call whose link is lost, %s", (_name, options) => {
  it("SE-2 gets the result that was lost on its way; its handler has run once", async () => {
    const pair = await ResumingPair.make(options);
    const { end } = pair.connector.open({ param: "x" });
    await pair.run();
    pair.acceptor.handlers.last.finish("done");
    await settle();
    await cutAndMend(pair);
    expect(end.result).toBe("done");
    expect(pair.acceptor.handlers.calls).toHaveLength(1);
    await pair.expectIdle();
  });

  it("SE-2 gets the error that was lost on its way, once", async () => {
    const pair = await ResumingPair.make(options);
    const { end } = pair.connector.open({ kind: "channel" });
    await pair.run();
    pair.acceptor.handlers.last.fail("NOT_FOUND", "no such thing");
    await settle();
    await cutAndMend(pair);
    expect(end.error).toMatchObject({ code: "NOT_FOUND", message: "no such thing" });
    await pair.expectIdle();
  });

  it("is opened whole again when its OPEN was lost, and runs once", async () => {
    const pair = await ResumingPair.make(options);
    const { end } = pair.connector.open({ param: "first" });
    await settle();
    await cutAndMend(pair);
    expect(pair.acceptor.handlers.calls.map(({ param }) => param)).toEqual(["first"]);
    pair.acceptor.handlers.last.finish("ran");
    await pair.run();
    expect(end.result).toBe("ran");
    await pair.expectIdle();
  });

  it("§4.8 a stop that was lost on its way is said by its next OPEN", async () => {
    const pair = await ResumingPair.make(options);
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    call.stop();
    await settle();
    expect(played.aborts).toEqual([]);
    await cutAndMend(pair);
    expect(played.aborts).toEqual(["stop"]);
    played.finish("partly");
    await pair.run();
    expect(end.result).toBe("partly");
    await pair.expectIdle();
  });

  it("§4.8 a stop without a link is said by its next OPEN", async () => {
    const pair = await ResumingPair.make(options);
    const { call } = pair.connector.open({ kind: "channel" });
    await pair.run();
    pair.cut();
    await settle();
    call.stop();
    void pair.mend();
    await pair.run();
    expect(pair.acceptor.handlers.last.aborts).toEqual(["stop"]);
    pair.acceptor.handlers.last.finish();
    await pair.expectIdle();
  });

  it("§4.8 is over at once when it is given up without a link; its handler learns it from what is not opened again", async () => {
    const pair = await ResumingPair.make(options);
    const kept = pair.connector.open({ procedure: "kept" });
    const { call, end } = pair.connector.open({ procedure: "left" });
    await pair.run();
    pair.cut();
    await settle();
    call.abort("enough");
    expect(end.error).toMatchObject({ code: "CANCELLED", processed: "maybe" });
    expect(pair.acceptor.handlers.of("left").aborts).toEqual([]);
    void pair.mend();
    await pair.run();
    expect(pair.acceptor.handlers.of("left").aborts).toEqual(["cancelled"]);
    expect(pair.acceptor.handlers.of("kept").aborts).toEqual([]);
    pair.acceptor.handlers.of("left").finish();
    pair.acceptor.handlers.of("kept").finish("on");
    await pair.run();
    expect(kept.end.result).toBe("on");
    await pair.expectIdle();
  });

  it("§4.4 what a stop has dropped after a part of it was sent stays unfinished, though the part was lost", async () => {
    const pair = await ResumingPair.make({ ...options, limits: { limits: { window: 4096 } } });
    const { call, end } = pair.connector.open({ kind: "stream" });
    await pair.run();
    const played = pair.acceptor.handlers.last;
    played.write("a".repeat(100));
    played.write("b".repeat(20_000));
    await settle();
    pair.wire.deliver("toConnector", 1);
    pair.cut();
    await settle();
    played.call.outbox.dropUnsent();
    call.stop();
    void pair.mend();
    await pair.run();
    played.finish("stopped");
    await pair.run();
    expect((await call.inbox?.next())?.value).toBe("a".repeat(100));
    expect(end.result).toBe("stopped");
    await pair.expectIdle();
  });

  it("X18 SE-9 its writer waits at the limit while there is no link, and goes on after it", async () => {
    const pair = await ResumingPair.make(options);
    const { call, write, end } = pair.connector.open({ kind: "upload" });
    await pair.run();
    pair.cut();
    await settle();
    let written = 0;
    while (write("x".repeat(1000))) written++;
    let isAccepted = false;
    void call.outbox?.accepted().then(() => {
      isAccepted = true;
    });
    await pair.advance(1000);
    expect([isAccepted, written > 10, written < 100]).toEqual([false, true, true]);
    void pair.mend();
    await pair.run();
    const { inbox } = pair.acceptor.handlers.last.call;
    for (let taken = 0; taken < written; taken++) await inbox?.next();
    await pair.run();
    expect(isAccepted).toBe(true);
    call.closeOutbox();
    await pair.run();
    await inbox?.next();
    pair.acceptor.handlers.last.finish(written);
    await pair.run();
    expect(end.result).toBe(written);
    await pair.expectIdle();
  });

  it("its deadline goes on, at both ends", async () => {
    const pair = await ResumingPair.make(options);
    const { end } = pair.connector.open({ timeoutMs: 5_000 });
    await pair.run();
    pair.cut();
    await pair.advance(5_000);
    expect(end.error).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(pair.acceptor.handlers.last.aborts).toEqual(["deadline"]);
    void pair.mend();
    await pair.run();
    pair.acceptor.handlers.last.finish();
    await pair.expectIdle();
  });
});

describe("a session whose link is lost", () => {
  it("SE-4 X11 X16 ends at the grace, not before: its callers get `maybe`, those that never left `no`, its handlers `disconnected`", async () => {
    const pair = await ResumingPair.make();
    const { end } = pair.connector.open();
    await pair.run();
    pair.cut();
    const never = pair.connector.open();
    await pair.advance(29_999);
    expect([end.code, pair.acceptor.handlers.last.aborts, pair.connector.session.state.name]).toEqual([
      "none",
      [],
      "detached",
    ]);
    await pair.advance(1);
    expect(end.error).toMatchObject({
      code: "UNAVAILABLE",
      processed: "maybe",
      cause: { code: "SESSION_LOST" },
    });
    expect(never.end.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    expect(pair.acceptor.handlers.last.aborts).toEqual(["disconnected"]);
    expect([pair.connector.session.state.name, pair.acceptor.session.state.name]).toEqual([
      "closed",
      "closed",
    ]);
    pair.acceptor.handlers.last.finish();
    expect(pair.clock.armedTimers).toBe(0);
  });

  it("SE-4 is found again in the last moment, and never both found and lost", async () => {
    const pair = await ResumingPair.make();
    const { end } = pair.connector.open();
    await pair.run();
    pair.cut();
    await pair.advance(29_999);
    void pair.mend();
    await pair.run();
    await pair.advance(60_000);
    pair.acceptor.handlers.last.finish("in time");
    await pair.run();
    expect(end.result).toBe("in time");
    await pair.expectIdle();
  });

  it("SE-4 X16 that was lost here while it was found there is over at both ends, and its caller begins anew", async () => {
    const pair = await ResumingPair.make();
    const { end } = pair.connector.open();
    await pair.run();
    pair.cut();
    await settle();
    const mended = pair.mend() as Promise<PromiseSettledResult<unknown>[]>;
    // The grace of this side is over while HELLO is on its way; the other noticed the loss later.
    const { session } = pair.connector;
    session.lose(new SluiceError("UNAVAILABLE", "lost"));
    await pair.run();
    const [, connected] = await mended;
    expect(connected).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE", processed: "no" } });
    expect(end.error).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    expect(pair.acceptor.session.state.name).toBe("closed");
    expect(pair.acceptor.handlers.last.aborts).toEqual(["disconnected"]);
    pair.acceptor.handlers.last.finish();
    await pair.advance(5_000);
    expect(pair.clock.armedTimers).toBe(0);
  });

  it("SE-6 X9 X10 is lost where the peer was started anew: what ran there is `maybe`, what never left `no`, and nothing runs there again", async () => {
    const pair = await ResumingPair.make();
    const ran = pair.connector.open({ procedure: "ran" });
    await pair.run();
    pair.cut();
    const never = pair.connector.open({ procedure: "never" });
    const session = await pair.mendAnew();
    expect(session).not.toBe(pair.connector.session);
    expect([session.state.name, pair.connector.session.state.name]).toEqual(["open", "closed"]);
    expect(ran.end.error).toMatchObject({
      code: "UNAVAILABLE",
      processed: "maybe",
      cause: { code: "SESSION_LOST" },
    });
    expect(never.end.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    expect(pair.restarted.calls).toEqual([]);
    session.close(new SluiceError("CANCELLED", "enough"));
    pair.acceptor.session.close(new SluiceError("CANCELLED", "enough"));
    pair.acceptor.handlers.last.finish();
    await pair.advance(5_000);
    expect(pair.clock.armedTimers).toBe(0);
  });

  it("§4.7 X14 X15 SE-5 goes on over the newest link; the former one is told, and what comes of it is heard no more", async () => {
    const pair = await ResumingPair.make();
    const { end } = pair.connector.open({ procedure: "kept" });
    await pair.run();
    const former = pair.wire;
    const told: string[] = [];
    former.observers.push({
      sent: (_, frame) => void (frame.type === FrameType.CLOSE && told.push(frame.code)),
    });
    // The connector has lost its end; the acceptor does not know yet.
    former.connector.ended();
    await settle();
    void pair.mend();
    await pair.run();
    expect(told).toEqual(["SESSION_TAKEN_OVER"]);
    await former.run();
    pair.acceptor.handlers.last.finish("once");
    await pair.run();
    expect(end.result).toBe("once");
    await pair.advance(6_000);
    await pair.expectIdle();
  });

  it("opens again what is wanted in the order of its numbers, then says that this was all", async () => {
    const pair = await ResumingPair.make();
    for (const procedure of ["a", "b", "c"]) pair.connector.open({ procedure, kind: "stream" });
    await pair.run();
    pair.cut();
    await settle();
    void pair.mend();
    const frames = watch(pair, "toAcceptor");
    await pair.run();
    expect(
      frames.map((frame) =>
        frame.type === FrameType.OPEN ? [frame.call, frame.key.number, frame.procedure] : frame.type,
      ),
    ).toEqual([[1, 1, "a"], [3, 2, "b"], [5, 3, "c"], FrameType.DONE]);
    for (const call of pair.acceptor.handlers.calls) call.finish();
    await pair.expectIdle();
  });

  it("§4.7 a call that is over never runs again, whoever opens it", async () => {
    const pair = await ResumingPair.make();
    const first = pair.connector.open();
    await pair.run();
    pair.acceptor.handlers.last.finish("done");
    await pair.run();
    await pair.advance(100);
    expect(first.end.result).toBe("done");
    pair.cut();
    await settle();
    void pair.mend();
    await pair.run();
    const second = pair.connector.open();
    await pair.run();
    expect(pair.acceptor.handlers.calls).toHaveLength(2);
    pair.acceptor.handlers.last.finish("new");
    await pair.run();
    expect(second.end.result).toBe("new");
    await pair.expectIdle();
  });

  it("§4.15 SE-11 says again that it drains, with the time that is left, and lets what runs end", async () => {
    const pair = await ResumingPair.make();
    const { end } = pair.connector.open();
    await pair.run();
    const said: number[][] = [];
    pair.connector.session.listener = { draining: (...times) => void said.push(times) };
    pair.cut();
    await settle();
    const drained = pair.acceptor.session.drain(30_000, 500);
    for (let times = 0; times < 2; times++) {
      await pair.clock.advance(10_000);
      void pair.mend();
      await pair.run();
      pair.cut();
      await settle();
    }
    void pair.mend();
    await pair.run();
    expect(said).toEqual([
      [20_000, 500],
      [10_000, 500],
      [10_000, 500],
    ]);
    pair.acceptor.handlers.last.finish("ended");
    await pair.run();
    expect(end.result).toBe("ended");
    await pair.advance(100);
    await drained;
  });

  it("tells who watches, and fails a ping that waited", async () => {
    const pair = await ResumingPair.make();
    const events: string[] = [];
    const { session } = pair.connector;
    session.listener = {
      detached: ({ code }) => void events.push(`detached ${code}`),
      attached: () => void events.push("attached"),
      closed: ({ code }) => void events.push(`closed ${code}`),
    };
    const ping = session.ping();
    pair.cut();
    await expect(ping).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(session.ping()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    void pair.mend();
    await pair.run();
    expect(events).toEqual(["detached UNAVAILABLE", "attached"]);
    await pair.expectIdle();
  });

  it("RQ-8 takes up 1,000 running calls again within its limits and its memory", async () => {
    const pair = await ResumingPair.make({ limits: { limits: { maxConcurrentHandlers: 1000 } } });
    const calls = Array.from({ length: 1000 }, (_, n) => pair.connector.open({ kind: "stream", param: n }));
    await pair.run();
    await cutAndMend(pair);
    expect(pair.acceptor.session.runningHandlers).toBe(1000);
    for (const call of pair.acceptor.handlers.calls) call.finish(call.param);
    await pair.run();
    expect(calls.map(({ end }) => end.result)).toEqual(calls.map((_, n) => n));
    await pair.expectIdle();
  });
});
