/**
 * RQ-9…RQ-10: a call has one reply, whether it comes too late, twice, for nobody, as something else or not at all.
 *
 * Spec: docs/wire.md §4.3, §4.13, §6.
 */
import { type CloseFrame, FrameType } from "../../../frame/frame.ts";
import { check, fails, gate, same, until } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";

async function lateReplyIsIgnored(rig: Rig): Promise<void> {
  const going = gate();
  const started = gate();
  const { client, server } = await rig.peers({
    server: {
      handlers: {
        async ask({ param }) {
          if (param !== "slow") return param;
          started.open();
          await going.promise;
          return "too late";
        },
      },
    },
  });
  const controller = new AbortController();
  const slow = client.caller.request("ask", { param: "slow", signal: controller.signal });
  await started.promise;
  controller.abort();
  await fails(slow, { code: "CANCELLED", processed: "maybe" });
  going.open();
  same(await client.caller.request("ask", { param: "next" }), "next", "a call afterwards");
  await until(
    () => client.session.openCalls === 0 && server.session.openCalls === 0,
    "both ends have forgotten the call",
  );
}

async function tooManyReplies(rig: Rig): Promise<void> {
  const { frames, connecting } = await rig.framesToClient();
  await frames.next(FrameType.HELLO);
  frames.send(frames.welcome());
  const client = await connecting;
  const asked = client.caller.request("nothing");
  const { call } = await frames.next(FrameType.OPEN);
  const result = frames.data(call, 0, 0, { type: FrameType.RESULT });
  const error = {
    ...{ type: FrameType.ERROR, call, offset: 64, circuit: false, raw: false, payload: "", start: 0, end: 0 },
    body: { code: "INTERNAL", message: "again" },
  } as const;
  frames.send(result, result, error);
  same(await asked, undefined, "the first reply counts");
  await frames.proveLife();
  const again = client.caller.request("nothing");
  const { call: next } = await frames.next(FrameType.OPEN);
  frames.send({ ...result, call: next });
  same(await again, undefined, "a call afterwards");
  frames.send({ ...result, call: next + 2 });
  same(await frames.closing(), "PROTOCOL_ERROR", "the code of CLOSE after a reply to a call that never was");
}

async function unwantedItems(rig: Rig): Promise<void> {
  const { frames, connecting } = await rig.framesToClient();
  await frames.next(FrameType.HELLO);
  frames.send(frames.welcome());
  const client = await connecting;
  const asked = client.caller.request("nothing");
  const { call } = await frames.next(FrameType.OPEN);
  frames.send(frames.data(call, 0, 300));
  await fails(asked, { code: "INVALID_ARGUMENT", processed: "maybe", origin: "local" });
  const { abort } = await frames.next(FrameType.CANCEL, call);
  check(abort, "the peer learns that nobody waits for the call any more");
  await frames.proveLife();
  const again = client.caller.request("nothing");
  const { call: next } = await frames.next(FrameType.OPEN);
  frames.send(frames.data(next, 0, 0, { type: FrameType.RESULT }));
  same(await again, undefined, "a call afterwards");
}

async function noReply(rig: Rig): Promise<void> {
  const { frames, connecting } = await rig.framesToClient();
  await frames.next(FrameType.HELLO);
  frames.send(frames.welcome());
  const client = await connecting;
  const lost = client.caller.request("nothing");
  await frames.next(FrameType.OPEN);
  frames.destroy();
  await fails(lost, { code: "UNAVAILABLE", processed: "maybe" });

  const left = await rig.framesToClient();
  left.frames.send(left.frames.welcome());
  const asked = (await left.connecting).caller.request("nothing");
  await left.frames.next(FrameType.OPEN);
  const close: CloseFrame = { type: FrameType.CLOSE, call: 0, code: "ENHANCE_YOUR_CALM", reason: "enough" };
  left.frames.send(close);
  await fails(asked, { code: "ENHANCE_YOUR_CALM", processed: "maybe", origin: "remote", says: ["enough"] });
}

/** Cases of the replies to requests. */
export const replyCases: readonly SuiteCase[] = [
  { id: "RQ-9", title: "a reply after the cancel is ignored", run: lateReplyIsIgnored },
  { id: "RQ-10", title: "a second reply is ignored, one to no call ends the session", run: tooManyReplies },
  { id: "RQ-10", title: "items for a request end it, and no other call", run: unwantedItems },
  { id: "RQ-10", title: "a call whose peer is gone fails, and may have run", run: noReply },
];
