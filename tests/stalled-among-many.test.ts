/** One reader among a hundred that takes nothing, in sessions over WebSockets and HTTP: what is held for it, and what the others get. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import type { Transport } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { ClientTransport } from "@sluice/transport-http";
import { listenHttp } from "@sluice/transport-http/node";
import { listenWebSocket, WebSocketTransport } from "@sluice/transport-websocket";
import { expect, test } from "vitest";
import { comesToRest, standsStill } from "./world.ts";

const protocol = {
  pour: { type: "stream", receive: { type: "string", contentEncoding: "base64" } },
  count: { type: "stream", param: { type: "integer" }, receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;

/** With the 64 bytes that every message counts, 64 of them are a window of 64 KiB. */
const itemBytes = 960;
const windowItems = 64;

const carriers = {
  WebSocket: {
    listen: () => listenWebSocket({ port: 0 }),
    connect: (url: string) => new WebSocketTransport({ url }),
  },
  HTTP: { listen: () => listenHttp({ port: 0 }), connect: (url: string) => new ClientTransport({ url }) },
} as const satisfies Record<string, { listen: unknown; connect: (url: string) => Transport }>;

test.each(["WebSocket", "HTTP"] as const)(
  "FC-14 H12 over %s one of a hundred that does not read holds its window and not an item more, and 99 get every item",
  (name) => finishesCleanly(() => stallOneOfHundred(name)),
  60_000,
);

async function stallOneOfHundred(name: keyof typeof carriers): Promise<void> {
  const { listen, connect } = carriers[name];
  let poured = 0;
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      async pour({ writable, signal }) {
        const writer = writable.getWriter();
        while (!signal.aborted) {
          await writer.write(new Uint8Array(itemBytes));
          poured++;
        }
      },
      async *count({ param }) {
        for (let number = 1; number <= param; number++) yield number;
      },
    },
  });
  const [url = ""] = await server.listen(listen());
  const clients = Array.from({ length: 100 }, () => new Client({ protocol, transport: connect(url) }));
  const [slow, ...others] = clients as [Client<typeof protocol>, ...Client<typeof protocol>[]];

  const stream = slow.stream("pour");
  await comesToRest(() => poured, windowItems, "items that were poured");
  expect(poured).toBe(windowItems);

  const items = 1_000;
  const counts = await Promise.all(
    others.map(async (client) => {
      let last = 0;
      for await (const number of client.stream("count", { param: items })) {
        if (number !== last + 1) throw new Error(`${number} came where ${last + 1} is next`);
        last = number;
      }
      return last;
    }),
  );
  expect(counts).toEqual(Array(99).fill(items));
  await standsStill(() => poured);
  expect(poured).toBe(windowItems);

  // It goes on where it was.
  let taken = 0;
  for await (const _ of stream) if (++taken === 10 * windowItems) break;
  expect(poured).toBeGreaterThanOrEqual(10 * windowItems);
  await Promise.all(clients.map((client) => client.dispose()));
  await server.dispose();
}
