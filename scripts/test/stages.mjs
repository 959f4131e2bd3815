/**
 * The stages of `npm test`, in order.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { e2eFiles } from "./e2e-files.mjs";
import { countClosingLine, countPrograms, runNode } from "./run-command.mjs";
import { runVitest } from "./run-vitest.mjs";

/** @typedef {import("./run-stages.mjs").Outcome} Outcome */
/** @typedef {import("./run-stages.mjs").Stage} Stage */

/** @param {string} root @returns {Promise<Outcome>} one check: formatting and lint of every file */
async function biome(root) {
  const ended = await runNode(root, [
    "node_modules/@biomejs/biome/bin/biome",
    "check",
    "--error-on-warnings",
    ".",
  ]);
  const files = Number(/Checked (\d+) files?/.exec(ended.output)?.[1] ?? 0);
  return files === 0
    ? { passed: 0, failed: 1, output: `${ended.output}\nno file was checked\n` }
    : countPrograms([ended]);
}

/**
 * The whole repository, the scripts, and each package with the platform that it may know and no other.
 *
 * @param {string} root
 * @returns {Promise<Outcome>} a check for each configuration
 */
async function types(root) {
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/tsconfig.json`);
  const configs = [
    "tsconfig.json",
    "scripts/tsconfig.json",
    ...packages.filter((path) => existsSync(join(root, path))),
  ];
  const ended = [];
  for (const config of configs) {
    const { status, output } = await runNode(root, [
      "node_modules/typescript/bin/tsc",
      "-p",
      config,
      "--pretty",
      "false",
    ]);
    ended.push({ status, output: `tsc -p ${config}\n${output}` });
  }
  return countPrograms(ended);
}

/** @param {string} root @returns {Promise<Outcome>} a check for each package */
async function build(root) {
  const args = ["run", "build", "--output-logs=errors-only", "--continue"];
  const { status, output } = await runNode(root, ["node_modules/turbo/bin/turbo", ...args]);
  const [, passed, total] = (/Tasks:\s+(\d+) successful, (\d+) total/.exec(output) ?? []).map(Number);
  if (passed === undefined || total === undefined) return { passed: 0, failed: 1, output };
  return { passed, failed: Math.max(total - passed, status === 0 ? 0 : 1), output };
}

/**
 * @param {string} root
 * @returns {Stage[]}
 */
export function stagesOf(root) {
  /** @type {(name: string, ...args: string[]) => () => Promise<Outcome>} */
  const script = (name, ...args) => {
    const path = fileURLToPath(new URL(`../${name}.mjs`, import.meta.url));
    return async () => countClosingLine(await runNode(root, [path, "--root", root, ...args]));
  };
  /** @type {(project: string) => () => Promise<Outcome>} */
  const vitest = (project) => () => runVitest(root, project);
  return [
    { name: "services", alone: true, run: script("services") },
    { name: "runtimes", run: script("runtimes") },
    { name: "lock", run: script("lock-check") },
    { name: "biome", run: () => biome(root) },
    { name: "layers", run: script("check-layers") },
    { name: "codemap", run: script("codemap", "--check") },
    { name: "conformance", run: script("conformance", "--check") },
    { name: "report", run: script("conformance-report", "--check") },
    { name: "mutants", run: script("mutants", "--check") },
    { name: "mutation", run: script("mutation", "--check") },
    { name: "tsc", run: () => types(root) },
    { name: "build", run: () => build(root) },
    { name: "unit", run: vitest("unit") },
    // What mostly waits begins early, beside what does not.
    {
      name: "e2e",
      run: () => runVitest(root, "e2e", ["--fileParallelism", ...e2eFiles(root).together]),
    },
    { name: "recipes", run: vitest("recipes") },
    { name: "types", run: vitest("types") },
    { name: "packages", after: ["build"], run: script("check-packages") },
    { name: "sizes", after: ["build"], run: script("check-sizes") },
    { name: "costs", after: ["build"], run: script("check-call-cost") },
    { name: "strangers", after: ["build", "runtimes"], run: script("check-strangers") },
    { name: "portability", after: ["build", "runtimes"], run: script("runtimes-suite") },
    { name: "docs", run: script("check-docs") },
    { name: "budget", run: script("type-budget") },
    { name: "house", run: vitest("house") },
    {
      name: "e2e-alone",
      alone: true,
      run: () => runVitest(root, "e2e", ["--fileParallelism", ...e2eFiles(root).alone]),
    },
  ];
}
