/**
 * A call whose OPEN went over a link that was lost, and that finds no room over the next one: what it sends is sent when there is room.
 *
 * Spec: docs/wire.md §4.3, §4.8.
 */
import { expect, it } from "vitest";
import { ResumingPair } from "./resuming-pair.ts";

async function mend(pair: ResumingPair): Promise<void> {
  const mended = pair.mend();
  await pair.run();
  await mended;
}

/** A pair whose link is cut behind the OPEN of `upload`; the acceptor's one slot is held by "first", which is over for its caller. */
async function cutWithoutRoom() {
  const pair = await ResumingPair.make({ limits: { limits: { maxConcurrentHandlers: 1 } } });
  const first = pair.connector.open({ procedure: "first" });
  await pair.run();
  pair.cut();
  first.call.abort();
  await mend(pair);
  const upload = pair.connector.open({ procedure: "upload", kind: "upload" });
  pair.cut();
  return { pair, upload };
}

it("SE-2 a call that comes back and finds no room sends its items, and their end, once there is", async () => {
  const { pair, upload } = await cutWithoutRoom();
  const { acceptor } = pair;
  await mend(pair);
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
  const { pair, upload } = await cutWithoutRoom();
  const { acceptor } = pair;
  upload.call.stop();
  await mend(pair);
  expect(upload.end.error).toMatchObject({ code: "CANCELLED", processed: "no" });
  acceptor.handlers.of("first").finish();
  await pair.advance(100);
  expect(acceptor.handlers.calls).toHaveLength(1);
  await pair.expectIdle();
});
