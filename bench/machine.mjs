// The machine that measures, and the Nodes that are on it.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { canPin } from "./measure.mjs";

export function describeMachine() {
  return {
    cores: cpus().length,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadBefore: loadavg().map((load) => load.toFixed(1)),
    isPinned: canPin,
  };
}

/** Of the Node at `path`, such as `v24.21.0`. @throws if it is none */
export function versionOf(path) {
  const { stdout, error } = spawnSync(path, ["--version"], { encoding: "utf8" });
  if (error !== undefined) throw new Error(`no Node at ${path}: ${error.message}`);
  return stdout.trim();
}

/** The Node 24 that `npm test` has installed for the project; `undefined` if it has not. */
export function projectNode24() {
  const folder = fileURLToPath(new URL("../tools/runtimes/n24/node_modules/", import.meta.url));
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((name) => name.startsWith("node-"))
    .map((name) => join(folder, name, "bin/node"))
    .find((path) => existsSync(path));
}
