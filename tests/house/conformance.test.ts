/** `scripts/conformance.mjs`: claims without tests, tests without claims and a stale page are found. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { plantTree } from "./planted-tree.ts";
import { type Ended, runHosted, runScript } from "./run-script.ts";

interface PlantedCase {
  readonly id: string;
  readonly asserts: string;
  readonly later?: string;
  readonly shownBy?: readonly string[];
}

const suite = "packages/protocol/src/testing/suite";
const good: readonly PlantedCase[] = [
  { id: "AA-1", asserts: "one holds" },
  { id: "AA-2", asserts: "two holds", later: "boats" },
  { id: "F1", asserts: "three holds" },
  { id: "F2", asserts: "four holds", shownBy: ["tests/four.test.ts > says `four`"] },
  { id: "F3", asserts: "as one", shownBy: ["AA-1"] },
  { id: "F4", asserts: "all of four", shownBy: ["tests/four.test.ts"] },
  { id: "F5", asserts: "five holds", later: "lake" },
  { id: "LM", asserts: "limits" },
];
const list = (cases: readonly PlantedCase[]): object => ({
  reasons: { boats: "needs boats", lake: "does not apply: there is no lake" },
  families: [{ id: "AA", title: "Planted", cases }],
});

/** Every way of naming a test, and what only looks like one. */
const tree = {
  "docs/conformance-ids.json": list(good),
  [`${suite}/cases/one-cases.ts`]: 'export const cases = [{ id: "AA-1", title: "one", run() {} }];\n',
  "packages/protocol/test/three.test.ts":
    'import { describe, test } from "vitest";\ndescribe.each([["REL-F1 three"]])("%s", () => {\n  test("UTF-8 and a C1 control, TCP-2", () => {});\n});\n',
  "packages/protocol/test/suite-lake.test.ts":
    '/** The suite over a lake. */\nimport { it } from "vitest";\n\nit("LM AA-1 rows", () => void "AA-9");\n',
  "tests/four.test.ts": 'import { test } from "vitest";\ntest.concurrent("says `four`", () => {});\n',
  "tests/house/house.test.ts": 'import { test } from "vitest";\ntest("AA-7", () => {});\n',
};
const page = `## Planted (AA)

| case | what must hold | where |
| --- | --- | --- |
| AA-1 | one holds | [one-cases](../${suite}/cases/one-cases.ts) · [suite-lake](../packages/protocol/test/suite-lake.test.ts) |
| AA-2 | two holds | later: needs boats |
| F1 | three holds | [three](../packages/protocol/test/three.test.ts) |
| F2 | four holds | [four](../tests/four.test.ts) |
| F3 | as one | [one-cases](../${suite}/cases/one-cases.ts) · [suite-lake](../packages/protocol/test/suite-lake.test.ts) |
| F4 | all of four | [four](../tests/four.test.ts) |
| F5 | five holds | does not apply: there is no lake |
| LM | limits | [suite-lake](../packages/protocol/test/suite-lake.test.ts) |
`;

const pageOf = (root: string): string => readFileSync(join(root, "docs/conformance.md"), "utf8");

test("conformance writes a row for each case, with the files that show it or the reason why none does", async () => {
  const root = plantTree(tree);
  expect(await runScript("conformance", root)).toMatchObject({ status: 0, stdout: "5 passed, 0 failed\n" });
  expect(pageOf(root).slice(pageOf(root).indexOf("## Planted"))).toBe(page);
  expect(pageOf(root)).toContain("6 of 8 cases are shown, 1 do not apply;");
  expect(pageOf(root)).toContain(
    "* [suite-lake](../packages/protocol/test/suite-lake.test.ts): The suite over a lake\n",
  );
});

test("conformance --check passes a current page, and neither passes nor writes a stale one", async () => {
  const root = plantTree({ ...tree, "docs/conformance.md": "old\n" });
  const stale = await runScript("conformance", root, ["--check"]);
  expect(stale.stdout).toContain(
    "docs/conformance.md:\n  is stale: run `node scripts/conformance.mjs`\n4 passed, 1 failed",
  );
  expect([stale.status, pageOf(root)]).toEqual([1, "old\n"]);
  await runHosted("conformance", root);
  expect(await runHosted("conformance", root, ["--check"])).toMatchObject({ status: 0 });
});

