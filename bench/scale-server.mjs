// The server of scale.mjs, in a process of its own: Sluice or a plain `net` server that keeps its sockets. Answers over IPC.
import { createServer } from "node:net";
import { Server } from "@sluice/server";

const [kind, address] = process.argv.slice(2);

const protocol = {
  ask: { type: "request", result: { type: "integer" } },
  watch: {
    type: "stream",
    receive: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
  },
};

let entered = 0;

async function serveSluice() {
  const server = new Server({
    protocol,
    public: true,
    limits: { maxCalls: 20_000, maxConcurrentHandlers: 20_000, maxConnections: 20_000, maxBuffered: 2 ** 30 },
    handlers: {
      ask: () => entered,
      async *watch({ signal }) {
        entered++;
        yield { n: 1 };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    },
  });
  const [bound] = await server.listen(address);
  return bound;
}

async function serveRaw() {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.write("."); // its client waits for that, as for a handshake
    socket.on("data", () => {});
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(address.slice("unix:".length), resolve));
  return address;
}

process.on("message", async () => {
  for (let round = 0; round < 2; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { heapUsed, rss } = process.memoryUsage();
  process.send({ heapUsed, rss, entered });
});
process.on("disconnect", () => process.exit());
process.send({ ready: kind === "raw" ? await serveRaw() : await serveSluice() });
