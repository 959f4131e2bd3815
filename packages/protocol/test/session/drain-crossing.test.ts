/** Calls that cross a DRAIN: the side that drains refuses them, also while others run there. Spec: docs/wire.md §4.15. */
import { expect, it } from "vitest";
import { sessionPair } from "./session-pair.ts";

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
