/**
 * Holds what a call costs to a budget, in figures that no busy machine changes: bytes allocated, promises, timers, writes and frames.
 *
 * Stands on `npm run build`. Budgets are in scripts/call-cost-budget.json: what was counted when they were last set, per operation or per
 * thousand. More than the tolerance above fails, and so does much less: the budget would guard nothing then. `--write` sets them anew;
 * a name with an empty budget adds a line. What is called is in bench/call-cost.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { conclude, treeRoot } from "./check-run.mjs";

/** @typedef {Record<string, number>} Costs by what is counted */

const root = treeRoot();
const script = join(root, "bench/call-cost/measure.mjs");
const budgetPath = join(root, "scripts/call-cost-budget.json");
const writes = process.argv.includes("--write");

/** By how much a cost may differ from its budget: a part of it, and a number. */
const tolerance = /** @type {Record<string, { part: number, more: number }>} */ ({
  bytes: { part: 0.06, more: 0 },
  promises: { part: 0.01, more: 0.05 },
  // A few of the client and the socket, whatever is called.
  timers: { part: 0, more: 3 },
  // Where a turn of the event loop ends is the system's affair.
  writes: { part: 0.3, more: 1 },
  frames: { part: 0.02, more: 1 },
});

/** A young space that is not collected while thousands of calls are made; one thread, so that code is compiled at the same calls. */
const heap = ["--expose-gc", "--single-threaded", "--min-semi-space-size=128", "--max-semi-space-size=128"];

/** @param {string} transport @param {string} workload @param {"bytes" | "events"} mode @returns {Promise<Costs>} */
async function measure(transport, workload, mode) {
  const flags = mode === "bytes" ? heap : [];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, script, transport, workload, mode],
    { timeout: 60_000 },
  );
  return JSON.parse(stdout);
}

/** @param {Costs} costs @param {Costs} budget @returns {string[]} */
function problemsOf(costs, budget) {
  return Object.entries(tolerance).flatMap(([what, { part, more }]) => {
    const cost = costs[what];
    const expected = budget[what];
    if (cost === undefined || expected === undefined) return [`${what} are not counted, or have no budget`];
    const slack = expected * part + more;
    if (cost > expected + slack) return [`${cost} ${what}, the budget is ${expected}`];
    if (cost < expected - slack) return [`${cost} ${what}: lower the budget of ${expected}`];
    return [];
  });
}

/** @type {Record<string, Costs>} */
const budgets = JSON.parse(readFileSync(budgetPath, "utf8"));
/** @type {Record<string, Costs>} */
const counted = {};
const checks = [];
for (const [name, budget] of Object.entries(budgets)) {
  const [workload = "", transport = ""] = name.split(" over ");
  const costs = {
    ...(await measure(transport, workload, "bytes")),
    ...(await measure(transport, workload, "events")),
  };
  counted[name] = Object.fromEntries(
    Object.entries(costs).map(([what, cost]) => [what, Number(cost.toFixed(what === "bytes" ? 0 : 2))]),
  );
  const told = Object.entries(counted[name]).map(([what, cost]) => `${cost} ${what}`);
  console.log(`${name}: ${told.join(", ")}`);
  checks.push({ name, problems: problemsOf(costs, budget) });
}
if (writes) writeFileSync(budgetPath, `${JSON.stringify(counted, null, 2)}\n`);
else conclude(checks);
