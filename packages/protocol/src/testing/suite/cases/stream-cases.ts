/**
 * ST: items and then one result, from a handler to its caller. Spec: docs/wire.md §4.4, §4.6.
 */
import { SluiceError } from "../../../errors/sluice-error.ts";
import { FrameType } from "../../../frame/frame.ts";
import { aborted, check, fails, gate, same, settle, turns, until, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

/** Writes 0, 1, … `param - 1`, each one awaited. */
async function countTo({ param, writable }: SuiteContext): Promise<unknown> {
  const writer = writable.getWriter();
  for (let item = 0; item < (param as number); item++) await writer.write(item);
  return { total: param };
}

async function* generateTo({ param }: SuiteContext): AsyncGenerator<number, unknown> {
  for (let item = 0; item < (param as number); item++) yield item;
  return { total: param };
}

async function everyCount(rig: Rig): Promise<void> {
  for (const watch of [countTo, generateTo]) {
    const { client } = await rig.peers({ server: { handlers: { watch } } });
    for (const count of [0, 1, 10_000]) {
      const stream = client.caller.items("watch", "stream", { param: count });
      let next = 0;
      for await (const item of stream.readable) {
        if (item !== next) throw new Error(`Item ${next} of ${count} is ${String(item)}`);
        next++;
      }
      same(next, count, "items");
      same(await stream, { total: count }, "the result");
    }
  }
}

async function errorAfterItems(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        async watch({ param, writable }) {
          const writer = writable.getWriter();
          for (let item = 0; item < (param as number); item++) await writer.write(item);
          throw new SluiceError("DATA_LOSS", "nothing more");
        },
      },
    },
  });
  for (const count of [0, 1, 7, 2_000]) {
    const stream = client.caller.items("watch", "stream", { param: count });
    const items: unknown[] = [];
    const reading = (async () => {
      for await (const item of stream.readable) items.push(item);
    })();
    await fails(reading, { code: "DATA_LOSS", origin: "remote", says: ["nothing more"] });
    same(items.length, count, "items before the error");
    await fails(stream.result, { code: "DATA_LOSS" });
  }
}

/** Writes without end until it shall stop; tells why that was. */
function endless(reasons: unknown[]) {
  return async ({ writable, signal }: SuiteContext): Promise<unknown> => {
    const writer = writable.getWriter();
    let written = 0;
    while (!signal.aborted) {
      await writer.write(written++);
      if (written % 100 === 0) await turns(1);
    }
    reasons.push(signal.reason);
    return "stopped";
  };
}

async function readerLeaves(rig: Rig): Promise<void> {
  const reasons: unknown[] = [];
  const { client } = await rig.peers({ server: { handlers: { watch: endless(reasons) } } });
  const ways: readonly ((stream: ReturnType<typeof client.caller.items>) => Promise<unknown>)[] = [
    async (stream) => {
      for await (const item of stream) if (item === 10) break;
    },
    async (stream) => {
      for await (const item of stream.readable) if (item === 10) break;
    },
    async (stream) => {
      const reader = stream.readable.getReader();
      await reader.read();
      await reader.cancel("enough");
    },
    async (stream) => {
      await stream.close();
      for await (const _ of stream);
    },
  ];
  for (const [at, leave] of ways.entries()) {
    const stream = client.caller.items("watch", "stream", {});
    await within(leave(stream), "the reader has left");
    same(await within(stream, "the result"), "stopped", `the result after way ${at} of leaving`);
    same(reasons.length, at + 1, "handlers that were told");
  }
  same(reasons, ["stop", "stop", "stop", "stop"], "why the handlers' signals aborted");
}

async function releasedLockLeavesNothing(rig: Rig): Promise<void> {
  const { client } = await rig.peers({ server: { handlers: { watch: countTo } } });
  const stream = client.caller.items("watch", "stream", { param: 10 });
  const items: unknown[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const reader = stream.readable.getReader();
    items.push((await reader.read()).value);
    reader.releaseLock();
  }
  for await (const item of stream.readable) items.push(item);
  same(items, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "items by several readers");
  same(await stream, { total: 10 }, "the result");
}

async function lossIsNoEnd(rig: Rig): Promise<void> {
  const written = gate();
  const { client, links } = await rig.peers({
    server: {
      handlers: {
        async watch({ writable, signal }) {
          const writer = writable.getWriter();
          for (let item = 0; item < 5; item++) await writer.write(item);
          written.open();
          await aborted(signal);
          throw signal.reason;
        },
      },
    },
  });
  const stream = client.caller.items("watch", "stream", {});
  await written.promise;
  await until(() => stream.stats.received === 5, "the items have come");
  links.far.destroy();
  const items: unknown[] = [];
  const reading = (async () => {
    for await (const item of stream.readable) items.push(item);
  })();
  await fails(reading, { code: "UNAVAILABLE", processed: "maybe" });
  same(items, [0, 1, 2, 3, 4], "items that had come before the loss");
  await fails(stream.result, { code: "UNAVAILABLE", processed: "maybe" });
}

