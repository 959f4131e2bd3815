/** FrameWriter: what it hands over stays as it is, large bytes are not copied, and idle writers hold no memory. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { dataFrame, type Frame, FrameType, type OpenFrame } from "../../src/frame/frame.ts";
import { standardUtf8, type Utf8 } from "../../src/frame/utf8.ts";
import { countingUtf8 } from "./counting-utf8.ts";
import { anyFrames } from "./frame-arbitrary.ts";
import { decode, joined, randomNumbers } from "./recut.ts";
import { bytesOf, comparable, frameOf, vectors } from "./wire-vectors.ts";

const ping: Frame = { type: FrameType.PING, call: 0, answer: false, nonce: 1 };

function data(payload: unknown, end = 0): Frame {
  return dataFrame(FrameType.DATA, 1, 0, false, end, payload, 0, end);
}

const open: OpenFrame = {
  type: FrameType.OPEN,
  call: 1,
  more: false,
  raw: false,
  total: 0,
  payload: "",
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
  procedure: "a",
  metadata: "",
  resume: undefined,
};

test("a piece that reaches out of its message is never written: memory of somebody else would take its place", () => {
  for (const [start, end] of [
    [-1, 10],
    [-5_000, 10],
    [0, 11],
    [5, 70_000],
  ] as const) {
    const writer = new FrameWriter(countingUtf8());
    const frame = dataFrame(FrameType.DATA, 1, 0, false, 10, new Uint8Array(10), start, end);
    expect(() => writer.write(frame)).toThrow(RangeError);
  }
});

describe("several writers on one pool", () => {
  /** A region that was handed over, with what it held then. */
  interface Taken {
    readonly chunk: Uint8Array;
    readonly copy: Uint8Array;
  }

  function interleave(seed: number, utf8: Utf8): { readonly taken: Taken[][]; readonly written: object[][] } {
    const random = randomNumbers(seed);
    const frames = vectors.frames.map(frameOf);
    const writers = Array.from({ length: 7 }, () => new FrameWriter(utf8));
    const taken: Taken[][] = writers.map(() => []);
    const written: object[][] = writers.map(() => []);
    for (let step = 0; step < 1500; step++) {
      const i = Math.floor(random() * writers.length);
      const writer = writers[i] as FrameWriter;
      if (random() < 0.3) {
        taken[i]?.push(...writer.take().map((chunk) => ({ chunk, copy: chunk.slice() })));
      } else {
        const frame = frames[Math.floor(random() ** 2 * frames.length)] as Frame;
        writer.write(frame);
        written[i]?.push(comparable(frame));
      }
    }
    for (const [i, writer] of writers.entries()) {
      taken[i]?.push(...writer.take().map((chunk) => ({ chunk, copy: chunk.slice() })));
    }
    return { taken, written };
  }

  test.each([1, 2, 3, 4, 5])("never write again what one of them handed over (seed %i)", (seed) => {
    const { taken, written } = interleave(seed, standardUtf8);
    for (const [i, chunks] of taken.entries()) {
      for (const { chunk, copy } of chunks) expect(Buffer.compare(chunk, copy)).toBe(0);
      expect(decode([joined(chunks.map(({ chunk }) => chunk))]).frames).toEqual(written[i]);
    }
  });

  test("hand over regions that do not overlap", () => {
    const utf8 = countingUtf8();
    const { taken } = interleave(6, utf8);
    const slabs = new Map<ArrayBufferLike, [number, number][]>(
      utf8.allocated.map(({ buffer }) => [buffer, []]),
    );
    for (const { chunk } of taken.flat()) {
      slabs.get(chunk.buffer)?.push([chunk.byteOffset, chunk.byteOffset + chunk.length]);
    }
    let regions = 0;
    for (const used of slabs.values()) {
      used.sort(([a], [b]) => a - b);
      for (const [i, [from]] of used.entries()) expect(from).toBeGreaterThanOrEqual(used[i - 1]?.[1] ?? 0);
      regions += used.length;
    }
    expect(regions).toBeGreaterThan(100);
  });

  test("that are idle hold no memory", () => {
    const utf8 = countingUtf8();
    const writers = Array.from({ length: 1000 }, () => new FrameWriter(utf8));
    for (const writer of writers) {
      writer.write(ping);
      expect(writer.take()).toHaveLength(1);
    }
    expect(utf8.allocated).toHaveLength(1);
  });

  test("that are busy at once, and then idle, leave a bounded pool", () => {
    const utf8 = countingUtf8();
    const writers = Array.from({ length: 100 }, () => new FrameWriter(utf8));
    const writeAll = (): void => {
      for (const writer of writers) writer.write(ping);
      for (const writer of writers) writer.take();
    };
    writeAll();
    expect(utf8.allocated).toHaveLength(100);
    writeAll();
    // Eight slabs were kept, the others went with their chunks.
    expect(utf8.allocated).toHaveLength(192);
  });
});

