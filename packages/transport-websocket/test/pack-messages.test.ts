/** Frames in messages: all of a turn in one, each whole, none above the bound. */
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

test("the largest message is an almost full one and the largest frame", () => {
  const chunks = [frameOf(64 * 1024 - 5, 1), frameOf(maxFrameLength, 2), frameOf(9, 3)];
  const messages = packMessages(chunks);
  expect(messages.map(({ length }) => length)).toEqual([mostMessageBytes - 1, 13]);
});

test("frames of any sizes in chunks cut anywhere arrive whole, in order, within the bound", () => {
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
          expect(message.length).toBeLessThanOrEqual(mostMessageBytes);
          framesIn(message);
        }
        for (const message of messages.slice(0, -1)) {
          if (messages.length > 1) expect(message.length).toBeGreaterThanOrEqual(64 * 1024);
        }
      },
    ),
    { numRuns: 60 },
  );
});
