/**
 * FC-1…FC-9: what a sender may send, exactly, and what happens to one that sends more. Spec: docs/wire.md §2, §4.1, §4.2.
 */
import { type CreditFrame, FrameType } from "../../../frame/frame.ts";
import { messageOverhead } from "../../../limits.ts";
import { aborted, check, fails, same, standsStill, staysPut, turns, until, within } from "../expect.ts";
import type { FramePeer } from "../frame-peer.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext, SuitePeer } from "../suite-peer.ts";

const window = 65_536;
/** With its 64 bytes such a message takes a 64th of the window. */
const payloadBytes = 960;
const messageBytes = payloadBytes + messageOverhead;
/** A window that does not grow, so that its arithmetic is exact. */
const fixedWindow = { limits: { window, maxWindow: window } };

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
  await standsStill(() => links.near.received.offsetBytes);
  same(links.near.received.offsetBytes, window, "offset bytes that came");
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
  await standsStill(() => links.far.received.offsetBytes);
  same(links.far.received.offsetBytes, messageOverhead + window, "offset bytes of param and items that came");
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
  await standsStill(() => links.near.received.offsetBytes);
  same(links.near.received.offsetBytes, window, "offset bytes that came");
  same(accepted.count, window / messageOverhead, "empty items that were accepted");
  await staysPut(() => links.near.received.frames, 1_000, "frames that came");
  stream.abort();
}

async function creditIsGrantedByReading(rig: Rig): Promise<void> {
  const { accepted, links, stream } = await unreadStream(rig, rig.bytes(payloadBytes));
  const { received, sent } = links.near;
  await standsStill(() => received.offsetBytes);
  const credits = sent.of(FrameType.CREDIT);
  const reader = stream.readable.getReader();
  const inWindow = window / messageBytes;
  for (let taken = 1; taken < inWindow / 2; taken++) await reader.read();
  await standsStill(() => received.offsetBytes);
  same(sent.of(FrameType.CREDIT), credits, "CREDITs before half a window was taken");
  same(received.offsetBytes, window, "offset bytes that came before half a window was taken");
  let taken = inWindow / 2 - 1;
  for (let round = 0; round < 10; round++) {
    for (let at = 0; at < inWindow; at++, taken++) await reader.read();
    await standsStill(() => received.offsetBytes);
    const ahead = received.offsetBytes - taken * messageBytes;
    check(ahead <= window, `what came and was not taken fits the window: ${ahead}`);
    check(ahead > window / 2, `what was taken was granted again: ${ahead}`);
    check(accepted.count * messageBytes <= received.offsetBytes, "nothing was accepted beyond the window");
  }
  stream.abort();
}

/** A frame peer as the caller of a channel that its handler does not read. Gives the limit it was granted. */
async function channelToServer(rig: Rig, procedure = "upload") {
  const handlers = {
    upload: ({ signal }: SuiteContext) => aborted(signal),
    watch: async ({ writable }: SuiteContext) => {
      const writer = writable.getWriter();
      for (;;) await writer.write(rig.bytes(payloadBytes));
    },
  };
  const { frames, accepting } = await rig.framesToServer({ handlers });
  frames.send(frames.hello());
  await frames.next(FrameType.WELCOME);
  const server = await accepting;
  frames.send(frames.open(1, procedure, { halfClosed: procedure === "watch" }));
  return { frames, server };
}

/** The last limit that came, once no other comes. */
async function finalLimit(frames: FramePeer): Promise<number> {
  const limits = (): number[] =>
    frames.received.flatMap((frame) => (frame.type === FrameType.CREDIT ? [frame.limit] : []));
  await until(() => limits().length > 0, "a CREDIT has come");
  await standsStill(() => limits().length);
  return limits().at(-1) as number;
}

async function overSendIsRefused(rig: Rig): Promise<void> {
  const { frames } = await channelToServer(rig);
  const limit = await finalLimit(frames);
  let offset = messageOverhead;
  while (limit - offset > 2 * messageBytes) {
    frames.send(frames.data(1, offset, payloadBytes));
    offset += messageBytes;
  }
  frames.send(frames.data(1, offset, limit - offset - messageOverhead));
  await frames.proveLife();
  frames.send(frames.data(1, limit, 0));
  same(await frames.closing(), "FLOW_CONTROL_ERROR", "the code of CLOSE after a message beyond the limit");

  const byOne = await channelToServer(rig);
  const oneMore = await finalLimit(byOne.frames);
  byOne.frames.send(byOne.frames.data(1, messageOverhead, oneMore - 2 * messageOverhead + 1));
  same(
    await byOne.frames.closing(),
    "FLOW_CONTROL_ERROR",
    "the code of CLOSE after one byte beyond the limit",
  );
}

