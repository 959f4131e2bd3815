/** What a stranger writes: every package by its public doors, over each local transport; it prints one line for each. */
import { Client, connect } from "@sluice/client";
import { closures, isError, type ProtocolDefinition } from "@sluice/protocol";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { Server } from "@sluice/server";
import { ajv } from "@sluice/server/ajv";
import { memoryTransport } from "@sluice/transport-memory";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";

const shop = {
  "orders/place": {
    type: "request",
    param: {
      type: "object",
      properties: { item: { type: "string" }, count: { type: "integer", minimum: 1 } },
      required: ["item", "count"],
    },
    result: { type: "string" },
    errors: {
      NO_STOCK: { data: { type: "object", properties: { left: { type: "integer" } }, required: ["left"] } },
    },
  },
  "numbers/count": {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "integer" },
  },
  "bytes/echo": {
    type: "request",
    param: { type: "string", contentEncoding: "base64" },
    result: { type: "string", contentEncoding: "base64" },
  },
} as const satisfies ProtocolDefinition;

function makeServer(): Server<typeof shop> {
  return new Server({
    protocol: shop,
    public: true,
    validator: ajv(),
    handlers: {
      "orders/place": ({ param, fail }) =>
        param.count > 3 ? fail("NO_STOCK", { left: 3 }) : `${param.count} × ${param.item}`,
      async *"numbers/count"({ param }) {
        for (let n = 1; n <= param; n++) yield n;
        return param;
      },
      "bytes/echo": ({ param }) => param,
    },
  });
}

async function use(client: Client<typeof shop>): Promise<void> {
  const placed: string = await client.request("orders/place", { param: { item: "pen", count: 2 } });
  let sum = 0;
  const counting = client.stream("numbers/count", { param: 4 });
  for await (const n of counting) sum += n;
  const total: number = await counting;
  const echoed: Uint8Array = await client.request("bytes/echo", { param: new Uint8Array([1, 2, 3]) });
  let left = -1;
  try {
    await client.api.orders.place({ item: "pen", count: 9 });
  } catch (error) {
    if (isError(error, shop, "orders/place", "NO_STOCK")) left = error.data.left;
  }
  console.log(placed, sum, total, echoed.join("-"), left);
}

async function overMemory(): Promise<void> {
  const transport = memoryTransport();
  const server = makeServer();
  server.handle(transport.server);
  const client = new Client({ protocol: shop, transport: transport.client, validator: closures() });
  await use(client);
  await client.dispose();
  await server.dispose();
}

async function overUnixSocket(path: string): Promise<void> {
  const server = makeServer();
  await server.listen(listenSocket({ path }));
  const client = new Client({
    protocol: shop,
    transport: new SocketTransport({ socket: path }),
    codec: msgpackCodec,
  });
  await use(client);
  await client.dispose();
  await server.dispose();
}

async function overTcp(): Promise<void> {
  const server = makeServer();
  const [address = ""] = await server.listen("tcp://127.0.0.1:0");
  const client = await connect(address, { protocol: shop });
  await use(client);
  await client.dispose();
  await server.dispose();
}

await overMemory();
await overUnixSocket("./stranger.sock");
await overTcp();
