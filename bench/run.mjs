// Runs workloads on adapters in turn and prints a table of medians, with the ratio to the first of them, the raw socket.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { openPair } from "./measure.mjs";
import { median, spread } from "./statistics.mjs";
import { workloads } from "./workloads.mjs";

const { values: options } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    workloads: { type: "string", default: Object.keys(workloads).join(",") },
    transports: { type: "string", default: "unix,tcp" },
    adapters: { type: "string", default: "raw,sluice" },
    json: { type: "boolean", default: false },
  },
});
const list = (text) => text.split(",");
/** What the others are compared with. */
const [base] = list(options.adapters);

const results = [];
for (const transport of list(options.transports)) {
  for (const workload of list(options.workloads)) {
    const pairs = await Promise.all(list(options.adapters).map((adapter) => openPair(adapter, transport)));
    // The first run warms up: code is compiled, windows have grown.
    for (const pair of pairs) await pair.measure(workload);
    const samples = new Map(pairs.map((pair) => [pair.name, []]));
    for (let run = 0; run < Number(options.runs); run++) {
      for (const pair of pairs) samples.get(pair.name).push(await pair.measure(workload));
    }
    for (const pair of pairs) pair.close();
    for (const [adapter, runs] of samples) results.push({ transport, workload, adapter, runs });
  }
}

if (options.json) console.log(JSON.stringify(results, null, 2));
else {
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, ${options.runs} runs, medians (quartiles)\n`,
  );
  console.log(
    `| workload | transport | adapter | µs CPU | of it server · client | per second | CPU to ${base} |`,
  );
  console.log("| --- | --- | --- | --: | --: | --: | --: |");
  for (const { transport, workload, adapter, runs } of results) {
    const first = results.find(
      (r) => r.transport === transport && r.workload === workload && r.adapter === base,
    );
    // Run by run: what disturbs one of a pair usually disturbs the other.
    const ratios = first?.runs.map((run, i) => runs[i].cpu / run.cpu);
    const row = [
      workload,
      transport,
      adapter,
      spread(runs.map((run) => run.cpu)),
      `${median(runs.map((run) => run.serverCpu)).toFixed(2)} · ${median(runs.map((run) => run.clientCpu)).toFixed(2)}`,
      Math.round(median(runs.map((run) => run.perSecond))).toLocaleString("en"),
      adapter === base || ratios === undefined ? "" : `${spread(ratios)} ×`,
    ];
    console.log(`| ${row.join(" | ")} |`);
  }
}
