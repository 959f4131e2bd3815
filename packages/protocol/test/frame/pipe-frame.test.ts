/** Frames of raw pipes: the bytes of the page, any cut, and bounds that hold before anything is kept. */
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { encodePipeFrame, PipeFrameDecoder, type PipeMetadata } from "../../src/frame/pipe-frame.ts";
import { countAllocations } from "./count-allocations.ts";
import { byteByByte, cutAt, cutRandomly, joined } from "./recut.ts";

const limits = { maxMetadata: 65_536, maxPayload: 10 * 1024 * 1024 };

interface Read {
  readonly metadata: PipeMetadata;
  readonly payload: string;
}

function read(
  chunks: Iterable<Uint8Array>,
  bounds = limits,
): { frames: Read[]; code?: string; inside: boolean } {
  const decoder = new PipeFrameDecoder(bounds);
  const frames: Read[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk, ({ metadata, payload }) => {
        frames.push({ metadata, payload: Buffer.from(payload).toString("hex") });
      });
    }
  } catch (error) {
    return { frames, code: (error as { readonly code: string }).code, inside: decoder.isInsideFrame };
  }
  return { frames, inside: decoder.isInsideFrame };
}

/** A frame written by hand, so that encoder and decoder do not agree on a mistake. */
function raw(metadata: string | Uint8Array, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = typeof metadata === "string" ? Buffer.from(metadata) : metadata;
  const head = Buffer.alloc(8);
  head.writeUInt32BE(text.length, 0);
  head.writeUInt32BE(payload.length, 4);
  return Uint8Array.from(Buffer.concat([head, text, payload]));
}

const examples: readonly (readonly [string, PipeMetadata, string])[] = [
  ["data", { type: "data" }, "000000 0f 00000003 7b2274797065223a2264617461227d 010203"],
  ["data without payload", { type: "data" }, "0000000f 00000000 7b2274797065223a2264617461227d"],
  ["ping", { type: "ping", id: 7 }, "00000016 00000000 7b2274797065223a2270696e67222c226964223a377d"],
  ["pong", { type: "pong" }, "0000000f 00000000 7b2274797065223a22706f6e67227d"],
  [
    "close",
    { type: "close", side: "writable" },
    "00000022 00000000 7b2274797065223a22636c6f7365222c2273696465223a227772697461626c65227d",
  ],
];

