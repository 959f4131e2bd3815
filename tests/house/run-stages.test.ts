/** `scripts/test/run-stages.mjs`: what `npm test` prints, in which order stages run, and when it fails. */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { plantTree, repository } from "./planted-tree.ts";
import { type Ended, runNode } from "./run-script.ts";

const runner = pathToFileURL(join(repository, "scripts/test/run-stages.mjs")).href;

/** Runs stages given as source text, as the driver runs its own. `turn()` lets other stages go on. */
function runStages(stages: string): Promise<Ended> {
  const root = plantTree({
    "driver.mjs": `
      import { runStages } from ${JSON.stringify(runner)};
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      const log = [];
      const traced = (name, more = {}) => ({ name, ...more, run: async () => {
        log.push("+" + name); await turn(); await turn(); log.push("-" + name);
        return { passed: 1, failed: 0, output: "" };
      } });
      const good = await runStages([${stages}], (text) => console.log(text));
      if (log.length > 0) console.error(log.join(" "));
      process.exitCode = good ? 0 : 1;
    `,
  });
  return runNode([join(root, "driver.mjs")]);
}

/** Replaces times, which differ from run to run. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\d+\.\d/g, "0.0");
}

test("runStages prints a line for each stage, a table, and the counts as its very last line", async () => {
  const { status, stdout } = await runStages(`
    { name: "lint", run: async () => ({ passed: 1, failed: 0, output: "hidden" }) },
    { name: "unit", alone: true, run: async () => ({ passed: 40, failed: 0, skipped: 2, output: "" }) },
  `);
  expect(withoutTimes(stdout)).toBe(`ok lint 0.0 s (1 passed)
ok unit 0.0 s (40 passed, 2 skipped)

stage   passed   failed  skipped  seconds
lint         1        0        0      0.0
unit        40        0        2      0.0
0.0 s
41 passed, 0 failed
`);
  expect(status).toBe(0);
});

test("runStages goes on after a failure, shows all its output, and fails at the end", async () => {
  const { status, stdout } = await runStages(`
    { name: "lint", alone: true, run: async () => ({ passed: 2, failed: 1, output: "what is\\nwrong\\n" }) },
    { name: "unit", alone: true, run: async () => ({ passed: 40, failed: 0, output: "" }) },
  `);
  expect(withoutTimes(stdout)).toMatch(
    /^FAILED lint 0.0 s \(2 passed, 1 failed\)\nwhat is\nwrong\n\nok unit /,
  );
  expect(stdout).toMatch(/\n42 passed, 1 failed\n$/);
  expect(status).toBe(1);
});

test("runStages names what failed right before the totals, in the order of stages: failures, or the last lines of a script", async () => {
  const { stdout } = await runStages(`
    { name: "unit", run: async () => {
      await turn(); await turn();
      const failures = ["a.test.ts > b: AssertionError: c", "d.test.ts > e: lost"];
      return { passed: 3, failed: 2, output: "much\\nmore", failures };
    } },
    { name: "lint", run: async () => ({ passed: 4, failed: 0, output: "unheard" }) },
    { name: "docs", run: async () => {
      const lines = Array.from({ length: 20 }, (_, n) => "line " + n).join("\\n\\n");
      return { passed: 1, failed: 1, output: lines + "\\n1 passed, 1 failed\\n" };
    } },
    { name: "mute", run: async () => ({ passed: 0, failed: 1, output: "\\n" }) },
  `);
  const closing = stdout.slice(stdout.lastIndexOf("\nmute ") + 1);
  expect(withoutTimes(closing).split("\n").slice(1)).toEqual([
    "failed in unit: a.test.ts > b: AssertionError: c",
    "failed in unit: d.test.ts > e: lost",
    ...[12, 13, 14, 15, 16, 17, 18, 19].map((n) => `failed in docs: line ${n}`),
    "failed in mute: it said nothing",
    "0.0 s",
    "8 passed, 4 failed",
    "",
  ]);
});

test.each([
  ["checks nothing", "async () => ({ passed: 0, failed: 0, output: 'quiet' })", "stage checked nothing"],
  ["rejects", "async () => { throw new Error('lost') }", "Error: lost"],
  ["throws", "() => { throw new Error('lost') }", "Error: lost"],
])("runStages takes a stage that %s for a failure", async (_, run, problem) => {
  const { status, stdout } = await runStages(
    `{ name: "first", run: async () => ({ passed: 1, failed: 0, output: "" }) }, { name: "stage", run: ${run} }`,
  );
  expect(stdout).toContain(problem);
  expect(stdout).toMatch(/\n1 passed, 1 failed\n$/);
  expect(status).toBe(1);
});

test("runStages fails without stages", async () => {
  const { status, stdout } = await runStages("");
  expect(stdout).toMatch(/\n0 passed, 0 failed\n$/);
  expect(status).toBe(1);
});

/** The steps of traced stages, `+name` and `-name`, with the greatest number of stages that ran at once. */
async function trace(
  stages: string,
): Promise<{ steps: string[]; mostAtOnce: number; status: number | null }> {
  const { stderr, status } = await runStages(stages);
  const steps = stderr.trim().split(" ");
  let running = 0;
  const counts = steps.map((step) => {
    running += step.startsWith("+") ? 1 : -1;
    return running;
  });
  return { steps, mostAtOnce: Math.max(...counts), status };
}

test("runStages runs two stages at once, and no third", async () => {
  const { steps, mostAtOnce } = await trace(`traced("a"), traced("b"), traced("c"), traced("d")`);
  expect(steps).toHaveLength(8);
  expect(steps.slice(0, 2)).toEqual(["+a", "+b"]);
  expect(mostAtOnce).toBe(2);
});

test("runStages runs a stage alone that asks for it, in its place", async () => {
  const { steps } = await trace(`traced("a"), traced("b", { alone: true }), traced("c"), traced("d")`);
  expect(steps.slice(0, 6)).toEqual(["+a", "-a", "+b", "-b", "+c", "+d"]);
});

test("runStages starts a stage after those it waits for, and others before it", async () => {
  const { steps } = await trace(`traced("a"), traced("b", { after: ["a"] }), traced("c")`);
  expect(steps.slice(0, 2)).toEqual(["+a", "+c"]);
  expect(steps.indexOf("+b")).toBeGreaterThan(steps.indexOf("-a"));
});

test("runStages does not wait for a stage that is not among the chosen ones", async () => {
  expect(await trace(`traced("b", { after: ["a"] })`)).toMatchObject({ steps: ["+b", "-b"], status: 0 });
});
