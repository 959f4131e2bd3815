/**
 * Runs some test files of a tree, and tells whether a test has found something.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runNode } from "../test/run-command.mjs";

/**
 * @typedef {object} TestRun
 * @property {"green" | "red" | "hung" | "broken"} outcome `hung`: it was ended after the time limit. `broken`: no test has failed, and yet it did not pass
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} redTests names of the tests that failed
 * @property {string[]} redFiles their files
 * @property {string} output
 */

/** For the files of one mutant; many files get more. */
const limitMs = 240_000;
const perFileMs = 30_000;

/**
 * @param {string} root
 * @param {readonly string[]} files
 * @param {{ readonly bail?: boolean }} [options] `bail`: ends with the first test that fails
 * @returns {Promise<TestRun>}
 */
export async function runTests(root, files, { bail = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-mutant-run-"));
  try {
    const report = join(folder, "report.json");
    const { status, output } = await runNode(
      root,
      [
        "node_modules/vitest/vitest.mjs",
        "run",
        ...["unit", "e2e"].flatMap((project) => ["--project", project]),
        "--reporter=json",
        `--outputFile.json=${report}`,
        ...(bail ? ["--bail=1"] : []),
        ...files,
      ],
      Math.max(limitMs, perFileMs * files.length),
    );
    if (!existsSync(report)) {
      const isLate = output.includes("killed after");
      return {
        outcome: isLate ? "hung" : "broken",
        passed: 0,
        failed: 0,
        redTests: [],
        redFiles: [],
        output,
      };
    }
    const {
      numPassedTests: passed,
      numFailedTests: failed,
      testResults,
    } = JSON.parse(readFileSync(report, "utf8"));
    /** @type {{ name: string, assertionResults: { status: string, fullName: string }[] }[]} */
    const results = testResults;
    const red = results.flatMap(({ name, assertionResults }) =>
      assertionResults.filter((one) => one.status === "failed").map(({ fullName }) => ({ name, fullName })),
    );
    const outcome = failed > 0 ? "red" : status === 0 && passed > 0 ? "green" : "broken";
    return {
      outcome,
      passed,
      failed,
      redTests: red.map(({ fullName }) => fullName),
      redFiles: [...new Set(red.map(({ name }) => name.slice(root.length + 1)))],
      output,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
