// Connect over HTTP/2: Protocol Buffers without TLS; streams are async iterables both ways.
import { once } from "node:events";
import { createServer } from "node:http2";
import { fileURLToPath } from "node:url";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import loader from "@grpc/proto-loader";
import { checkChunk, chunkAt, counters, producedLimit, TickCheck, tick } from "../values.mjs";
import { Hub } from "./hub.mjs";

/** The service as generated code would describe it, read from the same file as gRPC's. */
const definition = loader.loadSync(fileURLToPath(new URL("./bench.proto", import.meta.url)));
const file = definition["sluice.bench.Person"].fileDescriptorProtos.map((bytes) =>
  fromBinary(FileDescriptorProtoSchema, bytes),
);
// What wrote the descriptor leaves some of what a compiler fills in: names of JSON, and the package before names of types.
const whole = (name) => (name === "" || name.includes(".") ? name : `.sluice.bench.${name}`);
for (const { messageType, service } of file) {
  for (const field of messageType.flatMap((message) => message.field)) {
    field.jsonName ||= field.name;
    field.typeName = whole(field.typeName);
  }
  for (const method of service.flatMap((one) => one.method)) {
    method.inputType = whole(method.inputType);
    method.outputType = whole(method.outputType);
  }
}
const Bench = createFileRegistry(create(FileDescriptorSetSchema, { file })).getService("sluice.bench.Bench");

async function* ticks(count) {
  for (let seq = 0; seq < count; seq++) {
    counters.produced++;
    yield tick(seq);
  }
}

async function* chunks(count) {
  for (let at = 0; at < count; at++) yield { data: chunkAt(at) };
}

export async function serve() {
  const hub = new Hub();
  const routes = (router) =>
    router.service(Bench, {
      echo: (value) => value,
      echoRecord: (value) => value,
      ticks: ({ count }) => ticks(count),
      pour: () => ticks(producedLimit),
      async *ping(items) {
        yield* items;
      },
      download: ({ count }) => chunks(count),
      async upload(items) {
        let received = 0;
        for await (const { data } of items) checkChunk(data, received++);
        return { count: received };
      },
      async *watch(_, { signal }) {
        yield tick(0);
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      subscribe: (_, { signal }) => hub.items(signal),
      subscribers: () => ({ count: hub.subscribers }),
      async publish({ count }) {
        await hub.publish(count);
        return { count: 0 };
      },
    });
  const server = createServer({ settings: { maxConcurrentStreams: 20_000 } }, connectNodeAdapter({ routes }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

export async function connect(baseUrl) {
  // Each client has a connection of its own.
  const client = createClient(Bench, createConnectTransport({ baseUrl, httpVersion: "2" }));
  await client.subscribers({});
  return {
    echo: (value) => client.echo(value),
    echoRecord: (value) => client.echoRecord(value),
    async ticks(count, check = new TickCheck()) {
      for await (const item of client.ticks({ count })) check.take(item);
      return check.count;
    },
    async pour(take) {
      for await (const item of client.pour({})) if (!(await take(item))) return;
    },
    async pingPong(count, inFlight, check) {
      let sent = 0;
      let isOver = false;
      let wake;
      async function* items() {
        while (!isOver) {
          while (sent < count && sent < check.count + inFlight) yield tick(sent++);
          await new Promise((resolve) => {
            wake = resolve;
          });
        }
      }
      for await (const item of client.ping(items())) {
        check.take(item);
        isOver = check.count === count;
        wake?.();
      }
    },
    async download(count, onChunk) {
      for await (const { data } of client.download({ count })) onChunk(data);
    },
    upload: async (count) => (await client.upload(chunks(count))).count,
    async watch() {
      await client.watch({})[Symbol.asyncIterator]().next();
    },
    subscribe(onItem) {
      void (async () => {
        for await (const item of client.subscribe({})) onItem(item);
      })().catch(() => {});
    },
    subscribers: async () => (await client.subscribers({})).count,
    publish: async (count) => void (await client.publish({ count })),
    close: async () => {},
  };
}
