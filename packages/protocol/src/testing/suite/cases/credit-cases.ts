/**
 * FC-1…FC-5, FC-9: what a sender may send, to the byte, and when it may send more. Spec: docs/wire.md §2, §4.1, §4.2.
 */
import { FrameType } from "../../../frame/frame.ts";
import { messageOverhead } from "../../../limits.ts";
import { fixedWindow, messageBytes, payloadBytes, window } from "../exact-window.ts";
import { aborted, check, comesToRest, same, standsStill, staysPut, turns, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuitePeer } from "../suite-peer.ts";

/** Writes the same item for ever, and counts the writes that were accepted. */
async function writeOn(
  writable: WritableStream<unknown>,
  item: unknown,
  accepted: { count: number },
): Promise<void> {
  const writer = writable.getWriter();
  for (;;) {
    await writer.write(item);
    accepted.count++;
  }
}

/** Starts a stream whose handler writes `item` for ever and whose reader takes nothing. */
async function unreadStream(rig: Rig, item: unknown) {
  const accepted = { count: 0 };
  const { client, links } = await rig.peers({
    client: { limits: fixedWindow },
    server: { handlers: { watch: ({ writable }) => writeOn(writable, item, accepted) } },
  });
  const stream = client.caller.items("watch", "stream", {});
  stream.result.catch(ignore);
  return { accepted, links, stream };
}

async function readerThatStopsStopsItsWriter(rig: Rig): Promise<void> {
  const { accepted, links, stream } = await unreadStream(rig, rig.bytes(payloadBytes));
  const came = (): number => links.near.received.offsetBytes;
  same(await comesToRest(came, window, "offset bytes that came"), window, "offset bytes that came");
  same(accepted.count, window / messageBytes, "writes that were accepted");
  const bytes = rig.count();
  if (bytes !== undefined) {
    check(
      bytes.down >= window / 2 && bytes.down <= window + 8_192,
      `the bytes that passed fit the window: ${bytes.down}`,
    );
  }
  await staysPut(() => links.near.received.frames, 1_000, "frames that came");
  same(rig.count(), bytes, "bytes that passed, after 1,000 turns");
  stream.abort();
}

async function readerThatStopsStopsItsCaller(rig: Rig): Promise<void> {
  const { client, links } = await rig.peers({
    server: { limits: fixedWindow, handlers: { upload: ({ signal }) => aborted(signal) } },
  });
  const accepted = { count: 0 };
  const channel = client.caller.items("upload", "channel", {});
  channel.result.catch(ignore);
  const writing = writeOn(channel.writable, rig.bytes(payloadBytes), accepted);
  writing.catch(ignore);
  const all = messageOverhead + window;
  const what = "offset bytes of param and items that came";
  same(await comesToRest(() => links.far.received.offsetBytes, all, what), all, what);
  same(accepted.count, window / messageBytes, "writes that were accepted");
  const bytes = rig.count();
  if (bytes !== undefined) {
    check(
      bytes.up >= window / 2 && bytes.up <= window + 8_192,
      `the bytes that passed fit the window: ${bytes.up}`,
    );
  }
  await staysPut(() => links.far.received.frames, 1_000, "frames that came");
  same(rig.count(), bytes, "bytes that passed, after 1,000 turns");
  channel.abort();
}

async function emptyItemsAreNotFree(rig: Rig): Promise<void> {
  const { accepted, links, stream } = await unreadStream(rig, undefined);
  const came = (): number => links.near.received.offsetBytes;
  same(await comesToRest(came, window, "offset bytes that came"), window, "offset bytes that came");
  same(accepted.count, window / messageOverhead, "empty items that were accepted");
  await staysPut(() => links.near.received.frames, 1_000, "frames that came");
  stream.abort();
}

async function creditIsGrantedByReading(rig: Rig): Promise<void> {
  const { accepted, links, stream } = await unreadStream(rig, rig.bytes(payloadBytes));
  const { received, sent } = links.near;
  const came = (): number => received.offsetBytes;
  await comesToRest(came, window, "offset bytes that came");
  const credits = sent.of(FrameType.CREDIT);
  const reader = stream.readable.getReader();
  const inWindow = window / messageBytes;
  for (let taken = 1; taken < inWindow / 2; taken++) await reader.read();
  await standsStill(came);
  same(sent.of(FrameType.CREDIT), credits, "CREDITs before half a window was taken");
  same(received.offsetBytes, window, "offset bytes that came before half a window was taken");
  let taken = inWindow / 2 - 1;
  const ahead = (): number => came() - taken * messageBytes;
  for (let round = 0; round < 10; round++) {
    for (let at = 0; at < inWindow; at++, taken++) await reader.read();
    await comesToRest(ahead, window / 2 + 1, "offset bytes that came again for what was taken");
    check(ahead() <= window, `what came and was not taken fits the window: ${ahead()}`);
    check(accepted.count * messageBytes <= received.offsetBytes, "nothing was accepted beyond the window");
  }
  await reader.read();
  taken++;
  const again = "offset bytes that came and were not taken, once half a window was taken";
  same(await comesToRest(ahead, window, again), window, again);
  stream.abort();
}

async function tinyGrantsGiveNoTinyPieces(rig: Rig): Promise<void> {
  const { frames, accepting } = await rig.framesToServer({
    handlers: {
      async watch({ writable }) {
        await writable.getWriter().write(rig.bytes(65_536 - messageOverhead));
        return undefined;
      },
    },
  });
  frames.send(frames.hello());
  await frames.next(FrameType.WELCOME);
  const server: SuitePeer = await accepting;
  frames.send(frames.open(1, "watch", { window: 64 }));
  for (let limit = 65; limit <= 10_064; limit++) {
    frames.send({ type: FrameType.CREDIT, call: 1, received: 0, limit });
    if (limit % 50 === 0) await turns(1);
  }
  await frames.proveLife();
  await standsStill(() => frames.received.length);
  const pieces = frames.received.filter(({ type }) => type === FrameType.DATA).length;
  check(pieces >= 1 && pieces <= 10, `10,000 grants of a byte give at most 10 frames, they gave ${pieces}`);
  frames.send({ type: FrameType.CREDIT, call: 1, received: 0, limit: 200_000 });
  await within(frames.next(FrameType.RESULT), "the result, after a grant for all");
  same(server.session.state.name, "open", "the session");
}

function ignore(): void {}

/** Cases of credit. */
export const creditCases: readonly SuiteCase[] = [
  {
    id: "FC-1",
    title: "a reader that stops stops its handler at the window, to the byte",
    run: readerThatStopsStopsItsWriter,
  },
  {
    id: "FC-1",
    title: "a handler that stops stops its caller at the window, to the byte",
    run: readerThatStopsStopsItsCaller,
  },
  { id: "FC-2", title: "a window holds so many empty items, to the item", run: emptyItemsAreNotFree },
  {
    id: "FC-5",
    title: "credit is granted by reading, half a window at a time",
    run: creditIsGrantedByReading,
  },
  { id: "FC-9", title: "grants of a byte do not give pieces of a byte", run: tinyGrantsGiveNoTinyPieces },
];
