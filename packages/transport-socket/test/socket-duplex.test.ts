/** A socket as a byte stream: errors are always heard, and a reader that stops is felt. */

import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import type { SluiceError } from "@sluice/protocol/wire";
import { expect, test } from "vitest";
import { SocketDuplex } from "../src/socket-duplex.ts";

/** A stream with what a duplex asks of a socket. */
function fakeSocket(): Socket {
  return Object.assign(new PassThrough(), { setNoDelay() {} }) as unknown as Socket;
}

test("errors of the socket are heard from the first moment to the last", async () => {
  const socket = fakeSocket();
  const duplex = new SocketDuplex(socket, "unix");
  const counts = [socket.listenerCount("error")];
  const ends: (SluiceError | undefined)[] = [];
  const closed = new Promise<void>((resolve) => {
    duplex.start({
      data() {},
      drained() {},
      closed(error) {
        ends.push(error);
        resolve();
      },
    });
  });
  counts.push(socket.listenerCount("error"));
  duplex.end();
  counts.push(socket.listenerCount("error"));
  socket.once("close", () => counts.push(socket.listenerCount("error")));
  socket.destroy(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  await closed;
  for (const count of counts) expect(count).toBeGreaterThan(0);
  expect(counts.length).toBe(4);
  expect(ends).toEqual([
    expect.objectContaining({ code: "UNAVAILABLE", message: "The socket failed: ECONNRESET" }),
  ]);
  socket.emit("error", new Error("even after the end"));
});

test("a socket that was closed before it is read says so once", async () => {
  const socket = fakeSocket();
  const duplex = new SocketDuplex(socket, "unix");
  socket.destroy();
  await new Promise((resolve) => socket.once("close", resolve));
  let closed = 0;
  duplex.start({ data() {}, drained() {}, closed: () => void closed++ });
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(1);
});

test("a socket that is destroyed while it is started says so once", async () => {
  const socket = fakeSocket();
  const duplex = new SocketDuplex(socket, "unix");
  socket.destroy();
  let closed = 0;
  duplex.start({ data() {}, drained() {}, closed: () => void closed++ });
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(1);
});

test("write() asks to wait once 64 KiB lie in the socket, and drained() ends that", async () => {
  const socket = fakeSocket();
  const duplex = new SocketDuplex(socket, "unix");
  let drained = 0;
  const read: number[] = [];
  let isReading = false;
  duplex.start({ data: (chunk) => void read.push(chunk.length), drained: () => void drained++, closed() {} });
  socket.pause();
  const answers: boolean[] = [];
  for (let count = 0; count < 10; count++) answers.push(duplex.write([new Uint8Array(16 * 1024)]));
  expect(answers[0]).toBe(true);
  expect(answers.at(-1)).toBe(false);
  expect(drained).toBe(0);
  isReading = true;
  socket.resume();
  while (drained === 0) await new Promise((resolve) => setImmediate(resolve));
  expect([isReading, drained]).toEqual([true, 1]);
  expect(duplex.write([new Uint8Array(1), new Uint8Array(2)])).toBe(true);
  while (read.reduce((sum, size) => sum + size, 0) < 160 * 1024 + 3)
    await new Promise((resolve) => setImmediate(resolve));
});
