/**
 * Builds the programs that tests start in processes of their own, once for each run of a Vitest project that names this file as
 * its `globalSetup`, and again when a watching run begins anew. `tests/built-program.ts` says where they are;
 * tests of packages, which import nothing from there, find them in the folder that is provided as `programs`.
 *
 * A program is a `.ts` file in a folder called `children`, or one of {@link others}.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPrograms } from "../source/build-programs.mjs";

/** What the soak starts. */
const others = ["tests/soak/soak-server.ts", "tests/soak/soak-clients.ts"];
const root = fileURLToPath(new URL("../..", import.meta.url));

/** @returns {string[]} folders of tests, from the root */
function testFolders() {
  const packages = readdirSync(join(root, "packages")).map((name) => join("packages", name, "test"));
  return ["tests", ...packages].filter((folder) => existsSync(join(root, folder)));
}

/** @returns {import("../source/build-programs.mjs").Program[]} named by their paths from the root */
function programs() {
  const children = testFolders().flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((path) => join(folder, path))
      .filter((path) => /\/children\/.*(?<!\.d)\.ts$/.test(path)),
  );
  return [...children, ...others].map((path) => ({
    name: path.replace(/\.ts$/, ""),
    path: join(root, path),
  }));
}

/**
 * @param {import("vitest/node").TestProject} project
 * @returns {Promise<() => void>} removes what was built
 */
export default async function setup(project) {
  const folder = mkdtempSync(join(root, "node_modules/.sluice-programs-"));
  const build = async () => {
    const problems = await buildPrograms(root, programs(), folder);
    if (problems.length > 0)
      throw new Error(problems.map(({ path = "", text }) => `${path}:${text}`).join("\n"));
  };
  await build();
  // The name and its type are declared by tests/built-program.ts, which these scripts do not see.
  const provide = /** @type {(name: string, value: string) => void} */ (project.provide);
  provide.call(project, "programs", folder);
  project.onTestsRerun(build);
  return () => rmSync(folder, { recursive: true, force: true });
}
