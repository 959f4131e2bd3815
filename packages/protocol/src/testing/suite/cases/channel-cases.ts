/**
 * CH: items both ways over one call, each way with its own end. Spec: docs/wire.md §2, §4.6.
 */
import { check, fails, gate, same, turns, until, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

async function pingPong(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        async talk({ readable, writable }) {
          const writer = writable.getWriter();
          let count = 0;
          for await (const item of readable) {
            await writer.write({ echo: item });
            count++;
          }
          return count;
        },
      },
    },
  });
  const channel = client.caller.items("talk", "channel", {});
  const reader = channel.readable.getReader();
  for (let item = 0; item < 200; item++) {
    await channel.send(item);
    same((await within(reader.read(), "an answer")).value, { echo: item }, "the answer");
  }
  await channel.writable.close();
  same((await reader.read()).done, true, "the items are over");
  same(await channel, 200, "the result");
}

async function callerHalfCloses(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        async talk({ readable, writable }) {
          const items: unknown[] = [];
          for await (const item of readable) items.push(item);
          const writer = writable.getWriter();
          for (let answer = 0; answer < 3; answer++) await writer.write(answer);
          return items;
        },
      },
    },
  });
  const channel = client.caller.items("talk", "channel", {});
  const writer = channel.writable.getWriter();
  await writer.write("a");
  await writer.write("b");
  await writer.close();
  const answers: unknown[] = [];
  for await (const item of channel.readable) answers.push(item);
  same(answers, [0, 1, 2], "items that came after the caller's own end");
  same(await channel, ["a", "b"], "items that the handler saw");
}

async function calleeHalfCloses(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        async talk({ readable, writable }) {
          const writer = writable.getWriter();
          await writer.write("last words");
          await writer.close();
          const items: unknown[] = [];
          for await (const item of readable) items.push(item);
          return items;
        },
      },
    },
  });
  const channel = client.caller.items("talk", "channel", {});
  const answers: unknown[] = [];
  for await (const item of channel.readable) answers.push(item);
  same(answers, ["last words"], "items before the handler's own end");
  for (let item = 0; item < 3; item++) await channel.send(item);
  await channel.writable.close();
  same(await channel, [0, 1, 2], "items that the handler saw after its own end");
}

async function bothCloseAtOnce(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        async talk({ readable, writable }) {
          const writer = writable.getWriter();
          await Promise.all([writer.write("theirs"), writer.close(), writer.close()]);
          const items: unknown[] = [];
          for await (const item of readable) items.push(item);
          return items;
        },
      },
    },
  });
  for (let round = 0; round < 20; round++) {
    const channel = client.caller.items("talk", "channel", {});
    const writer = channel.writable.getWriter();
    void writer.write("ours");
    void writer.close();
    void writer.close();
    const items: unknown[] = [];
    for await (const item of channel.readable) items.push(item);
    same([items, await channel], [["theirs"], ["ours"]], "what both ends saw");
  }
}

async function sendAfterClose(rig: Rig): Promise<void> {
  const late = gate<SuiteContext>();
  const { client } = await rig.peers({
    server: {
      handlers: {
        async talk(context) {
          for await (const _ of context.readable);
          late.open(context);
          return "over";
        },
      },
    },
  });
  const channel = client.caller.items("talk", "channel", {});
  const writer = channel.writable.getWriter();
  await writer.close();
  const refused = await writer.write("late").then(
    () => "taken",
    () => "refused",
  );
  same(refused, "refused", "a write after the writer was closed");
  await fails(channel.send("late"), { code: "FAILED_PRECONDITION" });
  same(await channel, "over", "the result");
  await fails(channel.send("later"), { code: "FAILED_PRECONDITION" });

  const context = await late.promise;
  await until(() => client.session.openCalls === 0, "the call is over");
  const lateWriter = context.writable.getWriter();
  const outcome = await lateWriter.write("late").then(
    () => "taken",
    () => "refused",
  );
  same(outcome, "refused", "a handler's write after its end");
  await lateWriter.close();
}

const chunkBytes = 64 * 1_024;
const chunks = 256;

/** Fills a chunk so that no two are equal. */
function fill(chunk: Uint8Array, seed: number): Uint8Array {
  const words = new Uint32Array(chunk.buffer, chunk.byteOffset, chunk.length / 4);
  let word = (seed + 1) * 2_654_435_761;
  for (let at = 0; at < words.length; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    words[at] = word;
  }
  return chunk;
}

