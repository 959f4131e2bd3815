/** Calls that cross a DRAIN: the side that drains refuses them, also while others run there. Spec: docs/wire.md §4.15. */
import { expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameType, type OpenFrame } from "../../src/frame/frame.ts";
import { errorParts } from "../../src/session/error-parts.ts";
import { rawConnector } from "./raw-end.ts";
import { ResumingPair } from "./resuming-pair.ts";
import { sessionPair } from "./session-pair.ts";
import { settle } from "./settle.ts";

it("X40 X42 DR-1 a call whose OPEN crosses DRAIN runs nowhere, and says so, while a former one goes on", async () => {
  const pair = await sessionPair();
  const running = pair.connector.open({ procedure: "running" });
  await pair.run();
  void pair.acceptor.session.drain(5_000);
  // DRAIN is on its way, and its peer does not know yet.
  const crossing = pair.connector.open({ procedure: "crossing" });
  await pair.run();
  expect(crossing.end.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  expect(pair.acceptor.handlers.calls.map(({ open }) => open.procedure)).toEqual(["running"]);
  pair.acceptor.handlers.of("running").finish("finished");
  await pair.run();
  expect(running.end.result).toBe("finished");
  await pair.expectIdle();
});

it("DR-1 a side where nothing goes on has not drained before such a call was refused", async () => {
  const pair = await sessionPair();
  const { session } = pair.acceptor;
  // As a server does that leaves.
  const closed = session.drain(5_000).then(() => session.close(new SluiceError("UNAVAILABLE", "drained")));
  const crossing = pair.connector.open({ procedure: "crossing" });
  await pair.run();
  expect(crossing.end.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  await closed;
  await pair.run();
  expect(pair.acceptor.handlers.calls).toEqual([]);
});

it.each([
  [5_000, 2_000],
  [500, 500],
])(
  "a peer that never says that it has heard is waited for, with %i ms of grace, for %i ms",
  async (grace, ms) => {
    const pair = await sessionPair();
    let isOver = false;
    void pair.acceptor.session.drain(grace).then(() => {
      isOver = true;
    });
    // Nothing is delivered meanwhile.
    await pair.clock.advance(ms - 1);
    expect(isOver).toBe(false);
    await pair.clock.advance(1);
    expect(isOver).toBe(true);
    await pair.run();
  },
);

it("a link that is lost ends that wait", async () => {
  const pair = await sessionPair();
  let isOver = false;
  void pair.acceptor.session.drain(5_000).then(() => {
    isOver = true;
  });
  pair.wire.acceptor.destroy();
  await pair.run();
  expect([isOver, pair.clock.nextTimerMs]).toEqual([true, undefined]);
});

it("DR-1 a call that waits for its turn when the peer drains is refused here, and never sent", async () => {
  const pair = await sessionPair();
  const { session } = pair.acceptor;
  pair.wire.connector.roomBytes = 0;
  const waiting = pair.connector.open({ procedure: "waiting" });
  const closed = session.drain(5_000).then(() => session.close(new SluiceError("UNAVAILABLE", "drained")));
  pair.wire.acceptor.deliver(10); // DRAIN and PING
  await settle();
  expect(waiting.end.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  pair.wire.connector.roomBytes = 1_000_000;
  pair.connector.session.writable();
  await pair.run();
  await closed;
  expect(pair.acceptor.handlers.calls).toEqual([]);
});

it("DR-1 X42 a call that was made without a link is refused over the next one, though all else has ended", async () => {
  const pair = await ResumingPair.make();
  const running = pair.connector.open({ procedure: "running" });
  await pair.run();
  pair.cut();
  await settle();
  const { session } = pair.acceptor;
  const closed = session.drain(20_000).then(() => session.close(new SluiceError("UNAVAILABLE", "drained")));
  await settle();
  running.call.abort();
  const late = pair.connector.open({ procedure: "late" });
  const mended = pair.mend();
  // Frame by frame: what ran here is over as soon as the peer says that this was all, and its OPEN of the other is behind that.
  for (let step = 0; step < 6; step++) {
    pair.wire.connector.deliver(1);
    await settle();
    pair.wire.acceptor.deliver(step < 2 ? 1 : 0);
    await settle();
    if (step === 1) pair.acceptor.handlers.last.finish("late");
    await settle();
  }
  await pair.run();
  await Promise.all([mended, closed]);
  await pair.run();
  expect(late.end.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  expect(pair.acceptor.handlers.calls.map(({ open }) => open.procedure)).toEqual(["running"]);
});

it("DR-6 a call that comes back for want of room after its peer has said that it drains is opened nowhere", async () => {
  const peer = await rawConnector();
  const waiting = peer.acceptor.open({ procedure: "waiting" });
  await peer.wire.run();
  const [{ call }] = peer.raw.ofType(FrameType.OPEN) as [OpenFrame];
  const full = errorParts("RESOURCE_EXHAUSTED", "full", { processed: "no", retryable: true });
  await peer.send({ type: FrameType.DRAIN, call: 0, grace: 5_000, retry: 0 }, { ...full, call, offset: 0 });
  await settle();
  expect(waiting.end.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
  await peer.clock.advance(1_000);
  await peer.wire.run();
  expect(peer.raw.ofType(FrameType.OPEN)).toHaveLength(1);
  expect([peer.code, peer.session.openCalls]).toEqual(["draining", 0]);
});
