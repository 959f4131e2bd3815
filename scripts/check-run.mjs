/**
 * What every check script shares: the tree it looks at, and the closing line by which `test.mjs` counts its checks.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * One thing that was checked. It failed when it has problems.
 *
 * @typedef {{ readonly name: string, readonly problems: readonly string[] }} Check
 */

/**
 * The value after a flag of the command line.
 *
 * @param {string} flag such as `--root`
 * @returns {string | undefined} `undefined` without the flag
 * @throws {Error} if nothing follows the flag
 */
export function flagValue(flag) {
  const at = process.argv.indexOf(flag);
  if (at === -1) return undefined;
  const value = process.argv[at + 1];
  if (value === undefined) throw new Error(`${flag} needs a value`);
  return value;
}

/**
 * Ends a script that takes minutes when it is asked for something that it does not know, `--help` as well, before it has begun.
 *
 * @param {readonly string[]} flags all that it knows, besides `--root`
 */
export function refuseUnknownFlags(flags) {
  const unknown = process.argv
    .slice(2)
    .find((one) => one.startsWith("--") && !["--root", ...flags].includes(one));
  if (unknown === undefined) return;
  console.error(
    `Unknown ${unknown}; there are ${flags.join(", ")}, and the head of the script says what they do`,
  );
  process.exit(1);
}

/** @returns {string} the tree to look at: `--root`, or the one that holds this script */
export function treeRoot() {
  return resolve(flagValue("--root") ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
}

/**
 * Prints the problems, then `N passed, N failed`; the process will exit with 1 if a check failed or nothing was checked.
 *
 * @param {readonly Check[]} checks
 */
export function conclude(checks) {
  const failed = checks.filter(({ problems }) => problems.length > 0);
  for (const { name, problems } of failed) {
    console.log(`${name}:`);
    for (const problem of problems) console.log(`  ${problem.replaceAll("\n", "\n  ")}`);
  }
  if (checks.length === 0) console.log("Nothing was checked");
  console.log(`${checks.length - failed.length} passed, ${failed.length} failed`);
  process.exitCode = checks.length === 0 || failed.length > 0 ? 1 : 0;
}
