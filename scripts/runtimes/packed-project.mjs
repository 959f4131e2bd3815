/**
 * An empty project into which the packages were installed as a stranger installs them: packed, from a registry.
 *
 * The registry is one of our own on the loopback interface. It holds our tarballs and, packed from node_modules, what they
 * depend on.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startRegistry } from "../strangers/local-registry.mjs";
import { runNpm } from "./run-program.mjs";

/** @typedef {Record<string, string>} Dependencies */
/** @typedef {{ name: string, version: string, private?: boolean, dependencies?: Dependencies }} Manifest */

/** @param {string} folder @returns {Manifest} */
function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** @param {string} root @returns {string[]} folders of what is published */
function ownFolders(root) {
  return readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name))
    .filter((path) => existsSync(join(path, "package.json")) && manifestOf(path).private !== true);
}

/** @param {string} root @param {readonly Manifest[]} manifests @returns {string[]} folders of what they depend on, at any depth */
function dependencyFolders(root, manifests) {
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

/** @param {string} root @param {readonly string[]} folders @param {string} destination @returns {Promise<{ manifest: Manifest, tarball: string }[]>} */
async function packAll(root, folders, destination) {
  mkdirSync(destination);
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

/**
 * Packs every package of the tree, which is built, and installs all into a new project.
 *
 * @param {string} root
 * @param {string} folder empty; everything is made in it
 * @returns {Promise<string>} the project's folder
 * @throws {Error} with what npm says
 */
export async function makePackedProject(root, folder) {
  const own = ownFolders(root);
  const manifests = own.map(manifestOf);
  const tarballs = join(folder, "tarballs");
  const packages = await packAll(root, [...own, ...dependencyFolders(root, manifests)], tarballs);
  const project = join(folder, "project");
  mkdirSync(project);
  const dependencies = Object.fromEntries(manifests.map(({ name, version }) => [name, version]));
  const manifest = { name: "suite", private: true, type: "module", dependencies };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  const registry = await startRegistry(packages);
  try {
    const flags = ["--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts"];
    const installed = await runNpm(
      ["install", ...flags, "--registry", registry.url, "--cache", join(folder, "cache")],
      project,
      { npm_config_workspaces: "false", npm_config_prefer_online: "true" },
    );
    if (!installed.isOk) throw new Error(`npm install of the tarballs:\n${installed.output}`);
  } finally {
    await registry.close();
  }
  return project;
}
