/** The call suite: what a typed client promises, as cases that run wherever there are Web Streams. */
import { isError } from "@sluice/protocol";
import { check, failure, same } from "./expect.ts";
import { protocol } from "./protocol.ts";
import type { World } from "./world.ts";

export interface CallCase {
  /** As the page of runtimes calls it. */
  readonly name: string;
  readonly shows: string;
  run(world: World): Promise<void>;
}

const window = 64 * 1_024;

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

async function request({ client }: World): Promise<void> {
  same(await client.request("math/add", { param: { a: 2, b: 40 } }), 42, "the sum");
  const sums = await Promise.all(upTo(50).map((b) => client.api.math.add({ a: 1, b })));
  same(
    sums,
    upTo(50).map((b) => b + 1),
    "sums of calls at once",
  );
}

async function stream({ client }: World): Promise<void> {
  const call = client.stream("numbers/count", { param: 500 });
  const items: number[] = [];
  for await (const n of call) items.push(n);
  same(items, upTo(500), "the items");
  same(await call, 500, "the result");
}

/** Asks for what the handler has written until further answers would not change it. */
async function writtenAtStandstill({ client, key }: World): Promise<number> {
  let [last, unchanged] = [-1, 0];
  while (unchanged < 20) {
    const written = await client.request("scene/written", { param: { key } });
    unchanged = written === last && written > 0 ? unchanged + 1 : 0;
    last = written;
  }
  return last;
}

async function backpressure(world: World): Promise<void> {
  const { client, key } = world;
  const [size, count] = [960, 400];
  const call = client.stream("bytes/pour", { param: { key, size, count } });
  const written = await writtenAtStandstill(world);
  const bytes = written * size;
  check(
    bytes > window / 2 && bytes <= window,
    `nobody reads, and the handler has written ${bytes} of ${window} bytes`,
  );
  check(call.stats.buffered <= window, `${call.stats.buffered} bytes wait for the reader`);
  const items: number[] = [];
  for await (const item of call) items.push(new DataView(item.buffer, item.byteOffset).getUint32(0));
  same(items, upTo(count), "the items once somebody reads");
  same(await call, count, "the result");
}

async function channel({ client }: World): Promise<void> {
  const call = client.channel("text/echo");
  const writing = (async () => {
    const writer = call.writable.getWriter();
    for (const n of upTo(300)) await writer.write(`message ${n} – ü`);
    await writer.close();
  })();
  const heard: string[] = [];
  for await (const text of call.readable) heard.push(text);
  await writing;
  same(
    heard,
    upTo(300).map((n) => `message ${n} – ü`),
    "what came back",
  );
  same(await call, 300, "the result");
}

async function upload({ client }: World): Promise<void> {
  let left = 40;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) controller.close();
      else controller.enqueue(new Uint8Array(8_192).fill(left--));
    },
  });
  const received = await client.channel("files/upload", { send: source });
  same(received, { bytes: 40 * 8_192, sum: (8_192 * 40 * 41) / 2 }, "what the handler has received");
}

async function event({ client, key }: World): Promise<void> {
  await client.event("note/say", { data: { key, text: "hello" } });
  same(await client.request("scene/said", { param: { key } }), "hello", "what the handler was told");
}

async function errors({ client }: World): Promise<void> {
  const declared = await failure(client.request("shop/order", { param: { count: 9 } }));
  check(isError(declared, protocol, "shop/order", "NO_STOCK"), `${declared.code} is the declared error`);
  same(declared.data, { left: 3 }, "its data");
  const coded = await failure(client.request("file/find", { param: "a.txt" }));
  same([coded.code, coded.origin], ["NOT_FOUND", "remote"], "code and origin");
  check(coded.message.includes("There is no a.txt"), `${coded.message} is the handler's text`);
  const hidden = await failure(client.request("file/find", { param: "secret" }));
  same(hidden.code, "INTERNAL", "the code of an undeclared throw");
  check(!/tulip/.test(`${hidden.message} ${hidden.stack}`), "an undeclared throw says nothing of itself");
}

async function cancel(world: World): Promise<void> {
  const { client, key } = world;
  const controller = new AbortController();
  const call = client.request("hold/request", { param: { key }, signal: controller.signal });
  await client.request("scene/started", { param: { key } });
  controller.abort("no longer needed");
  same((await failure(call)).code, "CANCELLED", "the caller's error");
  same(
    await client.request("scene/ended", { param: { key } }),
    "cancelled",
    "the reason that the handler sees",
  );

  const other = `${key}, stopped`;
  const left = client.stream("hold/stream", { param: { key: other } });
  for await (const _ of left) break;
  same(await left, "stop", "the result of a stream that is left");
  same(
    await client.request("scene/ended", { param: { key: other } }),
    "stop",
    "the reason that the handler sees",
  );
}

