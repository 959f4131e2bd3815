/** SseLines: the same lines however they are cut and ended, each bounded. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SseLines } from "../src/sse.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function linesOf(chunks: readonly Uint8Array[], maxBytes = 1_000): string[] {
  const parser = new SseLines(maxBytes);
  const lines: string[] = [];
  for (const chunk of chunks) {
    parser.push(chunk, (bytes, from, end) => {
      lines.push(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.slice(from, end)));
    });
    // A carrier may use its memory again.
    chunk.fill(0);
  }
  return lines;
}

const table: readonly { readonly name: string; readonly text: string; readonly lines: readonly string[] }[] =
  [
    { name: "line feeds", text: "a\n\nbc\n", lines: ["a", "", "bc"] },
    { name: "carriage returns", text: "a\r\rbc\r", lines: ["a", "", "bc"] },
    { name: "both", text: "a\r\n\r\nbc\r\n", lines: ["a", "", "bc"] },
    { name: "mixed ends", text: "a\r\n\nb\n\rc\r\r\n", lines: ["a", "", "b", "", "c", ""] },
    { name: "a byte order mark", text: "\ufeffdata: 1\n\ufeffx\n", lines: ["data: 1", "\ufeffx"] },
    { name: "text without an end", text: "a\nb", lines: ["a"] },
    { name: "line ends of Unicode, which are none", text: "a\u2028b\u0085c\n", lines: ["a\u2028b\u0085c"] },
  ];

describe.each(table)("SseLines with $name", ({ text, lines }) => {
  test("in one chunk, byte by byte, and in every two chunks", () => {
    const bytes = encode(text);
    expect(linesOf([bytes.slice()])).toEqual(lines);
    expect(linesOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(lines);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(linesOf([bytes.slice(0, cut), bytes.slice(cut)])).toEqual(lines);
    }
  });
});

test("SseLines gives the same lines for any cuts", () => {
  const text = fc.array(fc.constantFrom("\n", "\r", "\r\n", "data: x", "é", ":"), { maxLength: 30 });
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 8 }), (parts, cuts) => {
      const bytes = encode(parts.join(""));
      const ends = [...new Set(cuts)].filter((cut) => cut < bytes.length).sort((a, b) => a - b);
      const chunks = [...ends, bytes.length].map((end, at) => bytes.slice(at === 0 ? 0 : ends[at - 1], end));
      expect(linesOf(chunks)).toEqual(linesOf([bytes.slice()]));
    }),
  );
});

test("SseLines refuses a line that is too long before it keeps it, in one chunk or many", () => {
  const refusal = expect.objectContaining({ code: "FRAME_TOO_LARGE" });
  expect(linesOf([encode(`${"x".repeat(10)}\n`)], 10)).toEqual(["x".repeat(10)]);
  expect(() => linesOf([encode(`${"x".repeat(11)}\n`)], 10)).toThrow(refusal);
  expect(() => linesOf([encode("x".repeat(11))], 10)).toThrow(refusal);
  expect(() =>
    linesOf(
      Array.from({ length: 11 }, () => encode("x")),
      10,
    ),
  ).toThrow(refusal);
});
