/**
 * Checks package-lock.json: every workspace and every optional dependency is locked, and no entry names a registry.
 *
 * `npm ci` refuses a lockfile that lacks a workspace or one of its dependencies. A registry that lacks a package for another platform makes npm write a lockfile without it, and `npm ci` then fails on
 * a clean clone. Addresses of a registry would bind the lockfile to the machine that wrote it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { conclude, treeRoot } from "./check-run.mjs";

/** @typedef {Record<string, string>} Ranges */
/** @typedef {{ dependencies?: Ranges, devDependencies?: Ranges, optionalDependencies?: Ranges, peerDependencies?: Ranges }} Wanted */
/** @typedef {Wanted & { resolved?: string }} Entry */

const root = treeRoot();
/** @type {Record<string, Entry>} */
const entries = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages ?? {};

/** @param {string} folder @returns {Wanted & { workspaces?: readonly string[] }} its package.json; an empty one if there is none */
function manifestOf(folder) {
  const path = join(root, folder, "package.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
}

/** @returns {string[]} the folders of the workspaces, of which the patterns are `folder/*` or plain folders */
function workspaceFolders() {
  return (manifestOf("").workspaces ?? [])
    .flatMap((pattern) => {
      if (!pattern.endsWith("/*")) return [pattern];
      const parent = pattern.slice(0, -"/*".length);
      if (!existsSync(join(root, parent))) return [];
      return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
    })
    .filter((folder) => existsSync(join(root, folder, "package.json")));
}

/** @param {string} folder of the root ("") or of a workspace @returns {string[]} how the lockfile differs from its package.json */
function workspaceProblems(folder) {
  const entry = entries[folder];
  const name = folder === "" ? "the root" : folder;
  if (entry === undefined) return [`${name} is not in the lockfile`];
  const manifest = manifestOf(folder);
  const groups = /** @type {const} */ ([
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
  ]);
  return groups
    .filter((group) => !isDeepStrictEqual({ ...entry[group] }, { ...manifest[group] }))
    .map((group) => `${name} has other ${group} in its package.json than in the lockfile`);
}

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
        { name: "workspaces", problems: ["", ...workspaceFolders()].flatMap(workspaceProblems) },
        { name: "optional dependencies", problems: unlocked },
        { name: "addresses", problems: addressed },
      ],
);
