// The limit over HTTP: a POST of JSON over kept connections for every request, a response of server-sent events for a stream,
// plain bodies for bytes.
import { once } from "node:events";
import { Agent, createServer, request } from "node:http";
import { checkChunk, chunkAt, chunkBytes, counters, TickCheck, tick } from "../values.mjs";
import { drained } from "./raw-calls.mjs";

const turn = () => new Promise(setImmediate);
const eventOf = (item) => `data: ${JSON.stringify(item)}\n\n`;

async function bodyOf(incoming) {
  const chunks = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Gives the bytes of a body as pieces of 64 KiB, of which most lie in two chunks. */
async function cut(body, onChunk) {
  let part;
  let filled = 0;
  for await (const bytes of body) {
    let p = 0;
    while (p < bytes.length) {
      if (part === undefined && bytes.length - p >= chunkBytes) {
        onChunk(bytes.subarray(p, p + chunkBytes));
        p += chunkBytes;
        continue;
      }
      part ??= Buffer.allocUnsafeSlow(chunkBytes);
      const copied = bytes.copy(part, filled, p);
      filled += copied;
      p += copied;
      if (filled < chunkBytes) continue;
      const whole = part;
      part = undefined;
      filled = 0;
      onChunk(whole);
    }
  }
}

async function sendEvents(response, count) {
  let isOpen = true;
  response.once("close", () => {
    isOpen = false;
  });
  let events = "";
  for (let seq = 0; seq < count && isOpen; seq++) {
    events += eventOf(tick(seq));
    counters.produced++;
    if (seq % 512 !== 511) continue;
    // One write for all of a turn.
    const hasRoom = response.write(events);
    events = "";
    if (hasRoom) await turn();
    else await drained(response);
  }
  if (isOpen) response.end(events);
}

async function sendChunks(writable, count) {
  for (let at = 0; at < count; at++) {
    if (!writable.write(chunkAt(at))) await drained(writable);
  }
  writable.end();
}

export async function serve() {
  const subscribers = new Set();
  const publish = async (count) => {
    for (let seq = 0; seq < count; ) {
      let events = "";
      for (let together = 0; together < 256 && seq < count; together++) events += eventOf(tick(seq++));
      const buffer = Buffer.from(events);
      const full = [...subscribers].filter((response) => !response.write(buffer));
      await Promise.all(full.map((response) => response.writableNeedDrain && drained(response)));
      await turn();
    }
  };
  const routes = {
    "/echo": async (value) => value,
    "/subscribers": async () => subscribers.size,
    "/publish": async (count) => {
      await publish(count);
      return null;
    },
  };
  const streams = {
    "/ticks": (response, count) => sendEvents(response, count),
    "/pour": (response) => sendEvents(response, Number.POSITIVE_INFINITY),
    "/watch": (response) => response.write(eventOf(tick(0))),
    "/subscribe"(response) {
      response.flushHeaders();
      subscribers.add(response);
      response.once("close", () => subscribers.delete(response));
    },
  };
  const server = createServer(async (incoming, response) => {
    if (incoming.url === "/upload") {
      let received = 0;
      await cut(incoming, (chunk) => checkChunk(chunk, received++));
      response.end(`${received}`);
      return;
    }
    const value = JSON.parse(await bodyOf(incoming));
    if (incoming.url === "/download") {
      response.writeHead(200, { "content-type": "application/octet-stream" });
      await sendChunks(response, value);
      return;
    }
    const route = routes[incoming.url];
    if (route !== undefined) {
      const text = JSON.stringify(await route(value));
      response.writeHead(200, { "content-type": "application/json" });
      response.end(text);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    streams[incoming.url](response, value);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

/** Gives the items of an event stream to `onItem` until it says false or they have ended. */
async function readEvents(response, onItem) {
  response.setEncoding("utf8");
  let rest = "";
  for await (const chunk of response) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: ")) continue;
      const next = onItem(JSON.parse(line.slice(6)));
      if (next !== undefined && !(await next)) return;
    }
  }
}

export async function connect(address) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, noDelay: true });
  const open = (path, onResponse) =>
    request(
      address + path,
      { method: "POST", agent, headers: { "content-type": "application/json" } },
      onResponse,
    );
  const post = (path, json) =>
    new Promise((resolve, reject) => {
      open(path, resolve).on("error", reject).end(json);
    });
  const call = async (path, value) => JSON.parse(await bodyOf(await post(path, JSON.stringify(value))));
  return {
    echo: (value) => call("/echo", value),
    echoRecord: (value) => call("/echo", value),
    async ticks(count, check = new TickCheck()) {
      await readEvents(await post("/ticks", `${count}`), (item) => check.take(item));
      return check.count;
    },
    pour: async (take) => readEvents(await post("/pour", "0"), take),
    async download(count, onChunk) {
      await cut(await post("/download", `${count}`), onChunk);
    },
    async upload(count) {
      const { promise, resolve } = withResolvers();
      const outgoing = open("/upload", resolve);
      void sendChunks(outgoing, count);
      return JSON.parse(await bodyOf(await promise));
    },
    async watch() {
      const response = await post("/watch", "0");
      await once(response, "data");
    },
    async subscribe(onItem) {
      const response = await post("/subscribe", "0");
      void readEvents(response, onItem).catch(() => {});
    },
    subscribers: () => call("/subscribers", 0),
    publish: (count) => call("/publish", count),
    close: async () => agent.destroy(),
  };
}

function withResolvers() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** An idle connection is a response whose events may come. */
export async function connectIdle(address) {
  const client = await connect(address);
  await client.watch();
  return client;
}
