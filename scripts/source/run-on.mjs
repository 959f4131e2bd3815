/**
 * Says on what a run was made: what a page of results begins with, so that one can see what has changed since.
 */
import { spawnSync } from "node:child_process";

/** @param {string} root @param {string[]} args @returns {string | undefined} what git prints; `undefined` if it fails, or is not there */
function git(root, args) {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * @param {string} root
 * @returns {string} the commit of the tree, with `-dirty` if more was changed than pages, which runs write; `unknown` where git knows none
 */
export function commitOf(root) {
  const commit = git(root, ["rev-parse", "--short", "HEAD"]);
  if (commit === undefined) return "unknown";
  return git(root, ["status", "--porcelain", "--", ".", ":!docs"]) === "" ? commit : `${commit}-dirty`;
}

/** @param {string} root @returns {string} "Run on" the day, with which Node, and which commit */
export function runOn(root) {
  const day = new Date().toISOString().slice(0, 10);
  return `Run on ${day} with Node ${process.versions.node}, commit ${commitOf(root)}`;
}
