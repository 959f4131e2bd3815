/**
 * The driver of `npm test`: every check of the project, a line for each stage, and `N passed, N failed` at the end.
 *
 * `--list` prints the stages, `--only unit,docs` runs some of them.
 */
import { flagValue, treeRoot } from "./check-run.mjs";
import { runStages } from "./test/run-stages.mjs";
import { stagesOf } from "./test/stages.mjs";

const stages = stagesOf(treeRoot());
const names = stages.map(({ name }) => name);
const only = flagValue("--only")?.split(",");
const unknown = only?.filter((name) => !names.includes(name)) ?? [];

if (process.argv.includes("--list")) {
  console.log(names.join("\n"));
} else if (unknown.length > 0) {
  console.error(`Unknown stages ${unknown.join(", ")}; there are ${names.join(", ")}`);
  process.exitCode = 1;
} else {
  const chosen = stages.filter(({ name }) => only === undefined || only.includes(name));
  const isGood = await runStages(chosen, (text) => console.log(text));
  process.exitCode = isGood ? 0 : 1;
}
