/**
 * CD: what becomes of a value on its way.
 *
 * Every link with every codec: what differs between encodings stands in the tables below. Spec: docs/codecs.md, docs/wire.md §6.
 */
import type { SluiceError } from "../../../errors/sluice-error.ts";
import { fails, gate, same, until, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

type EncodingName = "json" | "msgpack" | "structured";

/** How values travel on the links of `rig`; codecs that the suite does not know are held to what all have in common. */
function encodingOf({ kind, codecs }: Rig): EncodingName | undefined {
  if (kind === "structured") return "structured";
  const name = codecs[0]?.name;
  return name === "json" || name === "msgpack" ? name : undefined;
}

const echo = ({ param }: SuiteContext): unknown => param;

async function echoItems({ readable, writable }: SuiteContext): Promise<void> {
  const writer = writable.getWriter();
  for await (const item of readable) await writer.write(item);
  await writer.close();
}

/** Values that arrive as they are, whatever carries them. */
const plain: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    1.5,
    0.1,
    -1,
    255,
    65_536,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53 + 2,
  ],
  ...[-(2 ** 53) + 1, -(2 ** 53) - 2, Number.MAX_VALUE, Number.MIN_VALUE],
  ...["", "\0", "größe 測試 😀", "\ufeffa", "\u2028\u2029", "é".repeat(50_000)],
  ...[[], {}, [[], {}, [[]]], { a: { b: { c: [] } } }, [null, [null]], { "": 1, " ": 2, "a/b": 3 }],
  ...[{ 2: "b", 1: "a", "-1": "c" }, { list: Array.from({ length: 2_000 }, (_, at) => ({ at })) }],
  ...[new Uint8Array(), new Uint8Array([0, 255]), new Uint8Array(100_000).fill(7)],
];

async function plainValues(rig: Rig): Promise<void> {
  const { client, server } = await rig.peers({
    server: { handlers: { ask: echo, talk: echoItems } },
    client: { handlers: { ask: echo } },
  });
  const channel = client.caller.items("talk", "channel", {});
  const reader = channel.readable.getReader();
  for (const value of plain) {
    same(
      await within(client.caller.request("ask", { param: value }), "a result"),
      value,
      "a param and result, there and back",
    );
    same(
      await within(server.caller.request("ask", { param: value }), "a result"),
      value,
      "a param and result, back and there",
    );
    const sending = channel.send(value);
    same((await within(reader.read(), "an item")).value, value, "an item, there and back");
    await sending;
  }
  await channel.writable.close();
  same((await reader.read()).done, true, "the items are over");
}

class Point {
  readonly x = 1;
}

/** Values that nothing carries. Made anew for each use. */
function withoutEncoding(): readonly unknown[] {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const nested = Array.from({ length: 65 }).reduce<unknown>((inner) => [inner], 1);
  return [
    ...[5n, Symbol("s"), () => 1, { a() {} }, { toJSON: () => 1 }, new Date(0), { at: new Date(0) }, /x/],
    ...[new Map([[1, 2]]), new Set([1]), new Error("x"), new Point(), [new Point()], Object(1)],
    ...[cycle, nested, new WeakMap()],
    {
      get a(): never {
        throw new Error("no");
      },
    },
  ];
}

