/**
 * CD-2: payloads and names that were made to do harm. They end their call, or are plain data.
 *
 * Spec: docs/codecs.md "What a decoder refuses", docs/wire.md §6.
 */
import type { SluiceError } from "../../../errors/sluice-error.ts";
import { type DataFrame, FrameType, type PayloadFields } from "../../../frame/frame.ts";
import { check, fails, same, settle, within } from "../expect.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

const echo = ({ param }: SuiteContext): unknown => param;

/** Names that objects, promises and libraries look at. */
const strangeNames: readonly string[] = [
  ...[
    "constructor",
    "prototype",
    "toString",
    "valueOf",
    "hasOwnProperty",
    "then",
    "toJSON",
    "length",
    "size",
  ],
  ...[
    "__defineGetter__",
    "__lookupSetter__",
    "isPrototypeOf",
    "call",
    "apply",
    "bind",
    "nodeType",
    "$$typeof",
    "",
  ],
];

async function strangeMembers(rig: Rig): Promise<void> {
  const { client } = await rig.peers({ server: { handlers: { ask: echo } } });
  const before = Object.getOwnPropertyNames(Object.prototype).length;
  for (const name of strangeNames) {
    const value = { [name]: { polluted: "yes" }, inner: [{ [name]: 1 }] };
    same(await client.caller.request("ask", { param: value }), value, `a member called ${name}`);
  }
  const forged: unknown = JSON.parse('{"__proto__": {"polluted": "yes"}}');
  const outcome = await settle(client.caller.request("ask", { param: forged }));
  if ("reason" in outcome)
    same((outcome.reason as SluiceError).code, "INVALID_ARGUMENT", "the code for __proto__");
  else same(Object.keys(outcome.value as object), ["__proto__"], "members of what arrived");
  check(({} as { polluted?: unknown }).polluted === undefined, "no prototype has changed");
  same(Object.getOwnPropertyNames(Object.prototype).length, before, "members of Object.prototype");
}

const utf8 = new TextEncoder();
const json = (text: string): Uint8Array => utf8.encode(text);
const hex = (digits: string): Uint8Array =>
  Uint8Array.from(digits.replaceAll(" ", "").match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const deep = 20_000;

/** Payloads that no decoder may believe. */
const hostile: Readonly<Record<"json" | "msgpack", readonly Uint8Array[]>> = {
  json: [
    ...[
      "NaN",
      "{a:1}",
      "[1,]",
      "{} {}",
      "'a'",
      "01",
      " ",
      "1e309",
      '{"a":1e999}',
      '"\u0000"',
      '"\\x"',
      "[",
      '{"a"',
    ].map(json),
    ...["[".repeat(deep), "[".repeat(deep) + "]".repeat(deep), '{"a":'.repeat(deep / 2)].map(json),
    ...["[".repeat(65) + "]".repeat(65), `[${"0,".repeat(30_000)}`].map(json),
    ...["22 ff 22", "22 c0af 22", "22 eda080 22", "7b 22 ff 22 3a 31 7d", "fe ff 00 31"].map(hex),
  ],
  msgpack: [
    ...["c1", "d4 01 00", "d6 ff 00000000", "c7 00 70", "c9 00000000 70", "cf 0020000000000000"].map(hex),
    ...["d3 8000000000000000", "cb 7ff8000000000000", "cb fff0000000000000", "ca 7f800000"].map(hex),
    ...["81 01 02", "81 c0 02", "81 a9 5f5f70726f746f5f5f 01", "a1 ff", "a3 eda080", "a2 c0af"].map(hex),
    ...["a2 61", "92 01", "cd 01", "c4 05 00", "db ffffffff", "c6 ffffffff", "01 01"].map(hex),
    ...["dd ffffffff", "df ffffffff", "dc ffff".repeat(2_000), "de ffff a1 61".repeat(2_000)].map(hex),
    ...[`${"91".repeat(deep)} c0`, `${"81 a161".repeat(deep / 2)} c0`, `${"91".repeat(65)} c0`].map(hex),
  ],
};

/** For codecs that the suite does not know there are none. */
function payloadsFor({ codecs }: Rig): readonly Uint8Array[] {
  const name = codecs[0]?.name;
  return name === "json" || name === "msgpack" ? hostile[name] : [];
}

function whole(payload: Uint8Array): PayloadFields {
  return { more: false, raw: false, total: payload.length, payload, start: 0, end: payload.length };
}

async function hostileParams(rig: Rig): Promise<void> {
  const payloads = payloadsFor(rig);
  const { frames, accepting } = await rig.framesToServer({ handlers: { ask: echo, upload: echo } });
  frames.send(frames.hello());
  await frames.next(FrameType.WELCOME);
  const server = await accepting;
  for (const [at, payload] of payloads.entries()) {
    const call = 1 + 2 * at;
    frames.send(frames.open(call, "ask", whole(payload)));
    const { body } = await frames.next(FrameType.ERROR, call);
    same(body.code, "DECODE_ERROR", `the code for ${[...payload.subarray(0, 8)]} of ${payload.length} bytes`);
  }
  await frames.proveLife();
  same(server.started, [], "handlers that ran");
  same(server.session.state.name, "open", "the session afterwards");
}

async function hostileResultsAndItems(rig: Rig): Promise<void> {
  const payloads = payloadsFor(rig);
  const { frames, connecting } = await rig.framesToClient();
  frames.send(frames.welcome());
  const client = await connecting;
  for (const payload of payloads) {
    const data: DataFrame = { ...frames.data(0, 0, 0), ...whole(payload) };
    const asked = settle(client.caller.request("ask"));
    const { call } = await frames.next(FrameType.OPEN);
    frames.send({ ...data, call, type: FrameType.RESULT });
    const outcome = await within(asked, "the end of the call");
    same(
      "reason" in outcome && (outcome.reason as SluiceError).code,
      "DECODE_ERROR",
      "what the caller is told of a result",
    );
    const stream = client.caller.items("watch", "stream", {});
    const watching = await frames.next(FrameType.OPEN);
    frames.send({ ...data, call: watching.call });
    await fails(stream.readable.getReader().read(), { code: "DECODE_ERROR" });
    await fails(stream.result, { code: "DECODE_ERROR" });
  }
  await frames.proveLife();
  same(client.session.state.name, "open", "the session afterwards");
}

/** Cases of payloads that are not to be trusted. */
export const hostileValueCases: readonly SuiteCase[] = [
  { id: "CD-2", title: "members with the names of prototypes are data", run: strangeMembers },
  {
    id: "CD-2",
    title: "hostile params end their call, and no handler runs",
    needs: "binary",
    run: hostileParams,
  },
  {
    id: "CD-2",
    title: "hostile results and items end their call only",
    needs: "binary",
    run: hostileResultsAndItems,
  },
];
