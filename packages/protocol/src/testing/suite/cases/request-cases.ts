/**
 * RQ-1…RQ-8: one question, one answer, whatever is asked and whatever goes wrong. Spec: docs/wire.md §4.3, §4.13, §6.
 */
import { SluiceError } from "../../../errors/sluice-error.ts";
import { check, fails, same, turns, until, within } from "../expect.ts";
import { structuredOverhead } from "../frame-peer.ts";
import type { Rig } from "../rig.ts";
import type { SuiteCase } from "../suite-case.ts";
import type { SuiteContext } from "../suite-peer.ts";

const echo = ({ param }: SuiteContext): unknown => param;

async function nothingBothWays(rig: Rig): Promise<void> {
  const noted: unknown[] = [];
  const { client, server } = await rig.peers({
    server: { handlers: { nothing: () => undefined, note: ({ data }) => void noted.push(data) } },
  });
  same(await client.caller.request("nothing"), undefined, "the result");
  same(await client.caller.event("note"), undefined, "what an event resolves with");
  same(await client.caller.event("note", { data: null }), undefined, "what an event resolves with");
  await until(() => noted.length === 2, "both events were handled");
  same(noted, [undefined, null], "the data of the events");
  same(server.started, ["nothing", "note", "note"], "handlers that ran");
}

async function everySize(rig: Rig): Promise<void> {
  const most = 20_000;
  const limits = { limits: { maxMessage: most } };
  const { client, server } = await rig.peers({
    client: { limits },
    server: { limits, handlers: { askBytes: echo, ask: ({ param }) => rig.bytes(param as number) } },
  });
  const least = rig.kind === "structured" ? structuredOverhead : 0;
  for (const size of [least, least + 1, most - 1, most]) {
    const value = rig.bytes(size).fill(size % 251);
    same(
      await client.caller.request("askBytes", { param: value }),
      value,
      `an echo of ${size} payload bytes`,
    );
  }
  const before = server.started.length;
  const tooLarge = client.caller.request("askBytes", { param: rig.bytes(most + 1) });
  await fails(tooLarge, { code: "RESOURCE_EXHAUSTED", processed: "no", origin: "local", says: [`${most}`] });
  same(server.started.length, before, "handlers that saw a param above the limit");
  await fails(client.caller.request("ask", { param: most + 1 }), { code: "INTERNAL", processed: "maybe" });
  same(
    await client.caller.request("ask", { param: most }),
    rig.bytes(most),
    "a result at the limit, after one above",
  );
}

async function declaredError(rig: Rig): Promise<void> {
  const { client } = await rig.peers({
    server: { handlers: { askCount: ({ fail }) => fail("NO_STOCK", { left: 3 }) } },
  });
  const error = await fails(client.caller.request("askCount", { param: { n: 1 } }), {
    code: "NO_STOCK",
    origin: "remote",
    processed: "maybe",
  });
  same(error.data, { left: 3 }, "the error's data");
}

async function unexpectedThrow(rig: Rig): Promise<void> {
  const secret = "secret-4711";
  const thrown: readonly (() => unknown)[] = [
    () => new Error(secret),
    () => secret,
    () => Object.freeze(new TypeError(secret)),
    () => undefined,
    () => Object.assign(Object.create(null), { message: secret }),
  ];
  const { client } = await rig.peers({
    server: {
      handlers: {
        ask({ param }) {
          throw thrown[param as number]?.();
        },
        async askBytes() {
          await turns(1);
          throw new Error(secret);
        },
      },
    },
  });
  const calls = [
    ...thrown.map((_, at) => client.caller.request("ask", { param: at })),
    client.caller.request("askBytes", { param: new Uint8Array(1) }),
  ];
  for (const call of calls) {
    const error = await fails(call, { code: "INTERNAL", origin: "remote", processed: "maybe" });
    check(!JSON.stringify(error).includes(secret), "what a handler throws stays home");
  }
  const known = await rig.peers({
    server: {
      handlers: {
        ask() {
          throw new SluiceError("NOT_FOUND", "no such thing");
        },
      },
    },
  });
  await fails(known.client.caller.request("ask"), {
    code: "NOT_FOUND",
    origin: "remote",
    says: ["no such thing"],
  });
}