async function valuesWithoutEncoding(rig: Rig): Promise<void> {
  const going = gate();
  const refusals: unknown[] = [];
  const { client, server } = await rig.peers({
    server: {
      handlers: {
        ask: ({ param }) => withoutEncoding()[param as number],
        nothing: () => going.promise,
        async watch({ writable }) {
          const writer = writable.getWriter();
          await writer.write("before");
          for (const value of withoutEncoding())
            await writer
              .write(value)
              .catch((fault: Error) => refusals.push((fault.cause as SluiceError).code));
          await writer.write("after");
        },
        upload: echo,
        talk: echoItems,
      },
    },
  });
  const beside = client.caller.request("nothing");
  const channel = client.caller.items("talk", "channel", {});
  const answers = channel.readable.getReader();
  await until(() => server.started.length === 2, "both handlers run");
  const own = { code: "INVALID_ARGUMENT", processed: "no", origin: "local" } as const;
  for (const [at, value] of withoutEncoding().entries()) {
    const before = server.started.length;
    await fails(client.caller.request("ask", { param: value }), own);
    same(server.started.length, before, "handlers that saw a param without an encoding");
    await fails(channel.send(value), own);
    await fails(client.caller.request("ask", { param: at }), { code: "INTERNAL", origin: "remote" });
  }
  // A handler may return one: then it is awaited.
  await fails(client.caller.request("ask", { param: Promise.resolve(1) }), own);
  await channel.send("still there");
  same(
    (await within(answers.read(), "an answer")).value,
    "still there",
    "the first item that was sent at all",
  );
  await channel.writable.close();
  const items: unknown[] = [];
  for await (const item of client.caller.items("watch", "stream", {}).readable) items.push(item);
  same(items, ["before", "after"], "items around those that were refused");
  same(
    refusals,
    withoutEncoding().map(() => "INVALID_ARGUMENT"),
    "what the handler was told of them",
  );
  going.open();
  same(await beside, undefined, "the call that ran beside them");
  await until(() => server.session.runningHandlers === 0, "all handlers have settled");
}

/** What is refused as a param (`undefined`), or arrives as something. */
const special: Readonly<Record<EncodingName, readonly (readonly [value: unknown, arrives?: unknown])[]>> = {
  json: [
    [{ a: new Uint8Array([0, 255]) }],
    [Number.NaN],
    [[Number.POSITIVE_INFINITY]],
    [new Float64Array(2)],
    [new ArrayBuffer(2)],
    [-0, 0],
    [{ a: undefined, b: 1 }, { b: 1 }],
    [
      [undefined, 1],
      [null, 1],
    ],
    ["\ud800", "\ud800"],
  ],
  msgpack: [
    [{ a: new Uint8Array([0, 255]) }, { a: new Uint8Array([0, 255]) }],
    [Number.NaN],
    [[Number.POSITIVE_INFINITY]],
    [new Float64Array(2)],
    [new ArrayBuffer(2)],
    [-0, 0],
    [{ a: undefined, b: 1 }, { b: 1 }],
    [
      [undefined, 1],
      [null, 1],
    ],
    ["\ud800"],
  ],
  structured: [
    [{ a: new Uint8Array([0, 255]) }, { a: new Uint8Array([0, 255]) }],
    [Number.NaN, Number.NaN],
    [[Number.POSITIVE_INFINITY], [Number.POSITIVE_INFINITY]],
    ["\ud800", "\ud800"],
  ],
};

async function specialValues(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: { handlers: { ask: echo, askRecord: echo, nothing: () => null } },
  });
  const encoding = encodingOf(rig);
  for (const [value, ...arrives] of encoding === undefined ? [] : special[encoding]) {
    const asked = client.caller.request("ask", { param: value });
    if (arrives.length === 0) await fails(asked, { code: "INVALID_ARGUMENT", processed: "no" });
    else same(await asked, arrives[0], "what arrived");
  }
  same(await client.caller.request("ask"), undefined, "an absent value");
  same(await client.caller.request("ask", { param: null }), null, "null, which is no absent value");
  const record = { name: "photo", data: new Uint8Array([0, 1, 254, 255]) };
  same(
    await client.caller.request("askRecord", { param: record }),
    record,
    "bytes inside, where the schema says so",
  );
  // A result that its procedure does not have.
  await fails(client.caller.request("nothing"), { code: "INTERNAL", origin: "remote" });
}

/** Cases of codecs. */
export const codecCases: readonly SuiteCase[] = [
  { id: "CD-1", title: "plain values arrive as they are, in every place", run: plainValues },
  { id: "CD-4", title: "values without an encoding disturb nobody", run: valuesWithoutEncoding },
  {
    id: "CD-5",
    title: "bytes, halves of text, numbers and absent values travel or are refused",
    run: specialValues,
  },
];
