/** Everything at once, in its short form: see interleavings.ts. */
import { expect, test } from "vitest";
import { grid, interleave, type Outcomes } from "./interleavings.ts";
import { knownSeeds } from "./known-seeds.ts";

/** Schedules of each set. */
const perSet = Number(process.env.SLUICE_INTERLEAVINGS ?? 10);

test.each(knownSeeds.interleavings)("$set seed $seed holds: $why", async ({ set, seed }) => {
  await interleave(set, seed, new Map());
});

test("X36 cancel, end, deadline, drain and resume in any order leave each call one end that is true", async () => {
  const outcomes: Outcomes = new Map();
  for (const [at, set] of grid.entries()) {
    for (let run = 0; run < perSet; run++) await interleave(set, at * 1_000_000 + run, outcomes);
  }
  for (const code of ["OK", "CANCELLED", "DEADLINE_EXCEEDED", "UNAVAILABLE"]) {
    expect(outcomes.get(code) ?? 0, code).toBeGreaterThan(0);
  }
}, 600_000);
