// River over WebSockets: services whose messages TypeBox checks on the server, MessagePack, sessions that outlive connections.
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createClient, createServer, Ok, Procedure, ServiceSchema } from "@replit/river";
import { BinaryCodec } from "@replit/river/codec";
import { WebSocketClientTransport } from "@replit/river/transport/ws/client";
import { WebSocketServerTransport } from "@replit/river/transport/ws/server";
import { Type } from "@sinclair/typebox";
import { WebSocket, WebSocketServer } from "ws";
import { checkChunk, chunkAt, counters, producedLimit, TickCheck, tick } from "../values.mjs";
import { Hub } from "./hub.mjs";

const number = Type.Number();
const person = Type.Object({ id: number, name: Type.String(), tags: Type.Array(Type.String()) });
const line = Type.Object({
  sku: Type.String(),
  text: Type.String(),
  amount: number,
  price: number,
  isGift: Type.Boolean(),
});
const record = Type.Object({ id: number, title: Type.String(), lines: Type.Array(line) });
const tickSchema = Type.Object({ seq: number, ts: number, value: number });
const count = Type.Object({ count: number });
const chunk = Type.Object({ data: Type.Uint8Array() });
const errors = Type.Never();
const turn = () => new Promise(setImmediate);
const codec = { codec: BinaryCodec };

/** Its outputs are pushed, and nothing says when to wait: a turn of the event loop in between lets them out. */
async function push(output, items, together) {
  let pushed = 0;
  for (const item of items) {
    output.push(Ok(item));
    if (++pushed % together === 0) await turn();
  }
}

function* ticks(of) {
  for (let seq = 0; seq < of; seq++) {
    counters.produced++;
    yield tick(seq);
  }
}

function* chunks(of) {
  for (let at = 0; at < of; at++) yield { data: chunkAt(at) };
}

export async function serve() {
  const hub = new Hub();
  const subscription = (output, handler) => Procedure.subscription({ input: count, output, errors, handler });
  const bench = ServiceSchema.define({
    echo: Procedure.rpc({ input: person, output: person, errors, handler: async (_, value) => Ok(value) }),
    echoRecord: Procedure.rpc({
      input: record,
      output: record,
      errors,
      handler: async (_, value) => Ok(value),
    }),
    ticks: subscription(tickSchema, async (_, input, output) => {
      await push(output, ticks(input.count), 512);
      output.end();
    }),
    pour: subscription(tickSchema, async (_, _input, output) => {
      void push(output, ticks(producedLimit), 512);
    }),
    ping: Procedure.stream({
      input: tickSchema,
      output: tickSchema,
      errors,
      async handler(_, input, output) {
        for await (const item of input) output.push(Ok(item));
        output.end();
      },
    }),
    download: subscription(chunk, async (_, input, output) => {
      await push(output, chunks(input.count), 4);
      output.end();
    }),
    upload: Procedure.upload({
      input: chunk,
      output: count,
      errors,
      async handler(_, input) {
        let received = 0;
        for await (const { data } of input) checkChunk(data, received++);
        return Ok({ count: received });
      },
    }),
    watch: subscription(tickSchema, async (_, _input, output) => void output.push(Ok(tick(0)))),
    subscribe: subscription(tickSchema, async (_, _input, output) =>
      hub.add((item) => void output.push(Ok(item))),
    ),
    subscribers: Procedure.rpc({
      input: count,
      output: count,
      errors,
      handler: async () => Ok({ count: hub.subscribers }),
    }),
    publish: Procedure.rpc({
      input: count,
      output: count,
      errors,
      async handler(_, input) {
        await hub.publish(input.count);
        return Ok({ count: 0 });
      },
    }),
  });
  const http = createHttpServer();
  const wss = new WebSocketServer({ server: http, perMessageDeflate: false });
  createServer(new WebSocketServerTransport(wss, "SERVER", codec), { bench });
  await once(http.listen(0, "127.0.0.1"), "listening");
  return `ws://127.0.0.1:${http.address().port}`;
}

let clients = 0;

/** What `Ok` holds. @throws if it is an error */
function payloadOf(result) {
  if (!result.ok) throw new Error(JSON.stringify(result.payload));
  return result.payload;
}

export async function connect(address) {
  const open = async () => new WebSocket(address, { perMessageDeflate: false });
  const transport = new WebSocketClientTransport(open, `client-${process.pid}-${++clients}`, codec);
  const { bench } = createClient(transport, "SERVER");
  const rpc = async (name, value) => payloadOf(await bench[name].rpc(value));
  await rpc("subscribers", { count: 0 });
  const read = async (name, input, onItem) => {
    const [items, leave] = await bench[name].subscribe(input);
    for await (const result of items) {
      const next = onItem(payloadOf(result));
      if (next !== undefined && !(await next)) break;
    }
    leave();
  };
  return {
    echo: (value) => rpc("echo", value),
    echoRecord: (value) => rpc("echoRecord", value),
    async ticks(of, check = new TickCheck()) {
      await read("ticks", { count: of }, (item) => check.take(item));
      return check.count;
    },
    pour: (take) => read("pour", { count: 0 }, take),
    async pingPong(of, inFlight, check) {
      const [input, output, leave] = await bench.ping.stream();
      let sent = 0;
      while (sent < inFlight && sent < of) input.push(tick(sent++));
      for await (const result of output) {
        check.take(payloadOf(result));
        if (check.count === of) break;
        if (sent < of) input.push(tick(sent++));
      }
      input.end();
      leave();
    },
    download: (of, onChunk) => read("download", { count: of }, ({ data }) => onChunk(data)),
    async upload(of) {
      const [input, result] = await bench.upload.upload();
      let pushed = 0;
      for (const item of chunks(of)) {
        input.push(item);
        if (++pushed % 4 === 0) await turn();
      }
      input.end();
      return payloadOf(await result).count;
    },
    async watch() {
      const [items] = await bench.watch.subscribe({ count: 0 });
      await items.next();
    },
    subscribe(onItem) {
      void read("subscribe", { count: 0 }, onItem).catch(() => {});
    },
    subscribers: async () => (await rpc("subscribers", { count: 0 })).count,
    publish: async (of) => void (await rpc("publish", { count: of })),
    close: async () => transport.close(),
  };
}
