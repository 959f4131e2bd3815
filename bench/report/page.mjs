// The generated part of docs/performance.md, and the files that it links to.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workloads } from "../workloads.mjs";
import { chart } from "./chart.mjs";
import { Figures } from "./figures.mjs";
import {
  bundlesTable,
  detailTable,
  goalCounts,
  goalsTable,
  notRun,
  peersTable,
  table,
  transportTable,
  transportTitles,
} from "./tables.mjs";

const begin = "<!-- bench: written by `node bench/report.mjs --write` from bench/results/results.json -->";
const end = "<!-- bench: end -->";
const resultsFolder = "bench/results";

const major = (version) => version.slice(1).split(".")[0];

/** The block of the page. @param results what run.mjs has measured */
export function pageBlock(results) {
  const { form, measuredAt, machine, adapters, runs } = results;
  const nodes = results.nodes.map((node) => ({ ...node, figures: new Figures(node) }));
  const [first] = nodes;
  const parts = [
    "## Side by side",
    `${form} form of \`node bench/run.mjs\`, ${measuredAt.slice(0, 10)}: ${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, Node ` +
      `${nodes.map(({ version }) => version.slice(1)).join(" and ")}. Load of the machine before: ${machine.loadBefore.join(", ")}; ` +
      `${runs} interleaved runs, medians. ${machine.isPinned ? "In W1 both processes are pinned to one core." : "W1 is not pinned: there is no `taskset` here."}`,
    "### Goals",
    `${goalCounts(nodes).join(". ")}. A ratio is of runs that lay side by side: the median, in brackets the quartiles. On other Nodes than 24 the goals of ` +
      "speed are 1.5 times as wide; those of memory and size are the same.",
    goalsTable(nodes, results.isPartial),
  ];
  for (const node of nodes) {
    parts.push(`### Node ${node.version.slice(1)}`);
    parts.push(`![CPU per operation](../${resultsFolder}/chart-node${major(node.version)}.svg)`);
    parts.push(
      "µs of CPU are of both processes for one operation; rates are by the wall clock; in brackets the ratio to the limit of the same transport (of what the workload is " +
        `judged by: p50, CPU, or the rate). Every figure with its quartiles: [node${major(node.version)}.md](../${resultsFolder}/node${major(node.version)}.md).`,
    );
    for (const transport of node.figures.transports) {
      parts.push(`**${transportTitles[transport]}**`, transportTable(node.figures, transport));
    }
    const peers = peersTable(node.figures);
    if (peers.split("\n").length > 2) parts.push("**Sluice and the best peer**", peers);
  }
  if (first.bundles !== undefined) parts.push(bundlesTable(first.bundles));
  parts.push("### What ran");
  const ran = new Set(first.cells.map(({ workload }) => workload));
  const titles = [...ran].map((workload) => `* ${workloads[workload].title}`);
  if (first.bundles !== undefined)
    titles.push(
      "* PERF-W10: bundle of a browser's client with one call, made by esbuild, minified and gzipped",
    );
  parts.push(titles.join("\n"));
  parts.push(
    table(
      ["adapter", "what runs"],
      adapters.map(({ name, title }) => [`\`${name}\``, title]),
      ["left", "left"],
    ),
  );
  const reasons = notRun(first.cells);
  if (reasons.length > 0) parts.push("Not run:", reasons.join("\n"));
  return `${begin}\n\n${parts.join("\n\n")}\n\n${end}`;
}

/** Replaces the block of the page `text`. @throws if it has no markers */
export function withBlock(text, block) {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md lacks the markers ${begin} and ${end}`);
  return text.slice(0, from) + block + text.slice(to + end.length);
}

/** Results as JSON: a line for each cell, numbers of six figures. */
export function resultsText(results) {
  const round = (_key, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);
  const cells = results.nodes.flatMap((node) => node.cells);
  const places = new Map(cells.map((cell, at) => [`@cell ${at}@`, JSON.stringify(cell, round)]));
  let at = 0;
  const short = {
    ...results,
    nodes: results.nodes.map((node) => ({ ...node, cells: node.cells.map(() => `@cell ${at++}@`) })),
  };
  return `${JSON.stringify(short, null, 2).replaceAll(/"(@cell \d+@)"/g, (_, place) => places.get(place))}\n`;
}

/** Writes the page's block, the results, the chart and the details of each Node below `root`. @returns the paths */
export function writeReport(results, root) {
  const folder = join(root, resultsFolder);
  mkdirSync(folder, { recursive: true });
  const page = join(root, "docs/performance.md");
  const files = { [page]: withBlock(readFileSync(page, "utf8"), pageBlock(results)) };
  files[join(folder, "results.json")] = resultsText(results);
  for (const node of results.nodes) {
    const version = node.version.slice(1);
    files[join(folder, `chart-node${major(node.version)}.svg`)] = chart(new Figures(node), node.version);
    files[join(folder, `node${major(node.version)}.md`)] =
      `# Every figure on Node ${version}\n\nMedians and quartiles of ${results.runs} runs, ${results.measuredAt.slice(0, 10)}; written by \`node bench/report.mjs\`, read with [performance.md](../../docs/performance.md).\n\n${detailTable(node)}\n`;
  }
  for (const [path, content] of Object.entries(files)) writeFileSync(path, content);
  return Object.keys(files);
}
