/** Lines of events as frames: the quick way for plain items says what decodeTextFrame says, and refuses what it refuses. */
import {
  decodeTextFrame,
  encodeTextFrame,
  maxFramePayload,
  type SluiceError,
  standardUtf8,
} from "@sluice/protocol/wire";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventFrames } from "../src/event-frames.ts";

const encoder = new TextEncoder();

/** The frame of `line`, or the code that it is refused with. */
function slowly(line: Uint8Array): number[] | string {
  return attempt(() => decodeTextFrame(line, 0, line.length, standardUtf8));
}

function quickly(line: Uint8Array): number[] | string {
  return attempt(() => {
    const frames = new EventFrames(standardUtf8);
    frames.add(line, 0, line.length);
    return frames.take() ?? new Uint8Array(0);
  });
}

function attempt(decode: () => Uint8Array): number[] | string {
  try {
    return [...decode()];
  } catch (error) {
    return (error as SluiceError).code;
  }
}

const lines = [
  '[5,1,0] {"n":1}',
  "[5,4294967295,281474976710655] x",
  "[5,4294967296,0] x",
  "[5,1,281474976710656] x",
  "[5,1,999999999999999] x",
  "[5,1,1000000000000000] x",
  "[5,01,0] x",
  "[5,1,00] x",
  "[5,0,0] x",
  "[5,-1,0] x",
  "[5,1.0,0] x",
  "[5,1e0,0] x",
  "[5, 1,0] x",
  "[5,1 ,0] x",
  "[5,1,0 ] x",
  "[5,1,0]x",
  "[5,1,0]",
  "[5,1,0] ",
  "[5,1,0]  ",
  "[5,1,0,0] x",
  "[5,1] x",
  "[5,,0] x",
  "[5,1,] x",
  "[5,1,0",
  "[5,1,0}",
  "[5,1",
  "[5,",
  "[5",
  "[",
  "",
  "[05,1,0] x",
  "[37,1,0] x",
  "[69,1,0,9] x",
  "[261,1,0] eA==",
  "[261,1,0] x",
  "[6,3,64,128]",
  '[5,"1",0] x',
  "[5,1,0] é😀",
];

describe("EventFrames", () => {
  test.each(lines)("takes %j as decodeTextFrame does", (line) => {
    expect(quickly(encoder.encode(line))).toEqual(slowly(encoder.encode(line)));
  });

  test("takes payloads of every length and of any bytes as decodeTextFrame does", () => {
    for (const length of [
      1,
      63,
      64,
      65,
      maxFramePayload - 8,
      maxFramePayload,
      maxFramePayload + 1,
      200_000,
    ]) {
      const line = encoder.encode(`[5,3,7] ${"y".repeat(length)}`);
      expect(quickly(line), String(length)).toEqual(slowly(line));
    }
    const line = Uint8Array.of(...encoder.encode("[5,1,0] "), 0xff, 0x00, 0xc3);
    expect(quickly(line)).toEqual(slowly(line));
  });

  test("takes lines that are nearly right as decodeTextFrame does", () => {
    const near = fc
      .tuple(fc.constantFrom(...lines), fc.nat(30), fc.constantFrom(...'0123456789[],. -"e}x'), fc.nat(2))
      .map(([line, at, letter, kind]) => {
        const place = Math.min(at, line.length);
        return line.slice(0, place) + (kind === 0 ? "" : letter) + line.slice(place + (kind === 1 ? 0 : 1));
      });
    fc.assert(
      fc.property(near, (line) => {
        expect(quickly(encoder.encode(line))).toEqual(slowly(encoder.encode(line)));
      }),
      { numRuns: 5_000 },
    );
  });

  test("puts many frames together, in memory that the next ones leave alone", () => {
    const frames = new EventFrames(standardUtf8);
    const one = encoder.encode('[5,1,0] {"n":1}');
    const other = encoder.encode("[6,3,64,128]");
    frames.expect(one.length);
    for (const line of [one, other, one]) frames.add(line, 0, line.length);
    const taken = frames.take() ?? new Uint8Array(0);
    const expected = [one, other, one].flatMap((line) => slowly(line) as number[]);
    frames.add(other, 0, other.length);
    expect([...taken]).toEqual(expected);
    expect([...(frames.take() ?? [])]).toEqual(slowly(other));
    expect(frames.take()).toBeUndefined();
    expect(encodeTextFrame(taken, 0, 15 + 7, standardUtf8)).toBe('[5,1,0] {"n":1}');
  });
});
