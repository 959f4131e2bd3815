// Cap'n Web over WebSockets: methods of an object, and streams of the standard as arguments and results. It validates nothing.
import { once } from "node:events";
import { newWebSocketRpcSession, RpcTarget } from "capnweb";
import { WebSocket, WebSocketServer } from "ws";
import { checkChunk, chunkAt, counters, producedLimit, TickCheck, tick } from "../values.mjs";
import { Hub } from "./hub.mjs";

// It names the global, which Node 20 lacks.
globalThis.WebSocket ??= WebSocket;

/** A stream of what a generator yields, made when it is read. */
function streamOf(items) {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await items.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => items.return(),
  });
}

function* ticks(count) {
  for (let seq = 0; seq < count; seq++) {
    counters.produced++;
    yield tick(seq);
  }
}

function* chunks(count) {
  for (let at = 0; at < count; at++) yield chunkAt(at);
}

const hub = new Hub();
/** Streams that wait for something to say. */
const watched = new Set();

class Api extends RpcTarget {
  echo(value) {
    return value;
  }
  ticks(count) {
    return streamOf(ticks(count));
  }
  pour() {
    return streamOf(ticks(producedLimit));
  }
  async *#echoes(items) {
    for await (const item of items) yield item;
  }
  ping(items) {
    return streamOf(this.#echoes(items));
  }
  download(count) {
    return streamOf(chunks(count));
  }
  async upload(items) {
    let received = 0;
    for await (const chunk of items) checkChunk(chunk, received++);
    return received;
  }
  watch() {
    return new ReadableStream({
      start(controller) {
        controller.enqueue(tick(0));
        watched.add(controller);
      },
    });
  }
  subscribe() {
    return streamOf(hub.items());
  }
  subscribers() {
    return hub.subscribers;
  }
  async publish(count) {
    await hub.publish(count);
  }
}

export async function serve() {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  server.on("connection", (socket) => newWebSocketRpcSession(socket, new Api()));
  await once(server, "listening");
  return `ws://127.0.0.1:${server.address().port}`;
}

export async function connect(address) {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await once(socket, "open");
  const api = newWebSocketRpcSession(socket);
  return {
    echo: (value) => api.echo(value),
    echoRecord: (value) => api.echo(value),
    async ticks(count, check = new TickCheck()) {
      for await (const item of await api.ticks(count)) check.take(item);
      return check.count;
    },
    async pour(take) {
      for await (const item of await api.pour()) if (!(await take(item))) return;
    },
    async pingPong(count, inFlight, check) {
      let sent = 0;
      let controller;
      const start = (given) => {
        controller = given;
      };
      const send = () => controller.enqueue(tick(sent++));
      const items = await api.ping(new ReadableStream({ start }));
      while (sent < inFlight && sent < count) send();
      for await (const item of items) {
        check.take(item);
        if (check.count === count) break;
        if (sent < count) send();
      }
      controller.close();
    },
    async download(count, onChunk) {
      for await (const chunk of await api.download(count)) onChunk(chunk);
    },
    upload: (count) => api.upload(streamOf(chunks(count))),
    async watch() {
      await (await api.watch()).getReader().read();
    },
    async subscribe(onItem) {
      const items = await api.subscribe();
      void (async () => {
        for await (const item of items) onItem(item);
      })().catch(() => {});
    },
    subscribers: () => api.subscribers(),
    publish: (count) => api.publish(count),
    close: async () => socket.terminate(),
  };
}