async function deadline({ client, key }: World): Promise<void> {
  await client.ready;
  const late = await failure(client.request("hold/request", { param: { key }, timeout: 250 }));
  same(late.code, "DEADLINE_EXCEEDED", "the caller's error");
  same(
    await client.request("scene/ended", { param: { key } }),
    "deadline",
    "the reason that the handler sees",
  );
}

async function bytes({ client }: World): Promise<void> {
  const all = Uint8Array.from({ length: 256 }, (_, n) => n);
  const echoed = await client.request("bytes/echo", { param: all.subarray(3) });
  check(echoed instanceof Uint8Array, "what comes back is a Uint8Array");
  same([...echoed], upTo(256).slice(3), "its bytes");
  same((await client.request("bytes/echo", { param: new Uint8Array() })).length, 0, "no bytes");
  // More than a window, in pieces of at most 64 KiB.
  const large = new Uint8Array(1_024 * 1_024).map((_, at) => at % 251);
  const back = await client.request("bytes/echo", { param: large });
  check(back.length === large.length && back.every((byte, at) => byte === at % 251), "1 MiB comes back");
}

async function validation(world: World): Promise<void> {
  const careless = world.connect({ validate: "none" });
  for (const client of [world.client, careless]) {
    const error = await failure(client.request("math/add", { param: { a: 1, b: -815 } }));
    const origin = client === careless ? "remote" : "local";
    same([error.code, error.origin, error.processed], ["INVALID_ARGUMENT", origin, "no"], "the refusal");
    check(
      /^Invalid param of math\/add at \/b: .*\(minimum\)$/.test(error.message) &&
        !error.message.includes("815"),
      `"${error.message}" says place and keyword, and not the value`,
    );
    const missing = await failure(client.request("math/add", { param: { a: 1 } as never }));
    check(missing.message.endsWith("(required)"), `"${missing.message}" says what is missing`);
  }
}

async function resume(world: World): Promise<void> {
  const { client } = world;
  const items: number[] = [];
  const call = client.stream("numbers/count", { param: 3_000 });
  for await (const n of call) {
    items.push(n);
    if (n !== 100 && n !== 1_000 && n !== 2_000) continue;
    world.cut();
    // A round trip on the next link, so that each cut hits another one.
    same(await client.request("math/add", { param: { a: n, b: 1 } }), n + 1, "a sum after the cut");
  }
  same(items.length, 3_000, "the number of items");
  check(
    items.every((n, at) => n === at),
    "items come once and in order",
  );
  same(await call, 3_000, "the result");
  same(world.links, 4, "the number of links, three of which were cut");
}

/** In this order in the table of runtimes. */
export const callCases: readonly CallCase[] = [
  {
    name: "request",
    shows: "a result, and the results of 50 calls at once",
    run: request,
  },
  {
    name: "stream",
    shows: "500 items in order, then the result",
    run: stream,
  },
  {
    name: "backpressure",
    shows: "while nobody reads, a handler's writes stop at the window of 64 KiB; then every item comes",
    run: backpressure,
  },
  {
    name: "channel",
    shows: "300 items there and back at the same time, then the result",
    run: channel,
  },
  {
    name: "upload",
    shows: "a `ReadableStream` of 320 KiB, taken as fast as the handler reads",
    run: upload,
  },
  {
    name: "event",
    shows: "what was said has been heard",
    run: event,
  },
  {
    name: "errors",
    shows: "declared errors with data, codes of handlers, and nothing of an undeclared throw",
    run: errors,
  },
  {
    name: "cancel",
    shows: "`CANCELLED` and the handler's signal; a stream that is left stops its handler, and has a result",
    run: cancel,
  },
  {
    name: "deadline",
    shows: "`DEADLINE_EXCEEDED` at the caller, and at the handler",
    run: deadline,
  },
  {
    name: "bytes",
    shows: "a `Uint8Array` of any length, 1 MiB among them",
    run: bytes,
  },
  {
    name: "validation",
    shows:
      "an invalid param is refused with place and keyword, by the client, and by the server of a client that does not check",
    run: validation,
  },
  {
    name: "resume",
    shows: "a stream of 3,000 items, whose link is cut three times: each item once and in order",
    run: resume,
  },
];
