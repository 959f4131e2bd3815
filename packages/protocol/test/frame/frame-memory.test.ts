/** Byte strings that become the user's without another copy: which do, and that nobody else has them. */
import { describe, expect, test } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { Slot } from "../../src/codec/slot.ts";
import { FrameDecoder } from "../../src/frame/decode-frames.ts";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { type DataFrame, dataFrame, type Frame, FrameType } from "../../src/frame/frame.ts";
import { handOverWhole, mayKeep } from "../../src/frame/frame-memory.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";

const slot = new Slot({
  name: "item",
  schema: { type: "string", contentEncoding: "base64" },
  validate: undefined,
  encoding: { kind: "bytes", codec: jsonCodec },
  limits: { maxDepth: 64, maxNodes: 1000, maxMessage: 2 ** 20 },
});

/** What a session makes of the frame of `body`, which comes in chunks that end at each of `cuts`; the frame, and those chunks. */
function received(body: Uint8Array, ...cuts: number[]) {
  const writer = new FrameWriter(standardUtf8);
  writer.write(dataFrame(FrameType.DATA, 1, 0, true, body.length, body, 0, body.length));
  const parts = writer.take();
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  const ends = [...cuts, whole.length];
  const chunks = ends.map((end, i) => whole.slice(i === 0 ? 0 : ends[i - 1], end));
  const decoder = new FrameDecoder(standardUtf8);
  const values: Uint8Array[] = [];
  const frames: DataFrame[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk, (frame) => {
      frames.push(frame as DataFrame);
      values.push(decoded(frame as DataFrame));
    });
  }
  return { value: values[0] as Uint8Array, frame: frames[0] as DataFrame, chunks };
}

const numbered = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);
const decoded = (frame: DataFrame): Uint8Array => slot.decode(frame, standardUtf8) as Uint8Array;
/** A difference between long byte strings would take long to print. */
const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

test("a long byte string that came in several chunks is not copied again", () => {
  const body = numbered(60_000);
  const { value, frame } = received(body, 40_000);
  expect(isEqual(value, body)).toBe(true);
  expect(value.buffer === (frame.payload as Uint8Array).buffer).toBe(true);
});

test("is not the memory of a value that is made later", () => {
  const { value, frame } = received(numbered(60_000), 40_000);
  const later = decoded(frame);
  value.fill(255);
  expect(isEqual(later, numbered(60_000))).toBe(true);
});

test("one that is a part of a chunk is copied: the chunk is its carrier's", () => {
  const body = numbered(60_000);
  const { value, chunks } = received(body);
  chunks[0]?.fill(255);
  expect(isEqual(value, body)).toBe(true);
});

test.each([
  ["a short one", 4_000, 2_000],
  ["one in memory that was to grow", 20_000, 19_000],
])("%s is right however it was cut", (_, length, cut) => {
  const body = numbered(length);
  const { value, chunks } = received(body, cut);
  for (const chunk of chunks) chunk.fill(255);
  expect(isEqual(value, body)).toBe(true);
});

test("a short one is copied", () => {
  const { value, frame } = received(numbered(4_000), 2_000);
  expect(value.buffer === (frame.payload as Uint8Array).buffer).toBe(false);
});

describe("a payload may be kept", () => {
  const frame: Frame = { type: FrameType.PING, call: 0, answer: false, nonce: 1 };

  function mayKeepOf(memoryBytes: number, payloadBytes: number): boolean {
    const bytes = new Uint8Array(memoryBytes);
    let answer: boolean | undefined;
    handOverWhole(frame, bytes, () => {
      answer = mayKeep(bytes, payloadBytes);
    });
    return answer as boolean;
  }

  test.each([
    [4096, 4096, true],
    [5120, 4096, true],
    [100_000, 80_000, true],
    [4095, 4095, false],
    [5121, 4096, false],
    [100_000, 79_999, false],
  ])("of memory of %i bytes if it has %i: %s", (memoryBytes, payloadBytes, expected) => {
    expect(mayKeepOf(memoryBytes, payloadBytes)).toBe(expected);
  });

  test("while its frame is handed over, and no other's", () => {
    const bytes = new Uint8Array(5000);
    handOverWhole(frame, bytes, (handed) => {
      expect(handed).toBe(frame);
      expect(mayKeep(bytes, 5000)).toBe(true);
      expect(mayKeep(new Uint8Array(5000), 5000)).toBe(false);
    });
    expect(mayKeep(bytes, 5000)).toBe(false);
    const failing = (): never => {
      throw new RangeError("no more");
    };
    expect(() => handOverWhole(frame, bytes, failing)).toThrow("no more");
    expect(mayKeep(bytes, 5000)).toBe(false);
    expect.assertions(6);
  });
});
