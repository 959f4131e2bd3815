/** The counting proxy between sockets that know nothing of us. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { connectedSocket, listeningAddress } from "../../../src/testing/node/connect-raw.ts";
import { type CountingProxy, countingProxy } from "../../../src/testing/node/counting-proxy.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(onSocket: (socket: Socket) => void): Promise<CountingProxy> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const proxy = await countingProxy("tcp://127.0.0.1:0", listeningAddress(server.address()));
  cleanups.push(() => proxy.close());
  return proxy;
}

test("it hands on every byte of both directions, and counts them", async () => {
  const proxy = await start((socket) => {
    let bytes = 0;
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    socket.once("end", () => socket.end(Buffer.alloc(2 * bytes, 7)));
  });
  const socket = await connectedSocket(proxy.address);
  socket.end(Buffer.alloc(1_000_000, 1));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).equals(Buffer.alloc(2_000_000, 7))).toBe(true);
  expect(proxy.bytes).toEqual({ up: 1_000_000, down: 2_000_000 });
});

test("a reader that stops is felt by the writer behind it", async () => {
  let written = 0;
  const proxy = await start((socket) => {
    const write = (): void => {
      while (socket.write(Buffer.alloc(65_536))) written += 65_536;
    };
    socket.on("drain", write);
    write();
  });
  const socket = await connectedSocket(proxy.address);
  cleanups.push(() => socket.destroy());
  let before = -1;
  for (let still = 0; still < 20; still = proxy.bytes.down === before ? still + 1 : 0) {
    before = proxy.bytes.down;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(proxy.bytes.down).toBeGreaterThan(0);
  expect(written).toBeLessThan(64 * 1024 * 1024);
  socket.resume();
  while (proxy.bytes.down < before + 10_000_000) await new Promise((resolve) => setImmediate(resolve));
});

test("cut() ends every connection on both sides", async () => {
  const ended: Promise<unknown>[] = [];
  const proxy = await start((socket) => {
    ended.push(once(socket, "close"));
    socket.once("end", () => socket.end()).resume();
  });
  const sockets = await Promise.all([connectedSocket(proxy.address), connectedSocket(proxy.address)]);
  while (ended.length < 2) await new Promise((resolve) => setImmediate(resolve));
  expect(proxy.connections).toBe(2);
  const closed = sockets.map((socket) => once(socket.on("error", () => {}).resume(), "close"));
  proxy.cut();
  await Promise.all([...ended, ...closed]);
  expect(proxy.connections).toBe(0);
});

test("a target that refuses ends the connection", async () => {
  const proxy = await countingProxy("tcp://127.0.0.1:0", "unix:/nowhere/at/all.sock");
  cleanups.push(() => proxy.close());
  const socket = await connectedSocket(proxy.address);
  await once(socket.resume(), "close");
});
