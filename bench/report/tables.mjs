// Results as Markdown: the goals, a table for each transport, Sluice beside the best peer, and why something was not run.
import { spread } from "../statistics.mjs";
import { workloads } from "../workloads.mjs";
import { Figures, metricOf } from "./figures.mjs";
import { judgeGoals, notMeasured, slackOf } from "./goals.mjs";

const KiB = 1024;
const MiB = 1024 * KiB;

export const transportTitles = {
  unix: "Unix socket",
  tcp: "TCP",
  ws: "WebSocket",
  http: "HTTP and SSE",
  memory: "in memory",
};

/** Three figures of a number. */
export const short = (value) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

function thousands(value) {
  if (value >= 999_500) return `${short(value / 1e6)}M`;
  return value >= 1000 ? `${short(value / 1000)}k` : short(value);
}

export function table(head, rows, align) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, at) => (align?.[at] === "left" || at === 0 ? "---" : "--:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** `PERF-W7, down` */
export const nameOf = (workload) => {
  const [id, part] = workload.split("-");
  const title = `PERF-${id}`;
  if (part === undefined) return title;
  return `${title}, ${/^\d+$/.test(part) ? `${part} in flight` : part}`;
};

/** The goals, one row for each, with a pair of columns for each Node; of a partial run only those that it was for. */
export function goalsTable(nodes, isPartial) {
  const isAskedFor = ({ verdicts }) =>
    !isPartial || verdicts.some((verdict) => verdict.reason !== notMeasured);
  const head = ["goal", "link", "wanted"];
  for (const { version } of nodes)
    head.push(
      `Node ${version.slice(1)}${slackOf(version) === 1 ? "" : ` (goals × ${slackOf(version)})`}`,
      "met?",
    );
  const rows = judgeGoals(nodes)
    .filter(isAskedFor)
    .map(({ workload, transport, goal, verdicts }) => [
      nameOf(workload),
      transportTitles[transport],
      goal,
      ...verdicts.flatMap((verdict) =>
        "reason" in verdict ? [verdict.reason, "–"] : [verdict.measured, verdict.isMet ? "yes" : "**no**"],
      ),
    ]);
  return table(head, rows, ["left", "left", "left", "left", "left", "left", "left"]);
}

/** How many goals are met, for each Node. */
export function goalCounts(nodes) {
  const judged = judgeGoals(nodes);
  return nodes.map(({ version }, at) => {
    const verdicts = judged.map(({ verdicts }) => verdicts[at]);
    const met = verdicts.filter(({ isMet }) => isMet === true).length;
    const unmet = verdicts.filter(({ isMet }) => isMet === false).length;
    return `Node ${version.slice(1)}: ${met} met, ${unmet} not met, ${verdicts.length - met - unmet} not measured`;
  });
}

/** Columns of a transport's table. */
const columns = [
  ["W1", "W1: p50"],
  ["W2", "W2: CPU · rate"],
  ["W3", "W3: CPU · rate"],
  ["W4", "W4: CPU · rate"],
  ["W5", "W5: ahead · growth"],
  ["W6-1", "W6, 1: rate"],
  ["W6-64", "W6, 64: rate"],
  ["W7-down", "W7 down"],
  ["W7-up", "W7 up"],
  ["W8-streams", "W8: stream"],
  ["W8-connections", "W8: connection"],
  ["W9", "W9: deliveries/s"],
];

/** What a cell says, without the ratio. */
function cellText(figures, workload, transport, name) {
  const of = (metric) => figures.median(workload, transport, name, metric);
  switch (metricOf(workload)) {
    case "p50":
      return `${short(of("p50"))} µs`;
    case "cpu":
      return `${short(of("cpu"))} µs · ${thousands(of("perSecond"))}/s`;
    case "ahead": {
      const { isUnbounded } = figures.entry(workload, transport, name).samples[0];
      const growth = ["serverGrowth", "clientGrowth"].map((metric) =>
        Math.max(0, of(metric) / MiB).toFixed(1),
      );
      return `${isUnbounded ? "no bound: " : ""}${thousands(of("ahead"))} · ${growth.join("/")} MiB`;
    }
    case "bytes": {
      const client = workload === "W8-streams" && of("clientBytes") > 0;
      return `${[of("serverBytes"), ...(client ? [of("clientBytes")] : [])].map((bytes) => short(bytes / KiB)).join("/")} KiB`;
    }
    default:
      return workload.startsWith("W7")
        ? `${short(of("perSecond") / 16)} MiB/s`
        : `${thousands(of("perSecond"))}/s`;
  }
}

/** A row for each adapter: medians, and in brackets the ratio to the limit in the same runs. */
export function transportTable(figures, transport) {
  const used = columns.filter(([workload]) =>
    figures.entries(workload, transport).some(({ samples }) => samples !== undefined),
  );
  const names = [
    ...new Set(used.flatMap(([workload]) => figures.entries(workload, transport).map(({ name }) => name))),
  ];
  const rows = names.map((name) => [
    `\`${name}\``,
    ...used.map(([workload]) => {
      if (figures.values(workload, transport, name) === undefined) return "–";
      const text = cellText(figures, workload, transport, name);
      const isCompared = workloads[workload].kind === "rate";
      const base = figures.base(workload, transport);
      if (!isCompared || base === name) return text;
      return `${text} (${short(figures.ratio(workload, transport, name, base).median)} ×)`;
    }),
  ]);
  return table(["", ...used.map(([, title]) => title)], rows);
}

/** Sluice to the best peer of the same transport, by what the workload compares. */
export function peersTable(figures) {
  const rows = figures.transports.flatMap((transport) =>
    columns.flatMap(([workload]) => {
      const peer = figures.bestPeer(workload, transport);
      if (peer === undefined || figures.values(workload, transport, "sluice") === undefined) return [];
      const ratio = figures.ratio(workload, transport, "sluice", peer);
      return [
        [
          nameOf(workload),
          transportTitles[transport],
          `\`${peer}\`: ${cellText(figures, workload, transport, peer)}`,
          cellText(figures, workload, transport, "sluice"),
          `${short(ratio.median)} ×`,
        ],
      ];
    }),
  );
  return table(["workload", "link", "best peer", "Sluice", "Sluice to it"], rows, [
    "left",
    "left",
    "left",
    "left",
  ]);
}

/** Bundles for a browser, smallest first. */
export function bundlesTable(bundles) {
  const sorted = Object.entries(bundles).sort(([, a], [, b]) => (a.gzip ?? Infinity) - (b.gzip ?? Infinity));
  const rows = sorted.map(([name, { gzip, reason }]) => [
    name,
    gzip === undefined ? `not run: ${reason}` : `${(gzip / 1000).toFixed(1)} kB`,
  ]);
  return table(["PERF-W10: client with one call, min + gzip", ""], rows);
}

/** What was not run, and why: one line for each reason. */
export function notRun(cells) {
  const places = new Map();
  for (const { transport, workload, adapters } of cells) {
    for (const { name, reason } of adapters) {
      if (reason === undefined) continue;
      const key = `\`${name}\`: ${reason}`;
      const known = places.get(key) ?? new Map();
      places.set(key, known.set(transport, [...(known.get(transport) ?? []), workload]));
    }
  }
  return [...places].map(([key, byTransport]) => {
    const where = [...byTransport]
      .map(([transport, ids]) => `${ids.join(", ")} over ${transport}`)
      .join("; ");
    return `* ${key} (${where})`;
  });
}

/** Everything of every run of one Node, for those who want to look closely. */
export function detailTable({ cells }) {
  const figures = new Figures({ cells });
  const rows = cells.flatMap(({ transport, workload, adapters }) =>
    adapters
      .filter(({ samples }) => samples !== undefined && workloads[workload].kind === "rate")
      .map(({ name, samples, operations }) => {
        const base = figures.base(workload, transport);
        const metric = metricOf(workload);
        const values = (key) => samples.map((sample) => sample[key]);
        const ratio = base === name ? undefined : figures.ratio(workload, transport, name, base);
        return [
          workload,
          transport,
          `\`${name}\``,
          operations.toLocaleString("en"),
          spread(values("cpu")),
          figures.median(workload, transport, name, "serverCpu").toFixed(2),
          figures.median(workload, transport, name, "clientCpu").toFixed(2),
          spread(values("perSecond"), 0),
          metric === "p50" ? spread(values("p50"), 1) : "",
          ratio === undefined
            ? ""
            : `${ratio.median.toFixed(2)} (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)}) × ${base}`,
        ];
      }),
  );
  const head = [
    "workload",
    "link",
    "adapter",
    "operations",
    "µs CPU",
    "server",
    "client",
    "per second",
    "p50 µs",
    "to the limit",
  ];
  return table(head, rows, ["left", "left", "left"]);
}
