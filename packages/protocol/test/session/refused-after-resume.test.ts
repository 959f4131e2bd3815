/**
 * A call whose OPEN went over a link that was lost, and that finds no room over the next one: what it sends is sent when there is room.
 *
 * Spec: docs/wire.md §4.3, §4.8.
 */
import { expect, it } from "vitest";
import { ResumingPair } from "./resuming-pair.ts";

it("SE-2 a call that comes back and finds no room sends its items, and their end, once there is", async () => {
  const pair = await ResumingPair.make({ limits: { limits: { maxConcurrentHandlers: 1 } } });
  const { connector, acceptor } = pair;
  const first = connector.open({ procedure: "first" });
  await pair.run();
  // Over for its caller, while its handler still holds the slot.
  pair.cut();
  first.call.abort();
  const mended = pair.mend();
  await pair.run();
  await mended;
  const upload = connector.open({ procedure: "upload", kind: "upload" });
  pair.cut();
  const mending = pair.mend();
  await pair.run();
  await mending;
  expect(upload.call.state).toBe("queued");

  acceptor.handlers.of("first").finish();
  await pair.advance(100);
  const played = acceptor.handlers.of("upload");
  const items: unknown[] = [];
  for (let read = 0; read < 2; read++) void played.call.inbox?.next().then((item) => items.push(item));
  upload.write("an item");
  upload.call.closeOutbox();
  await pair.run();
  expect(items).toEqual([
    { done: false, value: "an item" },
    { done: true, value: undefined },
  ]);
  played.finish("received");
  await pair.run();
  expect(upload.end.result).toBe("received");
  await pair.expectIdle();
});

it("SE-2 a call that was stopped before it found no room is CANCELLED, and says that it has not run", async () => {
  const pair = await ResumingPair.make({ limits: { limits: { maxConcurrentHandlers: 1 } } });
  const { connector, acceptor } = pair;
  const first = connector.open({ procedure: "first" });
  await pair.run();
  // Over for its caller, while its handler still holds the slot.
  pair.cut();
  first.call.abort();
  const mended = pair.mend();
  await pair.run();
  await mended;
  const upload = connector.open({ procedure: "upload", kind: "upload" });
  pair.cut();
  upload.call.stop();
  const mending = pair.mend();
  await pair.run();
  await mending;
  expect(upload.end.error).toMatchObject({ code: "CANCELLED", processed: "no" });
  acceptor.handlers.of("first").finish();
  await pair.advance(100);
  expect(acceptor.handlers.calls).toHaveLength(1);
  await pair.expectIdle();
});