async function endIsNoResult(rig: Rig): Promise<void> {
  const { client, links } = await rig.peers({
    server: {
      handlers: {
        async watch({ writable, signal }) {
          const writer = writable.getWriter();
          await writer.write("only");
          await writer.close();
          await aborted(signal);
          return "never seen";
        },
      },
    },
  });
  const stream = client.caller.items("watch", "stream", {});
  const items: unknown[] = [];
  for await (const item of stream.readable) items.push(item);
  same(items, ["only"], "items before END");
  const outcome = settle(stream.result);
  links.far.destroy();
  check("reason" in (await outcome), "END is no result: the call fails when its peer is lost");
}

async function handlerReturnsEarly(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        watch({ writable }) {
          const writer = writable.getWriter();
          // Nobody awaits these: they were accepted before the end, and so they come before it.
          for (let item = 0; item < 3_000; item++) void writer.write(item);
          return "early";
        },
        talk: () => "at once",
      },
    },
  });
  const stream = client.caller.items("watch", "stream", {});
  let next = 0;
  for await (const item of stream.readable) same(item, next++, "an item");
  same([next, await stream], [3_000, "early"], "items, and the result");
  const channel = client.caller.items("talk", "channel", {});
  for await (const item of channel.readable) throw new Error(`An item came: ${String(item)}`);
  same(await channel, "at once", "the result of a channel that its handler ends at once");
}

async function itemsCanBeCollected(rig: Rig): Promise<void> {
  // Those whose arrival is confirmed, however wide the window has grown meanwhile: it is, half a window at a time.
  const isWatched = (item: number): boolean => item % 5 === 0 && item < 500;
  const refs: WeakRef<object>[] = [];
  const { client } = await rig.peers({
    server: {
      handlers: {
        async watch({ writable, signal }) {
          const writer = writable.getWriter();
          for (let item = 0; item < 2_000; item++) {
            const value = { item, padding: "x".repeat(100) };
            if (isWatched(item)) refs.push(new WeakRef(value));
            await writer.write(value);
          }
          await aborted(signal);
          return undefined;
        },
      },
    },
  });
  const stream = client.caller.items("watch", "stream", {});
  const reader = stream.readable.getReader();
  for (let taken = 0; taken < 2_000; taken++) {
    const { value } = await reader.read();
    if (isWatched(taken)) refs.push(new WeakRef(value as object));
  }
  same(refs.length, 200, "items that are watched, at both ends");
  const left = (): number => refs.filter((ref) => ref.deref() !== undefined).length;
  const areCollected = (): boolean => {
    rig.collectGarbage?.();
    return left() === 0;
  };
  await until(areCollected, () => `no item stays in memory while the stream is open: ${left()} of 200 do`);
  await reader.cancel();
}

async function itemAfterEnd(rig: Rig): Promise<void> {
  const { frames, connecting } = await rig.framesToClient();
  frames.send(frames.welcome());
  const client = await connecting;
  const stream = client.caller.items("watch", "stream", {});
  const { call } = await frames.next(FrameType.OPEN);
  frames.send({ type: FrameType.END, call, offset: 0 }, frames.data(call, 0, 300));
  await fails(stream.result, { code: "PROTOCOL_ERROR" });
  same(await frames.closing(), "PROTOCOL_ERROR", "the code of CLOSE after an item behind END");
}

/** Cases of streams. */
export const streamCases: readonly SuiteCase[] = [
  { id: "ST-1", title: "0, 1 and 10,000 items, by a writer and by a generator", run: everyCount },
  { id: "ST-2", title: "an error comes after all items before it", run: errorAfterItems },
  {
    id: "ST-3",
    title: "a reader that leaves stops its handler, and still gets the result",
    run: readerLeaves,
  },
  { id: "ST-3", title: "releasing a reader's lock leaves nothing", run: releasedLockLeavesNothing },
  { id: "ST-4", title: "a lost link is never the end of the items", run: lossIsNoEnd },
  { id: "ST-4", title: "the end of the items is never the result", run: endIsNoResult },
  { id: "ST-4", title: "an item behind the end breaks the wire's rules", run: itemAfterEnd },
  { id: "ST-5", title: "a handler that returns early loses nothing it wrote", run: handlerReturnsEarly },
  {
    id: "ST-6",
    title: "items can be collected once they are consumed",
    needs: "garbage collection",
    run: itemsCanBeCollected,
  },
];
