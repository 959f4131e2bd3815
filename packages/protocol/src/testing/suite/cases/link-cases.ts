/**
 * What a link promises by itself: every frame once and in order, room, and exactly one end.
 *
 * Spec: docs/wire.md §1 "link"; the interface is link/link.ts.
 */
import { FrameType } from "../../../frame/frame.ts";
import type { Link } from "../../../link/link.ts";
import { check, same, turns, until } from "../expect.ts";
import { dataFrameOf } from "../frame-peer.ts";
import { LinkRecorder, numbered, upTo } from "../link-recorder.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";

/** Sends a frame of `payloadBytes`, if there is room for it. */
function sendBulk(link: Link, call: number, payloadBytes: number): boolean {
  if (link.room <= 0) return false;
  link.send(dataFrameOf(link.kind, call, 0, payloadBytes));
  return true;
}

async function allArriveInOrder(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const received = [new LinkRecorder(near), new LinkRecorder(far)] as const;
  const count = 5_000;
  for (let number = 0; number < count; number++) {
    near.send(numbered(number));
    far.send(numbered(number));
    // Now many in one turn, now a turn for one.
    if (number % 1_000 === 999) await turns(1);
    if (number < 100) await turns(1);
  }
  await until(
    () => received.every(({ frames }) => frames.length >= count),
    `${count} frames have come both ways`,
  );
  for (const { numbers } of received) same(numbers, upTo(count), "numbers of the frames that came");
}

async function bulkArrivesWhole(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const sizes: number[] = [];
  let broken = 0;
  // A link learns of room by what its carrier reports to whoever receives.
  new LinkRecorder(near);
  const receiver = new LinkRecorder(far);
  receiver.onFrame = (frame) => {
    if (frame.type !== FrameType.DATA) return;
    const bytes = frame.payload as Uint8Array;
    const isWhole = rig.kind === "structured" ? true : frame.end <= bytes.length;
    if (!isWhole || frame.call !== sizes.length + 1) broken++;
    sizes.push(rig.kind === "structured" ? frame.total : frame.end - frame.start);
  };
  const wanted = upTo(100).map((at) => 256 + ((at * 7_919) % 65_281));
  for (const [at, size] of wanted.entries()) {
    await until(() => sendBulk(near, at + 1, size), "the link has room");
  }
  await until(() => sizes.length === wanted.length, "all frames have come");
  same(sizes, wanted, "payload sizes in order");
  same(broken, 0, "frames that came cut or out of order");
}

async function roomIsUsedUpAndComesBack(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const sender = new LinkRecorder(near);
  const receiver = new LinkRecorder(far);
  let sent = 0;
  for (let round = 0; round < 20; round++) {
    for (let inARow = 0; sendBulk(near, 1, 65_536); inARow++) {
      check(inARow < 1_000, "64 MiB do not fit a link before it says that its room is used up");
      sent++;
    }
    const before = sender.writable;
    await until(() => sender.writable > before, "writable() was called after the room was used up");
    check(near.room > 0, "there is room after writable()");
  }
  await until(() => receiver.frames.length === sent, "all frames have come");
}

async function closeSendsWhatWasHandedOver(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const sender = new LinkRecorder(near);
  const receiver = new LinkRecorder(far);
  for (const number of upTo(1_000)) near.send(numbered(number));
  near.close();
  near.close();
  await until(() => sender.closed > 0 && receiver.closed > 0, "both ends are closed");
  await turns(100);
  same(receiver.numbers, upTo(1_000), "numbers of the frames that came before the end");
  same(
    [sender.closed, receiver.closed, receiver.late],
    [1, 1, 0],
    "calls of closed() at both ends, and frames after it",
  );
}

async function bothCloseAtOnce(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const ends = [new LinkRecorder(near), new LinkRecorder(far)];
  near.send(numbered(0));
  far.send(numbered(0));
  near.close();
  far.close();
  await until(() => ends.every(({ closed }) => closed > 0), "both ends are closed");
  near.destroy();
  far.close();
  await turns(100);
  same(
    ends.map(({ closed }) => closed),
    [1, 1],
    "calls of closed() at both ends",
  );
}

async function destroyEndsBoth(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const ends = [new LinkRecorder(near), new LinkRecorder(far)] as const;
  near.send(numbered(0));
  await until(() => ends[1].frames.length === 1, "a frame has come");
  for (const number of upTo(50)) {
    near.send(numbered(number + 1));
    near.send(dataFrameOf(near.kind, 1, 0, 4_096));
  }
  near.destroy();
  near.destroy();
  far.send(numbered(0));
  await until(() => ends.every(({ closed }) => closed > 0), "both ends are closed");
  await turns(100);
  same(
    [ends[0].closed, ends[1].closed, ends[0].late, ends[1].late],
    [1, 1, 0, 0],
    "calls of closed(), and frames after it",
  );
  same(ends[1].numbers, upTo(ends[1].numbers.length), "what came before the end has no gap");
}

async function sendingAfterTheEnd(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const ends = [new LinkRecorder(near), new LinkRecorder(far)] as const;
  near.close();
  same(near.send(numbered(1)), 0, "bytes taken after close()");
  check(near.room <= 0, "a closed link has no room");
  await until(() => ends.every(({ closed }) => closed > 0), "both ends are closed");
  same(far.send(numbered(2)), 0, "bytes taken after the peer's end");
  check(far.room <= 0, "a link that has ended has no room");
  await turns(100);
  same([ends[0].frames.length, ends[1].frames.length], [0, 0], "frames that came");
}

