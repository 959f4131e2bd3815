// The goals, and what is judged: for every workload and link how near to the limit Sluice shall be.
import { tick } from "../values.mjs";

const KiB = 1024;
const MiB = 1024 * KiB;

/** What another Node than 24 may be off the goals of speed. Those of memory and size are the same everywhere. */
const otherNodes = 1.5;

/** How much of a window an item of W5 takes: docs/limits.md. */
const itemCost = {
  bytes: 64 + JSON.stringify(tick(1000)).length,
  memory: 256 + Object.keys(tick(1)).reduce((sum, key) => sum + 16 + 2 * key.length, 0),
};
const windowBytes = 64 * KiB;

/** The reason of a verdict where nobody has tried. */
export const notMeasured = "not measured in this run";

const raw = "raw";
/** `raw` without "corked": the better one of `ws` plain and corked. */
const rawWs = ["raw", "raw-plain"];

/** Such that 1.4 × 1.5 is 2.1. */
const rounding = 1e-9;
const isWithin = (sign, value, bound) =>
  sign === "≤" ? value <= bound * (1 + rounding) : value >= bound * (1 - rounding);

/** A number of the size at hand. */
const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2));

/** @typedef {{ measured: string, isMet: boolean } | { reason: string }} Verdict */

/** At most, or at least, so many times what the limit needs, run by run. */
function ratioGoal(sign, factor, against, text) {
  return {
    text: text ?? `${sign} ${factor} × ${Array.isArray(against) ? "raw `ws`" : against}`,
    judge(figures, workload, transport, slack) {
      const base = figures.best(workload, transport, [against].flat());
      const ratio = figures.ratio(workload, transport, "sluice", base);
      if (ratio === undefined)
        return missing(figures, workload, transport, "sluice", base ?? [against].flat()[0]);
      const bound = sign === "≤" ? factor * slack : factor / slack;
      const isMet = isWithin(sign, ratio.median, bound);
      const spread = `${digits(ratio.low)}–${digits(ratio.high)}`;
      return { measured: `${digits(ratio.median)} × (${spread})`, isMet };
    },
  };
}

/** At most, or at least, so much of a unit. */
function absoluteGoal(sign, bound, unit, read, { isSpeed = true } = {}) {
  return {
    text: `${sign} ${bound} ${unit}`,
    judge(figures, workload, transport, slack) {
      const value = read(figures, workload, transport);
      if (value === undefined) return missing(figures, workload, transport, "sluice");
      const by = isSpeed ? slack : 1;
      const isMet = isWithin(sign, value, sign === "≤" ? bound * by : bound / by);
      return { measured: `${digits(value)} ${unit}`, isMet };
    },
  };
}

function missing(figures, workload, transport, ...names) {
  const reasons = names.map((name) => figures.entry(workload, transport, name)?.reason);
  return { reason: reasons.find((reason) => reason !== undefined) ?? notMeasured };
}

const sluice =
  (metric, scale = 1) =>
  (figures, workload, transport) => {
    const value = figures.median(workload, transport, "sluice", metric);
    return value === undefined ? undefined : value / scale;
  };

/** W2 over HTTP: against the best of those that others made. */
const bestPeerGoal = (factor) => ({
  text: `≤ ${factor} × best HTTP peer`,
  judge(figures, workload, transport, slack) {
    const peer = figures.bestPeer(workload, transport);
    const ratio = figures.ratio(workload, transport, "sluice", peer);
    if (ratio === undefined) return missing(figures, workload, transport, "sluice");
    return {
      measured: `${digits(ratio.median)} × ${peer}`,
      isMet: isWithin("≤", ratio.median, factor * slack),
    };
  },
});

/** W3 in memory: so many µs above an awaited function with the same checks. */
const aboveChecks = (bound) => ({
  text: `≤ validation + ${bound} µs`,
  judge(figures, workload, transport, slack) {
    const value = figures.median(workload, transport, "sluice");
    const checks = figures.median(workload, transport, "checked-function");
    if (value === undefined || checks === undefined)
      return missing(figures, workload, transport, "sluice", "checked-function");
    return {
      measured: `validation (${digits(checks)} µs) + ${digits(value - checks)} µs`,
      isMet: isWithin("≤", value - checks, bound * slack),
    };
  },
});

/** W4 over HTTP: against Sluice's own over a Unix socket, in the same run but not side by side. */
const timesUnix = (factor) => ({
  text: `≤ ${factor} × Unix`,
  judge(figures, workload, transport, slack) {
    const value = figures.median(workload, transport, "sluice");
    const unix = figures.median(workload, "unix", "sluice");
    if (value === undefined || unix === undefined) return missing(figures, workload, transport, "sluice");
    return { measured: `${digits(value / unix)} ×`, isMet: isWithin("≤", value / unix, factor * slack) };
  },
});

const withinWindow = {
  text: "ahead ≤ window; growth ≤ 8 MiB each side",
  judge(figures, workload, transport) {
    const ahead = figures.median(workload, transport, "sluice");
    if (ahead === undefined) return missing(figures, workload, transport, "sluice");
    const windows = (ahead * (transport === "memory" ? itemCost.memory : itemCost.bytes)) / windowBytes;
    const growth = ["serverGrowth", "clientGrowth"].map((metric) =>
      Math.max(0, figures.median(workload, transport, "sluice", metric)),
    );
    const sizes = growth.map((bytes) => (bytes / MiB).toFixed(1)).join("/");
    return {
      measured: `${ahead.toLocaleString("en")} items: ${digits(windows)} × window; ${sizes} MiB`,
      isMet: windows <= 1 && growth.every((bytes) => bytes <= 8 * MiB),
    };
  },
};

