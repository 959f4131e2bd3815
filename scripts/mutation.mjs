/**
 * Mutates the pure machines one by one, in a copy of the tree, and tells how many of the mutants their tests find.
 *
 * Stands on tools/mutation, which it installs by its own lockfile. `--only names` takes those machines (with commas between), whole names;
 * `--changed` those whose file is not what it was when they were measured;
 * `--survivors` prints what no test has found; `--write` keeps what was measured, and writes docs/mutation.md when all machines have been.
 * `--check` only tells whether all is there that a run needs (fast).
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, flagValue, refuseUnknownFlags, treeRoot } from "./check-run.mjs";
import { copyTree } from "./mutants/copied-tree.mjs";
import { equivalentMutants } from "./mutation/equivalent.mjs";
import { countTimes, describeSurvivors, judgeRun, scoreOf } from "./mutation/judge-run.mjs";
import { machines } from "./mutation/machines.mjs";
import { fingerprint, readResults, resultOf, storeResults } from "./mutation/results.mjs";
import { runStryker } from "./mutation/stryker-run.mjs";
import { mutationPage } from "./mutation/write-page.mjs";

/** @typedef {import("./check-run.mjs").Check} Check */
/** @typedef {import("./mutation/machines.mjs").Machine} Machine */

refuseUnknownFlags(["--only", "--changed", "--survivors", "--write", "--check"]);
const root = treeRoot();
const tools = join(root, "tools/mutation");
const only = flagValue("--only")?.split(",");
const measured = new Map(readResults(root).map(({ machine, of }) => [machine, of]));
const chosen = machines
  .filter(({ name }) => only === undefined || only.includes(name))
  .filter(
    (machine) =>
      !process.argv.includes("--changed") || measured.get(machine.name) !== fingerprint(root, machine),
  );

/** @param {string} name @returns those of that machine */
const equivalentsOf = (name) => equivalentMutants.filter(({ machine }) => machine === name);

/** @param {Machine} machine @returns {string[]} problems */
function problemsOf({ name, file, tests }) {
  const missing = [file, ...tests].filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) return missing.map((path) => `${path} is not there`);
  const lines = readFileSync(join(root, file), "utf8")
    .split("\n")
    .map((line) => line.trim());
  return equivalentsOf(name)
    .filter(({ line }) => !lines.includes(line))
    .map(({ line }) => `a line with an equivalent mutant is not there: ${line}`);
}

/** @returns {string[]} problems */
function provideStryker() {
  if (existsSync(join(tools, "node_modules/@stryker-mutator/vitest-runner"))) return [];
  console.log("Installing Stryker (npm ci) …");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--loglevel=error"], {
    cwd: tools,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  return status === 0 ? [] : [`npm ci ended with status ${status}`];
}

/** @param {string} folder the copy @param {Machine} machine @returns {Promise<Check>} */
async function measure(folder, machine) {
  const known = equivalentsOf(machine.name);
  const run = await runStryker(folder, tools, machine);
  const problems = judgeRun(run, known);
  const equivalent = countTimes(known);
  const score = scoreOf(run, equivalent);
  const count = run.mutants.length - equivalent;
  console.log(`${machine.name}: ${score} % of ${count}, ${Math.round(run.seconds)} s`);
  if (process.argv.includes("--survivors")) console.log(describeSurvivors(run));
  if (process.argv.includes("--write") && problems.length === 0) {
    const results = storeResults(root, [resultOf(root, run, equivalent)]);
    if (results.length === machines.length) {
      writeFileSync(join(root, "docs/mutation.md"), mutationPage(results, equivalentMutants));
    }
  }
  return { name: machine.name, problems };
}

/** @returns {Promise<Check[]>} */
async function measureAll() {
  const { folder, remove } = copyTree(root);
  try {
    const checks = [];
    for (const machine of chosen) checks.push(await measure(folder, machine));
    return checks;
  } finally {
    remove();
  }
}

const names = new Set(machines.map(({ name }) => name));
const unknown = [...(only ?? []), ...equivalentMutants.map(({ machine }) => machine)].filter(
  (name) => !names.has(name),
);
const checks = [
  ...chosen.map((machine) => ({ name: machine.name, problems: problemsOf(machine) })),
  ...unknown.map((name) => ({ name, problems: ["there is no such machine"] })),
];
if (chosen.length === 0 && unknown.length === 0)
  console.log("No file of a machine has changed since it was measured");
else if (process.argv.includes("--check") || checks.some(({ problems }) => problems.length > 0))
  conclude(checks);
else {
  const problems = provideStryker();
  conclude(problems.length > 0 ? [{ name: "tools/mutation", problems }] : await measureAll());
}
