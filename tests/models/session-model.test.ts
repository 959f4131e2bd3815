/** The session model, in its short form: see session-model.ts. */
import { expect, test } from "vitest";
import { knownSeeds } from "./known-seeds.ts";
import { checkCounts, SessionCounts } from "./session-counts.ts";
import { checkSessionModel, stepLists } from "./session-model.ts";

/** SLUICE_MODEL_RUNS scales it. */
const runs = Number(process.env.SLUICE_MODEL_RUNS ?? 120);

test.each(knownSeeds.sessions)(
  "$list seed $seed holds: $why",
  async ({ list, seed, path, replayPath }) => {
    const known = { seed, ...(path && { path }), ...(replayPath && { replayPath }) };
    await checkSessionModel(list, 1, 60, new SessionCounts(), known);
  },
  60_000,
);

test("SE-2 X14 X17 sessions that break, are claimed twice and go through a relay lose nothing", async () => {
  const counts = new SessionCounts();
  await checkSessionModel("gentle", runs, 60, counts);
  checkCounts("gentle", counts);
}, 600_000);

test("SE-6 X9 X41 sessions whose servers drain and start anew say what is lost", async () => {
  const counts = new SessionCounts();
  await checkSessionModel("rough", runs, 60, counts);
  checkCounts("rough", counts);
  // Every kind of step is taken.
  const names = [...counts.steps.keys()].sort();
  expect(names.length, names.join(" ")).toBe(21);
}, 600_000);

test("the model has gentle runs, and rough ones", () => {
  expect(stepLists.rough.length).toBe(stepLists.gentle.length + 2);
});
