/**
 * FC-6…FC-7: what happens to a sender beyond its limit, and to one that grants what makes no sense.
 *
 * Spec: docs/wire.md §2, §4.1, §4.2.
 */
import { type CreditFrame, FrameType } from "../../../frame/frame.ts";
import { messageOverhead } from "../../../limits.ts";
import { messageBytes, payloadBytes, window } from "../exact-window.ts";
import { aborted, fails, same, standsStill, until } from "../expect.ts";
import type { FramePeer } from "../frame-peer.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

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

/** All that the window of a `watch` holds has come, and nothing more. */
async function windowIsFull(frames: FramePeer): Promise<void> {
  const items = (): number => frames.received.filter(({ type }) => type === FrameType.DATA).length;
  await until(() => items() >= window / messageBytes, "the window is full");
  await standsStill(() => frames.received.length);
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
  await windowIsFull(taken.frames);
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
    await windowIsFull(frames);
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

/** Cases of peers that break the rules of credit. */
export const creditViolationCases: readonly SuiteCase[] = [
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
];
