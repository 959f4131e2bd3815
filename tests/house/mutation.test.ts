/** What `npm run mutation` makes of a machine's mutants: which survivors it takes, and which it does not. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { repository } from "./planted-tree.ts";

interface MutatedPlace {
  readonly line: string;
  readonly from: string;
  readonly to: string;
  readonly lineNumber: number;
  readonly outcome: "killed" | "timeout" | "survived";
}

const { judgeRun } = await import(pathToFileURL(join(repository, "scripts/mutation/judge-run.mjs")).href);

function at(line: string, to: string, outcome: MutatedPlace["outcome"]): MutatedPlace {
  return { line, from: "a > 0", to, lineNumber: 1, outcome };
}

const known = { machine: "gate", line: "if (a > 0) open();", from: "a > 0", to: "a >= 0", why: "a is no 0" };
const killed = Array.from({ length: 39 }, (_, line) => at(`use(${line});`, "0", "killed"));

function judge(
  kind: "credit and resume" | "session, flow control and calls",
  mutants: readonly MutatedPlace[],
  equivalents: readonly (typeof known & { readonly times?: number })[] = [],
): readonly string[] {
  const machine = { name: "gate", file: "gate.ts", tests: [], kind };
  return judgeRun({ machine, mutants, seconds: 1 }, equivalents);
}

describe("mutation of a credit or resume machine", () => {
  const survivor = at(known.line, known.to, "survived");

  test("takes a survivor that is known to do what the code does, and no other", () => {
    expect(judge("credit and resume", [...killed, survivor], [known])).toEqual([]);
    expect(judge("credit and resume", [...killed, survivor])).toEqual([
      "survives unexplained, line 1: if (a > 0) open();\n  a > 0\n  → a >= 0",
    ]);
    const other = at("if (a > 0) close();", known.to, "survived");
    expect(judge("credit and resume", [...killed, survivor, other], [known])).toHaveLength(1);
  });

  test("refuses a known one that a test finds, or that is not there, or more often than is said", () => {
    const found = at(known.line, known.to, "killed");
    expect(judge("credit and resume", [...killed, found], [known])).toEqual([
      expect.stringContaining("is found by a test"),
    ]);
    expect(judge("credit and resume", killed, [known])).toEqual([
      expect.stringContaining("stands there 0 times instead of 1"),
    ]);
    expect(judge("credit and resume", [...killed, survivor, survivor], [known])).toEqual([
      expect.stringContaining("stands there 2 times instead of 1"),
    ]);
    const twice = [{ ...known, times: 2 }];
    expect(judge("credit and resume", [...killed, survivor, survivor], twice)).toEqual([]);
    expect(judge("credit and resume", [...killed, survivor, found], twice)).toHaveLength(1);
  });

  test("compares code as if it stood in one line", () => {
    const block = { ...known, from: "{ open(); shut(); }", to: "{}" };
    const mutant = { ...survivor, from: "{\n    open();\n    shut();\n  }", to: "{}" };
    expect(judge("credit and resume", [...killed, mutant], [block])).toEqual([]);
  });
});

describe("mutation score", () => {
  const survivors = (count: number): MutatedPlace[] =>
    Array.from({ length: count }, (_, line) => at(`line ${line}`, "false", "survived"));

  test("has to reach 85 %, where survivors need no reason, and what never ends is found", () => {
    const late = at("for (;;) {}", "", "timeout");
    const others = "session, flow control and calls";
    expect(judge(others, [...killed.slice(0, 16), late, ...survivors(3)])).toEqual([]);
    expect(judge(others, [...killed.slice(0, 16), ...survivors(3)])).toEqual([
      "its score is 84.2 %, below 85 %",
    ]);
  });

  test("does not count what no test can find", () => {
    const equivalents = survivors(6).map(({ line, from, to }) => ({ ...known, line, from, to }));
    expect(judge("credit and resume", [...killed, ...survivors(6)], equivalents)).toEqual([]);
  });

  test("is none without mutants", () => {
    expect(judge("credit and resume", [])).toContain("it has no mutants");
  });
});
