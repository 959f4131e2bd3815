/**
 * Says on what a run was made: what a page of results begins with, so that one can see what has changed since.
 */
import { spawnSync } from "node:child_process";

/** @param {string} root @returns {string} the commit of the tree, with `-dirty` if it was changed; `unknown` where git knows none */
export function commitOf(root) {
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--dirty", "--exclude=*"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : "unknown";
}

/** @param {string} root @returns {string} "Run on" the day, with which Node, and which commit */
export function runOn(root) {
  const day = new Date().toISOString().slice(0, 10);
  return `Run on ${day} with Node ${process.versions.node}, commit ${commitOf(root)}`;
}
