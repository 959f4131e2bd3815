/**
 * Checks each package as it is published: publint and attw on the packed tarball, and its built doors in plain Node.
 *
 * Stands on `npm run build`. Packages are packed into a temporary folder; nothing is fetched.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";

/** @typedef {import("./check-run.mjs").Check} Check */
/** @typedef {{ isOk: boolean, output: string }} Ended */

const root = treeRoot();

/** @param {readonly string[]} args of Node @param {string} cwd @returns {Promise<Ended>} */
function runNode(args, cwd) {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ isOk: error === null, output: `${stdout}${stderr}` }),
    );
  });
}

/** @param {string} cwd @param {string} destination @returns {Promise<Ended>} `output` names the tarball on its last line */
function pack(cwd, destination) {
  const args = ["pack", "--silent", "--pack-destination", destination];
  const npm = process.env.npm_execpath;
  if (npm?.endsWith("js")) return runNode([npm, ...args], cwd);
  return new Promise((resolve) => {
    execFile("npm", args, { cwd, shell: process.platform === "win32" }, (error, stdout, stderr) =>
      resolve({ isOk: error === null, output: error === null ? stdout : `${stdout}${stderr}` }),
    );
  });
}

/** @param {string} name @param {Ended} ended @returns {Check} */
function checkOf(name, { isOk, output }) {
  return { name, problems: isOk ? [] : [output.trim() || "failed without a word"] };
}

/** @param {string} name the package's folder @param {string} destination @returns {Promise<Check[]>} */
async function tarballChecks(name, destination) {
  const packed = await pack(join(root, "packages", name), destination);
  if (!packed.isOk) return [checkOf(`${name}: npm pack`, packed)];
  const tarball = join(destination, packed.output.trim().split("\n").at(-1) ?? "");
  const bin = (/** @type {string} */ path) => join(root, "node_modules", path);
  const publint = await runNode([bin("publint/src/cli.js"), "run", tarball, "--strict"], root);
  const attwArgs = [tarball, "--profile", "esm-only", "--format", "ascii", "--no-definitely-typed"];
  const attw = await runNode([bin("@arethetypeswrong/cli/dist/index.js"), ...attwArgs], root);
  if (attw.output.includes("does not contain types")) attw.isOk = false; // attw itself finds nothing wrong with that
  return [checkOf(`${name}: publint`, publint), checkOf(`${name}: attw`, attw)];
}

const published = readdirSync(join(root, "packages"))
  .sort()
  .filter((name) => {
    const manifest = join(root, "packages", name, "package.json");
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).private !== true;
  });
const destination = mkdtempSync(join(tmpdir(), "sluice-pack-"));
try {
  /** @type {Check[]} */
  const checks = [];
  for (const name of published) checks.push(...(await tarballChecks(name, destination)));
  if (published.length > 0) {
    const doors = await runNode([join(import.meta.dirname, "doors.mjs"), "--built", "--root", root], root);
    checks.push(checkOf("built doors", doors));
  }
  conclude(checks);
} finally {
  rmSync(destination, { recursive: true, force: true });
}