describe("FrameWriter", () => {
  test("writes every byte that it hands over, also into memory that is not empty", () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const [dirty, clean] = [countingUtf8(), standardUtf8].map((utf8) => {
          const writer = new FrameWriter(utf8);
          for (const frame of frames) writer.write(frame);
          return joined(writer.take());
        }) as [Uint8Array, Uint8Array];
        expect(Buffer.from(dirty).toString("hex")).toBe(Buffer.from(clean).toString("hex"));
      }),
      { numRuns: 200, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    );
  });

  test("puts the frames of a turn into one chunk", () => {
    const writer = new FrameWriter(countingUtf8());
    for (let i = 0; i < 1000; i++) writer.write(ping);
    expect(writer.take().map(({ length }) => length)).toEqual([13_000]);
  });

  test("makes bytes of 4,096 and more a chunk of their own, by reference", () => {
    const writer = new FrameWriter(standardUtf8);
    const payload = new Uint8Array(10_000);
    writer.write(ping);
    const frame = dataFrame(FrameType.DATA, 1, 0, true, 4096, payload, 100, 4196);
    expect(writer.write(frame)).toBe(4096);
    writer.write(ping);
    const chunks = writer.take();
    expect(chunks.map(({ length }) => length)).toEqual([13 + 15, 4096, 13]);
    expect(chunks[1]?.buffer).toBe(payload.buffer);
    expect(chunks[1]?.byteOffset).toBe(100);
  });

  test("copies smaller ones", () => {
    const writer = new FrameWriter(standardUtf8);
    const payload = new Uint8Array(4095).fill(7);
    writer.write(data(payload, 4095));
    const chunks = writer.take();
    expect(chunks).toHaveLength(1);
    payload.fill(8);
    expect(chunks[0]?.at(-1)).toBe(7);
  });

  test("counts the bytes since the last take()", () => {
    const writer = new FrameWriter(standardUtf8);
    expect(writer.bytes).toBe(0);
    let expected = 0;
    for (const vector of vectors.frames) {
      writer.write(frameOf(vector));
      expected += bytesOf(vector.hex).length;
      expect(writer.bytes).toBe(expected);
    }
    expect(joined(writer.take())).toHaveLength(expected);
    expect(writer.bytes).toBe(0);
    expect(writer.take()).toEqual([]);
  });

  test.each([
    ["DATA with text", data("größe 😀"), 12],
    ["DATA with nothing", data(""), 0],
    ["DATA with no payload at all", data(undefined), 0],
    ["DATA with bytes", data(new Uint8Array(9), 9), 9],
    ["DATA with a large text", data("é".repeat(30_000)), 60_000],
    ["OPEN with text", { ...open, payload: "{}" }, 2],
    ["OPEN with metadata and nothing", { ...open, metadata: '{"a":"b"}' }, 0],
    ["PING", ping, 0],
    ["CANCEL with a reason", { type: FrameType.CANCEL, call: 1, abort: true, reason: "why" }, 0],
    ["HELLO", { type: FrameType.HELLO, call: 0, hello: { a: 1 } }, 0],
    ["DONE", { type: FrameType.DONE, call: 0, rest: false, calls: [1] }, 0],
    ["CREDIT", { type: FrameType.CREDIT, call: 1, received: 1, limit: 2 }, 0],
    ["END", { type: FrameType.END, call: 1, offset: 2 }, 0],
  ] as [string, Frame, number][])("tells how many payload bytes %s has", (_, frame, bytes) => {
    expect(new FrameWriter(standardUtf8).write(frame)).toBe(bytes);
  });

  test("writes a text that is longer than a slab", () => {
    const writer = new FrameWriter(countingUtf8());
    const text = "測".repeat(21_845);
    writer.write(ping);
    expect(writer.write(data(text))).toBe(65_535);
    writer.write(ping);
    const { frames } = decode([joined(writer.take())]);
    expect(frames).toMatchObject([ping, { payload: Buffer.from(text).toString("hex"), total: 65_535 }, ping]);
  });

  test("says head and total only with more", () => {
    const frame = { ...dataFrame(FrameType.DATA, 1, 0, false, 5, new Uint8Array(5), 0, 5), head: true };
    const writer = new FrameWriter(standardUtf8);
    writer.write(frame);
    expect(decode([joined(writer.take())]).frames).toMatchObject([{ head: false, more: false, total: 5 }]);
  });

  test("goes on after a frame that cannot be written", () => {
    const writer = new FrameWriter(standardUtf8);
    writer.write(ping);
    expect(() => writer.write({ type: FrameType.HELLO, call: 0, hello: { big: 1n } })).toThrow(TypeError);
    writer.write(ping);
    expect(decode([joined(writer.take())])).toEqual({
      frames: [ping, ping],
      code: undefined,
      isInsideFrame: false,
    });
  });
});
