// oRPC over WebSockets: procedures whose inputs, outputs and items zod checks; streams are event iterators.
import { once } from "node:events";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/websocket";
import { eventIterator, os } from "@orpc/server";
import { RPCHandler } from "@orpc/server/ws";
import { WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { counters, producedLimit, TickCheck, tick } from "../values.mjs";
import { Hub } from "./hub.mjs";
import { integer, person, record, tick as tickSchema } from "./schemas.mjs";

const hub = new Hub();
const items = eventIterator(tickSchema);

const router = {
  echo: os
    .input(person)
    .output(person)
    .handler(async ({ input }) => input),
  echoRecord: os
    .input(record)
    .output(record)
    .handler(async ({ input }) => input),
  ticks: os
    .input(integer)
    .output(items)
    .handler(async function* ({ input }) {
      for (let seq = 0; seq < input; seq++) yield tick(seq);
    }),
  pour: os.output(items).handler(async function* () {
    for (let seq = 0; seq < producedLimit; seq++) {
      counters.produced++;
      yield tick(seq);
    }
  }),
  watch: os.output(items).handler(async function* ({ signal }) {
    yield tick(0);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }),
  subscribe: os.output(items).handler(async function* ({ signal }) {
    yield* hub.items(signal);
  }),
  subscribers: os.output(integer).handler(async () => hub.subscribers),
  publish: os
    .input(integer)
    .output(z.null())
    .handler(async ({ input }) => {
      await hub.publish(input);
      return null;
    }),
};

export async function serve() {
  const handler = new RPCHandler(router);
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", (socket) => void handler.upgrade(socket));
  await once(server, "listening");
  return `ws://127.0.0.1:${server.address().port}`;
}

export async function connect(address) {
  const websocket = new WebSocket(address, { perMessageDeflate: false });
  await once(websocket, "open");
  const client = createORPCClient(new RPCLink({ websocket }));
  return {
    echo: (value) => client.echo(value),
    echoRecord: (value) => client.echoRecord(value),
    async ticks(count, check = new TickCheck()) {
      for await (const item of await client.ticks(count)) check.take(item);
      return check.count;
    },
    async pour(take) {
      for await (const item of await client.pour()) if (!(await take(item))) return;
    },
    async watch() {
      await (await client.watch()).next();
    },
    async subscribe(onItem) {
      const events = await client.subscribe();
      void (async () => {
        for await (const item of events) onItem(item);
      })().catch(() => {});
    },
    subscribers: () => client.subscribers(),
    publish: (count) => client.publish(count),
    close: async () => websocket.terminate(),
  };
}
