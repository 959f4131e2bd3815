/**
 * What was measured of each machine, last time it was: kept in docs/mutation.json, so that one of them can be measured again alone.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countOf } from "./judge-run.mjs";
import { machines } from "./machines.mjs";

/** @typedef {import("./machines.mjs").Machine} Machine */
/** @typedef {import("./stryker-run.mjs").MachineRun} MachineRun */

/**
 * @typedef {object} Result
 * @property {string} machine its name
 * @property {string} date of the run, as YYYY-MM-DD
 * @property {string} node its version
 * @property {string} of its file, as {@link fingerprint} has it
 * @property {number} killed
 * @property {number} timeout
 * @property {number} survived
 * @property {number} equivalent how many of those that survived do what the code does
 * @property {number} seconds
 */

/** @param {string} root @param {Machine} machine @returns {string} what changes with the text of its file */
export function fingerprint(root, { file }) {
  return createHash("sha256")
    .update(readFileSync(join(root, file)))
    .digest("hex")
    .slice(0, 12);
}

/** @param {string} root */
const pathOf = (root) => join(root, "docs/mutation.json");

/** @param {string} root @returns {readonly Result[]} in the order of the machines; a machine that was never measured is not among them */
export function readResults(root) {
  return existsSync(pathOf(root)) ? JSON.parse(readFileSync(pathOf(root), "utf8")) : [];
}

/** @param {string} root @param {MachineRun} run without problems @param {number} equivalent @returns {Result} */
export function resultOf(root, run, equivalent) {
  return {
    machine: run.machine.name,
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    of: fingerprint(root, run.machine),
    killed: countOf(run, "killed"),
    timeout: countOf(run, "timeout"),
    survived: countOf(run, "survived"),
    equivalent,
    seconds: Math.round(run.seconds),
  };
}

/**
 * Puts new results in the place of older ones, and forgets machines that are no more.
 *
 * @param {string} root
 * @param {readonly Result[]} measured
 * @returns {readonly Result[]} all that there are now
 */
export function storeResults(root, measured) {
  const before = readResults(root);
  const results = machines.flatMap(({ name }) => {
    const result = [...measured, ...before].find(({ machine }) => machine === name);
    return result === undefined ? [] : [result];
  });
  const lines = results.map((result) => `  ${JSON.stringify(result)}`);
  writeFileSync(pathOf(root), `[\n${lines.join(",\n")}\n]\n`);
  return results;
}
