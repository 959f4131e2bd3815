/**
 * An empty project into which the packages were installed as a stranger installs them: packed, from a registry.
 *
 * The registry is one of our own on the loopback interface. It holds our tarballs and, packed from node_modules, what they
 * depend on.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dependencyFolders, manifestOf, packFolders, publishedFolders } from "../source/pack-packages.mjs";
import { runNpm } from "../source/run-program.mjs";
import { startRegistry } from "../strangers/local-registry.mjs";

/**
 * Packs every package of the tree, which is built, and installs all into a new project.
 *
 * @param {string} root
 * @param {string} folder empty; everything is made in it
 * @returns {Promise<string>} the project's folder
 * @throws {Error} with what npm says
 */
export async function makePackedProject(root, folder) {
  const own = publishedFolders(root);
  const manifests = own.map(manifestOf);
  const tarballs = join(folder, "tarballs");
  const packages = await packFolders(root, [...own, ...dependencyFolders(root, manifests)], tarballs);
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
