/**
 * Runs the call suite of tests/runtimes, on the packed packages, in every runtime; compares validation verdicts with Node's.
 *
 * Stands on `npm run build`, and on the runtimes of tools/runtimes. `--record` writes what came out to
 * tests/runtimes/recorded.json and docs/runtimes.md, if everything holds; without it both must agree with what came out.
 * `--only Bun,Deno` runs those, and this Node, which says the verdicts.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conclude, flagValue, refuseUnknownFlags, treeRoot } from "./check-run.mjs";
import { bundleSuite } from "./runtimes/bundle-suite.mjs";
import { findCommand } from "./runtimes/commands.mjs";
import { browserRuntimes } from "./runtimes/in-browser.mjs";
import { judge } from "./runtimes/judge-report.mjs";
import { commandLineRuntimes } from "./runtimes/on-command-line.mjs";
import { workerdRuntimes } from "./runtimes/on-workerd.mjs";
import { makePackedProject } from "./runtimes/packed-project.mjs";
import { differences, recordOf } from "./runtimes/record.mjs";
import { runtimesPage } from "./runtimes/write-page.mjs";

/** @typedef {import("./check-run.mjs").Check} Check */
/** @typedef {import("./runtimes/runtime.mjs").Runtime} Runtime */
/** @typedef {import("./runtimes/runtime.mjs").Ran} Ran */

refuseUnknownFlags(["--only", "--record"]);
const root = treeRoot();
const recordFile = join(root, "tests/runtimes/recorded.json");
const pageFile = join(root, "docs/runtimes.md");
const only = flagValue("--only")?.split(",");
const all = [...commandLineRuntimes(root), ...workerdRuntimes(root), ...browserRuntimes()];
const wanted = all.filter(({ name }, at) => only === undefined || at === 0 || only.includes(name));

/** @param {Runtime} runtime @returns {boolean} whether it is there, or has to be: outside of CI a missing browser is skipped */
function isToRun({ name, command }) {
  const isThere = command === undefined || process.env.CI !== undefined || findCommand(command) !== undefined;
  if (!isThere) console.log(`${name} is skipped: ${command} is missing`);
  return isThere;
}

/** @type {Map<string, Ran | Error>} */
const ran = new Map();

/** @param {readonly Runtime[]} runtimes @param {import("./runtimes/runtime.mjs").Workshop} workshop two at once */
async function runAll(runtimes, workshop) {
  const waiting = [...runtimes];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const startedAt = performance.now();
      const outcome = await next
        .run(workshop)
        .catch((reason) => (reason instanceof Error ? reason : new Error(String(reason))));
      ran.set(next.name, outcome);
      console.log(`${next.name}: ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    }
  };
  await Promise.all([work(), work()]);
}

/** @param {import("./runtimes/record.mjs").Recorded} current @returns {string[]} */
function recordProblems(current) {
  const help = "`node scripts/runtimes-suite.mjs --record` writes it and docs/runtimes.md";
  if (!existsSync(recordFile) || !existsSync(pageFile)) return [`is missing: ${help}`];
  const recorded = JSON.parse(readFileSync(recordFile, "utf8"));
  const isPageCurrent = readFileSync(pageFile, "utf8") === runtimesPage(recorded);
  const stale = [
    ...differences(recorded, current),
    ...(isPageCurrent ? [] : ["docs/runtimes.md says something else"]),
  ];
  return stale.length === 0 ? [] : [...stale, help];
}

const folder = mkdtempSync(join(tmpdir(), "sluice-runtimes-"));
/** @type {Check[]} */
const checks = [];
try {
  const project = await makePackedProject(root, folder);
  const runtimes = wanted.filter(isToRun);
  await runAll(runtimes, { project, programOf: await bundleSuite(root, project) });
  const reference = ran.get(all[0]?.name ?? "");
  if (reference === undefined || reference instanceof Error)
    throw new Error("Without verdicts of this Node there is nothing to compare with", { cause: reference });
  const reported = runtimes.flatMap(({ name, from }) => {
    const outcome = ran.get(name);
    if (outcome !== undefined && !(outcome instanceof Error)) return [{ name, from, ran: outcome }];
    checks.push({ name, problems: [outcome?.message ?? "did not run"] });
    return [];
  });
  for (const { name, ran: outcome } of reported) checks.push(...judge(name, outcome, reference));
  const current = recordOf(reported);
  const isGood = checks.every(({ problems }) => problems.length === 0);
  if (process.argv.includes("--record") && isGood && only === undefined) {
    writeFileSync(recordFile, `${JSON.stringify(current, null, 2)}\n`);
    writeFileSync(pageFile, runtimesPage(current));
  }
  checks.push({ name: "tests/runtimes/recorded.json", problems: recordProblems(current) });
  conclude(checks);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
