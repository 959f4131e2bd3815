// Sluice with its defaults: JSON, validation on both sides, credit, limits.
import { connect as connectClient } from "@sluice/client";
import { broadcast, Server } from "@sluice/server";
import { checkChunk, chunkAt, counters, TickCheck, tick } from "../values.mjs";

const closed = (properties) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const number = { type: "number" };
const text = { type: "string" };
const integer = { type: "integer" };
const bytes = { type: "string", contentEncoding: "base64" };

export const schemas = {
  person: closed({ id: number, name: text, tags: { type: "array", items: text } }),
  tick: closed({ seq: number, ts: number, value: number }),
  record: closed({
    id: number,
    title: text,
    lines: {
      type: "array",
      items: closed({ sku: text, text, amount: number, price: number, isGift: { type: "boolean" } }),
    },
  }),
  bytes,
};

const protocol = {
  echo: { type: "request", param: schemas.person, result: schemas.person },
  echoRecord: { type: "request", param: schemas.record, result: schemas.record },
  ticks: { type: "stream", param: integer, receive: schemas.tick },
  pour: { type: "stream", receive: schemas.tick },
  ping: { type: "channel", send: schemas.tick, receive: schemas.tick },
  download: { type: "stream", param: integer, receive: bytes },
  upload: { type: "channel", send: bytes, result: integer },
  watch: { type: "stream", receive: schemas.tick },
  subscribe: { type: "stream", receive: schemas.tick },
  subscribers: { type: "request", result: integer },
  publish: { type: "request", param: integer },
};

/** For W8 alone, which opens more than the defaults let one peer open, and where nobody shall ask whether the other is alive. */
const manyOptions = {
  limits: { maxCalls: 20_000, maxQueue: 20_000, maxConcurrentHandlers: 20_000, maxBuffered: 2 ** 30 },
  heartbeat: 600_000,
  deadAfter: 1_200_000,
  handshakeTimeout: 60_000,
};
const optionsFor = (workload) => (workload?.startsWith("W8") ? manyOptions : {});

export async function serve(address, workload) {
  const hub = broadcast({ overflow: "block" });
  const server = new Server({
    protocol,
    public: true,
    ...optionsFor(workload),
    handlers: {
      echo: async ({ param }) => param,
      echoRecord: async ({ param }) => param,
      async *ticks({ param }) {
        for (let seq = 0; seq < param; seq++) yield tick(seq);
      },
      async *pour() {
        for (let seq = 0; ; seq++) {
          counters.produced++;
          yield tick(seq);
        }
      },
      async *ping({ readable }) {
        yield* readable;
      },
      async *download({ param }) {
        for (let at = 0; at < param; at++) yield chunkAt(at);
      },
      async upload({ readable }) {
        let received = 0;
        for await (const chunk of readable) checkChunk(chunk, received++);
        return received;
      },
      async *watch({ signal }) {
        yield tick(0);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      subscribe: ({ signal }) => hub.subscribe({ signal }),
      subscribers: () => hub.subscribers,
      async publish({ param }) {
        for (let seq = 0; seq < param; seq++) await hub.publish(tick(seq));
      },
    },
  });
  const [bound] = await server.listen(await placeOf(address, workload));
  return bound;
}

/** All clients come from one address here, more than one address may have. */
async function placeOf(address, workload) {
  if (!address.startsWith("http:") || !workload?.startsWith("W8")) return address;
  const { listenHttp } = await import("@sluice/transport-http/node");
  return listenHttp({ port: 0, maxLinks: 20_000, maxLinksPerRemote: 20_000 });
}

export const connect = (address, workload) => connectWith(address, optionsFor(workload));

/** As it comes, but for `options`. */
export async function connectWith(address, options) {
  const client = await connectClient(address, { protocol, ...options });
  await client.ready;
  return {
    echo: (param) => client.request("echo", { param }),
    echoRecord: (param) => client.request("echoRecord", { param }),
    async ticks(param, check = new TickCheck()) {
      for await (const item of client.stream("ticks", { param })) check.take(item);
      return check.count;
    },
    async pour(take) {
      for await (const item of client.stream("pour")) if (!(await take(item))) break;
    },
    async pingPong(count, inFlight, check) {
      const call = client.channel("ping");
      let sent = 0;
      while (sent < inFlight && sent < count) void call.send(tick(sent++));
      for await (const item of call) {
        check.take(item);
        if (check.count === count) break;
        if (sent < count) void call.send(tick(sent++));
      }
    },
    async download(count, onChunk) {
      for await (const chunk of client.stream("download", { param: count })) onChunk(chunk);
    },
    async upload(count) {
      async function* chunks() {
        for (let at = 0; at < count; at++) yield chunkAt(at);
      }
      return await client.channel("upload", { send: chunks() });
    },
    async watch() {
      await client.stream("watch")[Symbol.asyncIterator]().next();
    },
    subscribe(onItem) {
      const call = client.stream("subscribe");
      void (async () => {
        for await (const item of call) onItem(item);
      })().catch(() => {});
    },
    subscribers: () => client.request("subscribers"),
    publish: (param) => client.request("publish", { param }),
    close: () => client.dispose(),
  };
}
