/**
 * Checks that imports point down: between packages, between the floors of a package, and from outside only through doors.
 *
 * It also keeps platforms out of packages that know none, timers inside the clock, and cycles out of every package. The
 * plan is in layers/house-plan.mjs; `--plan` names a JSON file instead of it.
 */
import { readFileSync } from "node:fs";
import { conclude, flagValue, treeRoot } from "./check-run.mjs";
import { outsideProblems } from "./layers/check-outside.mjs";
import { packageProblems } from "./layers/check-package.mjs";
import { housePlan } from "./layers/house-plan.mjs";
import { Tree } from "./layers/tree.mjs";
import { readSources, sourceFiles } from "./source/read-sources.mjs";

/** What stands outside the packages and may use their doors only. */
const outsideFolders = ["recipes", "tests", "bench"];

const root = treeRoot();
const tree = new Tree(root);
const planFile = flagValue("--plan");
/** @type {Record<string, import("./layers/house-plan.mjs").PackagePlan>} */
const plans = planFile === undefined ? housePlan : JSON.parse(readFileSync(planFile, "utf8"));

const packageChecks = tree.subfolders("packages").map((name) => {
  const plan = plans[name];
  if (plan === undefined)
    return { name: `packages/${name}`, problems: ["has no plan in layers/house-plan.mjs"] };
  const files = readSources(root, sourceFiles(root, `packages/${name}/src`));
  if (files.length === 0) return { name: `packages/${name}`, problems: ["has no sources"] };
  const tests = readSources(root, sourceFiles(root, `packages/${name}/test`));
  return {
    name: `packages/${name}`,
    problems: [
      ...packageProblems(tree, name, plan, files),
      ...tests.flatMap((file) => outsideProblems(tree, file)),
    ],
  };
});
const outsideChecks = outsideFolders.flatMap((folder) => {
  const files = readSources(root, sourceFiles(root, folder));
  return files.length === 0
    ? []
    : [{ name: folder, problems: files.flatMap((file) => outsideProblems(tree, file)) }];
});
conclude([...packageChecks, ...outsideChecks]);
