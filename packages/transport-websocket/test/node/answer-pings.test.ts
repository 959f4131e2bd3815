/** Answers to pings: one on its way at a time, the latest next, and an end to floods. */
import { EventEmitter } from "node:events";
import { FakeClock } from "@sluice/protocol/testing";
import type { SluiceError } from "@sluice/protocol/wire";
import { expect, test } from "vitest";
import type { WebSocket } from "ws";
import { answerPings } from "../../src/node/answer-pings.ts";

/** A socket that notes its answers, and whether they have left. */
class PingedSocket extends EventEmitter {
  readonly pongs: string[] = [];
  readonly #leaving: (() => void)[] = [];

  pong(data: Uint8Array, _mask: unknown, sent: () => void): void {
    this.pongs.push(Buffer.from(data).toString());
    this.#leaving.push(sent);
  }

  /** The answer that is on its way has left. */
  leave(): void {
    this.#leaving.shift()?.();
  }
}

function setUp() {
  const socket = new PingedSocket();
  const clock = new FakeClock();
  const refusals: SluiceError[] = [];
  answerPings(socket as unknown as WebSocket, clock, (error) => refusals.push(error));
  const ping = (text: string): void => void socket.emit("ping", Buffer.from(text));
  return { socket, clock, refusals, ping };
}

test("W8 pings that come while an answer is on its way are answered together, by the latest", () => {
  const { socket, ping } = setUp();
  for (const text of ["a", "b", "c"]) ping(text);
  expect(socket.pongs).toEqual(["a"]);
  socket.leave();
  expect(socket.pongs).toEqual(["a", "c"]);
  socket.leave();
  expect(socket.pongs).toEqual(["a", "c"]);
  ping("d");
  expect(socket.pongs).toEqual(["a", "c", "d"]);
});

test("what a ping says is kept, though its memory is used again", () => {
  const { socket } = setUp();
  const memory = Buffer.from("first");
  socket.emit("ping", Buffer.from("x"));
  socket.emit("ping", memory);
  memory.fill("!");
  socket.leave();
  expect(socket.pongs).toEqual(["x", "first"]);
});

test("W8 200 a second are calm, one more is refused, once", async () => {
  const { socket, clock, refusals, ping } = setUp();
  for (let count = 0; count < 200; count++) ping("");
  await clock.advance(999);
  expect(refusals).toEqual([]);
  await clock.advance(1);
  for (let count = 0; count < 100; count++) ping("");
  for (let count = 0; count < 100; count++) socket.emit("pong", Buffer.alloc(0));
  expect(refusals).toEqual([]);
  for (let count = 0; count < 50; count++) ping("");
  expect(refusals.map(({ code }) => code)).toEqual(["ENHANCE_YOUR_CALM"]);
});