async function nothingIsLostBeforeTheFirstReceiver(rig: Rig): Promise<void> {
  // The receiver comes long after the frames, and at each moment of their way.
  for (const pause of [100, 0, 1, 2, 3]) {
    const { near, far } = await rig.link();
    for (const number of upTo(100)) near.send(numbered(number));
    await turns(pause);
    for (const number of upTo(100)) near.send(numbered(100 + number));
    const receiver = new LinkRecorder(far);
    near.send(numbered(200));
    await until(() => receiver.frames.length === 201, "the frames have come");
    same(receiver.numbers, upTo(201), "numbers of the frames that came");
  }
}

async function endComesAfterWhatCameEarly(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const sender = new LinkRecorder(near);
  for (const number of upTo(10)) near.send(numbered(number));
  near.close();
  await turns(100);
  const receiver = new LinkRecorder(far);
  await until(() => receiver.closed > 0 && sender.closed > 0, "both ends know of the end");
  await turns(50);
  same(receiver.numbers, upTo(10), "numbers of the frames that came");
  same(
    [sender.closed, receiver.closed, receiver.late],
    [1, 1, 0],
    "calls of closed() at both ends, and frames after it",
  );
}

async function orderIsKeptWhileTheFirstReceiverComes(rig: Rig): Promise<void> {
  const pauses = upTo(6);
  for (const [before, between] of pauses.flatMap((one) => pauses.map((other) => [one, other] as const))) {
    const { near, far } = await rig.link();
    for (const number of upTo(10)) near.send(numbered(number));
    for (let round = 0; round < before; round++) await Promise.resolve();
    for (const number of upTo(10)) near.send(numbered(10 + number));
    for (let round = 0; round < between; round++) await Promise.resolve();
    const receiver = new LinkRecorder(far);
    near.send(numbered(20));
    await until(() => receiver.frames.length === 21, "the frames have come");
    same(receiver.numbers, upTo(21), "numbers of the frames that came");
    near.destroy();
  }
}

async function receiverIsReplaced(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const first = new LinkRecorder(far);
  let second: LinkRecorder | undefined;
  first.onFrame = () => {
    if (first.frames.length === 3) second = new LinkRecorder(far);
  };
  for (const number of upTo(10)) near.send(numbered(number));
  await until(() => first.frames.length + (second?.frames.length ?? 0) === 10, "all frames have come");
  same(first.numbers, [0, 1, 2], "what the first receiver got");
  same(second?.numbers, [3, 4, 5, 6, 7, 8, 9], "what the second receiver got");
  near.close();
  await until(() => (second?.closed ?? 0) > 0, "the second receiver knows of the end");
  same([first.closed, second?.closed], [0, 1], "calls of closed()");
}

async function flushingAddsFrames(rig: Rig): Promise<void> {
  const { near, far } = await rig.link();
  const sender = new LinkRecorder(near);
  const receiver = new LinkRecorder(far);
  sender.onFlushing = () => {
    if (sender.flushing === 1) near.send(numbered(1));
  };
  near.send(numbered(0));
  await until(() => receiver.frames.length === 2, "both frames have come");
  same(receiver.numbers, [0, 1], "the frame that was added at the last moment comes last");
  const flushes = sender.flushing;
  await turns(100);
  rig.should(sender.flushing === flushes, "flushing() is not called without anything to send");
}

async function receiverEndsTheLink(rig: Rig): Promise<void> {
  for (const end of ["close", "destroy"] as const) {
    const { near, far } = await rig.link();
    const sender = new LinkRecorder(near);
    const receiver = new LinkRecorder(far);
    receiver.onFrame = () => {
      if (receiver.frames.length === 5) far[end]();
    };
    for (const number of upTo(1_000)) near.send(numbered(number));
    await until(() => sender.closed > 0 && receiver.closed > 0, "both ends are closed");
    await turns(100);
    same(
      [sender.closed, receiver.closed, receiver.late],
      [1, 1, 0],
      `closed() at both ends after ${end}() in frame()`,
    );
  }
}

/** Cases of links, before anything is said about sessions. */
export const linkCases: readonly SuiteCase[] = [
  { id: "LC-1", title: "brings every frame once and in order, both ways", run: allArriveInOrder },
  { id: "LC-2", title: "brings payloads of all sizes whole", run: bulkArrivesWhole },
  { id: "LC-3", title: "says when its room is used up, and when it is back", run: roomIsUsedUpAndComesBack },
  {
    id: "LC-4",
    title: "sends what was handed over before it closes, and ends once",
    run: closeSendsWhatWasHandedOver,
  },
  { id: "LC-5", title: "ends once at both ends that close at the same time", run: bothCloseAtOnce },
  { id: "LC-6", title: "ends at both ends when one is destroyed, without a gap", run: destroyEndsBoth },
  { id: "LC-7", title: "takes nothing after its end, and does not throw", run: sendingAfterTheEnd },
  {
    id: "LC-8",
    title: "loses nothing that comes before its first receiver",
    run: nothingIsLostBeforeTheFirstReceiver,
  },
  {
    id: "LC-8",
    title: "keeps the order while its first receiver comes",
    run: orderIsKeptWhileTheFirstReceiverComes,
  },
  {
    id: "LC-8",
    title: "tells its first receiver of an end that came before it",
    run: endComesAfterWhatCameEarly,
  },
  { id: "LC-9", title: "hands frames to a new receiver from the next one on", run: receiverIsReplaced },
  { id: "LC-10", title: "asks for last frames before it writes, and only then", run: flushingAddsFrames },
  {
    id: "LC-11",
    title: "may be ended by its receiver while a frame is handed over",
    run: receiverEndsTheLink,
  },
];
