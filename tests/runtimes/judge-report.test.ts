/** How `scripts/runtimes-suite.mjs` judges what runtimes report, and when what it has recorded is stale. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { repository } from "../house/planted-tree.ts";
import { runNode } from "../house/run-script.ts";

/** What one export of a module of scripts/runtimes gives for `values`. */
async function call(module: string, name: string, ...values: readonly unknown[]): Promise<unknown> {
  const url = pathToFileURL(join(repository, "scripts/runtimes", module)).href;
  const program = `import { ${name} } from ${JSON.stringify(url)};
    console.log(JSON.stringify(${name}(...${JSON.stringify(values)})));`;
  const { stdout, stderr } = await runNode(["--input-type=module", "--eval", program]);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
}

interface Ran {
  readonly version: string;
  readonly report: {
    readonly cases: readonly { readonly name: string; readonly shows: string }[];
    readonly calls: Readonly<Record<string, readonly { readonly name: string; readonly problem?: string }[]>>;
    readonly verdicts: {
      readonly engines: Readonly<Record<string, readonly string[]>>;
      readonly passed: number;
      readonly failed: readonly string[];
      readonly printed: readonly string[];
    };
  };
  readonly problems?: readonly string[];
}

const cases = [
  { name: "request", shows: "a result" },
  { name: "stream", shows: "items" },
];
const calls = { memory: [{ name: "request" }, { name: "stream" }] };
const verdicts = { engines: { closures: ["a: valid", "b: type"] }, passed: 2, failed: [], printed: [] };
const node: Ran = { version: "20", report: { cases, calls, verdicts } };

/** The problems of a runtime that differs from this Node as `report` and `more` say. */
async function problemsOf(report: Partial<Ran["report"]>, more: Partial<Ran> = {}): Promise<string[]> {
  const ran = { ...node, ...more, report: { ...node.report, ...report } };
  const checks = (await call("judge-report.mjs", "judge", "Lake", ran, node)) as {
    readonly name: string;
    readonly problems: readonly string[];
  }[];
  return checks.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`));
}

test("judge passes what holds, and says the same as this Node", async () => {
  expect(await problemsOf({})).toEqual([]);
});

describe("judge finds", () => {
  test.each<[string, Partial<Ran["report"]>, string]>([
    [
      "a case that does not hold",
      { calls: { memory: [{ name: "request", problem: "lost" }, { name: "stream" }] } },
      "Lake, memory: request: lost",
    ],
    [
      "a case that did not run",
      { calls: { memory: [{ name: "request" }] } },
      "Lake, memory: stream: did not run",
    ],
    ["a runtime without links", { calls: {} }, "Lake, links: there are none"],
    [
      "another verdict",
      { verdicts: { ...verdicts, engines: { auto: ["a: valid", "b: valid"] } } },
      "Lake, validation: auto says b: valid",
    ],
    [
      "too few verdicts",
      { verdicts: { ...verdicts, engines: { auto: ["a: valid"] } } },
      "Lake, validation: auto gives 1 verdicts",
    ],
    [
      "a test of the engines that fails",
      { verdicts: { ...verdicts, failed: ["enum"] } },
      "Lake, validation: fails enum",
    ],
    [
      "tests of the engines that did not run",
      { verdicts: { ...verdicts, passed: 1 } },
      "Lake, validation: passes 1 tests of validatorSuite, not 2",
    ],
    [
      "words on the console",
      { verdicts: { ...verdicts, printed: ["const schema = …"] } },
      "Lake, validation: writes to the console: const schema = …",
    ],
  ])("%s", async (_, report, problem) => {
    expect(await problemsOf(report)).toEqual([problem]);
  });

  test("what only that runtime shows", async () => {
    const problem = "the page violates its policy: script-src eval";
    expect(await problemsOf({}, { problems: [problem] })).toEqual([`Lake, validation: ${problem}`]);
  });
});

const recorded = {
  cases,
  verdicts: 2,
  tests: 2,
  runtimes: [
    { name: "Node 20", version: "20.1", from: "the machine", links: ["memory"], engines: ["closures"] },
    { name: "Lake", version: "1", from: "the shore", links: ["memory"], engines: ["closures"] },
  ],
};
const [first, lake] = recorded.runtimes;

test.each<[string, object, string[]]>([
  ["nothing, of other versions", { runtimes: [{ ...first, version: "20.2" }, lake] }, []],
  ["nothing, where a runtime is not there", { runtimes: [first] }, []],
  [
    "a link that is gone",
    { runtimes: [first, { ...lake, links: [] }] },
    ['links of Lake: recorded is ["memory"], now it is []'],
  ],
  ["a runtime that is not recorded", { runtimes: [{ ...lake, name: "River" }] }, ["River is not recorded"]],
  ["other cases", { cases: [] }, [`cases: recorded is ${JSON.stringify(cases)}, now it is []`]],
  ["other verdicts", { verdicts: 3 }, ["verdicts: recorded is 2, now it is 3"]],
])("a record differs in %s", async (_, change, expected) => {
  expect(await call("record.mjs", "differences", recorded, { ...recorded, ...change })).toEqual(expected);
});

test("docs/runtimes.md is what was recorded, and names every runtime and case of it", async () => {
  const kept = JSON.parse(
    readFileSync(join(repository, "tests/runtimes/recorded.json"), "utf8"),
  ) as typeof recorded;
  const page = readFileSync(join(repository, "docs/runtimes.md"), "utf8");
  expect(await call("write-page.mjs", "runtimesPage", kept)).toBe(page);
  for (const { name } of [...kept.runtimes, ...kept.cases]) expect(page).toContain(`\n| ${name} |`);
  expect(page).toContain("\n| React Native | – | not run |");
});
