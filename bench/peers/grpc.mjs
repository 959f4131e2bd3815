// gRPC by grpc-js: Protocol Buffers over HTTP/2 without TLS; what is valid is what the messages can say.
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { checkChunk, chunkAt, counters, producedLimit, TickCheck, tick } from "../values.mjs";
import { Hub } from "./hub.mjs";

const definition = loader.loadSync(fileURLToPath(new URL("./bench.proto", import.meta.url)), {
  keepCase: true,
  defaults: true,
});
const { Bench } = grpc.loadPackageDefinition(definition).sluice.bench;
/** Streams at once on one connection; no keep-alive pings. */
const options = { "grpc.max_concurrent_streams": 20_000 };

/** Writes while there is room. */
async function writeAll(writable, items, isOpen = () => true) {
  for (const item of items) {
    if (!isOpen()) return;
    if (!writable.write(item)) await new Promise((resolve) => writable.once("drain", resolve));
  }
}

function* ticks(count) {
  for (let seq = 0; seq < count; seq++) {
    counters.produced++;
    yield tick(seq);
  }
}

function* chunks(count) {
  for (let at = 0; at < count; at++) yield { data: chunkAt(at) };
}

export async function serve() {
  const hub = new Hub();
  const server = new grpc.Server(options);
  const stream = (itemsOf) => async (call) => {
    await writeAll(call, itemsOf(call.request.count), () => !call.cancelled);
    call.end();
  };
  server.addService(Bench.service, {
    Echo: (call, answer) => answer(null, call.request),
    EchoRecord: (call, answer) => answer(null, call.request),
    Ticks: stream(ticks),
    Pour: stream(() => ticks(producedLimit)),
    Ping(call) {
      call.on("data", (item) => call.write(item));
      call.on("end", () => call.end());
    },
    Download: stream(chunks),
    Upload(call, answer) {
      let received = 0;
      call.on("data", ({ data }) => checkChunk(data, received++));
      call.on("end", () => answer(null, { count: received }));
    },
    Watch: (call) => call.write(tick(0)),
    Subscribe(call) {
      const end = hub.add((item) =>
        call.write(item) ? undefined : new Promise((resolve) => call.once("drain", resolve)),
      );
      call.on("cancelled", end);
    },
    Subscribers: (_call, answer) => answer(null, { count: hub.subscribers }),
    Publish: (call, answer) => void hub.publish(call.request.count).then(() => answer(null, { count: 0 })),
  });
  const port = await new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return `127.0.0.1:${port}`;
}

export async function connect(address) {
  // Each client has a connection of its own.
  const client = new Bench(address, grpc.credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  await new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve()));
  });
  const unary = (method, value) =>
    new Promise((resolve, reject) => {
      client[method](value, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  return {
    echo: (value) => unary("Echo", value),
    echoRecord: (value) => unary("EchoRecord", value),
    async ticks(count, check = new TickCheck()) {
      for await (const item of client.Ticks({ count })) check.take(item);
      return check.count;
    },
    async pour(take) {
      const call = client.Pour({ count: 0 });
      call.on("error", () => {});
      for await (const item of call) if (!(await take(item))) return;
    },
    pingPong(count, inFlight, check) {
      const call = client.Ping();
      let sent = 0;
      return new Promise((resolve, reject) => {
        call.on("error", reject);
        call.on("data", (item) => {
          check.take(item);
          if (check.count === count) call.end();
          else if (sent < count) call.write(tick(sent++));
        });
        call.on("end", resolve);
        while (sent < inFlight && sent < count) call.write(tick(sent++));
      });
    },
    async download(count, onChunk) {
      for await (const { data } of client.Download({ count })) onChunk(data);
    },
    async upload(count) {
      let call;
      const answer = new Promise((resolve, reject) => {
        call = client.Upload((error, { count: received } = {}) =>
          error ? reject(error) : resolve(received),
        );
      });
      await writeAll(call, chunks(count));
      call.end();
      return await answer;
    },
    watch: () =>
      new Promise((resolve, reject) => {
        client.Watch({ count: 0 }).once("data", resolve).once("error", reject);
      }),
    subscribe(onItem) {
      client
        .Subscribe({ count: 0 })
        .on("data", onItem)
        .on("error", () => {});
    },
    subscribers: async () => (await unary("Subscribers", { count: 0 })).count,
    publish: async (count) => void (await unary("Publish", { count })),
    close: async () => client.close(),
  };
}
