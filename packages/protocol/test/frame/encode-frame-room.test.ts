/** FrameWriter at the end of its memory: what still fits goes there to the last byte, and what does not begins anew, whole. */
import { describe, expect, test } from "vitest";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { dataFrame, type Frame, FrameType, type OpenFrame } from "../../src/frame/frame.ts";
import { countingUtf8 } from "./counting-utf8.ts";
import { decode, joined } from "./recut.ts";
import { comparable } from "./wire-vectors.ts";

const slabBytes = 65_536;
const ping: Frame = { type: FrameType.PING, call: 0, answer: false, nonce: 1 };
const pingBytes = 13;
const dataHeadBytes = 15;

const numbered = Uint8Array.from({ length: 2 ** 20 + 70_000 }, (_, i) => i % 251);

function bytes(length: number, start = 0): Frame {
  return dataFrame(FrameType.DATA, 1, 0, true, length, numbered, start, start + length);
}

/** A writer whose slab has `left` bytes, the frames that fill it, and the sizes of all memory that it took. */
function nearlyFull(left: number) {
  const utf8 = countingUtf8();
  const writer = new FrameWriter(utf8);
  const written: Frame[] = [];
  const write = (frame: Frame): void => {
    writer.write(frame);
    written.push(frame);
  };
  for (let rest = slabBytes - left; rest > 0; ) {
    // What remains then is no shorter than the head of a frame.
    const length = rest > 4000 ? 3000 : rest;
    write(bytes(length - dataHeadBytes));
    rest -= length;
  }
  expect(writer.bytes).toBe(slabBytes - left);
  return { utf8, writer, written, write, sizes: () => utf8.allocated.map(({ length }) => length) };
}

const open: OpenFrame = {
  type: FrameType.OPEN,
  call: 1,
  more: true,
  raw: false,
  total: 100_000,
  payload: new Uint8Array(0),
  start: 0,
  end: 0,
  halfClosed: true,
  event: false,
  stop: false,
  routed: false,
  key: { originHigh: 1, originLow: 2, number: 3 },
  timeoutMs: 0,
  window: 1,
  maxWindow: 2,
  procedure: "測".repeat(85),
  metadata: "",
  resume: { received: 1, limit: 2 },
};

const error: Frame = {
  type: FrameType.ERROR,
  call: 1,
  offset: 2 ** 40,
  circuit: false,
  body: { code: "X", message: "測".repeat(1000) },
  raw: true,
  payload: Uint8Array.from({ length: 50 }, (_, i) => i),
  start: 10,
  end: 50,
};

const frames: readonly (readonly [string, Frame])[] = [
  ["OPEN with a long name", open],
  ["OPEN with long metadata", { ...open, procedure: "a", metadata: "測".repeat(3000) }],
  ["OPEN with a param", { ...open, payload: numbered, start: 100, end: 2100 }],
  ["ERROR with a long message", error],
  ["CANCEL with a long reason", { type: FrameType.CANCEL, call: 1, abort: true, reason: "測".repeat(300) }],
  ["HELLO", { type: FrameType.HELLO, call: 0, hello: { peer: "測".repeat(1000) } }],
  ["DONE of many calls", { type: FrameType.DONE, call: 0, rest: true, calls: [...new Array(300).keys()] }],
  ["CREDIT", { type: FrameType.CREDIT, call: 1, received: 1, limit: 2 ** 48 - 1 }],
  ["END", { type: FrameType.END, call: 1, offset: 2 ** 48 - 1 }],
  ["PING", ping],
  ["DATA with 40 bytes", bytes(40, 5000)],
  ["DATA with 4,095 bytes", bytes(4095)],
  ["DATA with 4,096 bytes", bytes(4096)],
  ["DATA with 65,536 bytes", bytes(65_536)],
];

describe("FrameWriter writes whole, however little is left of its slab,", () => {
  test.each(frames)("%s", (_, frame) => {
    for (const left of [0, 13, 33, 55, 100, 250, 900, 2300, 3000, 4110]) {
      const { writer, written, write } = nearlyFull(left);
      write(frame);
      write(ping);
      const { frames: read, code } = decode([joined(writer.take())]);
      expect({ left, code, frames: read.length }).toEqual({ left, code: undefined, frames: written.length });
      expect(read.slice(-2)).toEqual([frame, ping].map(comparable));
    }
  });
});

describe("FrameWriter takes another slab", () => {
  test("when not a byte is missing, and not before", () => {
    const exact = nearlyFull(pingBytes);
    exact.write(ping);
    expect(exact.sizes()).toEqual([slabBytes]);
    const oneLess = nearlyFull(pingBytes - 1);
    oneLess.write(ping);
    expect(oneLess.sizes()).toEqual([slabBytes, slabBytes]);
  });

  test("not for bytes that become a chunk of their own, wherever they stand in their message", () => {
    const { write, sizes } = nearlyFull(4 * dataHeadBytes + 10);
    write(bytes(4096));
    write(bytes(65_536));
    write(bytes(70_000, 2 ** 20));
    write(bytes(10, 2 ** 20));
    expect(sizes()).toEqual([slabBytes]);
  });

  test.each([
    [1024, 1024, 1],
    [1024, 1025, 2],
    [1023, 1023, 2],
    [1023, pingBytes, 2],
  ])(
    "when one of which %i bytes were left has no room for %i, or is not worth keeping",
    (left, size, slabs) => {
      const { utf8, writer, sizes } = nearlyFull(left);
      writer.take();
      new FrameWriter(utf8).write(size === pingBytes ? ping : bytes(size - dataHeadBytes));
      expect(sizes()).toEqual(new Array(slabs).fill(slabBytes));
    },
  );
});
