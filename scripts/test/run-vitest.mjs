/**
 * Runs one Vitest project and counts its tests through the JSON reporter.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runNode } from "./run-command.mjs";

/** @typedef {import("./run-stages.mjs").Outcome} Outcome */

/**
 * @typedef {object} Report the members of Vitest's JSON report that are read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {{ status: string, assertionResults: { status: string }[] }[]} testResults
 */

/**
 * Counts a report. A file that fails without a failing test (it cannot be loaded), a test that is only planned, and an
 * error outside of every test, which only the status tells, are failures.
 *
 * @param {Report | undefined} report `undefined`: Vitest ended before it wrote one
 * @param {number} status
 * @returns {Omit<Outcome, "output">}
 */
export function countReport(report, status) {
  if (report === undefined) return { passed: 0, failed: 1 };
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const failed = report.numFailedTests + report.numTodoTests + brokenFiles.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: report.numPendingTests,
  };
}

/**
 * @param {string} root the folder of vitest.config.ts
 * @param {string} project
 * @returns {Promise<Outcome>}
 */
export async function runVitest(root, project) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-vitest-"));
  try {
    const file = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { status, output } = await runNode(root, [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--project",
      project,
      ...reporters,
    ]);
    const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
    return { ...countReport(report, status), output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
