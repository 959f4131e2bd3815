/** Everything at once, in its short form: see interleavings.ts. */
import { test } from "vitest";
import { checkSet, grid, interleave, SetCounts } from "./interleavings.ts";
import { knownSeeds } from "./known-seeds.ts";

/** Schedules of each set. */
const perSet = Number(process.env.SLUICE_INTERLEAVINGS ?? 20);

test.each(knownSeeds.interleavings)("$set seed $seed holds: $why", async ({ set, seed }) => {
  await interleave(set, seed, new SetCounts());
});

test("X36 cancel, end, deadline, drain and resume in any order leave each call one end that is true", async () => {
  for (const [at, set] of grid.entries()) {
    const counts = new SetCounts();
    for (let run = 0; run < perSet; run++) await interleave(set, at * 1_000_000 + run, counts);
    checkSet(set, counts);
  }
}, 600_000);
