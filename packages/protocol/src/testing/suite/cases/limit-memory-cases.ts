/**
 * LM-5: how much may lie where nobody takes it: the window of a call, the most that it grows to, and all that a session buffers.
 *
 * Spec: docs/wire.md §2, §4.1, §4.2.
 */
import { type CreditFrame, FrameType } from "../../../frame/frame.ts";
import { messageOverhead } from "../../../limits.ts";
import { messageBytes, payloadBytes } from "../exact-window.ts";
import { aborted, check, comesToRest, fails, gate, same, standsStill, until, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

const KiB = 1_024;

async function windowOfACall(rig: Rig): Promise<void> {
  const limits = { limits: { window: 16 * KiB, maxWindow: 16 * KiB } };
  const item = rig.bytes(payloadBytes);
  const { client, server } = await rig.peers({
    client: { limits },
    server: {
      limits,
      handlers: {
        async watch({ writable }) {
          const writer = writable.getWriter();
          for (;;) await writer.write(item);
        },
        upload: ({ signal }) => aborted(signal),
      },
    },
  });
  const stream = client.caller.items("watch", "stream", {});
  stream.result.catch(ignore);
  const come = "items that come to a caller who reads none";
  same(await comesToRest(() => stream.stats.received, 16, come), 16, come);
  const upload = client.caller.items("upload", "channel", {});
  upload.result.catch(ignore);
  let accepted = 0;
  const writing = (async () => {
    for (;;) {
      await upload.send(item);
      accepted++;
    }
  })();
  writing.catch(ignore);
  await until(() => server.started.length === 2, "the handler runs");
  const taken = "items that are accepted for a handler who reads none";
  same(await comesToRest(() => accepted, 16, taken), 16, taken);
  stream.abort();
  upload.abort();
}

async function windowOfAFastReader(rig: Rig): Promise<void> {
  const limits = { limits: { window: 16 * KiB, maxWindow: 48 * KiB } };
  const { frames, connecting } = await rig.framesToClient({ limits });
  frames.send(frames.welcome());
  const client = await connecting;
  const stream = client.caller.items("watchBytes", "stream", {});
  let taken = 0;
  const reading = (async () => {
    for await (const _ of stream.readable) taken++;
  })();
  reading.catch(ignore);
  const { call, window } = await frames.next(FrameType.OPEN);
  same(window, 16 * KiB, "the window that OPEN grants");
  let offset = 0;
  let limit = window;
  let widest = 0;
  for (let round = 0; round < 40; round++) {
    let sent = 0;
    for (; offset + messageBytes <= limit; offset += messageBytes, sent++)
      frames.send(frames.data(call, offset, payloadBytes));
    if (sent === 0) break;
    const all = offset / messageBytes;
    await until(() => taken === all, "all that was sent is taken");
    await frames.proveLife();
    const credits = frames.received.filter((frame): frame is CreditFrame => frame.type === FrameType.CREDIT);
    limit = Math.max(limit, ...credits.map((credit) => credit.limit));
    widest = Math.max(widest, ...credits.map((credit) => credit.limit - credit.received));
  }
  same(widest, 48 * KiB, "the widest window of a reader that keeps up");
  stream.abort();
}

async function allThatIsGranted(rig: Rig): Promise<void> {
  const maxBuffered = 256 * KiB;
  const limits = { limits: { maxBuffered, maxMessage: 64 * KiB, maxCalls: 32 } };
  const { frames, accepting } = await rig.framesToServer({
    limits,
    handlers: { upload: ({ signal }: SuiteContext) => aborted(signal) },
  });
  frames.send(frames.hello());
  await frames.next(FrameType.WELCOME);
  const server = await accepting;
  for (let at = 0; at < 32; at++) frames.send(frames.open(1 + 2 * at, "upload", { halfClosed: false }));
  await until(() => server.started.length === 32, "the handlers run");
  // What was granted to them was sent before the answer to this.
  await frames.proveLife();
  const limitOf = new Map<number, number>();
  for (const frame of frames.received)
    if (frame.type === FrameType.CREDIT)
      limitOf.set(frame.call, Math.max(limitOf.get(frame.call) ?? 0, frame.limit - messageOverhead));
  const granted = [...limitOf.values()];
  same(granted.length, 32, "calls that have a window");
  check(Math.min(...granted) >= KiB, `each call has a window: ${Math.min(...granted)}`);
  const sum = granted.reduce((all, one) => all + one, 0);
  // The other half is for messages that are larger than their window.
  check(sum <= maxBuffered / 2, `no more than half of maxBuffered is granted: ${sum}`);
}

async function writesThatNobodyAwaits(rig: Rig): Promise<void> {
  const maxBuffered = 128 * KiB;
  const own = { limits: { maxBuffered, maxMessage: 32 * KiB, maxCalls: 16 } };
  const item = rig.bytes(payloadBytes);
  const going = gate();
  const refused: unknown[] = [];
  const { client, server } = await rig.peers({
    client: { limits: own },
    server: {
      limits: { limits: { window: KiB, maxWindow: KiB } },
      handlers: {
        async upload({ readable }) {
          await going.promise;
          let count = 0;
          for await (const _ of readable) count++;
          return count;
        },
      },
    },
  });
  const upload = client.caller.items("upload", "channel", {});
  const writer = upload.writable.getWriter();
  await until(() => server.started.length === 1, "the handler runs");
  await standsStill(() => server.session.openCalls);
  const most = (2 * maxBuffered) / messageBytes;
  const writes: Promise<void>[] = [];
  while (refused.length === 0 && writes.length <= 2 * most) {
    const write = writer.write(item);
    write.catch((reason: unknown) => refused.push(reason));
    await soon();
    if (refused.length === 0) writes.push(write);
  }
  await fails(Promise.reject(refused[0]), {
    code: "RESOURCE_EXHAUSTED",
    processed: "no",
    origin: "local",
    says: ["limits.maxBuffered"],
  });
  // Those that were sent at once, within the window, do not wait.
  const wait = writes.length - most;
  check(
    wait >= 0 && wait <= 10,
    `twice maxBuffered may wait: ${writes.length} writes of ${messageBytes} bytes`,
  );
  going.open();
  await within(Promise.all(writes), "all that was accepted is sent");
  await writer.close();
  same(await within(upload, "the result"), writes.length, "items that came");
}

/** Resolves after the reactions of what is settled now. */
async function soon(): Promise<void> {
  for (let round = 0; round < 8; round++) await Promise.resolve();
}

function ignore(): void {}

/** Cases of limits on memory. */
export const limitMemoryCases: readonly SuiteCase[] = [
  { id: "LM-5", title: "window: what is sent to who does not read, both ways", run: windowOfACall },
  {
    id: "LM-5",
    title: "maxWindow: the most that the window of a fast reader grows to",
    run: windowOfAFastReader,
  },
  { id: "LM-5", title: "maxBuffered: all that is granted together", run: allThatIsGranted },
  { id: "LM-5", title: "maxBuffered: writes that nobody awaits", run: writesThatNobodyAwaits },
];
