/** The golden vectors of docs/wire-vectors.json, both ways: fields to exactly these bytes, bytes to exactly these fields. */
import { describe, expect, test } from "vitest";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { decode, joined } from "./recut.ts";
import { bytesOf, comparable, frameOf, vectors } from "./wire-vectors.ts";

const { frames, accepted, ignored, malformed } = vectors;

function encode(...written: Frame[]): Uint8Array {
  const writer = new FrameWriter(standardUtf8);
  for (const frame of written) writer.write(frame);
  return joined(writer.take());
}

/** Compares long byte strings by length first, so that a difference stays readable. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.from(actual).toString("hex")).toBe(Buffer.from(expected).toString("hex"));
}

test("there are vectors of every frame type", () => {
  expect(new Set(frames.map(({ frame }) => frame.type))).toEqual(new Set(Object.keys(FrameType)));
});

describe("FrameWriter", () => {
  test.each(frames)("writes $name", (vector) => {
    expectBytes(encode(frameOf(vector)), bytesOf(vector.hex));
  });

  test("writes all of them one behind the other", () => {
    const all = encode(...frames.map(frameOf));
    expectBytes(all, joined(frames.map(({ hex }) => bytesOf(hex))));
  });

  const texts = frames.filter(
    ({ frame }) => typeof frame.payload === "string" && !frame.flags?.includes("raw"),
  );
  test.each(texts)("writes $name from text", (vector) => {
    const frame = frameOf(vector) as Extract<Frame, { payload: unknown }>;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(frame.payload as Uint8Array);
    expectBytes(encode({ ...frame, payload: text, start: 0, end: 0 } as Frame), bytesOf(vector.hex));
  });
});

describe("FrameDecoder", () => {
  test.each([...frames, ...accepted])("reads $name", (vector) => {
    const { frames: read, code, isInsideFrame } = decode([bytesOf(vector.hex)]);
    expect({ read, code, isInsideFrame }).toStrictEqual({
      read: [comparable(frameOf(vector))],
      code: undefined,
      isInsideFrame: false,
    });
  });

  const ping = bytesOf("00000009 0c 00000000 00000007");
  const pinged = { type: FrameType.PING, call: 0, answer: false, nonce: 7 };

  test.each(ignored)("skips $name and reads what follows", ({ hex }) => {
    expect(decode([joined([bytesOf(hex), ping])])).toStrictEqual({
      frames: [pinged],
      code: undefined,
      isInsideFrame: false,
    });
  });

  test.each(malformed)("refuses $name with $code", ({ hex, code }) => {
    const { frames: read, code: refusal } = decode([joined([ping, bytesOf(hex), ping])]);
    expect(read).toEqual([pinged]);
    expect(refusal).toBe(code);
  });

  test.each(malformed)("refuses $name although nothing follows", ({ hex, code }) => {
    expect(decode([bytesOf(hex)]).code).toBe(code);
  });
});
