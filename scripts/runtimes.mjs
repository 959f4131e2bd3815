/**
 * Installs the other Nodes that tests run on: each folder of tools/runtimes by its own lockfile, unless it is there already.
 *
 * Part of setting up for `npm test`: the only step of it, besides `npm ci` and apt-get, that reaches a registry.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";

const tools = join(treeRoot(), "tools/runtimes");
const packageName = `node-${process.platform}-${process.arch}`;

/** @param {string} folder @returns {string | undefined} what its lockfile asks for on this machine */
function wantedVersion(folder) {
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  return lock.packages[`node_modules/${packageName}`]?.version;
}

/** @param {string} folder @returns {string | undefined} */
function installedVersion(folder) {
  const manifest = join(folder, "node_modules", packageName, "package.json");
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).version : undefined;
}

/** @param {string} folder @returns {string[]} problems */
function provide(folder) {
  const wanted = wantedVersion(folder);
  if (wanted === undefined) return [`there is no ${packageName} for it`];
  if (installedVersion(folder) === wanted) return [];
  console.log(`Installing Node ${wanted} for tests (npm ci) …`);
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const { status } = npm?.endsWith("js")
    ? spawnSync(process.execPath, [npm, ...args], { cwd: folder, stdio: "inherit" })
    : spawnSync("npm", args, { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
  return status === 0 ? [] : [`npm ci ended with status ${status}`];
}

conclude(
  readdirSync(tools)
    .sort()
    .map((name) => ({ name: `tools/runtimes/${name}`, problems: provide(join(tools, name)) })),
);
