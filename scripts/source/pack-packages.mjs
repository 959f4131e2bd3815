/**
 * Packs folders as npm publishes them: the project's packages, and what they depend on.
 *
 * One process of npm packs all of them, since its start takes longer than its work.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runNpm } from "./run-program.mjs";

/** @typedef {Record<string, string>} Dependencies */
/** @typedef {{ name: string, version: string, dependencies?: Dependencies, optionalDependencies?: Dependencies, peerDependenciesMeta?: Record<string, { optional?: boolean }>, private?: boolean }} Manifest */
/** @typedef {{ manifest: Manifest, tarball: string }} Packed `tarball`: its path */

/** @param {string} folder @returns {Manifest} */
export function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** @param {string} root @returns {string[]} folders of what is published, by name */
export function publishedFolders(root) {
  return readdirSync(join(root, "packages"))
    .sort()
    .map((name) => join(root, "packages", name))
    .filter((path) => existsSync(join(path, "package.json")) && manifestOf(path).private !== true);
}

/** @param {string} root @param {readonly Manifest[]} manifests @returns {string[]} folders of what they depend on, at any depth */
export function dependencyFolders(root, manifests) {
  /** @type {Map<string, string>} */
  const folders = new Map();
  const waiting = manifests.flatMap(({ dependencies = {} }) => Object.keys(dependencies));
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const folder = join(root, "node_modules", name);
    if (folders.has(name) || name.startsWith("@sluice/") || !existsSync(folder)) continue;
    folders.set(name, folder);
    waiting.push(...Object.keys(manifestOf(folder).dependencies ?? {}));
  }
  return [...folders.values()];
}

/**
 * @param {string} root
 * @param {readonly string[]} folders
 * @param {string} destination for the tarballs; is made if it is not there
 * @returns {Promise<Packed[]>} in the order of `folders`
 * @throws {Error} with what npm says
 */
export async function packFolders(root, folders, destination) {
  mkdirSync(destination, { recursive: true });
  const packed = await runNpm(
    ["pack", ...folders, "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", destination],
    root,
  );
  if (!packed.isOk) throw new Error(`npm pack:\n${packed.output}`);
  /** @type {{ name: string, filename: string }[]} */
  const entries = JSON.parse(packed.stdout);
  return folders.map((folder) => {
    const manifest = manifestOf(folder);
    const entry = entries.find(({ name }) => name === manifest.name);
    if (entry === undefined) throw new Error(`npm pack made no tarball of ${manifest.name}`);
    return { manifest, tarball: join(destination, entry.filename) };
  });
}
