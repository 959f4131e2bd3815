/** Messages in every cut, and every sequence of pieces that is none. Spec: docs/wire.md §3 "Messages and pieces". */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DataFrame, FrameType } from "../../src/frame/frame.ts";
import { Reassembly } from "../../src/session/reassembly.ts";
import { data, value } from "./frames.ts";
import { bytesOf } from "./session-pair.ts";

const limits = { maxMessage: 100_000, maxFragments: 20 };

/** The same frame, whose payload lies somewhere in a chunk. */
function inChunk(frame: DataFrame, before: number): DataFrame {
  const chunk = new Uint8Array(before + frame.end + 50);
  chunk.set(frame.payload as Uint8Array, before);
  return Object.assign(frame, { payload: chunk, start: before, end: before + frame.end });
}

/** `bytes` cut into payloads of these sizes; the last one takes the rest. Each lies elsewhere in its chunk. */
function cut(bytes: Uint8Array, sizes: readonly number[], start = 0): DataFrame[] {
  const frames: DataFrame[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    const to = Math.min(bytes.length, at + size);
    const isFirst = at === 0;
    const more = to < bytes.length;
    const fields = { more, head: isFirst && more, total: isFirst && more ? bytes.length : to - at };
    frames.push(inChunk(data(isFirst ? start : start + 64 + at, bytes.slice(at, to), fields), at % 700));
    at = to;
    if (!more) break;
  }
  return frames;
}

function addAll(reassembly: Reassembly, frames: readonly DataFrame[]): Uint8Array | undefined {
  let whole: Uint8Array | undefined;
  frames.forEach((frame, at) => {
    const message = reassembly.add(frame, frame.offset);
    expect(message === undefined).toBe(at < frames.length - 1);
    if (message !== undefined) whole = (message.payload as Uint8Array).slice(message.start, message.end);
    // The chunk of a frame is gone when its call returns.
    (frame.payload as Uint8Array).fill(0xee);
  });
  return whole;
}

