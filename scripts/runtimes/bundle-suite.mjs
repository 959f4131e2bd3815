/**
 * The call suite of tests/runtimes as programs of a project that has the packed packages: one for each kind of runtime.
 *
 * They are made from a copy of the suite in that project, so that no import finds the packages of this repository.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** @typedef {import("esbuild").BuildOptions} BuildOptions */

/** @type {Record<string, BuildOptions>} by the file that each begins with */
const programs = {
  // Imports of packages stay: the runtime itself finds the files and reads them.
  "on-command-line": { platform: "neutral", packages: "external" },
  "far-server": { platform: "neutral", packages: "external" },
  "in-page": { platform: "browser", conditions: ["browser"] },
  "in-worker": { platform: "browser", conditions: ["workerd", "worker", "browser"] },
};

/**
 * @param {string} root
 * @param {string} project
 * @returns {Promise<(name: string) => string>} the path of a program
 * @throws {Error} also for what esbuild only warns of
 */
export async function bundleSuite(root, project) {
  const sources = join(project, "suite");
  cpSync(join(root, "tests/runtimes"), sources, { recursive: true });
  const fileOf = (/** @type {string} */ name) => join(project, `${name}.js`);
  for (const [name, options] of Object.entries(programs)) {
    const { warnings } = await build({
      ...options,
      absWorkingDir: project,
      entryPoints: [join(sources, `${name}.ts`)],
      outfile: fileOf(name),
      bundle: true,
      format: "esm",
      target: "es2022",
      logLevel: "silent",
    });
    if (warnings.length > 0) throw new Error(`esbuild warns: ${warnings[0]?.text}`);
  }
  return fileOf;
}
