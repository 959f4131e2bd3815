/** A list of calls that follows from a seed, and what a client sees of each when it makes them. */
import type { Client } from "@sluice/client";
import { SluiceError } from "@sluice/protocol";
import { Dice } from "@sluice/protocol/testing";
import { digestOf, type Observed } from "./observed-service.ts";

export interface ScriptedCall {
  readonly procedure: keyof Observed;
  readonly param?: unknown;
  readonly items?: readonly unknown[];
  readonly metadata: Readonly<Record<string, string>>;
  /** After so many items the reader leaves, with a stop; `abort`: the call is given up then. */
  readonly take?: number;
  readonly isAborted?: boolean;
  readonly timeout?: number;
}

/** What `json` and `msgpack` and memory carry alike (docs/codecs.md). */
const values: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  0.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53 - 1,
  1e300,
  -5e-324,
  "",
  "text",
  'é ü 😀 \u2028 \u0000 " \\ </script>',
  "a".repeat(31),
  "b".repeat(256),
  "c".repeat(70_000),
  [],
  {},
  [[], [[]], [{ a: [] }]],
  { "": 0, $: 1, constructor: 2, "a.b": { c: [null] } },
  Array.from({ length: 300 }, (_, at) => at * 1_000),
  Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`member ${at}`, { at, half: at / 2 }])),
];

const texts = ["zone b", "é😀", "a".repeat(500), " ", '"quoted"'];

function bytes(dice: Dice, length: number): Uint8Array {
  const first = dice.below(256);
  return Uint8Array.from({ length }, (_, at) => (first + at * 7) & 255);
}

const sizes = [0, 1, 63, 1_000, 20_000, 70_000, 200_000];

/** One of each end that a call can have, whatever the seed. */
const ends: readonly Omit<ScriptedCall, "metadata">[] = [
  { procedure: "refuse", param: null },
  { procedure: "refuse", param: { left: 3 } },
  { procedure: "crash" },
  { procedure: "strict", param: { n: 13 } },
  { procedure: "strict", param: { n: -1 } },
  // Long enough for any way to bring it to its handler before it passes.
  { procedure: "wait", timeout: 1_000 },
  { procedure: "wait", isAborted: true },
  { procedure: "failing", param: 3 },
  { procedure: "count", param: 5_000, take: 3 },
  { procedure: "count", param: 5_000, take: 3, isAborted: true },
  { procedure: "chat", items: ["one", "enough"] },
];

/** `count` calls. The first ones make each value of the table and each end pass once. */
export function callScript(seed: number, count: number): readonly ScriptedCall[] {
  const dice = Dice.seeded(seed);
  const all: ScriptedCall[] = [
    { procedure: "values", param: values, metadata: {} },
    { procedure: "chat", items: values, metadata: {} },
    ...values.map((param): ScriptedCall => ({ procedure: "echo", param, metadata: {} })),
    ...ends.map((end): ScriptedCall => ({ ...end, metadata: {} })),
  ];
  const value = (): unknown => dice.pick(values);
  const made = (): Omit<ScriptedCall, "metadata"> =>
    dice.weighed<Omit<ScriptedCall, "metadata">>([
      [3, () => ({ procedure: "echo", ...(dice.oneIn(5) ? {} : { param: value() }) })],
      [2, () => ({ procedure: "bytes", param: bytes(dice, dice.pick(sizes)) })],
      [
        2,
        () => ({ procedure: "strict", param: dice.pick([{ n: 1 }, { n: 13 }, { n: -1 }, { n: "x" }, {}]) }),
      ],
      [2, () => ({ procedure: "refuse", param: dice.pick([null, 1, { left: 3 }]) })],
      [1, () => ({ procedure: "crash" })],
      [1, () => ({ procedure: "wait", isAborted: true })],
      [2, () => ({ procedure: "count", param: dice.pick([0, 1, 2, 100, 2_000]) })],
      [1, () => ({ procedure: "count", param: 5_000, take: 1 + dice.below(20) })],
      [1, () => ({ procedure: "count", param: 5_000, take: 1 + dice.below(20), isAborted: true })],
      [1, () => ({ procedure: "values", param: dice.list(0, 6, value) })],
      [1, () => ({ procedure: "failing", param: dice.below(30) })],
      [
        2,
        () => ({
          procedure: "upload",
          param: value(),
          items: dice.list(0, 8, () => bytes(dice, dice.pick(sizes))),
        }),
      ],
      [2, () => ({ procedure: "chat", items: dice.list(0, 8, value) })],
      [1, () => ({ procedure: "chat", items: ["one", "enough"] })],
      [1, () => ({ procedure: "note", param: value() })],
    ]);
  while (all.length < count) {
    const metadata = dice.oneIn(3) ? { [`about ${dice.below(3)}`]: dice.pick(texts) } : {};
    all.push({ ...made(), metadata });
  }
  return all;
}

/** Makes a call; gives what its caller sees, in order. `begun`: when the handler of a request runs. */
export async function observeCall(
  client: Client<Observed>,
  number: number,
  call: ScriptedCall,
  begun: (number: number) => Promise<void> = () => Promise.resolve(),
): Promise<unknown[]> {
  const { procedure, param, items = [], take, isAborted, timeout } = call;
  const seen: unknown[] = [];
  const controller = new AbortController();
  const options = {
    param,
    metadata: { call: `${number}`, ...call.metadata },
    signal: controller.signal,
    ...(timeout === undefined ? {} : { timeout }),
  } as never;
  try {
    if (procedure === "note") {
      await client.event("note", { data: param, metadata: { call: `${number}`, ...call.metadata } });
      return ["noted"];
    }
    if (procedure === "count" || procedure === "values" || procedure === "failing") {
      const stream = client.stream(procedure, options);
      await readItems(stream, seen, take, () => isAborted && stream.abort());
      seen.push({ result: await stream });
    } else if (procedure === "upload" || procedure === "chat") {
      const channel = client.channel(procedure, options);
      // Who leaves early may not have said all.
      const writing = writeItems(channel.writable as WritableStream<unknown>, items, take === undefined);
      if (procedure === "chat") {
        await readItems(channel as AsyncIterable<unknown>, seen, take, () => isAborted && channel.abort());
      }
      seen.push({ result: await channel });
      await writing;
    } else {
      const asked = client.request(procedure, options);
      if (isAborted) void begun(number).then(() => controller.abort());
      const result: unknown = await asked;
      seen.push({ result: result instanceof Uint8Array ? digestOf(result) : result });
    }
  } catch (error) {
    seen.push(seenError(error));
  }
  return seen;
}

async function readItems(
  items: AsyncIterable<unknown>,
  seen: unknown[],
  take: number | undefined,
  leaves: () => void,
): Promise<void> {
  let count = 0;
  for await (const item of items) {
    seen.push({ item });
    if (++count !== take) continue;
    leaves();
    break;
  }
}

/** A handler that has heard enough takes no more; that is not what is compared. */
async function writeItems(
  writable: WritableStream<unknown>,
  items: readonly unknown[],
  ends: boolean,
): Promise<void> {
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  try {
    for (const item of items) await writer.write(item);
    if (ends) await writer.close();
  } catch {
    // The call says why.
  }
}

/** An error without what is different each time. */
function seenError(error: unknown): unknown {
  if (!SluiceError.is(error)) return { thrown: String(error) };
  const { code, processed, retryable, origin, data } = error;
  // Both ends have a clock, and whichever is first says so.
  if (code === "DEADLINE_EXCEEDED") return { code, processed };
  const message = error.message.replace(/reference [0-9a-f-]{36}/, "reference …");
  return { code, message, processed, retryable, origin, data };
}