async function calleesOverSendIsRefused(rig: Rig): Promise<void> {
  const { frames, connecting } = await rig.framesToClient();
  frames.send(frames.welcome());
  const client = await connecting;
  const stream = client.caller.items("watchBytes", "stream", {});
  const { call, window: limit } = await frames.next(FrameType.OPEN);
  same(limit, window, "the window that OPEN grants");
  for (let offset = 0; offset < limit; offset += messageBytes)
    frames.send(frames.data(call, offset, payloadBytes));
  await frames.proveLife();
  frames.send(frames.data(call, limit, 0));
  await fails(stream.result, { code: "FLOW_CONTROL_ERROR" });
  same(await frames.closing(), "FLOW_CONTROL_ERROR", "the code of CLOSE after an item beyond the window");
}

async function limitsAreJudged(rig: Rig): Promise<void> {
  const far = 16 * 1_024 * 1_024;
  const credit = (received: number, limit: number): CreditFrame => ({
    type: FrameType.CREDIT,
    call: 1,
    received,
    limit,
  });
  const taken = await channelToServer(rig, "watch");
  await standsStill(() => taken.frames.received.length);
  const before = taken.frames.received.length;
  taken.frames.send(credit(0, 0), credit(0, 1_024), credit(0, 0));
  await taken.frames.proveLife();
  same(
    taken.frames.received.length,
    before + 1,
    "frames that came after lower limits, the PING's answer aside",
  );
  taken.frames.send(credit(0, window + messageBytes));
  await taken.frames.next(FrameType.DATA);
  await until(() => taken.frames.received.length === before + 2, "one message more has come");

  const refusals = [
    [credit(0, far + 1), "FLOW_CONTROL_ERROR"],
    [credit(window, window + far + 1), "FLOW_CONTROL_ERROR"],
    [credit(window + 1, 2 * window), "PROTOCOL_ERROR"],
    [{ ...credit(0, 1_024), call: 3 }, "PROTOCOL_ERROR"],
    [{ ...credit(0, 1_024), call: 2 }, "PROTOCOL_ERROR"],
  ] as const;
  for (const [frame, code] of refusals) {
    const { frames } = await channelToServer(rig, "watch");
    await standsStill(() => frames.received.length);
    frames.send(frame);
    const { call, received, limit } = frame;
    same(
      await frames.closing(),
      code,
      `the code of CLOSE after CREDIT ${received}, ${limit} for call ${call}`,
    );
  }
}

async function uselessCreditsAreCounted(rig: Rig): Promise<void> {
  const { frames, accepting } = await rig.framesToServer({ handlers: { nothing: () => undefined } });
  frames.send(frames.hello());
  await frames.next(FrameType.WELCOME);
  await accepting;
  frames.send(frames.open(1, "nothing"));
  await frames.next(FrameType.RESULT);
  frames.send({ type: FrameType.DONE, call: 0, rest: false, calls: [1] });
  const useless: CreditFrame = { type: FrameType.CREDIT, call: 1, received: 0, limit: 1_024 };
  for (let count = 0; count < 100; count++) frames.send(useless);
  await frames.proveLife();
  for (let count = 0; count < 900; count++) frames.send(useless);
  same(
    await frames.closing(),
    "ENHANCE_YOUR_CALM",
    "the code of CLOSE after 1,000 CREDITs for a call that is over",
  );
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
  {
    id: "FC-6",
    title: "a caller that sends beyond the limit is cut off, at the limit it is not",
    run: overSendIsRefused,
  },
  {
    id: "FC-6",
    title: "a callee that sends beyond the limit is cut off, at the limit it is not",
    run: calleesOverSendIsRefused,
  },
  {
    id: "FC-7",
    title: "limits that go back change nothing, limits too far and for no call end the session",
    run: limitsAreJudged,
  },
  { id: "FC-7", title: "credit for calls that are over is counted", run: uselessCreditsAreCounted },
  { id: "FC-9", title: "grants of a byte do not give pieces of a byte", run: tinyGrantsGiveNoTinyPieces },
];