/** W8: a connection of Sluice's against a plain one, bytes of heap and external memory. */
const aboveRaw = (bound) => ({
  text: `≤ raw + ${bound} KiB`,
  judge(figures, workload, transport) {
    const [value, plain] = ["sluice", raw].map((name) => figures.median(workload, transport, name));
    if (value === undefined || plain === undefined)
      return missing(figures, workload, transport, "sluice", raw);
    return {
      measured: `raw (${digits(plain / KiB)}) + ${digits((value - plain) / KiB)} KiB`,
      isMet: value - plain <= bound * KiB,
    };
  },
});

const perStream = (bound, sides) => ({
  text: `≤ ${bound} KiB per stream${sides === 2 ? " per side" : ""}`,
  judge(figures, workload, transport) {
    const bytes = ["serverBytes", "clientBytes"].slice(0, sides);
    const values = bytes.map((metric) => figures.median(workload, transport, "sluice", metric));
    if (values.includes(undefined)) return missing(figures, workload, transport, "sluice");
    const text = values.map((value) => digits(value / KiB)).join("/");
    return { measured: `${text} KiB`, isMet: values.every((value) => value <= bound * KiB) };
  },
});

const bundle = (bound) => ({
  text: `≤ ${bound} kB`,
  judge(figures, _workload, transport) {
    const bytes = figures.bundles[`Sluice over ${transport}`]?.gzip;
    if (bytes === undefined) return { reason: notMeasured };
    return { measured: `${(bytes / 1000).toFixed(1)} kB`, isMet: bytes <= bound * 1000 };
  },
});

const socket = {
  W1: ratioGoal("≤", 1.2, raw),
  W2: ratioGoal("≤", 1.4, raw),
  W3: ratioGoal("≤", 1.15, raw),
  W4: ratioGoal("≤", 0.9, raw),
  W5: withinWindow,
  "W6-64": ratioGoal("≥", 0.6, raw),
  "W7-down": ratioGoal("≥", 0.9, raw),
  "W7-up": ratioGoal("≥", 0.9, raw),
  "W8-streams": perStream(3, 2),
  "W8-connections": aboveRaw(4),
  W9: ratioGoal("≥", 0.7, raw),
};

/** By transport and workload. A workload that is not there has no goal. */
export const goals = {
  unix: socket,
  tcp: socket,
  ws: {
    W1: ratioGoal("≤", 1.1, rawWs),
    W2: ratioGoal("≤", 1.1, raw, "≤ 1.1 × corked raw"),
    W3: ratioGoal("≤", 1.1, rawWs),
    W4: ratioGoal("≤", 0.9, raw, "≤ 0.9 × corked raw"),
    W5: withinWindow,
    "W6-64": ratioGoal("≥", 0.9, raw, "≥ 0.9 × corked raw"),
    "W7-down": ratioGoal("≥", 0.95, rawWs),
    "W7-up": ratioGoal("≥", 0.95, rawWs),
    "W8-connections": aboveRaw(4),
    W9: ratioGoal("≥", 0.9, raw, "≥ 0.9 × corked raw"),
    W10: bundle(12),
  },
  http: {
    W1: ratioGoal("≤", 1.4, raw, "≤ 1.4 × raw http"),
    W2: bestPeerGoal(0.2),
    W3: ratioGoal("≤", 1.2, raw),
    W4: timesUnix(1.5),
    W5: withinWindow,
    "W7-down": ratioGoal("≥", 0.6, raw),
    "W7-up": ratioGoal("≥", 0.6, raw),
    "W8-connections": aboveRaw(10),
    W9: ratioGoal("≥", 0.6, raw, "≥ 0.6 × raw http"),
    W10: bundle(13),
  },
  memory: {
    W1: absoluteGoal("≤", 6, "µs", sluice("p50")),
    W2: absoluteGoal("≤", 2.5, "µs", sluice("cpu")),
    W3: aboveChecks(3),
    W4: absoluteGoal("≤", 0.6, "µs", sluice("cpu")),
    W5: withinWindow,
    "W7-down": absoluteGoal("≥", 3, "GiB/s", sluice("perSecond", 16 * KiB)),
    "W7-up": absoluteGoal("≥", 3, "GiB/s", sluice("perSecond", 16 * KiB)),
    "W8-streams": perStream(2, 1),
  },
};

/** @param {string} version such as `v24.21.0` */
export const slackOf = (version) => (version.startsWith("v24.") ? 1 : otherNodes);

/**
 * Every goal on every Node.
 *
 * @param nodes `[{ version, figures }]`
 * @returns `[{ workload, transport, goal, verdicts: Verdict[] }]`, a verdict for each Node
 */
export function judgeGoals(nodes) {
  return Object.entries(goals).flatMap(([transport, ofTransport]) =>
    Object.entries(ofTransport).map(([workload, goal]) => ({
      workload,
      transport,
      goal: goal.text,
      verdicts: nodes.map(({ version, figures }) =>
        goal.judge(figures, workload, transport, slackOf(version)),
      ),
    })),
  );
}
