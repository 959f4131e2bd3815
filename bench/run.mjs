// Runs the workloads on Sluice, on the limits and on peers in turn, and prints how far Sluice is from either.
//
//     node bench/run.mjs                      the short form, on this Node
//     node bench/run.mjs --full --write       everything, on Node 24 and this one, into docs/performance.md and bench/results
//     node bench/run.mjs --workloads W2,W4 --transports unix --adapters raw,sluice --runs 9
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { measureBundles } from "./bundles.mjs";
import { describeMachine, projectNode24, versionOf } from "./machine.mjs";
import { measureCell } from "./measure-cell.mjs";
import { installPeers } from "./peers/install.mjs";
import { adapters, cellsOf, estimateSeconds, forms } from "./plan.mjs";
import { pageBlock, resultsText, writeReport } from "./report/page.mjs";

const { values: options } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    /** Paths of Nodes that run clients and servers; default: this one, in the full form also the project's Node 24. */
    node: { type: "string" },
    runs: { type: "string" },
    workloads: { type: "string" },
    transports: { type: "string" },
    adapters: { type: "string" },
    /** By how much fewer operations, shorter runs and less of what is idle there shall be. */
    operations: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
    /** A file for the results as JSON. */
    out: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const name = options.full ? "full" : "short";
const scale = Number(options.operations);
if (!(scale > 0 && scale <= 1)) throw new RangeError("--operations is above 0 and at most 1");
const form = { ...forms[name] };
for (const key of ["warmMs", "warmShare", "targetMs", "scale", "aheadMs", "idleScale"]) form[key] *= scale;
if (options.runs !== undefined) form.runs = Number(options.runs);

const nodes = [...new Map(nodePaths().map((path) => [versionOf(path), path]))];
function nodePaths() {
  if (options.node !== undefined) return options.node.split(",");
  return [...(options.full ? [projectNode24()] : []), process.execPath].filter((path) => path !== undefined);
}

const say = (text) => process.stderr.write(text);
/** In place of the last one, where that can be. */
const sayProgress = (text) => say(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
const isPartial =
  options.workloads !== undefined || options.transports !== undefined || options.adapters !== undefined;
if (options.write && isPartial)
  throw new TypeError("--write is for whole runs: it would drop what is left out");

const cells = cellsOf(form, options);
if (cells.some(({ adapters }) => adapters.some(({ role }) => role === "peer"))) installPeers(say);
const seconds = estimateSeconds(form, cells) * nodes.length;
say(
  `${name} form, ${cells.length} cells on Node ${nodes.map(([version]) => version.slice(1)).join(" and ")}: about ${Math.ceil(seconds / 60)} min\n`,
);

const startedAt = Date.now();
const results = {
  form: scale === 1 ? name : `${name} (${scale} of the operations)`,
  runs: form.runs,
  measuredAt: new Date(startedAt).toISOString(),
  isPartial,
  machine: describeMachine(),
  adapters: adapters
    .filter(({ name }) => cells.some((cell) => cell.adapters.some((one) => one.name === name)))
    .map(({ name, title }) => ({ name, title })),
  nodes: [],
};
for (const [version, path] of nodes) {
  const measured = [];
  for (const cell of cells) {
    sayProgress(
      `${version} ${cell.workload} over ${cell.transport} (${measured.length + 1} of ${cells.length})`,
    );
    const cellStartedAt = performance.now();
    const result = await measureCell(cell, form, path);
    measured.push({ ...result, seconds: (performance.now() - cellStartedAt) / 1000 });
  }
  results.nodes.push({ version, cells: measured });
}
// Bundles are the same on every Node.
if (!isPartial) for (const node of results.nodes) node.bundles ??= await bundlesOnce();
sayProgress(`${Math.round((Date.now() - startedAt) / 1000)} s\n`);

async function bundlesOnce() {
  results.nodes[0].bundles ??= await measureBundles();
  return results.nodes[0].bundles;
}

if (options.out !== undefined) writeFileSync(options.out, resultsText(results));
if (options.write) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  for (const path of writeReport(results, root)) console.log(`wrote ${path}`);
}
console.log(options.json ? resultsText(results) : pageBlock(results));
process.exit();
