// socket.io: events with acknowledgements over WebSockets, and JSON of its own. It validates nothing and has no streams: items are events.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { checkChunk, chunkAt, counters, producedLimit, TickCheck, tick } from "../values.mjs";
import { Hub } from "./hub.mjs";

const turn = () => new Promise(setImmediate);

export async function serve() {
  const hub = new Hub();
  const http = createServer();
  const server = new Server(http, {
    transports: ["websocket"],
    perMessageDeflate: false,
    httpCompression: false,
  });
  server.on("connection", (socket) => {
    socket.on("echo", (value, answer) => answer(value));
    socket.on("ticks", async (count, answer) => {
      for (let seq = 0; seq < count; seq++) {
        socket.emit("item", tick(seq));
        if (seq % 512 === 511) await turn();
      }
      answer();
    });
    socket.on("pour", async () => {
      // Nothing says when to wait.
      for (let seq = 0; socket.connected && seq < producedLimit; seq++) {
        socket.emit("item", tick(seq));
        counters.produced++;
        if (seq % 512 === 511) await turn();
      }
    });
    socket.on("ping", (item) => socket.emit("item", item));
    socket.on("download", async (count, answer) => {
      for (let at = 0; at < count; at++) {
        socket.emit("chunk", chunkAt(at));
        if (at % 4 === 3) await turn();
      }
      answer();
    });
    let uploaded = 0;
    socket.on("chunk", (chunk) => checkChunk(chunk, uploaded++));
    socket.on("uploadEnd", (answer) => {
      answer(uploaded);
      uploaded = 0;
    });
    socket.on("subscribe", () => {
      const end = hub.add((item) => void socket.emit("item", item));
      socket.once("disconnect", end);
    });
    socket.on("subscribers", (answer) => answer(hub.subscribers));
    socket.on("publish", (count, answer) => hub.publish(count).then(() => answer()));
  });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${http.address().port}`;
}

export async function connect(address) {
  const socket = io(address, { transports: ["websocket"], perMessageDeflate: false, forceNew: true });
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  const ask = (...args) => new Promise((resolve) => socket.emit(...args, resolve));
  return {
    echo: (value) => ask("echo", value),
    echoRecord: (value) => ask("echo", value),
    async ticks(count, check = new TickCheck()) {
      const onItem = (item) => check.take(item);
      socket.on("item", onItem);
      await ask("ticks", count);
      socket.off("item", onItem);
      return check.count;
    },
    async pour(take) {
      const queue = [];
      let wake;
      socket.on("item", (item) => {
        queue.push(item);
        wake?.();
      });
      socket.emit("pour");
      for (let at = 0; ; at++) {
        if (at === queue.length) {
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
        if (!(await take(queue[at]))) return;
      }
    },
    pingPong(count, inFlight, check) {
      let sent = 0;
      return new Promise((resolve) => {
        const onItem = (item) => {
          check.take(item);
          if (sent < count) socket.emit("ping", tick(sent++));
          else if (check.count === count) {
            socket.off("item", onItem);
            resolve();
          }
        };
        socket.on("item", onItem);
        while (sent < inFlight && sent < count) socket.emit("ping", tick(sent++));
      });
    },
    async download(count, onChunk) {
      socket.on("chunk", onChunk);
      await ask("download", count);
      socket.off("chunk", onChunk);
    },
    async upload(count) {
      for (let at = 0; at < count; at++) {
        socket.emit("chunk", chunkAt(at));
        if (at % 4 === 3) await turn();
      }
      return await ask("uploadEnd");
    },
    subscribe(onItem) {
      socket.on("item", onItem);
      socket.emit("subscribe");
    },
    subscribers: () => ask("subscribers"),
    publish: (count) => ask("publish", count),
    close: async () => void socket.disconnect(),
  };
}
