/**
 * Puts faults into a copy of the tree, one by one, and shows that the tests find each of them.
 *
 * `--check` only tells whether every mutant can still be made, and is on docs/mutants.md (fast). `--only text` takes those whose name holds it;
 * `--tests files` judges them by these (with commas between) instead of their own. `--write` writes docs/mutants.md, when all were run and found.
 * `--models` judges by the models of tests/models alone those that have to be found by them; `--write` then writes the page's section on that.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, flagValue, refuseUnknownFlags, treeRoot } from "./check-run.mjs";
import { copyTree } from "./mutants/copied-tree.mjs";
import { applyMutant, patchProblems } from "./mutants/mutant.mjs";
import { modelled, mutants } from "./mutants/mutants.mjs";
import { runTests } from "./mutants/run-tests.mjs";
import {
  modelFactor,
  modelsOf,
  modelsSection,
  mutantsPage,
  namesOn,
  withModels,
} from "./mutants/write-page.mjs";
import { runOn } from "./source/run-on.mjs";

/** @typedef {import("./check-run.mjs").Check} Check */
/** @typedef {import("./mutants/mutant.mjs").Mutant} Mutant */
/** @typedef {import("./mutants/write-page.mjs").Row} Row */

refuseUnknownFlags(["--only", "--tests", "--write", "--check", "--models"]);
const root = treeRoot();
const only = flagValue("--only");
const byModels = process.argv.includes("--models");
const models = ["session-model", "interleavings", "append-history"].map(
  (name) => `tests/models/${name}.test.ts`,
);
const tests = byModels ? models : flagValue("--tests")?.split(",");
const page = join(root, "docs/mutants.md");
const chosen = (byModels ? modelled.filter(({ unmodelled }) => unmodelled === undefined) : mutants)
  .filter(({ name, known }) => only === undefined || `${name} ${known}`.includes(only))
  .map((mutant) => (tests === undefined ? mutant : { ...mutant, tests }));

if (byModels) {
  process.env.SLUICE_MODEL_RUNS ??= String(modelFactor * 120);
  process.env.SLUICE_INTERLEAVINGS ??= String(modelFactor * 20);
  process.env.SLUICE_HISTORIES ??= String(modelFactor * 150);
}

/** @param {Row} row @returns {boolean} */
function isFound({ outcome }) {
  return outcome === "red" || outcome === "hung";
}

/** @param {Mutant} mutant @returns {string[]} */
function problemsOf(mutant) {
  const missing = mutant.tests.filter((path) => !existsSync(join(root, path)));
  const isDouble = mutants.some((other) => other.name === mutant.name && other.patches !== mutant.patches);
  return [
    ...patchProblems(root, mutant),
    ...missing.map((path) => `${path} is not there`),
    ...(isDouble ? ["another mutant has the same name"] : []),
  ];
}

/** @returns {Check} whether the page has each mutant once, and no other */
function checkPage() {
  const onPage = namesOn(readFileSync(page, "utf8"));
  const names = mutants.map(({ name }) => name);
  const problems = [
    ...names.filter((name) => !onPage.includes(name)).map((name) => `lacks: ${name}`),
    ...onPage
      .filter((name, at) => !names.includes(name) || onPage.indexOf(name) !== at)
      .map((name) => `has, though it is no mutant or stands there twice: ${name}`),
  ];
  const remedy = problems.length === 0 ? [] : ["node scripts/mutants.mjs --write runs all, and writes it"];
  return { name: "docs/mutants.md", problems: [...problems, ...remedy] };
}

/** @returns {Promise<Check[]>} */
async function run() {
  const started = Date.now();
  const where = runOn(root);
  const { folder, remove } = copyTree(root);
  try {
    const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
    const before = await runTests(folder, files);
    console.log(`without a mutant: ${before.outcome}, ${before.passed} tests of ${files.length} files`);
    if (before.outcome !== "green") {
      return [{ name: "tests without a mutant", problems: [before.redTests.join("\n"), before.output] }];
    }
    /** @type {Row[]} */
    const rows = [];
    for (const mutant of chosen) {
      const restore = applyMutant(folder, mutant);
      const { outcome, redTests, redFiles, output } = await runTests(folder, mutant.tests, {
        bail: byModels,
      });
      restore();
      rows.push({ mutant, outcome, redTests, redFiles });
      console.log(`${outcome.padEnd(6)} ${mutant.name} (${redTests.length} tests)`);
      if (outcome === "broken") console.log(output.slice(-2_000));
    }
    const seconds = (Date.now() - started) / 1000;
    const isAll = rows.every(isFound);
    if (process.argv.includes("--write") && only === undefined && isAll) {
      const text = readFileSync(page, "utf8");
      if (byModels) writeFileSync(page, withModels(text, modelsSection(rows, modelled, where, seconds)));
      else if (tests === undefined) {
        writeFileSync(page, withModels(mutantsPage(rows, before.passed, where, seconds), modelsOf(text)));
      }
    }
    return rows.map((row) => ({
      name: row.mutant.name,
      problems: isFound(row) ? [] : [`${row.outcome}: ${row.mutant.tests.join(", ")}`],
    }));
  } finally {
    remove();
  }
}

const checks = chosen.map((mutant) => ({ name: mutant.name, problems: problemsOf(mutant) }));
const isMade = checks.every(({ problems }) => problems.length === 0);
if (process.argv.includes("--check")) conclude([...checks, checkPage()]);
else conclude(isMade ? await run() : checks);
