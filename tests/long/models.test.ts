/** The models of tests/models at their full length; their figures go to docs/long-run.md. */
import { afterAll, test } from "vitest";
import { noCounts, playHistory } from "../models/append-history.ts";
import { checkSet, grid, interleave, SetCounts } from "../models/interleavings.ts";
import { addOutcomes, type Outcomes } from "../models/judge-call.ts";
import { checkCounts, SessionCounts } from "../models/session-counts.ts";
import { checkSessionModel, type StepList } from "../models/session-model.ts";
import { type ModelRow, writeModels } from "./long-run-page.ts";

const rows: ModelRow[] = [];
const startedAt = performance.now();
afterAll(() => {
  // A page of a run that failed would say what is not so.
  if (rows.length === 4) writeModels((performance.now() - startedAt) / 1_000, rows);
});

function inWords(counts: Iterable<readonly [string, number]>): string {
  return [...counts].map(([name, count]) => `${count.toLocaleString("en-US")} ${name}`).join(", ");
}

/** A first seed of today, so that no two days run the same. `SLUICE_MODEL_SEED` repeats a day's: the first seed of the interleavings. */
function firstSeed(): number {
  const wanted = process.env.SLUICE_MODEL_SEED;
  return wanted === undefined ? Math.floor(Date.now() / 86_400_000) * 10_000_000 : Number(wanted);
}

test.each<[StepList, string]>([
  [
    "gentle",
    "sessions whose links are cut at any byte, fall silent, are claimed twice and go through a relay",
  ],
  ["rough", "the same, whose servers also drain and start anew"],
])(
  "SE-2 SE-6 X14 X17 %s sessions hold",
  async (list, model) => {
    const runs = Number(process.env.SLUICE_MODEL_RUNS ?? 10_000);
    const counts = new SessionCounts();
    const seed = firstSeed() % 2 ** 31;
    await checkSessionModel(list, runs, 60, counts, { seed });
    checkCounts(list, counts);
    const steps = [...counts.steps.values()].reduce((sum, count) => sum + count, 0);
    const breaks = ["Cut", "CutAfter", "Blackhole", "Down", "Through", "DupResume", "Restart", "Drain"];
    const taken = breaks.flatMap((name) =>
      counts.steps.has(name) ? [[name, counts.steps.get(name) ?? 0] as const] : [],
    );
    rows.push({
      model,
      runs,
      seeds: `fast-check's seed ${seed}`,
      seen: `${steps.toLocaleString("en-US")} steps, among them ${inWords(taken)}; calls ended with ${inWords(counts.calls)}`,
    });
  },
  1_800_000,
);

test("X36 interleavings hold", async () => {
  const perSet = Number(process.env.SLUICE_INTERLEAVINGS ?? 400);
  const outcomes: Outcomes = new Map();
  const first = firstSeed();
  let [steps, links] = [0, 0];
  for (const [at, set] of grid.entries()) {
    const counts = new SetCounts();
    for (let run = 0; run < perSet; run++) await interleave(set, first + at * perSet + run, counts);
    checkSet(set, counts);
    addOutcomes(outcomes, counts.outcomes);
    steps += counts.steps;
    links += counts.links;
  }
  const runs = perSet * grid.length;
  rows.push({
    model: "cancel, end, deadline, drain and resume, in each of their 32 sets, at once",
    runs,
    seeds: `${first} to ${first + runs - 1}`,
    seen: `${steps.toLocaleString("en-US")} steps, ${links.toLocaleString("en-US")} links; calls ended with ${inWords(outcomes)}`,
  });
}, 1_800_000);

test("X9 X10 X40 histories of appends hold", async () => {
  const runs = Number(process.env.SLUICE_HISTORIES ?? 5_000);
  const counts = noCounts();
  const first = firstSeed();
  for (let run = 0; run < runs; run++) await playHistory(first + run, counts);
  const { ok, no, maybe, repeated, links } = counts;
  rows.push({
    model:
      "ten appends to a log, repeated where they may be, over links that break and servers that drain, die and start anew",
    runs,
    seeds: `${first} to ${first + runs - 1}`,
    seen: `${inWords([
      ["acknowledged", ok],
      ["not run", no],
      ["maybe run", maybe],
      ["run again", repeated],
    ])}, over ${links.toLocaleString("en-US")} links`,
  });
}, 1_800_000);
