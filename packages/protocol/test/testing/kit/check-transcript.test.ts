/** What came behind the end of a call is found, and what wire.md allows there is not. */
import { describe, expect, test } from "vitest";
import { transcriptProblems } from "../../../src/testing/kit/check-transcript.ts";
import { frameOf } from "../../../src/testing/kit/frame-fields.ts";
import type { FrameFields } from "../../../src/testing/kit/peer-case.ts";
import { rawFlag } from "../../../src/testing/raw/raw-frame.ts";

const open = { type: "OPEN", call: 1, name: "x" };
const half = { ...open, halfClosed: true };
const again = { ...half, resume: { received: 0, limit: 1 } };
const data = { type: "DATA", call: 1, offset: 64, value: 1 };
const end = { type: "END", call: 1, offset: 64 };
const credit = { type: "CREDIT", call: 1, received: 0, limit: 1 };
const cancel = { type: "CANCEL", call: 1 };
const abort = { ...cancel, abort: true };
const done = { type: "DONE", calls: [1] };
const result = { type: "RESULT", call: 1, offset: 0, value: 1 };
const error = { type: "ERROR", call: 1, json: { code: "CANCELLED", message: "" } };

function problems(...frames: readonly FrameFields[]): readonly string[] {
  return transcriptProblems(frames.map((one) => frameOf(one, "00000000000000c1")));
}

describe("transcriptProblems", () => {
  test.each<[string, FrameFields[]]>([
    ["DATA behind END", [open, end, data]],
    ["END behind END", [open, data, end, end]],
    ["DATA behind half-closed OPEN", [half, data]],
    ["END behind half-closed OPEN", [half, end]],
    ["DATA behind half-closed OPEN", [again, data, { ...data, offset: 129 }]],
    ["DATA behind RESULT", [result, data]],
    ["END behind RESULT", [result, end]],
    ["RESULT behind RESULT", [result, result]],
    ["RESULT behind RESULT", [result, { ...result, more: true, total: 9 }]],
    ["ERROR behind RESULT", [result, error]],
    ["ACCEPT behind RESULT", [result, { type: "ACCEPT", call: 1, json: {} }]],
    ["DATA behind ERROR", [error, data]],
    ["END behind ERROR", [error, end]],
    ["RESULT behind ERROR", [error, result]],
    ["CANCEL behind CANCEL{abort}", [half, abort, cancel]],
    ["CANCEL behind DONE", [half, done, abort]],
    ["OPEN behind half-closed OPEN", [half, open]],
    ["OPEN behind DONE", [open, done, open]],
  ])("finds %s", (what, frames) => {
    const [type, ending] = what.split(" behind ");
    expect(problems(...frames).at(-1)).toBe(`A frame ${type} of call 1 came behind its ${ending}`);
  });

  test.each<[string, FrameFields[]]>([
    ["items, END and a result", [data, data, end, result]],
    ["the rest of a param behind an OPEN that finds its call again", [again, data]],
    [
      "a result in pieces",
      [
        { ...result, more: true, total: 9 },
        { ...result, offset: 73 },
      ],
    ],
    ["CREDIT, which keeps no order", [half, result, credit]],
    ["data that a CANCEL overtook", [open, abort, data, end]],
    ["data that a DONE overtook", [open, done, data, end]],
    ["an abort behind a stop", [half, cancel, abort, done]],
    ["a stop behind END", [open, end, cancel]],
    ["other calls", [result, { ...result, call: 3 }, { ...data, call: 5 }]],
    ["extensions", [result, { type: 24, call: 1 }]],
  ])("allows %s", (_, frames) => {
    expect(problems(...frames)).toEqual([]);
  });

  test("takes the pieces of a param for the half-closed OPEN's own", () => {
    const frame = frameOf(half, "00000000000000c1");
    const first = { ...frame, flags: frame.flags | rawFlag.more };
    const [piece, last] = [{ ...data, more: true }, data].map((one) => frameOf(one, "00000000000000c1"));
    if (piece === undefined || last === undefined) throw new Error("no pieces");
    expect(transcriptProblems([first, piece, last])).toEqual([]);
    expect(transcriptProblems([first, piece, last, last])).toHaveLength(1);
  });
});
