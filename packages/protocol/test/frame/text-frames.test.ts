/** Frames as lines of text: golden vectors both ways, every frame there and back, and what is refused before memory is taken. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameWriter } from "../../src/frame/encode-frame.ts";
import { decodeTextFrame, encodeTextFrame, maxTextFrame } from "../../src/frame/text-frames.ts";
import { standardUtf8, type Utf8 } from "../../src/frame/utf8.ts";
import { anyFrames } from "./frame-arbitrary.ts";
import { decode, joined } from "./recut.ts";
import { bytesOf, type FrameVector, vectors } from "./wire-vectors.ts";

const bytesOfText = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The line of a frame in the midst of other bytes. */
function lineOf(frame: Uint8Array): string {
  const bytes = joined([Uint8Array.of(1, 2, 3), frame, Uint8Array.of(4)]);
  return encodeTextFrame(bytes, 3, bytes.length - 1, standardUtf8);
}

/** The frame of a line in the midst of other bytes. */
function frameOfLine(line: string, utf8: Utf8 = standardUtf8): Uint8Array {
  const bytes = bytesOfText(`]"${line}"]`);
  return decodeTextFrame(bytes, 2, bytes.length - 2, utf8);
}

function codeOf(line: string): string | undefined {
  try {
    return decode([frameOfLine(line)]).code;
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

const byName = new Map(vectors.frames.map((vector) => [vector.name, vector]));

function hexOf(name: string): Uint8Array {
  return bytesOf((byName.get(name) as FrameVector).hex);
}

describe("golden vectors", () => {
  test.each(vectors.text)("encodeTextFrame writes the line of $name", ({ name, line }) => {
    expect(lineOf(hexOf(name))).toBe(line);
  });

  test.each(vectors.text)("decodeTextFrame reads the line of $name", ({ name, line }) => {
    expect(Buffer.from(frameOfLine(line))).toEqual(Buffer.from(hexOf(name)));
  });

  test.each(vectors.malformedText)("$name is refused with $code", ({ line, code }) => {
    expect(codeOf(line)).toBe(code);
  });
});

describe("every frame", () => {
  test.each(vectors.frames)("comes back as it was: $name", ({ hex }) => {
    const line = lineOf(bytesOf(hex));
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(bytesOfText(line).length).toBeLessThanOrEqual(maxTextFrame);
    expect(Buffer.from(frameOfLine(line)).equals(Buffer.from(bytesOf(hex)))).toBe(true);
  });

  test("that an encoder may be given comes back as it was, and stands in one line", () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        for (const frame of frames) {
          const writer = new FrameWriter(standardUtf8);
          writer.write(frame);
          const bytes = joined(writer.take());
          const line = lineOf(bytes);
          expect(line).not.toMatch(/[\r\n]/);
          expect(Buffer.from(frameOfLine(line)).equals(Buffer.from(bytes))).toBe(true);
        }
      }),
    );
  });

  test("of an extension travels as it is", () => {
    const frame = bytesOf("0000000a f8 00000007 0001ff0a0d");
    expect(lineOf(frame)).toBe("[504,7] AAH/Cg0=");
    expect(frameOfLine(lineOf(frame))).toEqual(frame);
  });
});

describe("payloads", () => {
  const ends = ["a\nb", "a\rb", "a\r\nb", "a\u0000b", "a\u0085b", "\u007f"];
  test.each(ends)("REL-H5 with a control character become base64: %j", (text) => {
    const body = Buffer.from(text);
    const frame = joined([bytesOf("00000000 05 00000001 000000000000"), body]);
    frame[3] = 11 + body.length;
    expect(lineOf(frame)).toBe(`[261,1,0] ${body.toString("base64")}`);
    expect(frameOfLine(lineOf(frame))).toEqual(frame);
  });

  test("keep line separators of Unicode, white space at their ends and a byte order mark", () => {
    const text = " \ufeff\u2028 x\u2029 ";
    const body = Buffer.from(text);
    const frame = joined([bytesOf("00000000 05 00000001 000000000000"), body]);
    frame[3] = 11 + body.length;
    expect(lineOf(frame)).toBe(`[5,1,0] ${text}`);
    expect(frameOfLine(lineOf(frame))).toEqual(frame);
  });

  test("that end inside a character become base64", () => {
    const frame = bytesOf("0000000c 25 00000001 000000000000 c3");
    expect(lineOf(frame)).toBe("[293,1,0] ww==");
  });
});

