/** Splitting into lines: every example whole, byte by byte, and cut at random. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutMark, LineSplitter } from "../src/line-splitter.ts";

const maxLineBytes = 16;

function split(chunks: Iterable<Uint8Array>): { lines: string[]; rest: string[] } {
  const splitter = new LineSplitter(maxLineBytes);
  const lines = [...chunks].flatMap((chunk) => [...splitter.push(chunk)]);
  return { lines, rest: [...splitter.finish()] };
}

/** Cuts before every position; what lies between two equal ones is an empty chunk. */
function cut(bytes: Uint8Array, positions: number[]): Uint8Array[] {
  const bounds = [0, ...positions.toSorted((a, b) => a - b), bytes.length];
  return bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end));
}

describe("LineSplitter", () => {
  test.each<{ name: string; bytes: string | Buffer; lines: string[]; rest: string[] }>([
    { name: "gives nothing for nothing", bytes: "", lines: [], rest: [] },
    { name: "gives whole lines", bytes: "one\ntwo\n", lines: ["one", "two"], rest: [] },
    { name: "gives empty lines", bytes: "\n\na\n", lines: ["", "", "a"], rest: [] },
    { name: "holds an unfinished line back", bytes: "one\ntw", lines: ["one"], rest: ["tw"] },
    { name: "keeps a carriage return", bytes: "one\r\n", lines: ["one\r"], rest: [] },
    { name: "keeps characters of many bytes", bytes: "ä→🔍\n🔍", lines: ["ä→🔍"], rest: ["🔍"] },
    { name: "keeps a byte order mark", bytes: "\ufeffa\n\ufeffb\n", lines: ["\ufeffa", "\ufeffb"], rest: [] },
    { name: "replaces what is no UTF-8", bytes: Buffer.of(0x61, 0xff, 0x0a), lines: ["a\ufffd"], rest: [] },
    {
      name: "takes a line of just the bound",
      bytes: `${"x".repeat(16)}\ny\n`,
      lines: ["x".repeat(16), "y"],
      rest: [],
    },
    {
      name: "cuts a longer one",
      bytes: `${"x".repeat(17)}\ny\n`,
      lines: ["x".repeat(16) + cutMark, "y"],
      rest: [],
    },
    { name: "cuts an unfinished one", bytes: "x".repeat(99), lines: [], rest: ["x".repeat(16) + cutMark] },
    {
      name: "cuts before a character",
      bytes: `${"x".repeat(14)}🔍\n`,
      lines: ["x".repeat(14) + cutMark],
      rest: [],
    },
  ])("$name", ({ bytes, lines, rest }) => {
    const expected = { lines, rest };
    const input = Buffer.from(bytes as string);
    expect(split([input])).toEqual(expected);
    expect(split(cut(input, [...input.keys()]))).toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.nat(input.length)), (positions) => {
        expect(split(cut(input, positions))).toEqual(expected);
      }),
    );
  });
});
