/**
 * A counter as a guide writes it, server and client in one process, with nothing disposed of but the client and the `net.Server`.
 * Arguments: the socket's path, and ms between two numbers.
 */
import { createServer } from "node:net";
import { Client } from "@sluice/client";
import type { AnyClientMessageOf, AnyServerMessageOf, ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { SocketTransport } from "@sluice/transport-socket";

const protocol = {
  counter: {
    type: "stream",
    param: { type: "object", properties: { max: { type: "number" } }, required: ["max"] },
    receive: { type: "object", properties: { count: { type: "number" } }, required: ["count"] },
    result: { type: "object", properties: { total: { type: "number" } }, required: ["total"] },
  },
} as const satisfies ProtocolDefinition;
type Protocol = typeof protocol;

const [path = "", pause] = process.argv.slice(2);

const netServer = createServer((socket) => {
  const transport = new SocketTransport<AnyClientMessageOf<Protocol>, AnyServerMessageOf<Protocol>>({
    socket,
  });
  new Server({
    protocol,
    transport,
    public: true,
    handlers: {
      counter: async ({ param, writable, signal }) => {
        const writer = writable.getWriter();
        for (let count = 1; count <= param.max; count++) {
          if (signal.aborted) break;
          await writer.write({ count });
          await new Promise((resolve) => setTimeout(resolve, Number(pause)));
        }
        return { total: param.max };
      },
    },
  });
});

netServer.listen(path, async () => {
  console.log("Server running");
  const transport = new SocketTransport<AnyServerMessageOf<Protocol>, AnyClientMessageOf<Protocol>>({
    socket: path,
  });
  const client = new Client({ transport });
  const stream = client.stream("counter", { param: { max: 5 } });
  for await (const message of stream.readable) console.log(`Count: ${message.count}`);
  const result = await stream;
  console.log(`Total: ${result.total}`);
  await client.dispose();
  netServer.close();
});
