/** Events with frames, there and back: however they are cut, in order or not at all. */
import {
  type Frame,
  FrameDecoder,
  FrameType,
  FrameWriter,
  maxFramePayload,
  standardUtf8,
} from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { DownlinkReader, DownlinkWriter, keepAliveComment, paddingComment } from "../src/downlink.ts";

function chunksOf(...frames: Frame[]): Uint8Array[] {
  const writer = new FrameWriter(standardUtf8);
  for (const frame of frames) writer.write(frame);
  return writer.take();
}

function data(payload: string | Uint8Array, call = 1): Frame {
  const end = typeof payload === "string" ? 0 : payload.length;
  const raw = typeof payload !== "string";
  return {
    type: FrameType.DATA,
    call,
    offset: 0,
    head: false,
    more: false,
    raw,
    total: 0,
    payload,
    start: 0,
    end,
  };
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Payloads of the frames that come. */
function payloadsOf(chunks: readonly Uint8Array[]): { payloads: string[]; number: number } {
  const reader = new DownlinkReader(standardUtf8);
  const decoder = new FrameDecoder(standardUtf8);
  const payloads: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk, (bytes) =>
      decoder.push(bytes, (frame) => {
        if (frame.type === FrameType.DATA) {
          payloads.push(Buffer.from((frame.payload as Uint8Array).slice(frame.start, frame.end)).toString());
        }
      }),
    );
  }
  return { payloads, number: reader.number };
}

test("DownlinkWriter writes a numbered event with a line for each frame", () => {
  const writer = new DownlinkWriter(standardUtf8);
  const first = writer.write(
    chunksOf(data('{"n":1}'), { type: FrameType.CREDIT, call: 3, received: 64, limit: 128 }),
  );
  expect(text(first)).toBe('data: 1\ndata: [5,1,0] {"n":1}\ndata: [6,3,64,128]\n\n');
  expect(text(writer.write(chunksOf(data("2"))))).toBe("data: 2\ndata: [5,1,0] 2\n\n");
  expect(writer.number).toBe(2);
});

const evil = ["a\nb", "a\rb", "a\r\nb", "\n\ndata: 9\n\n", "a\u2028b\u2029c", "retry: 0", ": x", "\u0000"];

describe("H5 line ends inside of events", () => {
  test.each(evil)("in a value, however it is encoded, make no other event: %j", (value) => {
    const writer = new DownlinkWriter(standardUtf8);
    // As JSON, as a codec of one's own may write it, and as bytes.
    for (const payload of [JSON.stringify(value), value, new TextEncoder().encode(value)]) {
      const event = writer.write(chunksOf(data(payload)));
      expect(text(event).match(/\r|\n\n/g)).toEqual(["\n\n"]);
      expect(text(event).match(/^data: /gm)?.length).toBe(2);
    }
  });

  test.each(evil)("in names and reasons make no other event: %j", (value) => {
    const frames: Frame[] = [
      { type: FrameType.CANCEL, call: 1, abort: true, reason: value },
      { type: FrameType.CLOSE, call: 0, code: value, reason: value },
      {
        ...(data("") as Extract<Frame, { payload: unknown }>),
        type: FrameType.OPEN,
        halfClosed: true,
        event: false,
        stop: false,
        routed: false,
        key: { originHigh: 0, originLow: 1, number: 1 },
        timeoutMs: 0,
        window: 0,
        maxWindow: 0,
        procedure: value,
        metadata: JSON.stringify({ value }),
        resume: undefined,
      } as Frame,
    ];
    const event = text(new DownlinkWriter(standardUtf8).write(chunksOf(...frames)));
    expect(event.match(/\r|\n\n/g)).toEqual(["\n\n"]);
    expect(event.match(/^data: /gm)?.length).toBe(4);
  });
});

describe("DownlinkReader", () => {
  const writer = new DownlinkWriter(standardUtf8);
  const values = ["1", '"é😀\\n"', `"${"x".repeat(maxFramePayload - 2)}"`, "null"];
  const stream = Buffer.concat([
    paddingComment(64),
    ...values.flatMap((value) => [writer.write(chunksOf(data(value))), keepAliveComment]),
    writer.write(chunksOf(data(new Uint8Array([1, 2, 255])), data(new Uint8Array(9_000)))),
  ]);
  const expected = [...values, Buffer.from([1, 2, 255]).toString(), "\0".repeat(9_000)];

  test("reads what was written, in one chunk and cut by a seed", () => {
    expect(payloadsOf([stream])).toEqual({ payloads: expected, number: 5 });
    for (let seed = 1; seed <= 20; seed++) {
      const chunks: Uint8Array[] = [];
      let state = seed;
      for (let at = 0; at < stream.length; ) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        const end = Math.min(stream.length, at + 1 + ((state >>> 8) % (state % 5 === 0 ? 20_000 : 40)));
        chunks.push(stream.subarray(at, end));
        at = end;
      }
      expect(payloadsOf(chunks)).toEqual({ payloads: expected, number: 5 });
    }
  });

  const read = (text: string): unknown => payloadsOf([new TextEncoder().encode(text)]);
  const one = "data: 1\ndata: [5,1,0] 1\n\n";

  test("passes over comments and fields that it does not know, and takes any line end", () => {
    expect(read(`: x\nretry: 0\nevent: e\nid: 7\n${one.replaceAll("\n", "\r\n")}:\r\n`)).toEqual({
      payloads: ["1"],
      number: 1,
    });
    expect(read("data:1\ndata:[5,1,0] 1\n\n")).toEqual({ payloads: ["1"], number: 1 });
  });

  const bad: readonly { readonly name: string; readonly stream: string; readonly code: string }[] = [
    { name: "an event that comes twice", stream: one + one, code: "UNAVAILABLE" },
    { name: "a gap", stream: `${one}data: 3\n\n`, code: "UNAVAILABLE" },
    { name: "a stream that does not begin with its first event", stream: "data: 2\n\n", code: "UNAVAILABLE" },
    { name: "an event without a number", stream: "data: [5,1,0] 1\n\n", code: "PROTOCOL_ERROR" },
    { name: "a number that is none", stream: "data: 01\n\n", code: "PROTOCOL_ERROR" },
    { name: "a line that is no frame", stream: "data: 1\ndata: hello\n\n", code: "PROTOCOL_ERROR" },
    { name: "a line that is too long", stream: `data: ${"1".repeat(500_000)}\n`, code: "FRAME_TOO_LARGE" },
  ];
  test.each(bad)("refuses $name", ({ stream, code }) => {
    expect(() => read(stream)).toThrow(expect.objectContaining({ code }));
  });

  test("does not count the blank line of a comment as the end of an event it is in", () => {
    expect(read("data: 1\n: x\ndata: [5,1,0] 1\n\n")).toEqual({ payloads: ["1"], number: 1 });
  });
});
