/** Byte strings that become the user's without another copy: which do, and that nobody else has them. */
import { expect, test } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { Slot } from "../../src/codec/slot.ts";
import { FrameDecoder } from "../../src/frame/decode-frames.ts";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { type DataFrame, dataFrame, FrameType } from "../../src/frame/frame.ts";
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

test("a long byte string that came in several chunks is not copied again", () => {
  const body = numbered(60_000);
  const { value, frame } = received(body, 40_000);
  expect(value).toStrictEqual(body);
  expect(value.buffer).toBe((frame.payload as Uint8Array).buffer);
});

test("is not the memory of a value that is made later", () => {
  const { value, frame } = received(numbered(60_000), 40_000);
  const later = decoded(frame);
  value.fill(255);
  expect(later).toStrictEqual(numbered(60_000));
});

test("one that is a part of a chunk is copied: the chunk is its carrier's", () => {
  const body = numbered(60_000);
  const { value, chunks } = received(body);
  chunks[0]?.fill(255);
  expect(value).toStrictEqual(body);
});

test.each([
  ["a short one", 4_000, 2_000],
  ["one in memory that was to grow", 20_000, 19_000],
])("%s is right however it was cut", (_, length, cut) => {
  const body = numbered(length);
  const { value, chunks } = received(body, cut);
  for (const chunk of chunks) chunk.fill(255);
  expect(value).toStrictEqual(body);
});

test("a short one is copied", () => {
  const { value, frame } = received(numbered(4_000), 2_000);
  expect(value.buffer).not.toBe((frame.payload as Uint8Array).buffer);
});
