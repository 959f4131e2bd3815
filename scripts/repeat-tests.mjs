/**
 * Runs the whole test command again and again in a clean clone of HEAD, and adds a row for each run to a log: does it always pass?
 *
 * `npm run test:repeat -- 20` clones into a temporary folder, installs once, and runs `npm test` 20 times, whatever comes of each.
 * `--log PATH` is the log (default docs/test-runs.md), `--command "npm test"` what is run. The whole output of a run that failed is
 * kept; its path is printed.
 */
import { spawn } from "node:child_process";
import { appendFileSync, createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { finished } from "node:stream/promises";
import { flagValue, treeRoot } from "./check-run.mjs";
import { readTestRun } from "./test/read-test-run.mjs";

const root = treeRoot();
const log = resolve(root, flagValue("--log") ?? "docs/test-runs.md");
const command = flagValue("--command") ?? "npm test";

/** @returns {number} the first argument that is neither a flag nor a flag's value */
function wantedRuns() {
  const args = process.argv.slice(2);
  const [text = ""] = args.filter((arg, at) => !arg.startsWith("--") && !args[at - 1]?.startsWith("--"));
  const count = Number(text);
  if (!/^\d+$/.test(text) || count === 0) throw new Error("How many times? npm run test:repeat -- 20");
  return count;
}

/**
 * Runs a shell command in `cwd` with what this process has in its environment, but for what npm and test runners have put there.
 *
 * @param {string} shellCommand
 * @param {string} cwd
 * @param {string} outputFile gets everything that it prints
 * @returns {Promise<{ status: number, output: string }>}
 */
async function run(shellCommand, cwd, outputFile) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/.test(name)),
  );
  const child = spawn(shellCommand, { cwd, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
  const file = createWriteStream(outputFile);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      file.write(text);
    });
  /** @type {number | null} */
  const status = await new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("close", settle);
  });
  file.end();
  await finished(file);
  return { status: status ?? 1, output };
}

/** Runs what has to succeed. @param {string} shellCommand @param {string} cwd @param {string} folder of its output */
async function must(shellCommand, cwd, folder) {
  const { status, output } = await run(shellCommand, cwd, join(folder, "preparation.log"));
  if (status !== 0) throw new Error(`${shellCommand} ended with status ${status}\n${output}`);
  return output.trim();
}

/** The head of a log that does not exist yet. */
function head() {
  const all = cpus();
  return `# Test runs

Each row is one run of \`${command}\` in a clean clone of the commit; of those that came to their end none is left out. \`npm run test:repeat -- 20\` adds twenty.

Machine: ${all[0]?.model.trim() || "unknown processor"}, ${all.length} cores, Node ${process.versions.node}, ${process.platform}-${process.arch}.

| UTC | commit | Node | passed | failed | seconds | failed tests |
| --- | --- | --- | --- | --- | --- | --- |
`;
}

const folder = mkdtempSync(join(tmpdir(), "sluice-repeat-"));
const clone = join(folder, "clone");
let failedRuns = 0;
try {
  const runs = wantedRuns();
  await must(`git clone --quiet --no-local "${root}" "${clone}"`, folder, folder);
  const commit = await must("git rev-parse --short HEAD", clone, folder);
  await must("npm ci --no-audit --no-fund --loglevel=error", clone, folder);
  for (let number = 1; number <= runs; number++) {
    const startedAt = new Date();
    const outputFile = join(folder, `run-${number}.log`);
    const ended = await run(command, clone, outputFile);
    const seconds = ((Date.now() - startedAt.getTime()) / 1_000).toFixed(0);
    const { passed, failed, failures } = readTestRun(ended);
    if (!existsSync(log)) writeFileSync(log, head());
    const names = failures.map((name) => name.replaceAll("|", "\\|").replaceAll("<", "&lt;")).join("<br>");
    const time = startedAt.toISOString().replace(/\.\d+Z$/, "Z");
    const cells = [time, commit, process.versions.node, passed, failed, seconds, names];
    appendFileSync(log, `| ${cells.join(" | ")} |\n`);
    console.log(`run ${number} of ${runs}: ${passed} passed, ${failed} failed, ${seconds} s`);
    if (failed === 0) rmSync(outputFile);
    else console.log(`  ${[...failures, `its output: ${outputFile}`].join("\n  ")}`);
    failedRuns += failed === 0 ? 0 : 1;
  }
  process.exitCode = failedRuns === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(failedRuns === 0 ? folder : clone, { recursive: true, force: true });
}
