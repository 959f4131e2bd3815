/**
 * What stands outside of the packages' sources, tests and recipes among them: it stays in its own folder and uses doors.
 */
import { isBuiltin } from "node:module";
import { isRelative, packageNameOf, targetOf } from "./tree.mjs";

/** @typedef {import("../source/read-sources.mjs").SourceFacts} SourceFacts */
/** @typedef {import("./tree.mjs").Tree} Tree */

/**
 * @param {Tree} tree
 * @param {SourceFacts} file
 * @returns {string[]}
 */
export function outsideProblems(tree, { path, imports }) {
  const parts = path.split("/");
  const home = parts[0] === "tests" || parts[0] === "bench" ? `${parts[0]}/` : `${parts[0]}/${parts[1]}/`;
  const dependencies = tree.manifestOf(home).dependencies ?? {};
  const isTest = /\.test(-d)?\.ts$/.test(path);
  return imports.flatMap(({ specifier, line }) => {
    if (specifier === undefined || isBuiltin(specifier)) return [];
    if (isRelative(specifier)) {
      const staysHome = targetOf(path, specifier).startsWith(home);
      return staysHome ? [] : [`${path}:${line} imports ${specifier}, which is outside of ${home}`];
    }
    const dependency = packageNameOf(specifier);
    if (dependency.startsWith("@sluice/") && !tree.doors.has(specifier)) {
      return [`${path}:${line} imports ${specifier}, which is no door`];
    }
    if (parts[0] === "recipes" && !isTest && !Object.hasOwn(dependencies, dependency)) {
      return [`${path}:${line} imports ${specifier}, which package.json does not list`];
    }
    return [];
  });
}
