/**
 * What a package's sources do that the plan forbids: imports from above, undeclared packages, platforms, timers, cycles.
 */
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { findCycles } from "../source/find-cycles.mjs";
import {
  clockFiles,
  computedImportFile,
  platformGlobals,
  timerGlobals,
  timerModules,
} from "./restrictions.mjs";
import { isRelative, packageNameOf, targetOf } from "./tree.mjs";

/** @typedef {import("../source/read-sources.mjs").SourceFacts} SourceFacts */
/** @typedef {import("./house-plan.mjs").PackagePlan} PackagePlan */
/** @typedef {import("./tree.mjs").Manifest} Manifest */
/** @typedef {import("./tree.mjs").Tree} Tree */

/**
 * @param {PackagePlan} plan
 * @param {string} inside a file, relative to `src/`
 * @returns {{ rank: number, name: string } | undefined} `undefined` for a file without a place
 */
function floorOf(plan, inside) {
  const matches = plan.floors.flatMap((floor, rank) =>
    [floor]
      .flat()
      .filter((name) => (name.endsWith("/") ? inside.startsWith(name) : inside === name))
      .map((name) => ({ rank, name })),
  );
  return matches.sort((a, b) => b.name.length - a.name.length)[0];
}

/**
 * @param {PackagePlan} plan
 * @param {string} inside a file, relative to `src/`
 * @returns {string | undefined} the folder whose files import only each other, if the file is in one
 */
function loneFolderOf(plan, inside) {
  return plan.alone?.find((folder) => inside.startsWith(folder));
}

/** @typedef {{ readonly name: string, readonly plan: PackagePlan, readonly manifest: Manifest }} PlannedPackage */

/**
 * @param {Tree} tree
 * @param {string} name the package's folder
 * @param {PackagePlan} plan
 * @param {readonly SourceFacts[]} files its sources
 * @returns {string[]}
 */
export function packageProblems(tree, name, plan, files) {
  const manifest = tree.manifestOf(`packages/${name}`);
  const planned = { name, plan, manifest };
  return [
    ...manifestProblems(planned),
    ...files.flatMap((file) => fileProblems(tree, planned, file)),
    ...findCycles(edgesOf(files)).map((cycle) => `${cycle.join(" -> ")} is a cycle`),
  ];
}

/** @param {PackagePlan} plan @param {string} dependency @returns {boolean} */
function isBelow(plan, dependency) {
  return plan.below.includes(dependency.slice("@sluice/".length));
}

/** @param {PackagePlan} plan @param {string} dependency @returns {boolean} whether some file of the package loads it */
function isLoaded(plan, dependency) {
  return Object.values(plan.loads ?? {}).some((names) => names.includes(dependency.slice("@sluice/".length)));
}

/** @param {PlannedPackage} planned @returns {string[]} */
function manifestProblems({ name, plan, manifest }) {
  const installed = { ...manifest.dependencies, ...manifest.devDependencies };
  /** @param {string} dependency @returns {boolean} */
  const isLoadedPeer = (dependency) => isLoaded(plan, dependency) && !Object.hasOwn(installed, dependency);
  return Object.keys({ ...installed, ...manifest.peerDependencies })
    .filter((dependency) => dependency.startsWith("@sluice/") && !isBelow(plan, dependency))
    .filter((dependency) => !isLoadedPeer(dependency))
    .map(
      (dependency) => `packages/${name}/package.json depends on ${dependency}, which is not below ${name}`,
    );
}

