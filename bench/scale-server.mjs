// The server of scale.mjs, in a process of its own: Sluice, or the least that keeps sockets, WebSockets of `ws` or responses of
// `node:http`. Answers over IPC.
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { Server } from "@sluice/server";
import { listenHttp } from "@sluice/transport-http/node";
import { WebSocketServer } from "ws";
import { quietTimings } from "./scale-clients.mjs";

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
    ...quietTimings,
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
  // All clients come from one address here.
  const isHttp = address.startsWith("http:");
  const where = isHttp ? listenHttp({ port: 0, maxLinks: 20_000, maxLinksPerRemote: 20_000 }) : address;
  const [bound] = await server.listen(where);
  return bound;
}

const serve = {
  sluice: serveSluice,
  async "raw-unix"() {
    const sockets = new Set();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.write("."); // its client waits for that, as for a handshake
      socket.on("data", () => {});
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    });
    await listen(server, address.slice("unix:".length));
    return address;
  },
  async "raw-ws"() {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
    // It keeps its sockets itself.
    server.on("connection", (socket) => {
      socket.send(".");
      socket.on("message", () => {});
      socket.on("error", () => {});
    });
    await new Promise((resolve) => server.once("listening", resolve));
    return `ws://127.0.0.1:${server.address().port}`;
  },
  async "raw-sse"() {
    const responses = new Set();
    const server = createHttpServer((_request, response) => {
      responses.add(response);
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      response.write(":\n\n");
      response.on("close", () => responses.delete(response));
    });
    await listen(server, 0);
    return `http://127.0.0.1:${server.address().port}/`;
  },
};

function listen(server, where) {
  return new Promise((resolve) => {
    if (typeof where === "string") server.listen(where, resolve);
    else server.listen(where, "127.0.0.1", resolve);
  });
}

process.on("message", async () => {
  for (let round = 0; round < 2; round++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send({ heapUsed, external, rss, entered });
});
process.on("disconnect", () => process.exit());
process.send({ ready: await serve[kind]() });