/** A number for the content and order of all chunks. */
function mix(hash: number, chunk: Uint8Array): number {
  // A chunk from the wire may stand at any place of its memory.
  const aligned = chunk.byteOffset % 4 === 0 ? chunk : chunk.slice();
  const words = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
  let mixed = hash;
  for (let at = 0; at < words.length; at++) mixed = (Math.imul(mixed, 31) + (words[at] as number)) | 0;
  return mixed;
}

async function send(writable: WritableStream<unknown>, salt: number): Promise<number> {
  const writer = writable.getWriter();
  let hash = 0;
  for (let at = 0; at < chunks; at++) {
    const chunk = fill(new Uint8Array(chunkBytes), at + salt);
    hash = mix(hash, chunk);
    await writer.write(chunk);
  }
  await writer.close();
  return hash;
}

async function receive(readable: AsyncIterable<unknown>): Promise<{ hash: number; bytes: number }> {
  let hash = 0;
  let bytes = 0;
  for await (const chunk of readable) {
    hash = mix(hash, chunk as Uint8Array);
    bytes += (chunk as Uint8Array).length;
  }
  return { hash, bytes };
}

/** 16 MiB each way at once. */
async function fullDuplexBulk(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        async talkBytes({ readable, writable }) {
          const [sent, received] = await Promise.all([send(writable, 1_000_000), receive(readable)]);
          return { sent, received };
        },
      },
    },
  });
  const channel = client.caller.items("talkBytes", "channel", {});
  const [sent, received] = await within(
    Promise.all([send(channel.writable, 0), receive(channel.readable)]),
    "16 MiB each way",
    30_000,
  );
  const theirs = (await channel) as { sent: number; received: { hash: number; bytes: number } };
  const bytes = chunks * chunkBytes;
  same(received, { hash: theirs.sent, bytes }, "what came from the handler");
  same(theirs.received, { hash: sent, bytes }, "what came to the handler");
}

async function itemsBehindTheOpen(rig: Rig): Promise<void> {
  const deciding = gate();
  const { client, server } = await rig.peers({
    server: {
      guard: () => deciding.promise,
      handlers: {
        async talk({ readable }) {
          const items: unknown[] = [];
          for await (const item of readable) items.push(item);
          return items;
        },
      },
    },
  });
  const channel = client.caller.items("talk", "channel", {});
  for (let item = 0; item < 20; item++) await channel.send(item);
  await channel.writable.close();
  await turns(200);
  same(server.started, [], "handlers that ran before it was decided");
  deciding.open();
  const items = (await within(channel, "the result")) as unknown[];
  same(
    items,
    Array.from({ length: 20 }, (_, at) => at),
    "items that were sent before it was decided",
  );
}

async function uploadFromIterable(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: {
      handlers: {
        async upload({ readable }) {
          let bytes = 0;
          for await (const chunk of readable) bytes += (chunk as Uint8Array).length;
          return bytes;
        },
      },
    },
  });
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let at = 1; at <= 50; at++) yield new Uint8Array(at * 100);
  }
  same(
    await client.caller.items("upload", "channel", { send: source() }),
    127_500,
    "bytes from an async iterable",
  );
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(5));
      controller.close();
    },
  });
  same(await client.caller.items("upload", "channel", { send: stream }), 5, "bytes from a stream");

  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    throw new Error("the disk is gone");
  }
  const failed = client.caller.items("upload", "channel", { send: broken() });
  const error = await fails(failed.result, { code: "CANCELLED", origin: "local" });
  check((error.cause as Error).message === "the disk is gone", "the cause is what the source threw");
}

/** Cases of channels. */
export const channelCases: readonly SuiteCase[] = [
  { id: "CH-1", title: "an answer to every item", run: pingPong },
  { id: "CH-2", title: "a caller that has said all still hears", run: callerHalfCloses },
  { id: "CH-2", title: "a handler that has said all still hears", run: calleeHalfCloses },
  { id: "CH-3", title: "both ends close at once, and more than once", run: bothCloseAtOnce },
  { id: "CH-4", title: "nothing is taken after the end, and nothing breaks", run: sendAfterClose },
  { id: "CH-5", title: "16 MiB each way at once arrive as they were sent", run: fullDuplexBulk },
  { id: "CH-6", title: "items behind an OPEN wait while it is decided", run: itemsBehindTheOpen },
  { id: "CH-7", title: "an upload takes its items from an iterable or a stream", run: uploadFromIterable },
];