/** The good tree with some files changed. */
function checkWith(files: Record<string, string | object>): Promise<Ended> {
  return runHosted("conformance", plantTree({ ...tree, ...files }));
}
const withCases = (...cases: readonly PlantedCase[]): Record<string, object> => ({
  "docs/conformance-ids.json": list([...good, ...cases]),
});

describe("conformance finds", () => {
  test.each<[string, Record<string, string | object>, string]>([
    [
      "a claim without a test",
      withCases({ id: "AA-3", asserts: "five" }),
      "AA-3 is claimed, and no test names it",
    ],
    [
      "a claim whose test is skipped",
      {
        ...withCases({ id: "AA-3", asserts: "five" }),
        "tests/five.test.ts": 'test.skip("AA-3", () => {});\n',
      },
      "AA-3 is claimed, and no test names it",
    ],
    [
      "a claim that only a text in a test names",
      {
        ...withCases({ id: "AA-3", asserts: "five" }),
        "tests/five.test.ts": 'test("x", () => void "AA-3");\n',
      },
      "AA-3 is claimed, and no test names it",
    ],
    [
      "a claim that refers to a title that is gone",
      withCases({ id: "AA-3", asserts: "five", shownBy: ["tests/four.test.ts > says `five`"] }),
      "AA-3 is shown by tests/four.test.ts > says `five`, which is no test",
    ],
    [
      "a claim that refers to a file that is gone",
      withCases({ id: "AA-3", asserts: "five", shownBy: ["tests/five.test.ts"] }),
      "AA-3 is shown by tests/five.test.ts, which is no test",
    ],
    [
      "a claim that refers to a file without tests",
      {
        ...withCases({ id: "AA-3", asserts: "five", shownBy: ["tests/five.test.ts"] }),
        "tests/five.test.ts": "export {};\n",
      },
      "AA-3 is shown by tests/five.test.ts, which is no test",
    ],
    [
      "a claim that refers to a later case",
      withCases({ id: "AA-3", asserts: "five", shownBy: ["AA-2"] }),
      "AA-3 is shown by AA-2, which is no test",
    ],
    [
      "a test of a case that is not listed",
      { "tests/five.test.ts": '\ntest("AA-8 five", () => {});\n' },
      "tests/five.test.ts:2 names AA-8, which is not in docs/conformance-ids.json",
    ],
    [
      "a row of tests of a case that is not listed",
      {
        "tests/five.test.ts":
          'const rows = [{ name: "says REL-F9" }];\ntest.each(rows)("$name", () => {});\n',
      },
      "tests/five.test.ts:1 names F9, which is not in docs/conformance-ids.json",
    ],
    [
      "an id of one letter in front",
      { "tests/five.test.ts": 'test("REL-F1 §4.2 X21 five", () => {});\n' },
      "tests/five.test.ts:1 names X21, which is not in docs/conformance-ids.json",
    ],
    [
      "a case of the suite that is not listed",
      { [`${suite}/cases/two-cases.ts`]: 'export const cases = [{ id: "AB-1", title: "?" }];\n' },
      `${suite}/cases/two-cases.ts:1 names AB-1, which is not in docs/conformance-ids.json`,
    ],
    [
      "a later case with a test",
      { "tests/five.test.ts": "test(`AA-2 five`, () => {});\n" },
      "AA-2 is listed as later, and tests/five.test.ts shows it",
    ],
    ["a case that is listed twice", withCases({ id: "F1", asserts: "again" }), "F1 is listed twice"],
    [
      "a reason that nobody gave",
      withCases({ id: "AA-3", asserts: "five", later: "trains" }),
      "AA-3 is later for trains, which is no reason of the list",
    ],
  ])("%s", async (_, files, problem) => {
    const { status, stdout } = await checkWith(files);
    expect(stdout.split("\n").map((line) => line.trim())).toContain(problem);
    expect(status).toBe(1);
  });
});
