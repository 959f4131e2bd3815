/**
 * FC-3…FC-13: how calls share a link and its memory, and none holds up another. Spec: docs/wire.md §4.1, §4.11, §7.
 */
import { check, comesToRest, gate, same, standsStill, turns, until, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

const KiB = 1_024;

async function endless(context: SuiteContext, item: unknown): Promise<never> {
  const writer = context.writable.getWriter();
  for (;;) await writer.write(item);
}

async function bothDirectionsFull(rig: Rig): Promise<void> {
  const items = 256;
  const item = rig.bytes(960);
  const go = gate();
  const written = { ours: 0, theirs: 0 };
  const writeAll = async (writable: WritableStream<unknown>, side: keyof typeof written): Promise<void> => {
    const writer = writable.getWriter();
    for (let at = 0; at < items; at++) {
      await writer.write(item);
      written[side]++;
    }
    await writer.close();
  };
  const readAll = async (readable: AsyncIterable<unknown>): Promise<number> => {
    let count = 0;
    for await (const _ of readable) count++;
    return count;
  };
  const { client } = await rig.peers({
    server: {
      handlers: {
        async talkBytes({ readable, writable }) {
          const writing = writeAll(writable, "theirs");
          await go.promise;
          const [count] = await Promise.all([readAll(readable), writing]);
          return count;
        },
      },
    },
  });
  const channel = client.caller.items("talkBytes", "channel", {});
  const writing = writeAll(channel.writable, "ours");
  const what = "items that were accepted while nobody read";
  await comesToRest(() => written.ours + written.theirs, 128, what);
  same(written, { ours: 64, theirs: 64 }, what);
  go.open();
  same(await within(readAll(channel.readable), "their items"), items, "items that came from the handler");
  await writing;
  same(await channel, items, "items that came to the handler");
}

async function stalledStreamsHoldUpNobody(rig: Rig): Promise<void> {
  const item = rig.bytes(8 * KiB);
  const { client } = await rig.peers({
    server: {
      handlers: {
        watch: (context) => endless(context, item),
        async watchBytes({ param, writable }) {
          const writer = writable.getWriter();
          for (let at = 0; at < (param as number); at++) await writer.write(item);
          return param;
        },
      },
    },
  });
  const stalled = Array.from({ length: 64 }, () => client.caller.items("watch", "stream", {}));
  for (const stream of stalled) {
    stream.result.catch(ignore);
    await within(stream.readable.getReader().read(), "the first item of a stream that then stalls");
  }
  await standsStill(() => stalled.reduce((sum, { stats }) => sum + stats.received, 0));
  const stream = client.caller.items("watchBytes", "stream", { param: 128 });
  let count = 0;
  for await (const _ of stream) count++;
  same(
    [count, await stream],
    [128, 128],
    "items and result of the one that is read: 1 MiB beside 64 that stall",
  );
  for (const one of stalled) one.abort();
}

async function cancelGivesMemoryBack(rig: Rig): Promise<void> {
  const item = rig.bytes(960);
  const { client } = await rig.peers({
    server: { handlers: { watch: (context) => endless(context, item) } },
  });
  const unread = async (least: number): Promise<[received: () => number, abort: () => void]> => {
    const stream = client.caller.items("watch", "stream", {});
    stream.result.catch(ignore);
    await comesToRest(() => stream.stats.received, least, "items of a stream that nobody reads");
    return [() => stream.stats.received, () => stream.abort()];
  };
  const [firstReceived, abortFirst] = await unread(64);
  same(firstReceived(), 64, "items in the window of the first stream");
  const others = Array.from({ length: 39 }, () => client.caller.items("watch", "stream", {}));
  for (const { result } of others) result.catch(ignore);
  await standsStill(() => others.reduce((sum, { stats }) => sum + stats.received, 0));
  const [lastReceived, abortLast] = await unread(1);
  check(
    lastReceived() >= 1 && lastReceived() <= 8,
    `a window is small when much is lent: ${lastReceived()} items`,
  );
  abortFirst();
  abortLast();
  for (const stream of others) stream.abort();
  await until(() => client.session.openCalls === 0, "all calls are over");
  const [again, abortAgain] = await unread(64);
  same(again(), 64, "items in the window of a stream after all others were cancelled");
  abortAgain();
}

async function messagesLargerThanTheWindow(rig: Rig): Promise<void> {
  const large = rig.bytes(512 * KiB).fill(7);
  const { client } = await rig.peers({
    server: {
      handlers: {
        askBytes: ({ param }) => param,
        async talkBytes({ readable, writable }) {
          const writer = writable.getWriter();
          for await (const item of readable) await writer.write(item);
          return large;
        },
        async watchBytes({ writable }) {
          const writer = writable.getWriter();
          // Nobody reads these: the result comes all the same.
          for (let at = 0; at < 4; at++) void writer.write(large);
          return large;
        },
      },
    },
  });
  same(
    await within(client.caller.request("askBytes", { param: large }), "a result"),
    large,
    "param and result of 512 KiB",
  );
  const channel = client.caller.items("talkBytes", "channel", { param: large });
  const reader = channel.readable.getReader();
  for (let round = 0; round < 3; round++) {
    const sending = channel.send(large);
    same((await within(reader.read(), "the item")).value, large, "an item of 512 KiB, there and back");
    await sending;
  }
  await channel.writable.close();
  same((await reader.read()).done, true, "the items are over");
  same(await within(channel, "the result"), large, "a result of 512 KiB after items");
  const stream = client.caller.items("watchBytes", "stream", {});
  let count = 0;
  for await (const item of stream) {
    same(item, large, "an item of 512 KiB");
    count++;
  }
  same([count, await stream], [4, large], "items and result of 512 KiB each");
}

async function severalLargeMessagesAtOnce(rig: Rig): Promise<void> {
  const large = rig.bytes(768 * KiB);
  const limits = { maxMessage: 1_024 * KiB, maxBuffered: 4 * 1_024 * KiB, maxCalls: 64 };
  const { client } = await rig.peers({
    server: {
      limits: { limits },
      handlers: { askBytes: ({ param }) => (param as Uint8Array).subarray(0, 1) },
    },
  });
  // Reserved memory is for one of them at a time: the others wait and are served in turn.
  const calls = Array.from({ length: 8 }, () => client.caller.request("askBytes", { param: large }));
  const results = await within(Promise.all(calls), "all results");
  same(
    results,
    calls.map(() => new Uint8Array(1)),
    "results of eight calls with 768 KiB each",
  );
}

/** What eight bulk streams may put before a small answer: their turns, and what already lies in link and socket. */
const mostBeforeAnAnswer = 4 * 1_024 * KiB;

async function smallCallsAreNotStarved(rig: Rig): Promise<void> {
  const item = rig.bytes(16 * KiB);
  const { client, links } = await rig.peers({
    server: { handlers: { ask: ({ param }) => param, watch: (context) => endless(context, item) } },
  });
  const bulk = Array.from({ length: 8 }, () => client.caller.items("watch", "stream", {}));
  const reading = bulk.map(async (stream) => {
    for await (const _ of stream) if (stream.signal.aborted) break;
  });
  for (const promise of reading) promise.catch(ignore);
  await until(() => links.near.received.offsetBytes > 8 * 1_024 * KiB, "bulk flows at full speed");
  const overtaken: number[] = [];
  for (let round = 0; round < 25; round++) {
    const before = links.near.received.offsetBytes;
    same(await client.caller.request("ask", { param: round }), round, "an answer");
    overtaken.push(links.near.received.offsetBytes - before);
    await turns(1);
  }
  const worst = Math.max(...overtaken);
  rig.should(
    worst <= mostBeforeAnAnswer,
    `no answer waits behind more than 4 MiB of bulk, one waited behind ${worst} bytes`,
  );
  check(links.near.received.offsetBytes > 9 * 1_024 * KiB, "bulk went on flowing");
  for (const stream of bulk) stream.abort();
  await Promise.allSettled(reading);
}

function ignore(): void {}

/** Cases of calls that share a link. */
export const sharingCases: readonly SuiteCase[] = [
  { id: "FC-3", title: "full windows in both directions are no deadlock", run: bothDirectionsFull },
  { id: "FC-4", title: "64 streams that stall hold up no other", run: stalledStreamsHoldUpNobody },
  { id: "FC-10", title: "a cancel gives the memory of its call back", run: cancelGivesMemoryBack },
  {
    id: "FC-11",
    title: "messages larger than the window arrive, in every place",
    run: messagesLargerThanTheWindow,
  },
  {
    id: "FC-11",
    title: "messages that do not fit the memory together arrive in turn",
    run: severalLargeMessagesAtOnce,
  },
  { id: "FC-13", title: "small calls are not starved by bulk", run: smallCallsAreNotStarved },
];
