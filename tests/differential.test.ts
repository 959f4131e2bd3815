/** The same calls over any codec, way and transport: callers and handlers see the same. */
import { Client } from "@sluice/client";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { type Codec, type Link, silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { expect, test } from "vitest";
import { openWay, subjects } from "./conformance/transport-setups.ts";
import { callScript, observeCall, type ScriptedCall } from "./differential/call-script.ts";
import { observed, observedHandlers, type Seen } from "./differential/observed-service.ts";

interface Cell {
  readonly transport: string;
  readonly codec: Codec;
  readonly relays: number;
}

/** What everybody saw, by the number of the call. */
interface Transcript {
  readonly callers: readonly unknown[];
  readonly handlers: Readonly<Record<string, readonly unknown[]>>;
}

/** How many calls are under way at once: what they see must not depend on each other. */
const atOnce = 4;

async function transcriptOver(
  { transport, codec, relays }: Cell,
  script: readonly ScriptedCall[],
): Promise<Transcript> {
  const seen: Seen = new Map();
  const callers: unknown[] = [];
  await finishesCleanly(async () => {
    const way = openWay(transport, relays);
    let take: (link: Link) => void = () => {};
    await way.accept((link) => take(link));
    let notes = 0;
    /** What goes on when the handler of a call waits. */
    const waiting = new Map<number, () => void>();
    const begun = (call: number): Promise<void> => new Promise((resolve) => void waiting.set(call, resolve));
    let allNoted: () => void = () => {};
    const server = new Server({
      protocol: observed,
      public: true,
      logger: silentLogger,
      handlers: observedHandlers(
        seen,
        () => {
          notes++;
          allNoted();
        },
        (call) => waiting.get(call)?.(),
      ),
    });
    server.handle({
      name: transport,
      connect: () => way.connect(),
      accept: (onLink) => {
        take = onLink;
      },
      dispose: async () => {},
    });
    const client = new Client({
      protocol: observed,
      codec,
      logger: silentLogger,
      transport: { name: transport, connect: () => way.connect(), dispose: async () => {} },
    });
    try {
      const left = [...script.entries()];
      const work = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          callers[next[0]] = await observeCall(client, next[0], next[1], begun);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
      const wanted = script.filter(({ procedure }) => procedure === "note").length;
      await new Promise<void>((resolve) => {
        allNoted = () => void (notes >= wanted && resolve());
        allNoted();
      });
    } finally {
      await client.dispose();
      await server.dispose();
      await way.cleanup();
    }
  });
  return { callers, handlers: Object.fromEntries([...seen].sort(([a], [b]) => Number(a) - Number(b))) };
}

const seed = Number(process.env.SLUICE_DIFFERENTIAL_SEED ?? 7);
const length = Number(process.env.SLUICE_DIFFERENTIAL_CALLS ?? 60);
const script = callScript(seed, length);

const chosen = [
  "memory, shared",
  "memory, cloned",
  "message port",
  "memory as bytes",
  "unix",
  "tcp",
  "ws",
  "http",
];
const cells: readonly Cell[] = chosen.flatMap((transport) => {
  const codecs = new Set(subjects.filter(({ name }) => name.startsWith(transport)).map(({ codec }) => codec));
  const relayCounts = transport === "memory, shared" || transport === "tcp" ? [0, 1] : [0, 1, 3];
  return [...codecs].flatMap((codec) => relayCounts.map((relays) => ({ transport, codec, relays })));
});

let expected: Promise<Transcript> | undefined;
/** What is seen in memory, where values are handed over as they are. */
function expectedTranscript(): Promise<Transcript> {
  expected ??= transcriptOver(cells[0] as Cell, script);
  return expected;
}

test(`the script has calls of every kind, and makes handlers see them (seed ${seed})`, async () => {
  const { callers, handlers } = await expectedTranscript();
  expect(callers).toHaveLength(length);
  expect(new Set(script.map(({ procedure }) => procedure))).toEqual(new Set(Object.keys(observed)));
  const codes = new Set(callers.flatMap((one) => (one as { code?: string }[]).map(({ code }) => code)));
  for (const code of [
    "NO_STOCK",
    "CLOSED",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "CANCELLED",
  ]) {
    expect(codes).toContain(code);
  }
  expect(Object.keys(handlers).length).toBeGreaterThan(length / 2);
});

test.each(
  cells.map((cell) => ({ ...cell, name: `${cell.transport}, ${cell.codec.name}, ${cell.relays} relays` })),
)(
  "callers and handlers see over $name what they see in memory",
  async (cell) => {
    expect(await transcriptOver(cell, script)).toEqual(await expectedTranscript());
  },
  60_000,
);
