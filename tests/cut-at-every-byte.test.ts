/** One exchange, over links that break at each of its bytes in turn: its results are the same, and each handler runs once. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect, isDeepStrictEqual } from "node:util";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { type ConnectionFaults, MemoryFaultProxy } from "@sluice/protocol/testing";
import { faultProxy, finishesCleanly } from "@sluice/protocol/testing/node";
import type { Transport } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const protocol = {
  greet: { type: "request", param: { type: "string" }, result: { type: "string" } },
  count: {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "string" },
  },
  chat: {
    type: "channel",
    param: {},
    send: { type: "string" },
    receive: { type: "string" },
    result: { type: "integer" },
  },
  seen: { type: "event", data: { type: "string" } },
} as const satisfies ProtocolDefinition;

const ignore = (): void => {};
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Wire {
  /** For a client whose first link breaks as `faults` say. */
  transport(faults: ConnectionFaults): Promise<Transport>;
  /** Bytes that have passed each way since the last `transport()`. */
  passed(): { readonly toServer: number; readonly toClient: number };
  close(): Promise<void>;
}

/** A server that notes which handlers run. */
function makeServer(note: (handler: string) => void): Server<typeof protocol> {
  return new Server({
    protocol,
    public: true,
    handlers: {
      greet: ({ param }) => {
        note("greet");
        return `hello ${param}`;
      },
      async *count({ param }) {
        note("count");
        for (let n = 1; n <= param; n++) yield n;
        return "counted";
      },
      async *chat({ readable }) {
        note("chat");
        let heard = 0;
        for await (const text of readable) {
          heard++;
          yield text.toUpperCase();
        }
        return heard;
      },
      seen: () => note("seen"),
    },
  });
}

const long = "x".repeat(300);
/** What a client sees of an exchange. */
const whole = {
  greeting: "hello world",
  counted: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  heard: ["A", "B", long.toUpperCase(), "C"],
  results: ["counted", 4],
};

async function exchange(client: Client<typeof protocol>): Promise<void> {
  const greeting = await client.request("greet", { param: "world" });
  const counted: number[] = [];
  const counting = client.stream("count", { param: 12 });
  const chat = client.channel("chat", { param: undefined });
  const said = (async () => {
    for (const text of ["a", "b", long, "c"]) await chat.send(text);
    await chat.writable.close();
  })();
  const heard: string[] = [];
  for await (const text of chat) heard.push(text);
  for await (const n of counting) counted.push(n);
  await said;
  const seen = { greeting, counted, heard, results: [await counting, await chat] };
  await client.event("seen", { data: "enough" });
  // Without `expect`, whose own work would be most of what thousands of exchanges cost.
  if (!isDeepStrictEqual(seen, whole)) throw new Error(`It was seen that ${inspect(seen)}`);
}

const carriers: [string, (server: Server<typeof protocol>, name: string) => Promise<Wire>][] = [
  [
    "memory",
    async (server) => {
      let proxy: MemoryFaultProxy | undefined;
      return {
        async transport(faults) {
          proxy = new MemoryFaultProxy({ faults: (connection) => (connection === 1 ? faults : {}) });
          server.handle(proxy.server);
          return proxy.client;
        },
        passed: () => proxy?.bytes ?? { toServer: 0, toClient: 0 },
        async close() {},
      };
    },
  ],
  [
    "unix",
    async (server, name) => {
      const [address = ""] = await server.listen(listenSocket({ path: join(folder, `server-${name}`) }));
      let faults: ConnectionFaults = {};
      let isFirst = true;
      const proxy = await faultProxy(`unix:${join(folder, `proxy-${name}`)}`, address, {
        faults: () => {
          const now = isFirst ? faults : {};
          isFirst = false;
          return now;
        },
      });
      let before = { ...proxy.bytes };
      return {
        async transport(given) {
          faults = given;
          isFirst = true;
          before = { ...proxy.bytes };
          return new SocketTransport({ socket: proxy.address });
        },
        passed: () => ({
          toServer: proxy.bytes.toServer - before.toServer,
          toClient: proxy.bytes.toClient - before.toClient,
        }),
        close: () => proxy.close(),
      };
    },
  ],
];

describe.each(carriers)("SE-1 X1 over %s", (_, open) => {
  test.each(["toServer", "toClient"] as const)(
    "an exchange that is cut at every byte %s loses nothing, and runs each handler once",
    (way) =>
      finishesCleanly(async () => {
        /** Names of the handlers that ran, for each exchange. */
        const ran: string[][] = [];
        const server = makeServer((handler) => ran.at(-1)?.push(handler));
        const wire = await open(server, way);
        let cuts = 0;
        const once = async (faults: ConnectionFaults): Promise<void> => {
          const transport = await wire.transport(faults);
          ran.push([]);
          const reconnect = { initial: 0, max: 0, jitter: "none" } as const;
          const client = new Client({ protocol, transport, reconnect, logger: silent });
          client.on("status", (status) => {
            if (status === "reconnecting") cuts++;
          });
          await exchange(client);
          await client.dispose();
        };
        await once({});
        const total = wire.passed()[way];
        expect(total).toBeGreaterThan(500);
        for (let at = 1; at < total; at++) await once({ [way]: { cutAt: at } });
        expect(ran.map((handlers) => handlers.sort().join())).toEqual(
          Array(total).fill("chat,count,greet,seen"),
        );
        // But for those in the handshake, whose client was not connected yet, and in the farewell.
        expect(cuts).toBeGreaterThan(total / 2);
        await wire.close();
        await server.dispose();
      }),
    240_000,
  );
});