describe("Reassembly of bytes", () => {
  it("passes a whole message through untouched", () => {
    const reassembly = new Reassembly(limits, false);
    const whole = data(0, bytesOf(10));
    expect(reassembly.add(whole, 0)).toBe(whole);
    expect(reassembly.unfinishedEnd).toBeUndefined();
  });

  it("puts pieces of any sizes together, at any offset, several messages in a row", () => {
    const piece = fc.integer({ min: 1024, max: 65_536 });
    const message = fc.record({
      length: fc.integer({ min: 1, max: 100_000 }),
      sizes: fc.array(piece, { maxLength: 18 }),
    });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 3 }), fc.nat(10_000), (messages, start) => {
        const reassembly = new Reassembly(limits, false);
        let at = start;
        messages.forEach(({ length, sizes }, seed) => {
          const bytes = bytesOf(length, seed);
          const whole = addAll(reassembly, cut(bytes, sizes, at));
          expect(Buffer.compare(whole as Uint8Array, bytes)).toBe(0);
          expect(reassembly.unfinishedEnd).toBeUndefined();
          at += 64 + length;
        });
      }),
    );
  });

  it("says where the unfinished message ends, whether it is the result, and what a piece spans", () => {
    const reassembly = new Reassembly(limits, false);
    const [first, second] = cut(bytesOf(5000), [2000], 700) as [DataFrame, DataFrame];
    const result = { ...first, type: FrameType.RESULT };
    expect(reassembly.span(result)).toBe(2064);
    reassembly.add(result, 700);
    expect([reassembly.unfinishedEnd, reassembly.isResult]).toEqual([5764, true]);
    expect(reassembly.span(second)).toBe(3000);
    reassembly.forget();
    expect([reassembly.unfinishedEnd, reassembly.isResult]).toEqual([undefined, false]);
  });

  it("a piece that starts a message spans 64 bytes more, also one that comes whole, or before another is complete", () => {
    const reassembly = new Reassembly(limits, false);
    expect(reassembly.span(data(0, bytesOf(10)))).toBe(74);
    const first = data(0, bytesOf(2000), { total: 5000 });
    expect(reassembly.span(first)).toBe(2064);
    reassembly.add(first, 0);
    expect(reassembly.span(data(2064, bytesOf(10)))).toBe(10);
    expect(reassembly.span(first)).toBe(2064);
  });

  it("takes a first piece that lies anywhere in its chunk", () => {
    const [first, second] = cut(bytesOf(2001), [2000]) as [DataFrame, DataFrame];
    const frames = [inChunk(first, 700), second];
    expect(addAll(new Reassembly(limits, false), frames)).toEqual(bytesOf(2001));
  });

  it("gives the bytes of a message in pieces away, and not those of one that came whole", () => {
    const reassembly = new Reassembly(limits, false);
    expect(reassembly.add(data(0, bytesOf(10)), 0)?.owned).toBeUndefined();
    const [first, second] = cut(bytesOf(5000), [2000], 74) as [DataFrame, DataFrame];
    reassembly.add(first, 74);
    expect(reassembly.add(second, second.offset)).toMatchObject({ start: 0, end: 5000, owned: true });
  });

  it("REL-F5 the first piece counts its 64 bytes towards the 1,024, later ones do not, the last one may be short", () => {
    const total = 5000;
    const bytes = bytesOf(total);
    expect(addAll(new Reassembly(limits, false), cut(bytes, [960, 1024, 1024, 1024]))).toHaveLength(total);
    const short = new Reassembly(limits, false);
    const [first] = cut(bytes, [959]) as [DataFrame];
    const tooSmall = expect.objectContaining({
      code: "PROTOCOL_ERROR",
      message: expect.stringContaining("a piece of 1023 offset bytes is below 1024"),
    });
    expect(() => short.add(first, 0)).toThrow(tooSmall);
    const later = new Reassembly(limits, false);
    const [head, piece] = cut(bytes, [960, 1023]) as [DataFrame, DataFrame];
    later.add(head, 0);
    expect(() => later.add(piece, 1024)).toThrow(tooSmall);
  });

  it("LM a message of maxMessage bytes is accepted, one byte more is FRAME_TOO_LARGE before it is here", () => {
    const bytes = bytesOf(limits.maxMessage + 1);
    expect(addAll(new Reassembly(limits, false), cut(bytes.slice(1), [50_000]))).toHaveLength(
      limits.maxMessage,
    );
    const [first] = cut(bytes, [2000]) as [DataFrame];
    const tooLarge = expect.objectContaining({ code: "FRAME_TOO_LARGE" });
    expect(() => new Reassembly(limits, false).add(first, 0)).toThrow(tooLarge);
    expect(() => new Reassembly({ ...limits, maxMessage: 9 }, false).add(data(0, bytesOf(10)), 0)).toThrow(
      tooLarge,
    );
  });

  it("LM maxFragments pieces are accepted, one more is FRAME_TOO_LARGE", () => {
    const sizes = Array<number>(19).fill(1024);
    expect(addAll(new Reassembly(limits, false), cut(bytesOf(19 * 1024 + 1), sizes))).toHaveLength(
      19 * 1024 + 1,
    );
    const reassembly = new Reassembly(limits, false);
    const frames = cut(bytesOf(20 * 1024 + 1), [...sizes, 1024]);
    for (const frame of frames.slice(0, 20)) reassembly.add(frame, frame.offset);
    const last = frames[20] as DataFrame;
    expect(() => reassembly.add(last, last.offset)).toThrow(
      expect.objectContaining({ code: "FRAME_TOO_LARGE" }),
    );
  });

  const wrong: { name: string; frames: DataFrame[] }[] = [
    { name: "a first piece without head", frames: [data(0, bytesOf(2000), { more: true })] },
    { name: "a first piece that has all it announces", frames: [data(0, bytesOf(2000), { total: 2000 })] },
    {
      name: "a first piece that has more than it announces",
      frames: [data(0, bytesOf(2000), { total: 10 })],
    },
    { name: "an empty message in pieces", frames: [data(0, bytesOf(0), { total: 0 })] },
    {
      name: "REL-F6 a second start inside a message",
      frames: [data(0, bytesOf(2000), { total: 5000 }), data(2064, bytesOf(2000), { total: 5000 })],
    },
    {
      name: "a piece whose raw differs",
      frames: [data(0, bytesOf(2000), { total: 5000 }), data(2064, bytesOf(3000), { raw: false })],
    },
    {
      name: "a RESULT inside an item",
      frames: [
        data(0, bytesOf(2000), { total: 5000 }),
        data(2064, bytesOf(3000), { type: FrameType.RESULT }),
      ],
    },
    {
      name: "an item inside a RESULT",
      frames: [data(0, bytesOf(2000), { total: 5000, type: FrameType.RESULT }), data(2064, bytesOf(3000))],
    },
    {
      name: "pieces with more bytes than announced",
      frames: [data(0, bytesOf(2000), { total: 5000 }), data(2064, bytesOf(3001))],
    },
    {
      name: "pieces that end before what was announced",
      frames: [data(0, bytesOf(2000), { total: 5000 }), data(2064, bytesOf(2999))],
    },
    {
      name: "pieces that go on when all is there",
      frames: [data(0, bytesOf(2000), { total: 5000 }), data(2064, bytesOf(3000), { more: true })],
    },
  ];
  it.each(wrong)("$name is PROTOCOL_ERROR", ({ frames }) => {
    const reassembly = new Reassembly(limits, false);
    const last = frames.pop() as DataFrame;
    for (const frame of frames) expect(reassembly.add(frame, frame.offset)).toBeUndefined();
    expect(() => reassembly.add(last, last.offset)).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
  });
});

