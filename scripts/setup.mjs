/**
 * Installs what package-lock.json asks for, unless it is installed already. Stands on Node and npm alone.
 *
 * What is installed is known by content: `node_modules/.sluice-setup` holds a digest of the lockfile, and where it does not
 * fit, npm's own record `node_modules/.package-lock.json` is compared with the lockfile entry by entry. File times say
 * nothing after a `git clone`.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { treeRoot } from "./check-run.mjs";

const platform = `${process.platform}-${process.arch}`;

/** @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} Entry */

/** @param {string} root @returns {string} what `node_modules/.sluice-setup` holds when it is current */
function wantedStamp(root) {
  const digest = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  return `${digest.digest("hex")} ${platform}\n`;
}

/** @param {string} path @returns {Record<string, Entry>} */
function entriesOf(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages ?? {};
}

/** @param {Entry} entry @returns {string} */
function identity({ version, integrity, resolved, link }) {
  return JSON.stringify([version, integrity, resolved, link]);
}

/**
 * Whether npm's record of what it installed agrees with the lockfile. Packages for other platforms are optional, and absent.
 *
 * @param {string} root
 * @returns {boolean}
 */
function recordAgrees(root) {
  const wanted = entriesOf(join(root, "package-lock.json"));
  const installed = entriesOf(join(root, "node_modules/.package-lock.json"));
  for (const [path, entry] of Object.entries(installed)) {
    const lockEntry = wanted[path];
    if (lockEntry === undefined || identity(lockEntry) !== identity(entry)) return false;
  }
  return Object.entries(wanted).every(
    ([path, entry]) => path === "" || entry.optional || entry.devOptional || Object.hasOwn(installed, path),
  );
}

/**
 * Whether `node_modules` holds what the lockfile wants.
 *
 * @param {string} root the folder of package-lock.json
 * @returns {"installed" | "unrecorded" | "missing"} `unrecorded`: installed, but by npm itself and not by this script
 */
function stateOf(root) {
  if (!existsSync(join(root, "node_modules/.package-lock.json"))) return "missing";
  const stampFile = join(root, "node_modules/.sluice-setup");
  const stamp = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
  if (stamp === wantedStamp(root)) return "installed";
  if (stamp !== "" && !stamp.endsWith(` ${platform}\n`)) return "missing";
  return recordAgrees(root) ? "unrecorded" : "missing";
}

/** @param {string} root @throws {Error} if `npm ci` cannot run or fails */
function install(root) {
  console.log("Installing npm packages (npm ci) …");
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const { status, error } = npm?.endsWith("js")
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: "inherit" })
    : spawnSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (error) throw new Error(`Cannot run npm: ${error.message}`);
  if (status !== 0) throw new Error(`npm ci ended with status ${status}`);
}

/** @param {string} root @throws {Error} if this Node is older than `engines.node` of package.json, a `>=` range */
function checkNode(root) {
  const range = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).engines.node;
  const parse = (/** @type {string} */ version) => version.split(".").map(Number);
  const [major = 0, minor = 0] = parse(range.replace(/^>=/, ""));
  const [ownMajor = 0, ownMinor = 0] = parse(process.versions.node);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  throw new Error(`Sluice needs Node ${range}, this is ${process.versions.node}`);
}

try {
  const root = treeRoot();
  checkNode(root);
  const state = stateOf(root);
  if (state === "missing") install(root);
  if (state !== "installed") writeFileSync(join(root, "node_modules/.sluice-setup"), wantedStamp(root));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
