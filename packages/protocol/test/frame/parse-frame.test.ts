/** parseFrame: a frame in the midst of other bytes is read by its own alone, and what its JSON says is taken only where it fits. */
import { describe, expect, test } from "vitest";
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import type { Frame } from "../../src/frame/frame.ts";
import { parseFrame } from "../../src/frame/parse-frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { joined } from "./recut.ts";
import { bytesOf } from "./wire-vectors.ts";

/** The frame of `hex`, its length left out, behind `before` bytes of others and before some that are no text. */
function parse(hex: string, before = 0): Frame {
  const frame = joined([new Uint8Array(4), bytesOf(hex)]);
  const noText = new Uint8Array(300).fill(0xff);
  const bytes = joined([new Uint8Array(before).fill(0xff), frame, noText]);
  return parseFrame(bytes, before, before + frame.length, standardUtf8);
}

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}

const anError = (json: object): string => {
  const text = JSON.stringify(json);
  return `09 00000001 000000000000 ${text.length.toString(16).padStart(4, "0")} ${hexOf(text)}`;
};
const close = (json: object): string => `0e 00000000 ${hexOf(JSON.stringify(json))}`;
const drain = (json: string): string => `0d 00000000 ${hexOf(json)}`;
const open = "03 00000001 00 0123456789abcdef 00000001 00000000 00010000 00100000";

describe("parseFrame reads no byte of what stands behind", () => {
  const shorter: unknown = expect.objectContaining({
    code: "PROTOCOL_ERROR",
    message: "Malformed frame: OPEN is shorter than what it announces",
  });

  // What follows is no text: a name that took some of it would be DECODE_ERROR.
  test.each([
    ["a name of 255 bytes", `${open} ff 61 0000`],
    ["a name of one byte more than there are", `${open} 04 61 0000`],
    ["a name that ends where the frame does", `${open} 03 61 0000`],
    ["a name that leaves one byte for the length of metadata", `${open} 02 61 0000`],
    ["metadata of one byte more than there are", `${open} 01 61 0002 7b`],
    ["metadata of 65,535 bytes", `${open} 01 61 ffff 7b`],
  ])("for %s", (_, hex) => {
    for (const before of [0, 1000]) expect(() => parse(hex, before)).toThrow(shorter);
  });
});

describe("parseFrame far behind the start of a chunk", () => {
  test.each([
    ["OPEN", `${open} 01 61 0000 313233`],
    ["DATA", "05 00000001 000000000000 313233"],
    ["a first piece", "a5 00000001 000000000000 000186a0 313233"],
    ["RESULT", "08 00000001 000000000000 313233"],
    ["ERROR", `${anError({ code: "A", message: "" })} 313233`],
  ])("judges the payload of %s by its own length", (_, hex) => {
    const frame = parse(hex, 70_000) as Extract<Frame, { readonly start: number }>;
    expect(frame.end - frame.start).toBe(3);
  });

  test("takes calls of DONE by fours of its own, wherever it begins", () => {
    for (const before of [0, 1, 2, 3]) {
      expect(parse("0b 00000000 00000001 00000003", before)).toMatchObject({ calls: [1, 3] });
      for (const more of ["00", "0000", "000000"]) {
        expect(() => parse(`0b 00000000 00000001 ${more}`, before)).toThrow(
          `DONE has a body of ${4 + more.length / 2} bytes, not a multiple of 4`,
        );
      }
    }
  });
});

describe("parseFrame takes of JSON what fits", () => {
  test("for an ERROR", () => {
    const fitting = { code: "A", message: "m", retryable: false, processed: "no", origin: "remote" };
    expect(parse(anError(fitting))).toMatchObject({ body: fitting });
    const unfit = { code: "A", message: 1, retryable: "yes", processed: true, origin: { is: "remote" } };
    expect((parse(anError(unfit)) as { readonly body?: unknown }).body).toStrictEqual({
      code: "A",
      message: "",
    });
  });

  test("for a CLOSE", () => {
    const frame = { type: 14, call: 0 };
    expect(parse(close({ code: "A", reason: "r", versions: [1, 2] }))).toStrictEqual({
      ...frame,
      code: "A",
      reason: "r",
      versions: [1, 2],
    });
    expect(parse(close({ code: 7, reason: {}, versions: "1" }))).toStrictEqual({
      ...frame,
      code: "UNKNOWN",
      reason: "",
    });
    expect(parse(close({ code: "A", versions: [1, "2", null, [3]] }))).toMatchObject({ versions: [1] });
  });

  test.each([
    ["0", 0],
    ["1", 1],
    ["2147483647", 2 ** 31 - 1],
    ["2147483648", 0],
    ["1e999", 0],
    ["-1", 0],
    ['"5000"', 0],
    ["null", 0],
    ["[7]", 0],
  ])("for the times of a DRAIN: %s is %i ms", (said, ms) => {
    expect(parse(drain(`{"grace":${said},"retry":3}`))).toMatchObject({ grace: ms, retry: 3 });
    expect(parse(drain(`{"grace":3,"retry":${said}}`))).toMatchObject({ grace: 3, retry: ms });
    expect(parse(drain("{}"))).toMatchObject({ grace: 0, retry: 0 });
  });
});

test("parseFrame keeps what a peer sent out of its errors", () => {
  try {
    parse(drain('{"password": hunter2}'));
    expect.unreachable();
  } catch (thrown) {
    const error = thrown as SluiceError;
    expect(error).toMatchObject({
      code: "DECODE_ERROR",
      message: "Cannot decode DRAIN: its body is not JSON",
    });
    expect(error.cause).toBeUndefined();
  }
});

test("parseFrame knows no other types, whoever has let them through", () => {
  for (const head of ["00", "0f", "17", "18"]) {
    expect(() => parse(`${head} 00000001 0000`)).toThrow(
      `frame type ${Number.parseInt(head, 16)} is not known`,
    );
  }
});