describe("Reassembly of what nobody wants", () => {
  it("drops what it has of an item when it is told", () => {
    const reassembly = new Reassembly(limits, false);
    const [first, second] = cut(bytesOf(50_000), [30_000]) as [DataFrame, DataFrame];
    reassembly.add(first, 0);
    reassembly.discard("items");
    expect(reassembly.unfinishedEnd).toBe(50_064);
    expect(reassembly.add(second, second.offset)).toMatchObject({ start: 0, end: 0 });
  });

  it("keeps the result while items are unwanted, and not when nothing is wanted", () => {
    const result = cut(bytesOf(50_000), [30_000]).map((frame) => ({ ...frame, type: FrameType.RESULT }));
    const reassembly = new Reassembly(limits, false);
    reassembly.discard("items");
    expect(addAll(reassembly, result)).toEqual(bytesOf(50_000));
    const nothing = new Reassembly(limits, false);
    nothing.discard("all");
    expect(addAll(nothing, cut(bytesOf(50_000), [30_000]))).toHaveLength(0);
  });
});

describe("Reassembly of values", () => {
  it("passes a whole one through", () => {
    const item = { a: 1 };
    const reassembly = new Reassembly(limits, true);
    expect(reassembly.span(value(0, item, 258))).toBe(64 + 258);
    expect(reassembly.add(value(0, item, 258), 0)?.payload).toBe(item);
  });

  it("a head without payload announces it, and spans its 64 bytes", () => {
    const reassembly = new Reassembly(limits, true);
    const item = { a: 1 };
    const head = value(100, item, 5000, true);
    expect(reassembly.span(head)).toBe(64);
    expect(reassembly.add(head, 100)).toBeUndefined();
    expect(reassembly.unfinishedEnd).toBe(100 + 64 + 5000);
    const rest = value(164, item, 5000);
    expect(reassembly.span(rest)).toBe(5000);
    expect(reassembly.add(rest, 164)?.payload).toBe(item);
    expect(reassembly.unfinishedEnd).toBeUndefined();
  });

  it("a first of two pieces that is no head is PROTOCOL_ERROR", () => {
    const reassembly = new Reassembly(limits, true);
    expect(() => reassembly.add({ ...value(0, undefined, 5_000, true), head: false }, 0)).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
  });

  it("one that is larger or smaller than its head said is PROTOCOL_ERROR", () => {
    for (const total of [4_999, 5_001]) {
      const reassembly = new Reassembly(limits, true);
      reassembly.add(value(0, undefined, 5_000, true), 0);
      expect(() => reassembly.add(value(64, "x", total), 64)).toThrow(
        expect.objectContaining({ code: "PROTOCOL_ERROR" }),
      );
    }
  });

  it("a third piece is PROTOCOL_ERROR, a head beyond maxMessage FRAME_TOO_LARGE", () => {
    const reassembly = new Reassembly(limits, true);
    reassembly.add(value(0, 1, 5000, true), 0);
    expect(() => reassembly.add({ ...value(64, 1, 5000, true), head: false }, 64)).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
    expect(() => new Reassembly(limits, true).add(value(0, 1, 100_001, true), 0)).toThrow(
      expect.objectContaining({ code: "FRAME_TOO_LARGE" }),
    );
  });
});
