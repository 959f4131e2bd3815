/** FrameDecoder: it judges before it keeps, has no memory for bytes that have not come, and tells what it waits for. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameDecoder } from "../../src/frame/decode-frames.ts";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { maxFrameLength } from "../../src/limits.ts";
import { countAllocations } from "./count-allocations.ts";
import { anyFrames } from "./frame-arbitrary.ts";
import { cutRandomly, decode, joined } from "./recut.ts";
import { bytesOf, comparable, vectors } from "./wire-vectors.ts";

const { frames } = vectors;

describe("FrameDecoder judges before it keeps", () => {
  const head = "00014000 05 00000001";

  /** How many bytes of `hex` the decoder took before it refused. */
  function refusedAfter(hex: string): number | undefined {
    const decoder = new FrameDecoder(standardUtf8);
    let taken = 0;
    for (const byte of bytesOf(hex)) {
      taken++;
      try {
        decoder.push(Uint8Array.of(byte), () => {});
      } catch {
        return taken;
      }
    }
    return undefined;
  }

  test.each([
    ["a length that is too large", "ffffffff 05 00000001 0000", 4],
    ["a length that is too small", "00000004 05 00000001 0000", 4],
    ["an unknown type", "00014000 0f 00000001 0000", 9],
    ["an undefined flag", "00014000 0d 00000000 0000", 9],
    ["a call that is not allowed", "00014000 05 00000000 0000", 9],
    ["a body that is too long", "00014000 06 00000001 0000", 9],
    ["a HELLO that is too long", "00010006 01 00000000 0000", 9],
  ])("%s (REL-F3)", (_, hex, bytes) => {
    expect(refusedAfter(hex)).toBe(bytes);
    const chunk = (size: number): void =>
      new FrameDecoder(standardUtf8).push(bytesOf(hex).slice(0, size), () => {});
    expect(() => chunk(bytes)).toThrow(expect.objectContaining({ name: "SluiceError" }));
    expect(() => chunk(bytes - 1)).not.toThrow();
  });

  test("a whole HELLO of 65,536 bytes is accepted", () => {
    const text = `{"peer":"${"x".repeat(65_525)}"}`;
    expect(text.length).toBe(65_536);
    const bytes = joined([bytesOf("00010005 01 00000000"), new TextEncoder().encode(text)]);
    expect(decode([bytes]).frames).toHaveLength(1);
  });

  describe("and allocates for what has come, not for what was announced (REL-F1, REL-F2)", () => {
    test("1,000 decoders that were given 5 bytes of a frame of 80 KiB have less than 1 MiB in all", () => {
      const decoders = Array.from({ length: 1000 }, () => new FrameDecoder(standardUtf8));
      const five = bytesOf(head).slice(0, 5);
      const allocated = countAllocations(() => {
        for (const decoder of decoders) decoder.push(five, () => {});
      });
      expect(allocated).toHaveLength(1000);
      expect(allocated.reduce((sum, size) => sum + size, 0)).toBeLessThan(16 * 1024);
    });

    test.each([1, 2, 5, 9, 10, 100, 1000, 16_384])(
      "chunks of %i bytes: at most 4 times what came",
      (size) => {
        const bytes = new Uint8Array(maxFrameLength + 4);
        bytes.set(bytesOf(head));
        const decoder = new FrameDecoder(standardUtf8);
        let refusal: unknown;
        const allocated = countAllocations((sizes) => {
          for (let at = 0; at < bytes.length && refusal === undefined; at += size) {
            const before = sizes.length;
            try {
              decoder.push(bytes.subarray(at, at + size), () => {});
            } catch (error) {
              refusal = error;
            }
            const came = Math.min(at + size, bytes.length);
            for (const one of sizes.slice(before)) {
              if (one > Math.max(64, 4 * came) || one > bytes.length)
                expect({ came, one }).toBe("at most 4 times");
            }
          }
        });
        // Its payload is larger than any frame's, which only the whole frame shows.
        expect(refusal).toMatchObject({ code: "FRAME_TOO_LARGE" });
        // Memory that grows fourfold is allocated a few times, not once a chunk.
        expect(allocated.length).toBeLessThanOrEqual(9);
      },
    );

    test("grows fourfold, from what came with its head", () => {
      const bytes = new Uint8Array(maxFrameLength + 4);
      bytes.set(bytesOf(head));
      const decoder = new FrameDecoder(standardUtf8);
      const allocated = countAllocations(() => {
        for (let at = 0; at < 22_000; at += 1000) decoder.push(bytes.subarray(at, at + 1000), () => {});
      });
      expect(allocated).toEqual([4000, 20_000, maxFrameLength + 4]);
    });

    test.each([
      ["nine bytes of a frame", 9, 64],
      ["four bytes of a frame", 4, 9],
      ["100 bytes of a frame", 100, 400],
    ])("%s behind many whole ones cost what they would cost alone", (_, some, size) => {
      const ping = bytesOf("00000009 0c 00000000 00000007");
      const begun = new Uint8Array(some);
      begun.set(bytesOf(head).slice(0, some));
      const chunk = joined([...Array.from({ length: 1000 }, () => ping), begun]);
      const allocated = countAllocations(() => new FrameDecoder(standardUtf8).push(chunk, () => {}));
      expect(allocated).toEqual([size]);
    });

    test("nothing for frames that come whole", () => {
      const stream = joined(frames.map(({ hex }) => bytesOf(hex)));
      const decoder = new FrameDecoder(standardUtf8);
      const allocated = countAllocations(() => decoder.push(stream, () => {}));
      expect(allocated).toEqual([]);
    });
  });
});