describe("decodeTextFrame", () => {
  test("refuses a frame that is too large before it takes memory for it", () => {
    const allocated: number[] = [];
    const utf8: Utf8 = {
      ...standardUtf8,
      allocate(size) {
        allocated.push(size);
        return new Uint8Array(size);
      },
    };
    const most = 81_920 - 11;
    expect(frameOfLine(`[5,1,0] ${"x".repeat(most)}`, utf8).length).toBe(4 + 81_920);
    allocated.length = 0;
    expect(() => frameOfLine(`[5,1,0] ${"x".repeat(most + 1)}`, utf8)).toThrow(
      expect.objectContaining({ code: "FRAME_TOO_LARGE" }),
    );
    expect(allocated).toEqual([]);
  });

  test("refuses a name and metadata that are longer than their length can say", () => {
    const open = (name: string, metadata: string): string =>
      `[3,1,1,"0123456789abcdef",1,0,0,0,${JSON.stringify(name)},${JSON.stringify(metadata)}]`;
    expect(codeOf(open("é".repeat(127), ""))).toBeUndefined();
    expect(codeOf(open("é".repeat(128), ""))).toBe("PROTOCOL_ERROR");
    expect(codeOf(open("a", "é".repeat(32_768)))).toBe("PROTOCOL_ERROR");
  });

  const refusal = (what: string): unknown =>
    expect.objectContaining({ code: "PROTOCOL_ERROR", message: `Malformed frame: ${what}` });

  test.each([
    ["", "a line does not begin with an array"],
    [" [12,0,1]", "a line does not begin with an array"],
    ["\ufeff[12,0,1]", "a line does not begin with an array"],
    ["12,0,1]", "a line does not begin with an array"],
    ["[12,0,1", "the array of a line has no end"],
    ['[12,0,"]', "the array of a line has no end"],
    ["[12,0,1] ", undefined],
    ["[12,0,1]x", "a line has no space before its payload"],
    ["[12,0,1,2]", "a line of frame type 12 has 4 elements"],
    ["[12,0]", "a line of frame type 12 has 2 elements"],
    ["[0,1]", "frame type 0 is not known"],
    ["[15,1]", "frame type 15 is not known"],
    ["[23,0]", "frame type 23 is not known"],
    ["[256,0]", "frame type 0 is not known"],
    ["[1,0]", undefined],
    ["[14,0]", undefined],
    ["[24,7]", undefined],
    ["[31,7]", undefined],
    ["[512,0]", "a line has no whole number up to 511 where one belongs"],
    ["[12,4294967296,1]", "a line has no whole number up to 4294967295 where one belongs"],
    ["[12,0,4294967296]", "a line has no whole number up to 4294967295 where one belongs"],
    ["[7,1,281474976710656]", "a line has no whole number up to 281474976710655 where one belongs"],
    ["[7,1,-1]", "a line has no whole number up to 281474976710655 where one belongs"],
    ["[7,1,0.5]", "a line has no whole number up to 281474976710655 where one belongs"],
    ['[7,1,"1"]', "a line has no whole number up to 281474976710655 where one belongs"],
    ["[9,1,0,5]", "a line has number instead of a string"],
    ["[9,1,0,null]", "a line has object instead of a string"],
    ['[9,1,0,{"length":1}]', "a line has object instead of a string"],
    ["[9,1,0,true]", "a line has boolean instead of a string"],
  ])("reads %j as far as its end, and says of it: %s", (line, what) => {
    // Behind it stands what would end an array, or begin one.
    for (const behind of ["]", "[12,0,1]", '"]']) {
      const bytes = bytesOfText(line + behind);
      const read = (): Uint8Array =>
        decodeTextFrame(bytes, 0, bytes.length - bytesOfText(behind).length, standardUtf8);
      if (what === undefined) expect(read).not.toThrow();
      else expect(read).toThrow(refusal(what));
    }
  });

  test.each([
    '"0123456789abcde"',
    '"0123456789abcdef0"',
    '"x0123456789abcdef"',
    '"0123456789ABCDEF"',
    '"0123456789abcde "',
    '"0123456789abcdef\\n"',
    "1234567890123456",
    "null",
  ])("refuses %s as the origin of an OPEN", (origin) => {
    expect(() => frameOfLine(`[3,1,1,${origin},1,0,0,0,"a",""]`)).toThrow(
      refusal("the origin of an OPEN is not 16 hex digits"),
    );
  });

  test("keeps what a peer sent out of its errors", () => {
    const line = '[3,1,1,"0123456789abcdef",1,0,0,0,"a",{"password": hunter2}]';
    expect(() => frameOfLine(line)).toThrow(refusal("the array of a line is no JSON"));
    try {
      frameOfLine(line);
    } catch (error) {
      expect((error as Error).cause).toBeUndefined();
    }
    expect.assertions(2);
  });

  test("refuses bytes that are no text in its array", () => {
    const bytes = joined([bytesOfText('[9,1,0,"'), Uint8Array.of(0xff), bytesOfText('"]')]);
    expect(() => decodeTextFrame(bytes, 0, bytes.length, standardUtf8)).toThrow(
      expect.objectContaining({ code: "DECODE_ERROR" }),
    );
  });

  test("gives a frame or an error with a code for every line", () => {
    const words = fc.constantFrom(
      "[",
      "]",
      ",",
      '"',
      "\\",
      " ",
      "5",
      "3",
      "11",
      "261",
      "a",
      "\\u0000",
      "=",
      "é",
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 24 }), (parts) => {
        const code = codeOf(`[${parts.join("")}`);
        expect([undefined, "PROTOCOL_ERROR", "DECODE_ERROR", "FRAME_TOO_LARGE"]).toContain(code);
      }),
      { numRuns: 2_000 },
    );
  });
});
