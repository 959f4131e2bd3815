/**
 * Runs a Vitest project, counts its tests and names those that failed, through the JSON reporter.
 */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { runNode } from "./run-command.mjs";

/** @typedef {import("./run-stages.mjs").Outcome} Outcome */

/**
 * @typedef {object} Report the members of Vitest's JSON report that are read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {TestFile[]} testResults
 */

/** @typedef {{ name: string, status: string, message: string, assertionResults: Test[] }} TestFile `name`: its path */
/** @typedef {{ ancestorTitles: string[], title: string, status: string, failureMessages: string[] }} Test */

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
  const brokenFiles = report.testResults.filter(isBroken);
  const failed = report.numFailedTests + report.numTodoTests + brokenFiles.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: report.numPendingTests,
  };
}

/** @param {TestFile} file @returns {boolean} whether it failed, though none of its tests did */
function isBroken({ status, assertionResults }) {
  return status === "failed" && !assertionResults.some((test) => test.status === "failed");
}

/** @param {string | undefined} text @returns {string} without colours */
function firstLine(text = "") {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character begins a colour
  return (text.replaceAll(/\u001b\[[\d;]*m/g, "").split("\n", 1)[0] ?? "").trim();
}

/**
 * What a report says that failed, as {@link countReport} counts it; an error outside of every test is not in a report.
 *
 * @param {Report | undefined} report
 * @param {string} root what the paths of files are told from
 * @returns {string[]} `file > test: the first line of its message`
 */
export function failuresIn(report, root) {
  return (report?.testResults ?? []).flatMap((file) => {
    const path = relative(root, file.name);
    const tests = file.assertionResults.flatMap(({ ancestorTitles, title, status, failureMessages }) => {
      if (status !== "failed" && status !== "todo") return [];
      const message = status === "todo" ? "is only planned" : firstLine(failureMessages[0]);
      return [`${[path, ...ancestorTitles, title].join(" > ")}: ${message}`];
    });
    return isBroken(file) ? [...tests, `${path}: ${firstLine(file.message)}`] : tests;
  });
}

/**
 * @param {string} root the folder of vitest.config.ts
 * @param {string} project
 * @param {readonly string[]} [more] files, if not all, and options
 * @returns {Promise<Outcome>}
 */
export async function runVitest(root, project, more = []) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-vitest-"));
  try {
    const file = join(folder, "report.json");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { status, output } = await runNode(root, [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--project",
      project,
      ...more,
      ...reporters,
    ]);
    const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
    return { ...countReport(report, status), output, failures: failuresIn(report, realpathSync(root)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
