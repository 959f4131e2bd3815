/** Frames in messages: all of a turn in one, none above the bound, long chunks as they are. */
import { FrameWriter, maxFrameLength, standardUtf8 } from "@sluice/protocol/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mostMessageBytes, packMessages } from "../src/pack-messages.ts";

/** A frame of `length` bytes behind its length. */
function frameOf(length: number, fill: number): Uint8Array {
  const frame = new Uint8Array(4 + length).fill(fill);
  new DataView(frame.buffer).setUint32(0, length);
  return frame;
}

function joined(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** The lengths of the frames in `bytes`, which must be whole. */
function framesIn(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengths: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const length = view.getUint32(at);
    lengths.push(length);
    at += 4 + length;
  }
  expect(at).toBe(bytes.length);
  return lengths;
}

test("a chunk that fits is the message, without a copy", () => {
  const chunk = frameOf(100, 1);
  expect(packMessages([chunk])).toEqual([chunk]);
  expect(packMessages([chunk])[0]?.buffer).toBe(chunk.buffer);
});

test("a thousand frames are one message", () => {
  const writer = new FrameWriter(standardUtf8);
  for (let nonce = 0; nonce < 1_000; nonce++) writer.write({ type: 12, call: 0, answer: false, nonce });
  const messages = packMessages(writer.take());
  expect(messages.length).toBe(1);
  expect(framesIn(messages[0] as Uint8Array).length).toBe(1_000);
});

test("short frames in several chunks are messages of whole frames, one behind the other", () => {
  const chunks = Array.from({ length: 20 }, (_, at) => frameOf(8_000, at));
  const messages = packMessages(chunks);
  expect(messages.map((message) => framesIn(message).length)).toEqual([9, 9, 2]);
});

test("a long chunk is a message of its own, without a copy, and so is what stands between two", () => {
  const frames = joined([frameOf(100, 1), frameOf(50_004, 2).subarray(0, 8)]);
  const chunks = [frames, new Uint8Array(50_000), frameOf(9, 3), frameOf(9, 4), new Uint8Array(16 * 1024)];
  const messages = packMessages(chunks);
  expect(messages.map(({ length }) => length)).toEqual([112, 50_000, 26, 16 * 1024]);
  expect([messages[1]?.buffer, messages[3]?.buffer]).toEqual([chunks[1]?.buffer, chunks[4]?.buffer]);
  expect(joined(messages).equals(joined(chunks))).toBe(true);
});

test("frames of any sizes in chunks cut anywhere arrive in order, within the bound, whole where no chunk is long", () => {
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 9, max: 300 }), fc.integer({ min: 9, max: maxFrameLength })),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(
      sizes,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
      (lengths, cuts) => {
        const all = joined(lengths.map((length, index) => frameOf(length, index)));
        const places = [
          0,
          ...cuts.map((cut) => Math.floor(cut * all.length)).sort((a, b) => a - b),
          all.length,
        ];
        const chunks = places.slice(1).map((place, index) => all.subarray(places[index], place));
        const messages = packMessages(chunks);
        expect(joined(messages).equals(all)).toBe(true);
        for (const message of messages) {
          expect(message.length).toBeGreaterThan(0);
          expect(message.length).toBeLessThanOrEqual(mostMessageBytes);
        }
        if (chunks.length > 1 && chunks.some(({ length }) => length >= 16 * 1024)) return;
        for (const message of messages) framesIn(message);
        for (const message of messages.slice(0, -1)) {
          expect(message.length).toBeGreaterThanOrEqual(64 * 1024);
        }
      },
    ),
    { numRuns: 60 },
  );
});
