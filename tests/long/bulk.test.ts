/** CH-5 at its full length: 100 MiB each way at once, over every transport and codec, arrive as they were sent. */
import { createHash, type Hash } from "node:crypto";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { type Link, silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { afterAll, expect, test } from "vitest";
import { subjects } from "../conformance/transport-setups.ts";
import { writeBulk } from "./long-run-page.ts";

const protocol = {
  exchange: {
    type: "channel",
    param: {},
    send: { type: "string", contentEncoding: "base64" },
    receive: { type: "string", contentEncoding: "base64" },
    result: {
      type: "object",
      properties: { sent: { type: "string" }, received: { type: "string" } },
      required: ["sent", "received"],
      additionalProperties: false,
    },
  },
} as const satisfies ProtocolDefinition;

const chunkBytes = 64 * 1_024;
const chunks = 1_600;

/** A chunk that differs from all others, noted in `hash`. */
function chunk(at: number, salt: number, hash: Hash): Uint8Array {
  const bytes = new Uint8Array(chunkBytes).fill(at % 251);
  new DataView(bytes.buffer).setUint32((at * 4) % chunkBytes, at ^ salt);
  hash.update(bytes);
  return bytes;
}

async function sendAll(writable: WritableStream<Uint8Array>, salt: number, close = true): Promise<string> {
  const hash = createHash("sha256");
  const writer = writable.getWriter();
  for (let at = 0; at < chunks; at++) await writer.write(chunk(at, salt, hash));
  if (close) await writer.close();
  else writer.releaseLock();
  return hash.digest("hex");
}

async function hashOf(readable: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const bytes of readable) hash.update(bytes);
  return hash.digest("hex");
}

const direct = subjects.filter(({ name }) => !name.includes("relay"));
const passed: string[] = [];
afterAll(() => {
  if (passed.length === direct.length) writeBulk(passed);
});

test.each(direct)(
  "CH-5 over $name",
  async ({ name, codec, setup }) => {
    const way = setup();
    let take: (link: Link) => void = () => {};
    await way.accept((link) => take(link));
    const server = new Server({
      protocol,
      public: true,
      logger: silentLogger,
      handlers: {
        async exchange({ readable, writable }) {
          const [sent, received] = await Promise.all([sendAll(writable, 1, false), hashOf(readable)]);
          return { sent, received };
        },
      },
    });
    server.handle({
      name,
      connect: () => way.connect(),
      accept: (onLink) => {
        take = onLink;
      },
      dispose: async () => {},
    });
    const transport = { name, connect: () => way.connect(), dispose: async () => {} };
    const client = new Client({ protocol, codec, logger: silentLogger, transport });
    try {
      const channel = client.channel("exchange", { param: undefined });
      const [sent, received] = await Promise.all([sendAll(channel.writable, 2), hashOf(channel)]);
      expect(await channel).toEqual({ sent: received, received: sent });
      expect(sent).not.toBe(received);
      passed.push(name);
    } finally {
      await client.dispose();
      await server.dispose();
      await way.cleanup();
    }
  },
  240_000,
);