async function unknownProcedure(rig: Rig): Promise<void> {
  const { client, server } = await rig.peers({
    client: { knowsProtocol: false },
    server: { handlers: { ask: echo } },
  });
  const names = [
    "nope",
    "toString",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "then",
    "ASK",
    "ask ",
    "$nope",
    "ask/x",
  ];
  for (const name of names) {
    await fails(client.caller.request(name), { code: "UNIMPLEMENTED", processed: "no", origin: "remote" });
  }
  const stream = client.caller.items("toString", "stream");
  await fails(stream.result, { code: "UNIMPLEMENTED", processed: "no" });
  same(server.started, [], "handlers that ran");
  same(await client.caller.request("ask", { param: 1 }), 1, "a call afterwards");
}

async function invalidValues(rig: Rig): Promise<void> {
  const handlers = { askCount: () => ({ n: -1 }) };
  const strict = await rig.peers({ server: { handlers } });
  const why = ["/n", "minimum"];
  const local = strict.client.caller.request("askCount", { param: { n: -1 } });
  await fails(local, { code: "INVALID_ARGUMENT", processed: "no", origin: "local", says: why });
  same(strict.server.started, [], "handlers that ran");
  await fails(strict.client.caller.request("askCount", { param: { n: 1 } }), {
    code: "INTERNAL",
    origin: "remote",
  });

  const careless = await rig.peers({ client: { knowsProtocol: false }, server: { handlers } });
  const remote = careless.client.caller.request("askCount", { param: { n: -77 } });
  const error = await fails(remote, {
    code: "INVALID_ARGUMENT",
    processed: "no",
    origin: "remote",
    says: why,
  });
  check(!error.message.includes("77"), "the value itself is not told");
  same(careless.server.started, [], "handlers that ran");
}

async function metadataIsSeen(rig: Rig): Promise<void> {
  const { client } = await rig.peers({ server: { handlers: { ask: ({ metadata }) => ({ ...metadata }) } } });
  const sent = {
    ascii: "plain",
    empty: "",
    text: "žluťoučký kůň 🐎 \u2028 \u0000",
    constructor: "not a function",
    ...Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`entry-${at}`, `${at}`])),
  };
  same(await client.caller.request("ask", { metadata: sent }), sent, "metadata that the handler saw");
  same(await client.caller.request("ask"), {}, "metadata of a call without any");
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`entry-${at}`, ""]));
  await fails(client.caller.request("ask", { metadata: many }), {
    code: "RESOURCE_EXHAUSTED",
    processed: "no",
  });
  const large = { large: "x".repeat(8_192) };
  await fails(client.caller.request("ask", { metadata: large }), {
    code: "RESOURCE_EXHAUSTED",
    processed: "no",
  });
}

async function thousandAtOnce(rig: Rig): Promise<void> {
  const { client, server } = await rig.peers({
    server: {
      handlers: {
        async ask({ param }) {
          await turns((param as number) % 7);
          return param;
        },
      },
    },
  });
  const numbers = Array.from({ length: 1_000 }, (_, at) => at);
  const results = await within(
    Promise.all(numbers.map((param) => client.caller.request("ask", { param }))),
    "a thousand results",
  );
  same(results, numbers, "each call has its own result");
  same(server.started.length, 1_000, "handlers that ran");
}

/** Cases of requests and events. */
export const requestCases: readonly SuiteCase[] = [
  { id: "RQ-1", title: "neither param nor result nor reply", run: nothingBothWays },
  { id: "RQ-2", title: "every size to the limit goes through, one byte more is refused", run: everySize },
  { id: "RQ-3", title: "a declared error arrives with its data", run: declaredError },
  {
    id: "RQ-4",
    title: "whatever a handler throws arrives as INTERNAL and says nothing",
    run: unexpectedThrow,
  },
  {
    id: "RQ-5",
    title: "unknown procedures are UNIMPLEMENTED, names of prototypes too",
    run: unknownProcedure,
  },
  { id: "RQ-6", title: "invalid params and results reach nobody", run: invalidValues },
  { id: "RQ-7", title: "metadata is seen as it was sent", run: metadataIsSeen },
  { id: "RQ-8", title: "a thousand calls at once each get their own result", run: thousandAtOnce },
];
