/** What a session takes for a sign of life, and what it does not end for. Spec: docs/wire.md §4.7, §4.10, §6. */
import { expect, it } from "vitest";
import { FrameType } from "../../src/frame/frame.ts";
import { ResumingPair } from "./resuming-pair.ts";
import { sessionPair } from "./session-pair.ts";

it("X5 any frame that comes is a sign of life: nobody is asked for one while items come", async () => {
  const pair = await sessionPair({ isWatched: true, limits: { heartbeat: 1_000, deadAfter: 2_000 } });
  const { call } = pair.connector.open({ procedure: "count", kind: "stream" });
  await pair.run();
  const played = pair.acceptor.handlers.of("count");
  for (let item = 0; item < 20; item++) {
    played.write(item);
    await pair.advance(500);
  }
  const asked = pair.auditor.ofType("toAcceptor", FrameType.PING).filter(({ answer }) => !answer);
  expect(asked).toEqual([]);
  call.abort();
  played.finish();
  await pair.run();
});

it("SE-5 a link that was taken over is lost, and its session goes on over the next", async () => {
  const pair = await ResumingPair.make();
  const { call, end } = pair.connector.open({ procedure: "hold" });
  await pair.run();
  pair.wire.acceptor.send({
    type: FrameType.CLOSE,
    call: 0,
    code: "SESSION_TAKEN_OVER",
    reason: "The session goes on over a newer link",
  });
  await pair.run();
  expect([pair.connector.session.state.name, call.state]).toEqual(["detached", "opened"]);
  const mending = pair.mend();
  await pair.run();
  await mending;
  pair.acceptor.handlers.of("hold").finish("held");
  await pair.run();
  expect(end.result).toBe("held");
  await pair.expectIdle();
});

it("INV-QUIET a call that has ended well leaves no deadline behind, at either end", async () => {
  const pair = await sessionPair();
  const before = pair.clock.armedTimers;
  const { end } = pair.connector.open({ procedure: "quick", timeoutMs: 3_600_000 });
  await pair.run();
  pair.acceptor.handlers.of("quick").finish("done");
  await pair.run();
  expect(end.result).toBe("done");
  // Its end is confirmed within 50 ms.
  await pair.advance(50);
  expect(pair.clock.armedTimers).toBe(before);
});
