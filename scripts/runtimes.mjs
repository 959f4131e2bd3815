/**
 * Installs the runtimes that tests run on: each folder of tools/runtimes by its own lockfile, unless it is there already.
 *
 * Part of setting up for `npm test`: the only step of it, besides `npm ci` and apt-get, that reaches a registry.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, os?: string | string[], cpu?: string | string[] }} Entry */
/** @typedef {Record<string, Entry>} Entries by path */

const tools = join(treeRoot(), "tools/runtimes");

/** @param {string} path @returns {Entries} without the folder's own */
function entriesOf(path) {
  const { "": _, ...entries } = JSON.parse(readFileSync(path, "utf8")).packages;
  return entries;
}

/** @param {Entry} entry @returns {boolean} whether it is for this machine */
function fits({ os, cpu }) {
  return (
    (os === undefined || [os].flat().includes(process.platform)) &&
    (cpu === undefined || [cpu].flat().includes(process.arch))
  );
}

/** @param {string} folder @param {Entries} wanted @returns {boolean} whether npm's record of what it installed agrees */
function isInstalled(folder, wanted) {
  const record = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const installed = entriesOf(record);
  return (
    Object.entries(installed).every(([path, { integrity }]) => wanted[path]?.integrity === integrity) &&
    Object.entries(wanted).every(([path, { optional }]) => optional || Object.hasOwn(installed, path)) &&
    Object.keys(installed).length > 0
  );
}

/** @param {string} folder @returns {string[]} problems */
function provide(folder) {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const wanted = entriesOf(join(folder, "package-lock.json"));
  const named = Object.keys({ ...dependencies, ...optionalDependencies });
  const missing = named.filter((name) => wanted[`node_modules/${name}`] === undefined);
  if (missing.length > 0) return [`package-lock.json lacks ${missing.join(", ")}`];
  if (!named.some((name) => fits(wanted[`node_modules/${name}`] ?? {})))
    return [`none of ${named.join(", ")} is for ${process.platform}-${process.arch}`];
  if (isInstalled(folder, wanted)) return [];
  console.log(`Installing ${named.join(", ")} for tests (npm ci) …`);
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  // What these packages say of engines is not the project's, which is strict: miniflare names Node 22, and runs on 20.
  const env = { ...process.env, npm_config_engine_strict: "false" };
  const options = /** @type {const} */ ({ cwd: folder, stdio: "inherit", env });
  const { status } = npm?.endsWith("js")
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  return status === 0 ? [] : [`npm ci ended with status ${status}`];
}

conclude(
  readdirSync(tools)
    .sort()
    .map((name) => ({ name: `tools/runtimes/${name}`, problems: provide(join(tools, name)) })),
);
