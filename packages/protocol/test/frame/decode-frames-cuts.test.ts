/** FrameDecoder: the same frames, and the same refusals, however the golden vectors are cut into chunks. */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { byteByByte, cutAt, cutRandomly, type Decoded, decode, joined } from "./recut.ts";
import { bytesOf, comparable, frameOf, vectors } from "./wire-vectors.ts";

const { frames, accepted, ignored, malformed } = vectors;

/** Places to cut long bytes at: all near the ends, where the fields are, and some in between. */
function places(bytes: Uint8Array): number[] {
  const all = Array.from({ length: bytes.length }, (_, i) => i);
  if (bytes.length <= 700) return all;
  const { length } = bytes;
  return all.filter((at) => at < 100 || at >= length - 20 || at % 9973 === 0 || (at & (at - 1)) === 0);
}

/** Like `toStrictEqual`, which is far slower and only says what differs: frames are compared a hundred thousand times. */
function expectFrames({ frames: decoded }: Decoded, expected: readonly object[]): void {
  if (isDeepStrictEqual(decoded, expected)) return;
  expect(decoded).toStrictEqual(expected);
  expect.fail("the frames are not the same");
}

describe("however they are cut, FrameDecoder reads", () => {
  const stream = joined([...frames, ...accepted, ...ignored, ...frames].map(({ hex }) => bytesOf(hex)));
  const expected = [...frames, ...accepted, ...frames].map((vector) => comparable(frameOf(vector)));

  test("all vectors, in one chunk", () => {
    expect(decode([stream.slice()])).toStrictEqual({
      frames: expected,
      code: undefined,
      isInsideFrame: false,
    });
  });

  test("all but the longest vectors, byte by byte", () => {
    const short = [...frames, ...accepted].filter(({ hex }) => bytesOf(hex).length < 20_000);
    const bytes = joined(short.map(({ hex }) => bytesOf(hex)));
    const expectedShort = short.map((vector) => comparable(frameOf(vector)));
    expect(decode(byteByByte(bytes)).frames).toStrictEqual(expectedShort);
  });

  test.each(Array.from({ length: 30 }, (_, i) => i + 1))("all vectors, cut by seed %i", (seed) => {
    const decoded = decode(cutRandomly(stream, seed));
    expect(decoded.code).toBeUndefined();
    expect(decoded.isInsideFrame).toBe(false);
    expect(decoded.frames).toStrictEqual(expected);
  });

  test.each([...frames, ...accepted])("$name, in two chunks", (vector) => {
    const bytes = bytesOf(vector.hex);
    const one = [comparable(frameOf(vector))];
    for (const at of places(bytes)) {
      const decoded = decode(cutAt(bytes, [at]));
      if (decoded.isInsideFrame || decoded.code !== undefined) expect({ at, ...decoded }).toBe("one frame");
      expectFrames(decoded, one);
    }
  });

  const short = [...frames, ...accepted].filter(({ hex }) => bytesOf(hex).length <= 32);
  test.each(short)("$name, in three chunks, some empty", (vector) => {
    const bytes = bytesOf(vector.hex);
    const one = [comparable(frameOf(vector))];
    for (let i = 0; i < bytes.length; i++) {
      for (let j = i; j < bytes.length; j++) {
        const chunks = [bytes.slice(0, i), bytes.slice(i, j), bytes.slice(j)];
        expectFrames(decode(chunks), one);
      }
    }
  });
});

describe("however it is cut, FrameDecoder refuses", () => {
  const before = joined(frames.slice(0, 2).map(({ hex }) => bytesOf(hex)));
  const readBefore = frames.slice(0, 2).map((vector) => comparable(frameOf(vector)));

  test.each(malformed)("$name, in two chunks", ({ hex, code }) => {
    const bytes = joined([before, bytesOf(hex)]);
    for (const at of places(bytes)) {
      const decoded = decode(cutAt(bytes, [at]));
      if (decoded.code !== code || decoded.frames.length !== 2)
        expect({ at, code: decoded.code, frames: decoded.frames.length }).toBe(`${code} behind two frames`);
    }
    expect(decode(cutAt(bytes, [7])).frames).toStrictEqual(readBefore);
  });

  test.each(malformed)("$name, byte by byte", ({ hex, code }) => {
    expect(decode(byteByByte(bytesOf(hex))).code).toBe(code);
  });
});
