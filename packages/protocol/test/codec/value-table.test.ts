/** The tables of docs/codecs.md, row by row: what becomes of a value, and what a decoder makes of a payload. */
import { deepStrictEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { codecs, codeOr, decodePayload, travel } from "./travel.ts";

const page = readFileSync(new URL("../../../../docs/codecs.md", import.meta.url), "utf8");

/** The cells of the table between `<!-- name -->` and `<!-- end -->`. */
function rowsOf(name: string): string[][] {
  const [, behind = ""] = page.split(`<!-- ${name} -->`);
  const [table = ""] = behind.split("<!-- end -->");
  const lines = table.trim().split("\n").slice(2);
  return lines.map((line) =>
    line
      .slice(2, -1)
      .split(" | ")
      .map((cell) => cell.trim()),
  );
}

/** The text inside of a cell's backquotes, with its white space. */
function codeIn(cell: string): string {
  const [, code] = /^`(.*)`$/s.exec(cell) ?? [];
  if (code === undefined) throw new Error(`No code: ${cell}`);
  return code;
}

/** The value of a JavaScript expression of the page. */
function evaluate(cell: string): unknown {
  return new Function(`return (${codeIn(cell)});`)();
}

const codecOf = (name: string): Codec => codecs.find((codec) => codec.name === name) as Codec;

describe.each(rowsOf("values"))("of %s", (value, json, msgpack) => {
  test.each([
    ["json", json],
    ["msgpack", msgpack],
  ])("through %s arrives: %s", (name, outcome) => {
    const codec = codecOf(name);
    if (outcome === "refused") {
      const refusal = expect.objectContaining({
        name: "SluiceError",
        code: "INVALID_ARGUMENT",
        processed: "no",
      });
      expect(() => travel(codec, evaluate(value as string))).toThrow(refusal);
      return;
    }
    const expected = outcome === "same" ? value : outcome;
    deepStrictEqual(travel(codec, evaluate(value as string)), evaluate(expected as string));
  });
});

describe.each(rowsOf("payloads"))("of %s %s", (name, payload, outcome) => {
  test(`is read: ${outcome}`, () => {
    const code = codeIn(payload as string);
    const bytes =
      name === "json"
        ? new TextEncoder().encode(code)
        : Uint8Array.from(Buffer.from(code.replaceAll(" ", ""), "hex"));
    const read = codeOr(() => decodePayload(codecOf(name as string), bytes));
    deepStrictEqual(read, outcome === "refused" ? { code: "DECODE_ERROR" } : evaluate(outcome as string));
  });
});

test("the tables are there", () => {
  expect(rowsOf("values").length).toBeGreaterThan(70);
  expect(rowsOf("payloads").length).toBeGreaterThan(50);
  for (const row of rowsOf("values")) expect(row).toHaveLength(3);
  for (const row of rowsOf("payloads")) expect(row.length).toBeGreaterThanOrEqual(3);
});
