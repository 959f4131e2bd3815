/** The counter for links that have no bytes, by hand-made frames. */
import { expect, test } from "vitest";
import { dataFrame, type Frame, FrameType } from "../../src/frame/frame.ts";
import { ByteLink } from "../../src/link/byte-link.ts";
import type { Link } from "../../src/link/link.ts";
import { Heartbeat } from "../../src/session/heartbeat.ts";
import { CountingLink, FrameCounter } from "../../src/testing/counting-link.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { encode, FakeByteDuplex, NotingReceiver } from "../link/fake-byte-duplex.ts";
import { toySetup } from "./toy-transport.ts";

function data(call: number, total: number, flags: { more?: boolean; head?: boolean } = {}): Frame {
  const frame = dataFrame(FrameType.DATA, call, 0, false, total, new Uint8Array(total), 0, total);
  return Object.assign(frame, flags);
}

test("offset bytes are 64 for a message, once, and its payload", () => {
  const counter = new FrameCounter();
  counter.count(data(1, 100), 100);
  expect(counter.offsetBytes).toBe(164);
  counter.count(data(1, 2_000, { more: true, head: true }), 1_000);
  counter.count(data(3, 0), 0);
  counter.count(data(1, 2_000, { more: true }), 600);
  counter.count(data(1, 2_000), 400);
  expect(counter.offsetBytes).toBe(164 + 64 + 2_000 + 64);
  counter.count(data(1, 10), 10);
  expect(counter.offsetBytes).toBe(164 + 64 + 2_000 + 64 + 74);
  counter.count({ type: FrameType.CREDIT, call: 1, received: 0, limit: 1 }, 0);
  expect([counter.frames, counter.of(FrameType.DATA), counter.of(FrameType.CREDIT)]).toEqual([7, 6, 1]);
  expect(counter.offsetBytes).toBe(164 + 64 + 2_000 + 64 + 74);
});

test("a message that was broken off does not hide the next one's 64", () => {
  const counter = new FrameCounter();
  counter.count(data(1, 2_000, { more: true, head: true }), 1_000);
  counter.count(data(1, 3_000, { more: true, head: true }), 1_000);
  expect(counter.offsetBytes).toBe(2 * 1_064);
});

test("a counting link passes everything on, and counts both ways", async () => {
  const setup = toySetup();
  const accepted: Link[] = [];
  await setup.accept((link) => accepted.push(link));
  const near = new CountingLink(await setup.connect());
  const far = new CountingLink(accepted[0] as Link);
  const seen: string[] = [];
  const receiver = (name: string, onClosed: () => void) => ({
    frame: (frame: Frame) => void seen.push(`${name} frame ${frame.type}`),
    malformed() {},
    flushing: () => void seen.push(`${name} flushing`),
    writable() {},
    closed() {
      seen.push(`${name} closed`);
      onClosed();
    },
  });
  const closed = Promise.all([
    new Promise<void>((resolve) => near.receive(receiver("near", resolve))),
    new Promise<void>((resolve) => far.receive(receiver("far", resolve))),
  ]);
  expect([near.kind, near.info, near.room]).toEqual(["structured", { transport: "toy" }, 64]);
  expect(near.send(data(1, 300))).toBe(300);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  far.send({ type: FrameType.END, call: 1, offset: 0 });
  far.close();
  await closed;
  expect(seen).toEqual(["near flushing", "far frame 5", "near frame 7", "far closed", "near closed"]);
  expect([near.sent.offsetBytes, far.received.offsetBytes, near.received.frames, far.sent.frames]).toEqual([
    364, 364, 1, 1,
  ]);
});

const calls = { endStalled: () => Number.POSITIVE_INFINITY };
const times = { heartbeat: 50, deadAfter: 150, stallTimeout: 10_000, calls };

test("a counting link tells of every byte that arrives, and is found dead when none does, as the link inside", async () => {
  const clock = new FakeClock();
  const duplex = new FakeByteDuplex();
  const link = new CountingLink(new ByteLink(duplex));
  const pings: number[] = [];
  const ping = (): void => void pings.push(clock.now());
  const heartbeat = new Heartbeat(link, { ...times, clock, ping });
  const receiver = new NotingReceiver();
  link.receive(Object.assign(receiver, { arrived: () => heartbeat.arrived() }));
  const bytes = encode({ type: FrameType.END, call: 1, offset: 0 });
  for (let at = 0; at < bytes.length; at++) {
    await clock.advance(40);
    duplex.events.data(bytes.subarray(at, at + 1));
    expect(link.inbound).toBe(at + 1);
  }
  expect([link.received.frames, receiver.notes.length, pings]).toEqual([1, 1, []]);
  await clock.advance(149);
  expect([receiver.notes.length, pings]).toEqual([1, [bytes.length * 40 + 50]]);
  await clock.advance(1);
  expect(receiver.notes.slice(1)).toEqual([["closed", "UNAVAILABLE"]]);
});

test("a counting link around one that cannot vanish without a word is not watched either", async () => {
  const clock = new FakeClock();
  const link = new CountingLink(await toySetup().connect());
  new Heartbeat(link, { ...times, clock, ping() {} });
  expect([link.inbound, clock.armedTimers]).toEqual([undefined, 0]);
});

test("a counting link stops reading and goes on where the link inside can", async () => {
  const calls: string[] = [];
  const duplex = Object.assign(new FakeByteDuplex(), {
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
  });
  for (const inside of [new ByteLink(duplex), await toySetup().connect()]) {
    const link = new CountingLink(inside);
    link.pause();
    link.resume();
  }
  expect(calls).toEqual(["pause", "resume"]);
});
