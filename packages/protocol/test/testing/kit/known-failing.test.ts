/** Cases that are known to fail have to fail, and to exist. */
import { describe, expect, test } from "vitest";
import type { CaseOutcome, CaseReport, KitReport } from "../../../src/testing/kit/case-report.ts";
import { kitProblems, readKnownFailing } from "../../../src/testing/kit/known-failing.ts";

function one(id: string, outcome: CaseOutcome, close: CaseReport["close"] = "clean"): CaseReport {
  return { id, title: "a case", outcome, close, ms: 1, message: "why" };
}

function report(subject: string, ...cases: CaseReport[]): KitReport {
  return { subject, cases };
}

describe("readKnownFailing", () => {
  test("reads names, with subjects and without, and passes over comments", () => {
    const text = "# all\n\nFC-1 a title # since then\nhttp, json: LC-3 says: so\r\n";
    expect(readKnownFailing(text)).toEqual([
      { subject: undefined, name: "FC-1 a title" },
      { subject: "http, json", name: "LC-3 says: so" },
    ]);
  });

  test("refuses a line that names no case", () => {
    expect(() => readKnownFailing("FC-1")).toThrow(SyntaxError);
    expect(() => readKnownFailing("a wish")).toThrow(/a wish/);
  });
});

describe("kitProblems", () => {
  test("finds nothing where all is passed, non-strict or not applicable", () => {
    const good = report("x", one("A-1", "ok"), one("A-2", "non-strict"), one("A-3", "not applicable"));
    expect(kitProblems([good])).toEqual([]);
  });

  test("tells of a case that fails, and of one that closes uncleanly", () => {
    const bad = report("x", one("A-1", "failed"), one("A-2", "ok", "unclean"));
    expect(kitProblems([bad])).toEqual([
      "x: A-1 a case: failed: why",
      "x: A-2 a case: closed uncleanly: why",
    ]);
  });

  test("lets a listed case fail, and none that is listed for another subject", () => {
    const known = readKnownFailing("x: A-1 a case");
    expect(kitProblems([report("x", one("A-1", "failed"))], known)).toEqual([]);
    expect(
      kitProblems([report("x", one("A-1", "failed")), report("y", one("A-1", "failed"))], known),
    ).toEqual(["y: A-1 a case: failed: why"]);
  });

  test.each<[CaseOutcome, string]>([
    ["ok", "passes"],
    ["non-strict", "passes"],
    ["not applicable", "is not applicable"],
  ])("tells of a listed case that is %s", (outcome, what) => {
    expect(kitProblems([report("x", one("A-1", outcome))], readKnownFailing("A-1 a case"))).toEqual([
      `x: A-1 a case: is known to fail, and ${what}`,
    ]);
  });

  test("a listed case that only closes uncleanly has not passed", () => {
    expect(kitProblems([report("x", one("A-1", "ok", "unclean"))], readKnownFailing("A-1 a case"))).toEqual(
      [],
    );
  });

  test("tells of a listed case that does not exist", () => {
    const known = readKnownFailing("A-9 gone\nz: A-1 a case");
    expect(kitProblems([report("x", one("A-1", "ok"))], known)).toEqual([
      "A-9 gone: is known to fail, and there is no such case",
      "z: A-1 a case: is known to fail, and there is no such case",
    ]);
  });
});