describe("encodePipeFrame and PipeFrameDecoder", () => {
  test.each(examples)("%s is as the page says", (_, metadata, hex) => {
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
    const payload = bytes.subarray(8 + (bytes[3] as number));
    expect(Buffer.from(encodePipeFrame(metadata, payload)).toString("hex")).toBe(
      Buffer.from(bytes).toString("hex"),
    );
    expect(read([bytes])).toEqual({
      frames: [{ metadata, payload: Buffer.from(payload).toString("hex") }],
      inside: false,
    });
  });

  test("close says why its sender has failed", () => {
    const close: PipeMetadata = { type: "close", side: "both", code: "INTERNAL", reason: "größe" };
    expect(read([encodePipeFrame(close)]).frames).toEqual([{ metadata: close, payload: "" }]);
  });

  test("encoding keeps nothing of the payload", () => {
    const payload = Uint8Array.of(1, 2, 3);
    const bytes = encodePipeFrame({ type: "data" }, payload);
    payload.fill(9);
    expect([...bytes.subarray(-3)]).toEqual([1, 2, 3]);
  });

  const metadata = fc.oneof(
    fc.constant<PipeMetadata>({ type: "data" }),
    fc.nat().map((id): PipeMetadata => ({ type: "ping", id })),
    fc.constant<PipeMetadata>({ type: "pong" }),
    fc
      .record({
        side: fc.constantFrom("writable" as const, "readable" as const, "both" as const),
        reason: fc.string({ unit: "grapheme" }),
      })
      .map((parts): PipeMetadata => ({ type: "close", ...parts })),
  );
  const anyFrame = fc
    .tuple(metadata, fc.uint8Array({ maxLength: 300 }))
    .map(([head, payload]) => ({ head, payload: head.type === "data" ? payload : new Uint8Array(0) }));

  test("frames come out as they went in, in any cut", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), fc.integer(), (frames, seed) => {
        const bytes = joined(frames.map(({ head, payload }) => encodePipeFrame(head, payload)));
        const expected = {
          frames: frames.map(({ head, payload }) => ({
            metadata: head,
            payload: Buffer.from(payload).toString("hex"),
          })),
          inside: false,
        };
        expect(read([bytes])).toEqual(expected);
        expect(read(byteByByte(bytes))).toEqual(expected);
        expect(read(cutRandomly(bytes, seed))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("every cut of two frames into two chunks gives the same two", () => {
    const bytes = joined([
      encodePipeFrame({ type: "ping", id: 1 }),
      encodePipeFrame({ type: "data" }, bytesOf(40)),
    ]);
    const whole = read([bytes]);
    expect(whole.frames.length).toBe(2);
    for (let cut = 0; cut <= bytes.length; cut++) expect(read(cutAt(bytes, [cut]))).toEqual(whole);
  });

  test("a large payload in many chunks comes whole", () => {
    const payload = bytesOf(3 * 1024 * 1024);
    const frames = read(cutRandomly(encodePipeFrame({ type: "data" }, payload), 5)).frames;
    expect(frames.length).toBe(1);
    expect(frames[0]?.payload === Buffer.from(payload).toString("hex")).toBe(true);
  });

  test("a sink that reads while it is called may get further frames only after it returns", () => {
    const seen: string[] = [];
    const decoder = new PipeFrameDecoder(limits);
    decoder.push(joined([raw('{"type":"ping"}'), raw('{"type":"pong"}')]), (frame) =>
      seen.push(frame.metadata.type),
    );
    expect(seen).toEqual(["ping", "pong"]);
  });
});

describe("PipeFrameDecoder", () => {
  test.each([
    ["4 GiB of metadata", "ffffffff 00000000", "FRAME_TOO_LARGE"],
    ["4 GiB of payload", "0000000f ffffffff", "FRAME_TOO_LARGE"],
    ["the sign bit", "80000000 80000000", "FRAME_TOO_LARGE"],
    ["metadata one above the limit", "00010001 00000000", "FRAME_TOO_LARGE"],
    ["payload one above the limit", "0000000f 00a00001", "FRAME_TOO_LARGE"],
    ["no metadata", "00000000 00000005", "PROTOCOL_ERROR"],
    ["one byte of metadata", "00000001 00000000", "PROTOCOL_ERROR"],
  ])("refuses %s on the eighth byte", (_, hex, code) => {
    const head = Uint8Array.from(Buffer.from(hex.replace(" ", ""), "hex"));
    expect(read([head]).code).toBe(code);
    const decoder = new PipeFrameDecoder(limits);
    for (const byte of byteByByte(head.subarray(0, 7))) decoder.push(byte, () => {});
    expect(() => decoder.push(head.subarray(7), () => {})).toThrow(expect.objectContaining({ code }));
  });

  test("takes what is exactly at its limits", () => {
    const small = { maxMetadata: 15, maxPayload: 4 };
    const frame = raw('{"type":"data"}', bytesOf(4));
    expect(read([frame], small).frames.length).toBe(1);
    expect(read([frame], { ...small, maxPayload: 3 }).code).toBe("FRAME_TOO_LARGE");
    expect(read([frame], { ...small, maxMetadata: 14 }).code).toBe("FRAME_TOO_LARGE");
  });

  test.each([
    ["an unknown type", '{"type":"hello"}', "PROTOCOL_ERROR", 'a pipe\'s frame has the type "hello"'],
    ["no type", "{}", "PROTOCOL_ERROR", "a pipe's frame has the type undefined"],
    [
      "a type without end",
      `{"type":"${"x".repeat(1000)}"}`,
      "PROTOCOL_ERROR",
      `a pipe's frame has the type "${"x".repeat(39)}`,
    ],
    ["a number", "12", "PROTOCOL_ERROR", "a pipe's metadata is no object"],
    ["a text", '"data"', "PROTOCOL_ERROR", "a pipe's metadata is no object"],
    ["a type that is inherited", '{"__proto__":{"type":"data"}}', "PROTOCOL_ERROR"],
    ["an array", "[]", "PROTOCOL_ERROR"],
    ["null", "null", "PROTOCOL_ERROR", "a pipe's metadata is no object"],
    ["no JSON", '{"type":"data"', "DECODE_ERROR"],
    ["no UTF-8", Uint8Array.of(0x22, 0xc0, 0x80, 0x22), "DECODE_ERROR"],
    ["65,536 brackets", "[".repeat(65_536), "DECODE_ERROR"],
  ])("refuses metadata that is %s", (_, metadata, code, what = "") => {
    expect(() => new PipeFrameDecoder(limits).push(raw(metadata), () => {})).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(`${what}$`) }),
    );
  });

  test("keeps what a peer sent out of its errors", () => {
    try {
      new PipeFrameDecoder(limits).push(raw('{"password": hunter2}'), () => {});
    } catch (error) {
      expect(error).toMatchObject({ message: "Cannot decode a pipe's metadata: it is not JSON" });
      expect((error as Error).cause).toBeUndefined();
    }
    expect.assertions(2);
  });

  test("refuses a payload where none belongs", () => {
    expect(read([raw('{"type":"ping"}', bytesOf(1))]).code).toBe("PROTOCOL_ERROR");
  });

  test("skips members that it does not know, and reads those of the wrong kind as absent", () => {
    const frames = read([
      raw('{"timestamp":1,"type":"data","id":2}', bytesOf(1)),
      raw('{"type":"ping","id":"x"}'),
      raw('{"type":"close","side":7,"code":1,"reason":{}}'),
    ]).frames;
    expect(frames.map(({ metadata }) => metadata)).toEqual([
      { type: "data" },
      { type: "ping" },
      { type: "close", side: "both" },
    ]);
  });

  test("gives payloads as parts of the chunk that holds them whole, and takes no memory for it", () => {
    const chunk = joined([raw('{"type":"data"}', bytesOf(3)), raw('{"type":"data"}', bytesOf(70_000))]);
    const payloads: Uint8Array[] = [];
    const decoder = new PipeFrameDecoder(limits);
    const allocated = countAllocations(() => decoder.push(chunk, ({ payload }) => payloads.push(payload)));
    expect(payloads.map(({ length }) => length)).toEqual([3, 70_000]);
    for (const { buffer } of payloads) expect(buffer === chunk.buffer).toBe(true);
    expect(allocated).toEqual([]);
  });

  test("has memory that grows fourfold with what has come, and never beyond the frame", () => {
    const frame = raw('{"type":"data"}', bytesOf(2 ** 20));
    const inside: boolean[] = [];
    const push = (size: number, end: number): readonly number[] => {
      const decoder = new PipeFrameDecoder(limits);
      const allocated = countAllocations(() => {
        decoder.push(frame.subarray(0, 8), () => {});
        for (let at = 8; at < end; at += size) decoder.push(frame.subarray(at, at + size), () => {});
      });
      inside.push(decoder.isInsideFrame);
      return allocated.filter((bytes) => bytes !== 8);
    };
    expect(push(1, 8)).toEqual([]);
    expect(push(1, 10_000)).toEqual([65_536]);
    expect(push(1024, frame.length)).toEqual([65_536, 4 * 66_560, 15 + 2 ** 20]);
    expect(push(100_000, 150_000)).toEqual([100_000, 800_000]);
    expect(inside).toEqual([true, true, false, true]);
  });

  test("neither writes nor parses the metadata of data, which nearly every frame has", () => {
    const spies = [vi.spyOn(JSON, "parse"), vi.spyOn(JSON, "stringify")];
    const bytes = encodePipeFrame({ type: "data" }, bytesOf(3));
    expect(read([bytes, ...byteByByte(bytes)]).frames).toHaveLength(2);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });
  afterEach(() => vi.restoreAllMocks());

  test.each([
    ["behind which more stands", '{"type":"data"}x', ""],
    ["whose end is the beginning of the payload", '{"type":"data"', "}"],
    ["that differs in one letter", '{"type":"date"}', ""],
  ])("does not take for data's metadata one %s", (_, metadata, payload) => {
    expect(read([raw(metadata, Buffer.from(payload))]).frames).toEqual([]);
  });
});

function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7);
}