/** @param {Tree} tree @param {PlannedPackage} planned @param {SourceFacts} file @returns {string[]} */
function fileProblems(tree, planned, { path, imports, globals }) {
  const { name, plan, manifest } = planned;
  const inside = path.slice(`packages/${name}/src/`.length);
  const knowsNode = (plan.node ?? []).some((prefix) => inside.startsWith(prefix));
  /** @type {string[]} */
  const problems = [];
  /** @param {number} line @param {string} what */
  const report = (line, what) => problems.push(`${path}:${line} ${what}`);

  if (floorOf(plan, inside) === undefined) report(1, "has no place in the list of floors");
  if (posix.basename(path) === "index.ts" && !isDoor(manifest, `src/${inside}`)) {
    report(1, "is an index.ts without a door in package.json");
  }
  const loaded = (plan.loads?.[inside] ?? []).map((dependency) => `@sluice/${dependency}`);
  for (const { specifier, line, isType, isDynamic } of imports) {
    if (specifier === undefined) {
      if (!computedImportFile.test(path)) report(line, "computes the specifier of an import()");
    } else if (isRelative(specifier)) {
      for (const what of relativeProblems(tree, planned, path, specifier)) report(line, what);
    } else if (isBuiltin(specifier)) {
      if (!knowsNode) report(line, `imports ${specifier}, and knows no platform`);
      if (timerModules.has(specifier.replace(/^node:/, "")))
        report(line, `imports ${specifier}; use the clock`);
    } else {
      const mayLoad = (isType || isDynamic) && loaded.includes(packageNameOf(specifier));
      for (const what of dependencyProblems(tree, planned, path, specifier, mayLoad)) report(line, what);
    }
  }
  for (const { name: used, line } of globals) {
    if (timerGlobals.has(used) && !clockFiles.includes(path)) report(line, `uses ${used}; use the clock`);
    if (platformGlobals.has(used) && !knowsNode) report(line, `uses ${used}, and knows no platform`);
  }
  return problems;
}

/** @param {string} specifier @param {string} folder @returns {string} */
function loneProblem(specifier, folder) {
  return `imports ${specifier}, and may import nothing of ours outside of ${folder}`;
}

/**
 * An import of a file of the same package.
 *
 * @param {Tree} tree @param {PlannedPackage} planned @param {string} path @param {string} specifier
 * @returns {string[]}
 */
function relativeProblems(tree, { name, plan }, path, specifier) {
  const src = `packages/${name}/src/`;
  const target = targetOf(path, specifier);
  const own = floorOf(plan, path.slice(src.length));
  const floor = floorOf(plan, target.slice(src.length));
  const alone = loneFolderOf(plan, path.slice(src.length));
  /** @type {string[]} */
  const problems = [];
  if (alone !== undefined && !target.startsWith(src + alone)) problems.push(loneProblem(specifier, alone));
  if (!target.startsWith(src)) problems.push(`imports ${specifier}, which is outside of ${src}`);
  else if (!tree.has(target)) problems.push(`imports ${specifier}, which is no file`);
  else if (own && floor && floor.rank > own.rank) {
    problems.push(`imports ${specifier}: ${floor.name} is above ${own.name}`);
  }
  return problems;
}

/**
 * An import of a package, ours or not.
 *
 * @param {Tree} tree @param {PlannedPackage} planned @param {string} path @param {string} specifier
 * @param {boolean} mayLoad whether it may be a package that is not below
 * @returns {string[]}
 */
function dependencyProblems(tree, { name, plan, manifest }, path, specifier, mayLoad) {
  const dependency = packageNameOf(specifier);
  const isOurs = dependency.startsWith("@sluice/");
  const alone = loneFolderOf(plan, path.slice(`packages/${name}/src/`.length));
  const problems = isOurs && alone !== undefined ? [loneProblem(specifier, alone)] : [];
  if (isOurs && !isBelow(plan, dependency) && !mayLoad) {
    problems.push(`imports ${specifier}, which is not below ${name}`);
  } else if (isOurs && !tree.doors.has(specifier)) {
    problems.push(`imports ${specifier}, which is no door`);
  } else if (!Object.hasOwn({ ...manifest.dependencies, ...manifest.peerDependencies }, dependency)) {
    problems.push(`imports ${specifier}, which package.json does not list`);
  }
  return problems;
}

/** @param {Manifest} manifest @param {string} file relative to the package @returns {boolean} */
function isDoor(manifest, file) {
  return JSON.stringify(manifest.exports ?? {}).includes(`"./${file}"`);
}

/**
 * Which file imports which at run time.
 *
 * @param {readonly SourceFacts[]} files
 * @returns {Map<string, string[]>}
 */
function edgesOf(files) {
  return new Map(
    files.map(({ path, imports }) => {
      const values = imports.filter(({ specifier, isType }) => !isType && specifier && isRelative(specifier));
      return [path, values.map(({ specifier }) => targetOf(path, specifier ?? ""))];
    }),
  );
}
