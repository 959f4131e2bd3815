/**
 * Checks each package as it is published: publint and attw on the packed tarball, and its built doors in plain Node.
 *
 * Stands on `npm run build`. Packages are packed into a temporary folder; nothing is fetched.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";
import { packFolders, publishedFolders } from "./source/pack-packages.mjs";
import { runProgram } from "./source/run-program.mjs";

/** @typedef {import("./check-run.mjs").Check} Check */
/** @typedef {import("./source/run-program.mjs").Ended} Ended */

const root = treeRoot();

/** @param {readonly string[]} args @returns {Promise<Ended>} of Node, in the root */
const runNode = (args) => runProgram(process.execPath, args, root);

/** @param {string} name @param {Ended} ended @returns {Check} */
function checkOf(name, { isOk, output }) {
  return { name, problems: isOk ? [] : [output.trim() || "failed without a word"] };
}

/** @param {string} name the package's folder @param {string} tarball @returns {Promise<Check[]>} */
async function tarballChecks(name, tarball) {
  const bin = (/** @type {string} */ path) => join(root, "node_modules", path);
  const publint = await runNode([bin("publint/src/cli.js"), "run", tarball, "--strict"]);
  const attwArgs = [tarball, "--profile", "esm-only", "--format", "ascii", "--no-definitely-typed"];
  const attw = await runNode([bin("@arethetypeswrong/cli/dist/index.js"), ...attwArgs]);
  if (attw.output.includes("does not contain types")) attw.isOk = false; // attw itself finds nothing wrong with that
  return [checkOf(`${name}: publint`, publint), checkOf(`${name}: attw`, attw)];
}

const published = publishedFolders(root);
const destination = mkdtempSync(join(tmpdir(), "sluice-pack-"));
try {
  /** @type {Check[]} */
  const checks = [];
  const packed = published.length > 0 ? await packFolders(root, published, destination) : [];
  for (const [at, { tarball }] of packed.entries())
    checks.push(...(await tarballChecks(basename(published[at] ?? ""), tarball)));
  if (published.length > 0) {
    const doors = await runNode([join(import.meta.dirname, "doors.mjs"), "--built", "--root", root]);
    checks.push(checkOf("built doors", doors));
  }
  conclude(checks);
} catch (error) {
  conclude([{ name: "npm pack", problems: [error instanceof Error ? error.message : String(error)] }]);
} finally {
  rmSync(destination, { recursive: true, force: true });
}
