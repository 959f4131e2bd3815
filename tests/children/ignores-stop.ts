/**
 * A server whose handler goes on writing after it was told to stop, and a client beside it. Prints what the client was still given.
 */
import { Client } from "@sluice/client";
import { Server } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";
import { handlers } from "../handlers.ts";
import { protocol } from "../protocol.ts";

const { client: transport, server: accepted } = memoryTransport();
const server = new Server({
  protocol,
  public: true,
  handlers: {
    ...handlers,
    async "bytes/pour"({ writable }) {
      const writer = writable.getWriter();
      for (;;) await writer.write(new Uint8Array(10));
    },
  },
});
server.handle(accepted);
const client = new Client({ protocol, transport, graceMs: 100 });
const stream = client.stream("bytes/pour", { param: { size: 10 } });
for await (const _ of stream) break;
console.log(await client.request("math/add", { param: { a: 1, b: 2 } }));
const tick = await new Promise((resolve) => setTimeout(() => resolve("tick"), 10));
console.log(tick);
await client.dispose();
await server.dispose();
console.log("over");
