/**
 * A server and its client whose user code leaves promises behind that reject, and that nobody awaits. Sends what the process was told of
 * them, and how the calls ended.
 */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";

const protocol = {
  request: { type: "request", param: { type: "string" }, result: { type: "string" } },
  stream: {
    type: "stream",
    param: { type: "string" },
    receive: { type: "integer" },
    result: { type: "string" },
  },
  channel: {
    type: "channel",
    send: { type: "string" },
    receive: { type: "string" },
    result: { type: "string" },
  },
  event: { type: "event", data: { type: "string" } },
} as const satisfies ProtocolDefinition;

/** What came to the process, as texts. */
const seen: string[] = [];
process.on("unhandledRejection", (reason) => seen.push(String(reason)));
process.on("uncaughtException", (error) => seen.push(`uncaught ${String(error)}`));

/** Rejects soon, and nobody looks. */
function stray(where: string): void {
  void (async () => {
    await Promise.resolve();
    throw new Error(where);
  })();
}

const { client: transport, server: accepted } = memoryTransport();
let events = 0;
const server = new Server({
  protocol,
  transport: accepted,
  authenticate: () => {
    stray("authenticate");
    return "somebody";
  },
  context: () => {
    stray("context");
    return {};
  },
  handlers: {
    request({ param }) {
      stray(`request ${param}`);
      if (param === "throws") throw new Error("on purpose");
      return param;
    },
    async *stream({ param }) {
      stray("stream begins");
      yield 1;
      stray("stream goes on");
      yield 2;
      return param;
    },
    async channel({ readable, writable }) {
      const writer = writable.getWriter();
      for await (const text of readable) {
        stray(`channel ${text}`);
        await writer.write(text);
      }
      return "over";
    },
    event({ data }) {
      stray(`event ${data}`);
      events++;
    },
  },
  logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
});
server.use((_call, next) => {
  stray("server middleware");
  return next();
});
server.on("connected", () => stray("server listener"));
const client = new Client({
  protocol,
  transport,
  credentials: () => {
    stray("credentials");
    return "secret";
  },
});

const ends: unknown[] = [];
const request = async (param: string): Promise<void> => {
  ends.push(await client.request("request", { param }).catch(({ code }: { code: string }) => code));
};
await request("fine");
await request("throws");
const stream = client.stream("stream", { param: "streamed" });
for await (const n of stream) {
  stray(`reader ${n}`);
  ends.push(n);
}
ends.push(await stream);
const channel = client.channel("channel");
await channel.send("hello");
for await (const text of channel) {
  ends.push(text);
  await channel.writable.close();
}
ends.push(await channel);
await client.event("event", { data: "happened" });
while (events === 0) await new Promise((resolve) => setImmediate(resolve));
// Of a call that is given up, too.
const given = client.stream("stream", { param: "given up" });
for await (const n of given) {
  ends.push(`left at ${n}`);
  break;
}
await client.dispose();
await server.dispose();
await new Promise((resolve) => setImmediate(resolve));
process.send?.({ seen, ends });
process.disconnect?.();
