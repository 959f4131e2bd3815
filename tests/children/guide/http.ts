/** E31: a fetch handler served by whatever serves fetch handlers, and a client with nothing but a URL. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { ClientTransport, ServerTransport } from "@sluice/transport-http";

const protocol = {
  "metrics/stream": {
    type: "stream",
    param: {
      type: "object",
      properties: { interval: { type: "number" } },
      required: ["interval"],
      additionalProperties: false,
    },
    receive: {
      type: "object",
      properties: { cpu: { type: "number" } },
      required: ["cpu"],
      additionalProperties: false,
    },
    result: {
      type: "object",
      properties: { totalSamples: { type: "number" } },
      required: ["totalSamples"],
      additionalProperties: false,
    },
  },
} as const satisfies ProtocolDefinition;

type Protocol = typeof protocol;

const httpTransport = new ServerTransport<Protocol>({
  allowedOrigin: ["https://example.com"],
});
const server = new Server({
  protocol,
  transport: httpTransport,
  public: true,
  handlers: {
    "metrics/stream": async ({ param, writable }) => {
      const writer = writable.getWriter();
      for (let n = 1; n <= 3; n++) await writer.write({ cpu: n * param.interval });
      return { totalSamples: 3 };
    },
  },
});

const listening = serve({ fetch: httpTransport.fetch, port: 0, hostname: "127.0.0.1" });
await once(listening, "listening");
const { port } = listening.address() as AddressInfo;

const clientTransport = new ClientTransport<Protocol>({
  url: `http://127.0.0.1:${port}/rpc`,
});
const client = new Client({ transport: clientTransport });

// Same API: streams use SSE under the hood.
const stream = client.stream("metrics/stream", { param: { interval: 2000 } });
for await (const metric of stream.readable) {
  console.log(metric.cpu);
}
console.log(await stream);

await client.dispose();
await server.dispose();
listening.close();
