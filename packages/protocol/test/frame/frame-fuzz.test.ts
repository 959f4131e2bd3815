/**
 * Fuzzed bytes into FrameDecoder: frames of the grammar that were then damaged, and bytes at random (REL §5.3 item 4).
 *
 * Only SluiceErrors with the codes of a malformed frame come out, whatever the cuts, and in time that grows with the bytes.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { FrameDecoder } from "../../src/frame/decode-frames.ts";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { maxFrameLength, maxFramePayload } from "../../src/limits.ts";
import { anyFrames } from "./frame-arbitrary.ts";
import { cutRandomly, joined } from "./recut.ts";
import { bytesOf, comparable, vectors } from "./wire-vectors.ts";

const codes = ["PROTOCOL_ERROR", "FRAME_TOO_LARGE", "DECODE_ERROR"];

/** Processor time that the decoder took, and how many bytes it was for. */
const spent = { microseconds: 0, bytes: 0 };

/** The outcome of decoding, with all that must be true of any outcome checked. */
function outcome(chunks: readonly Uint8Array[]): {
  readonly frames: object[];
  readonly code: string | undefined;
} {
  const decoder = new FrameDecoder(standardUtf8);
  const frames: object[] = [];
  const from = process.cpuUsage();
  try {
    for (const chunk of chunks) {
      decoder.push(chunk, (frame) => {
        if ("payload" in frame) {
          const { start, end, payload } = frame;
          const size = (payload as Uint8Array).length;
          if (start < 9 || end < start || end > size || end - start > maxFramePayload) {
            throw new Error(`Payload from ${start} to ${end} of ${size}`);
          }
        }
        if (frame.type === FrameType.OPEN && frame.procedure === "") throw new Error("OPEN without a name");
        frames.push(comparable(frame));
      });
    }
    return { frames, code: undefined };
  } catch (error) {
    const { name, code, message } = error as Error & { code: string };
    if (name !== "SluiceError" || !codes.includes(code)) throw error;
    if (message.length > 300) throw new Error(`A message of ${message.length} characters`);
    return { frames, code };
  } finally {
    const { user, system } = process.cpuUsage(from);
    spent.microseconds += user + system;
    spent.bytes += chunks.reduce((sum, { length }) => sum + length, 0);
  }
}

/** Decodes `bytes` whole and cut, which must make no difference. */
function check(bytes: Uint8Array, seed: number): void {
  const whole = outcome([bytes.slice()]);
  const cut = outcome(cutRandomly(bytes, seed));
  expect(cut).toEqual(whole);
}

/** One way to damage bytes; `at` and `by` are any numbers. */
const damages: Readonly<Record<string, (bytes: Uint8Array, at: number, by: number) => Uint8Array>> = {
  flipBit(bytes, at, by) {
    const flipped = bytes.slice();
    const i = at % bytes.length;
    flipped[i] = (flipped[i] as number) ^ (1 << (by % 8));
    return flipped;
  },
  setByte(bytes, at, by) {
    const changed = bytes.slice();
    changed[at % bytes.length] = by;
    return changed;
  },
  truncate: (bytes, at) => bytes.slice(0, at % bytes.length),
  changeLength(bytes, _, by) {
    const changed = bytes.slice();
    const view = new DataView(changed.buffer);
    if (bytes.length >= 4) view.setUint32(0, view.getUint32(0) + (by % 9) - 4);
    return changed;
  },
  duplicate(bytes, at, by) {
    const from = at % bytes.length;
    const part = bytes.subarray(from, from + (by % 40));
    return joined([bytes.subarray(0, from), part, bytes.subarray(from)]);
  },
  remove(bytes, at, by) {
    const from = at % bytes.length;
    return joined([bytes.subarray(0, from), bytes.subarray(from + 1 + (by % 12))]);
  },
  splice(bytes, at, by) {
    const other = bytesOf((vectors.malformed[by % vectors.malformed.length] as { hex: string }).hex);
    return joined([bytes.subarray(0, at % bytes.length), other.subarray(by % 7, 600)]);
  },
};

const damage = fc.record({
  kind: fc.constantFrom(...Object.keys(damages)),
  at: fc.oneof(fc.nat(24), fc.nat(100_000)),
  by: fc.nat(255),
});

const bounded = { numRuns: 100_000, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false };

describe("FrameDecoder survives", () => {
  test("frames of the grammar that were damaged", () => {
    fc.assert(
      fc.property(
        anyFrames,
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        fc.nat(),
        (frames, done, seed) => {
          const writer = new FrameWriter(standardUtf8);
          for (const frame of frames) writer.write(frame);
          let bytes = joined(writer.take());
          for (const { kind, at, by } of done)
            if (bytes.length > 0) bytes = damages[kind]?.(bytes, at, by) ?? bytes;
          check(bytes, seed);
        },
      ),
      bounded,
    );
  });

  test("vectors that were damaged", () => {
    const stored = [...vectors.frames, ...vectors.accepted, ...vectors.malformed].map(({ hex }) =>
      bytesOf(hex),
    );
    const short = stored.filter(({ length }) => length < 1000);
    fc.assert(
      fc.property(fc.constantFrom(...short), damage, fc.nat(), (bytes, { kind, at, by }, seed) => {
        check(damages[kind]?.(bytes, at, by) ?? bytes, seed);
      }),
      bounded,
    );
  });

  test("bytes at random, behind a head or not", () => {
    const head = fc
      .tuple(fc.integer({ min: 0, max: maxFrameLength + 2 }), fc.nat(255), fc.nat(2))
      .map(([length, type, call]) => {
        const bytes = new Uint8Array(9);
        const view = new DataView(bytes.buffer);
        view.setUint32(0, length < 2000 ? length : length % 60);
        view.setUint8(4, type);
        view.setUint32(5, call);
        return bytes;
      });
    const parts = fc.array(fc.oneof(head, fc.uint8Array({ maxLength: 80 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.nat(), (chunks, seed) => check(joined(chunks), seed)),
      bounded,
    );
  });

  afterAll(() => {
    // On average over all runs: 5 ms of processor time a KiB would be slow beyond doubt.
    expect(spent.bytes).toBeGreaterThan(100_000);
    expect(spent.microseconds / (spent.bytes / 1024)).toBeLessThan(5000);
  });
});
