/**
 * Checks package-lock.json: every optional dependency is locked, and no entry names a registry.
 *
 * A registry that lacks a package for another platform makes npm write a lockfile without it, and `npm ci` then fails on
 * a clean clone. Addresses of a registry would bind the lockfile to the machine that wrote it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { conclude, treeRoot } from "./check-run.mjs";

/** @typedef {{ resolved?: string, optionalDependencies?: Record<string, string> }} Entry */

/** @type {Record<string, Entry>} */
const entries = JSON.parse(readFileSync(join(treeRoot(), "package-lock.json"), "utf8")).packages ?? {};

/**
 * Whether `name` resolves from the folder `from` as Node resolves it: the nearest `node_modules` upwards.
 *
 * @param {string} name
 * @param {string} from a key of the lockfile, such as `node_modules/tsup`
 * @returns {boolean}
 */
function isLocked(name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    if (Object.hasOwn(entries, `${folder === "" ? "" : `${folder}/`}node_modules/${name}`)) return true;
    if (folder === "") return false;
  }
}

const unlocked = Object.entries(entries).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.keys(optionalDependencies)
    .filter((name) => !isLocked(name, path))
    .map((name) => `${name} of ${path} is not in the lockfile`),
);
const addressed = Object.entries(entries)
  .filter(([, { resolved }]) => resolved !== undefined && /^[a-z+]+:/.test(resolved))
  .map(([path, { resolved }]) => `${path} is bound to ${resolved}`);

conclude(
  Object.keys(entries).length === 0
    ? []
    : [
        { name: "optional dependencies", problems: unlocked },
        { name: "addresses", problems: addressed },
      ],
);
