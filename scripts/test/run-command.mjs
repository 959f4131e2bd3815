/**
 * Runs one program of the repository, keeps what it prints, and reads the counts out of it.
 */
import { spawn } from "node:child_process";

/** @typedef {import("./run-stages.mjs").Outcome} Outcome */
/** @typedef {{ status: number, output: string }} Ended `output`: stdout and stderr as they came */

const defaultLimitMs = 20 * 60_000;

/** Process groups that run, by their ids. They are ended with this process. @type {Set<number>} */
const groups = new Set();

/** @param {number} id */
function endGroup(id) {
  try {
    process.kill(-id, "SIGKILL");
  } catch {
    // nobody is left in it
  }
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => {
    for (const id of groups) endGroup(id);
    process.exit(1);
  });
}

/**
 * Runs Node with `args` in `cwd`, without colours and without telemetry, in a process group of its own.
 *
 * @param {string} cwd
 * @param {readonly string[]} args
 * @param {number} [limitMs] then the group is killed, which counts as status 1. Default 20 minutes
 * @returns {Promise<Ended>} when the program and whatever it started have ended
 */
export function runNode(cwd, args, limitMs = defaultLimitMs) {
  const env = {
    ...process.env,
    NO_COLOR: "1",
    FORCE_COLOR: "0",
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const group = child.pid ?? 0;
    groups.add(group);
    let output = "";
    const timer = setTimeout(() => {
      output += `\nkilled after ${limitMs / 1000} s\n`;
      endGroup(group);
    }, limitMs);
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      groups.delete(group);
      resolve({ status: status ?? 1, output });
    });
  });
}

/**
 * The outcome of a script that ends with `N passed, N failed`.
 *
 * @param {Ended} ended
 * @returns {Outcome} a status other than 0 without a failed check counts as one failure, and so does a missing closing line
 */
export function countClosingLine({ status, output }) {
  const closing = /(?:^|\n)(\d+) passed, (\d+) failed\s*$/.exec(output);
  if (closing === null) return { passed: 0, failed: 1, output: `${output}\nno closing line\n` };
  const [passed, failed] = [Number(closing[1]), Number(closing[2])];
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed, output };
}

/**
 * The outcome of programs of which each is one check.
 *
 * @param {readonly Ended[]} all
 * @returns {Outcome}
 */
export function countPrograms(all) {
  const failed = all.filter(({ status }) => status !== 0);
  return {
    passed: all.length - failed.length,
    failed: failed.length,
    output: failed.map(({ output }) => output).join("\n"),
  };
}
