/**
 * One run of Stryker, in a copy of the tree: the mutants of one file, and what tests made of them.
 *
 * Stryker instruments the files where they lie. It comes from tools/mutation, vitest is the project's own.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { runNode } from "../test/run-command.mjs";

/** @typedef {import("./machines.mjs").Machine} Machine */

/**
 * @typedef {object} MutatedPlace
 * @property {string} line the whole line of the source where it begins, without the space around it
 * @property {string} from what stands there
 * @property {string} to what stands there instead
 * @property {number} lineNumber
 * @property {"killed" | "timeout" | "survived"} outcome `timeout`: the tests never ended. `survived`: they passed, or none got there
 */

/**
 * @typedef {object} MachineRun
 * @property {Machine} machine
 * @property {readonly MutatedPlace[]} mutants
 * @property {number} seconds
 */

const limitMs = 40 * 60_000;

/** By Stryker's names. What it ignores is left out: texts, and what is computed once when a module is loaded. */
const outcomes = /** @type {const} */ ({
  Killed: "killed",
  Timeout: "timeout",
  Survived: "survived",
  NoCoverage: "survived",
});

/** The same cases of property tests each time, and none of them made smaller. */
const setup = `import fc from "fast-check";
fc.configureGlobal({ seed: 1, endOnFailure: true });
`;

/** @param {string} folder the copy @param {Machine} machine @returns {string} the configuration of vitest */
function vitestConfig(folder, { tests }) {
  const hasProperties = tests.some((path) => readFileSync(join(folder, path), "utf8").includes("fast-check"));
  return `import { defineConfig } from "vitest/config";
const conditions = ["@sluice/source", "module", "node", "development|production"];
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ${JSON.stringify(tests)},
    setupFiles: ${hasProperties ? '["./mutation-setup.ts"]' : "[]"},
    isolate: false,
    fileParallelism: false,
    testTimeout: 60_000,
  },
});
`;
}

/** @param {string} tools @param {Machine} machine @returns {object} the configuration of Stryker */
function strykerConfig(tools, { file }) {
  return {
    testRunner: "vitest",
    plugins: [createRequire(join(tools, "package.json")).resolve("@stryker-mutator/vitest-runner")],
    vitest: { configFile: "mutation-vitest.config.ts" },
    inPlace: true,
    mutate: [file],
    mutator: { excludedMutations: ["StringLiteral"] },
    ignoreStatic: true,
    coverageAnalysis: "perTest",
    concurrency: 1,
    timeoutMS: 5_000,
    checkers: [],
    allowEmpty: false,
    reporters: ["json"],
    jsonReporter: { fileName: "mutation-report.json" },
    tempDirName: "mutation-temp",
  };
}

/**
 * Mutates one machine in `folder` and runs its tests for every mutant.
 *
 * @param {string} folder a copy of the tree; nothing else uses it meanwhile
 * @param {string} tools the folder where Stryker is installed
 * @param {Machine} machine
 * @returns {Promise<MachineRun>}
 * @throws {Error} if Stryker has not come to its end, as when a test fails without a mutant
 */
export async function runStryker(folder, tools, machine) {
  const started = Date.now();
  const source = readFileSync(join(folder, machine.file), "utf8");
  const report = join(folder, "mutation-report.json");
  writeFileSync(join(folder, "mutation-setup.ts"), setup);
  writeFileSync(join(folder, "mutation-vitest.config.ts"), vitestConfig(folder, machine));
  writeFileSync(join(folder, "mutation.conf.json"), JSON.stringify(strykerConfig(tools, machine)));
  writeFileSync(report, "");
  const command = join(tools, "node_modules/@stryker-mutator/core/bin/stryker.js");
  if (!existsSync(command)) throw new Error(`Stryker is not there: npm ci --ignore-scripts in ${tools}`);
  const { status, output } = await runNode(folder, [command, "run", "mutation.conf.json"], limitMs);
  const text = readFileSync(report, "utf8");
  if (status !== 0 || text === "") throw new Error(`Stryker has failed for ${machine.name}:\n${output}`);
  const [{ mutants = [] } = {}] = Object.values(JSON.parse(text).files);
  return { machine, mutants: readMutants(source, mutants), seconds: (Date.now() - started) / 1000 };
}

/**
 * @typedef {{ readonly line: number, readonly column: number }} Position both from 1
 * @typedef {{ readonly status: string, readonly replacement: string, readonly location: { readonly start: Position, readonly end: Position } }} ReportedMutant
 */

/**
 * @param {string} source of the file
 * @param {readonly ReportedMutant[]} reported
 * @returns {MutatedPlace[]} in the order of the file
 * @throws {Error} for an outcome that is neither a mutant found nor one that was not
 */
function readMutants(source, reported) {
  const lines = source.split("\n");
  /** @param {Position} position */
  const offsetOf = ({ line, column }) =>
    lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, column - 1);
  return reported
    .filter(({ status }) => status !== "Ignored")
    .map(({ status, replacement, location: { start, end } }) => {
      if (!Object.hasOwn(outcomes, status)) throw new Error(`A mutant of line ${start.line} is ${status}`);
      return {
        line: lines[start.line - 1]?.trim() ?? "",
        from: source.slice(offsetOf(start), offsetOf(end)),
        to: replacement,
        lineNumber: start.line,
        outcome: outcomes[/** @type {keyof typeof outcomes} */ (status)],
      };
    })
    .sort((one, other) => one.lineNumber - other.lineNumber);
}
