/** What has passed over HTTP is kept by nobody: neither by the client that has read it nor by the server. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { expect, test } from "vitest";
import { ClientTransport } from "../src/client-transport.ts";
import { NodeClientTransport } from "../src/node-client-transport.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { type HttpMeans, serveHttp } from "./http-world.ts";

const protocol = {
  talk: {
    type: "channel",
    send: { type: "string", contentEncoding: "base64" },
    receive: { type: "string", contentEncoding: "base64" },
  },
} as const satisfies ProtocolDefinition;

const MiB = 1024 * 1024;
const item = new Uint8Array(64 * 1024);

/** Bytes of objects and of byte strings, after garbage collection. */
function held(): number {
  for (let round = 0; round < 3; round++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test.each<HttpMeans>(["node", "standard"])(
  "16 MiB each way over a link that stays leave nothing behind, asked for and served by the means of %s",
  async (means) => {
    const http = await serveHttp({}, means);
    const server = new Server({
      protocol,
      public: true,
      transport: http.transport,
      handlers: {
        async talk({ readable, writable }) {
          const writer = writable.getWriter();
          for await (const chunk of readable) await writer.write(chunk);
        },
      },
    });
    const Transport = means === "node" ? NodeClientTransport : ClientTransport;
    const client = new Client({ protocol, transport: new Transport({ url: http.url }) });
    const talk = client.channel("talk");
    const writer = talk.writable.getWriter();
    const reader = talk.readable.getReader();
    const pass = async (items: number): Promise<void> => {
      for (let at = 0; at < items; at++) await Promise.all([writer.write(item), reader.read()]);
    };
    // Once of everything, so that what is made but once is there.
    await pass(16);
    const before = held();
    await pass((16 * MiB) / item.length);
    expect(held() - before).toBeLessThan(4 * MiB);
    await writer.close();
    expect((await reader.read()).done).toBe(true);
    await client.dispose();
    await server.dispose();
    await http.close();
  },
  60_000,
);
