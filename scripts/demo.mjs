/**
 * The driver of `npm run demo`: builds what the live dashboard stands on unless it runs on sources, then runs it in this terminal.
 *
 * The recipe's own `npm start` says what is run. Ctrl-C reaches the recipe, which ends by itself; its exit code is passed on.
 */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { treeRoot } from "./check-run.mjs";

const root = treeRoot();
const recipe = join(root, "recipes/live-dashboard");
const { name, scripts } = JSON.parse(readFileSync(join(recipe, "package.json"), "utf8"));
const env = {
  ...process.env,
  PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH ?? ""}`,
  TURBO_TELEMETRY_DISABLED: "1",
  DO_NOT_TRACK: "1",
};

/** Builds the packages that the recipe depends on. @returns {number} the builder's status; it only speaks when that is not 0 */
function build() {
  const turbo = join(root, "node_modules/turbo/bin/turbo");
  const args = [turbo, "run", "build", `--filter=${name}^...`, "--output-logs=errors-only"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8" });
  if (status !== 0) console.error(`${stdout}${stderr}`);
  return status ?? 1;
}

/** @returns {Promise<number>} the exit code of the recipe; 128 + the signal's number when a signal ended it */
function runRecipe() {
  // Without a shell between: it would turn the recipe's exit code into its own after a Ctrl-C.
  if (/[|&;<>()$`"'\\*?]/.test(scripts.start))
    throw new Error(`Cannot run "${scripts.start}": it needs a shell`);
  const [command, ...args] = scripts.start.split(/\s+/);
  return new Promise((resolve, reject) => {
    const program = command === "node" ? process.execPath : command;
    const child = spawn(program, args, { cwd: recipe, env, stdio: "inherit" });
    process.on("SIGINT", () => {}); // the terminal has sent it to the recipe as well, which prints its totals and ends
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
  });
}

const runsOnSources = scripts.start.includes("--conditions @sluice/source");
const buildStatus = runsOnSources ? 0 : build();
process.exitCode = buildStatus === 0 ? await runRecipe() : buildStatus;