describe("FrameDecoder", () => {
  test("gives payloads as parts of the chunk that they came in", () => {
    const bytes = bytesOf("0000000e 05 00000001 000000000000 616263");
    new FrameDecoder(standardUtf8).push(bytes, (frame) => {
      expect(frame).toMatchObject({ payload: bytes, start: 15, end: 18 });
    });
    expect.assertions(1);
  });

  test("keeps no part of a chunk beyond the call", () => {
    const vector = frames.find(({ name }) => name === "DATA with a JSON message") ?? frames[0];
    const bytes = bytesOf((vector as { hex: string }).hex);
    for (let at = 1; at < bytes.length; at++) {
      const decoder = new FrameDecoder(standardUtf8);
      const first = bytes.slice(0, at);
      decoder.push(first, () => {});
      first.fill(0);
      const read: unknown[] = [];
      decoder.push(bytes.slice(at), (frame) => read.push(comparable(frame)));
      expect(read).toHaveLength(1);
    }
  });

  test("skips a frame of an extension, whole or cut anywhere, and reads on", () => {
    const bytes = bytesOf("0000000a f8 00000007 0001ff0a0d 00000009 0c 00000000 00000007");
    for (let at = 0; at < bytes.length; at++) {
      const { frames: read, code } = decode([bytes.slice(0, at), bytes.slice(at)]);
      expect({ at, read, code }).toMatchObject({ at, read: [{ nonce: 7 }], code: undefined });
    }
  });

  test("tells whether the bytes end inside a frame", () => {
    const bytes = bytesOf("00000009 0c 00000000 00000007");
    const decoder = new FrameDecoder(standardUtf8);
    expect(decoder.isInsideFrame).toBe(false);
    for (const [i, byte] of bytes.entries()) {
      decoder.push(Uint8Array.of(byte), () => {});
      expect(decoder.isInsideFrame).toBe(i < bytes.length - 1);
    }
  });

  test("has another number for each unfinished frame, and for each KiB that has come of it", () => {
    const decoder = new FrameDecoder(standardUtf8);
    const nothing = (): void => {};
    const frame = joined([bytesOf("0001000b 05 00000001 000000000000"), new Uint8Array(65_536)]);
    const numbers = [decoder.unfinished];
    const push = (bytes: Uint8Array): void => {
      decoder.push(bytes, nothing);
      numbers.push(decoder.unfinished);
    };
    push(frame.subarray(0, 4));
    push(frame.subarray(4, 1024));
    push(frame.subarray(1024, 1025));
    push(frame.subarray(1025, 65_550));
    // The rest of it, and the beginning of the next.
    push(joined([frame.subarray(65_550), frame.subarray(0, 4)]));
    push(frame.subarray(4));
    push(frame);
    const [none, one, same, more, nearlyAll, next, ...behind] = numbers;
    expect([none, ...behind]).toEqual([0, 0, 0]);
    expect(same).toBe(one);
    expect(new Set([none, one, more, nearlyAll, next]).size).toBe(5);
    expect(Math.min(one as number, more as number, nearlyAll as number, next as number)).toBeGreaterThan(0);
  });

  test("has no number twice, however many frames were left unfinished", () => {
    const decoder = new FrameDecoder(standardUtf8);
    const frame = joined([bytesOf("00000bbf 05 00000001 000000000000"), new Uint8Array(2996)]);
    const numbers: number[] = [];
    for (let count = 0; count < 300; count++) {
      for (const [from, to] of [
        [0, 1000],
        [1000, 2000],
        [2000, 3000],
      ] as const) {
        decoder.push(frame.subarray(from, to), () => {});
        numbers.push(decoder.unfinished);
      }
      decoder.push(frame.subarray(3000), () => {});
      expect(decoder.unfinished).toBe(0);
    }
    expect(new Set(numbers).size).toBe(900);
  });

  test("lets through what its sink throws, and reads nothing of the chunk after it", () => {
    const ping = bytesOf("00000009 0c 00000000 00000007");
    const decoder = new FrameDecoder(standardUtf8);
    let calls = 0;
    const push = (): void =>
      decoder.push(joined([ping, ping]), () => {
        calls++;
        throw new RangeError("no more");
      });
    expect(push).toThrow("no more");
    expect(calls).toBe(1);
  });

  test("reads what FrameWriter wrote, whatever the frames and the cuts", () => {
    fc.assert(
      fc.property(anyFrames, fc.nat(), (written, seed) => {
        const writer = new FrameWriter(standardUtf8);
        for (const frame of written) writer.write(frame);
        const bytes = joined(writer.take());
        const expected = written.map(comparable);
        expect(decode([bytes.slice()]).frames).toEqual(expected);
        expect(decode(cutRandomly(bytes, seed)).frames).toEqual(expected);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    );
  });
});
