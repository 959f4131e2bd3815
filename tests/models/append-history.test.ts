/** Appends through faults, in its short form: see append-history.ts. */
import { describe, expect, test } from "vitest";
import { noCounts, playHistory } from "./append-history.ts";
import { type Append, historyFaults } from "./check-history.ts";
import { knownSeeds } from "./known-seeds.ts";

const runs = Number(process.env.SLUICE_HISTORIES ?? 150);

test.each(knownSeeds.histories)("history of seed $seed holds: $why", async ({ seed }) => {
  await playHistory(seed, noCounts());
});

test("X9 X10 X40 what is acknowledged is there once, what says no is not there, what says maybe is there once at most", async () => {
  const counts = noCounts();
  for (let seed = 1; seed <= runs; seed++) await playHistory(seed, counts);
  // All of it happens: calls that end well, that have not run, that may have, and that have run twice because they may.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
}, 600_000);

describe("the checker of histories", () => {
  const plain = (value: number, verdict: Append["verdict"]): Append => ({
    value,
    isIdempotent: false,
    verdict,
  });
  const repeatable = (value: number, verdict: Append["verdict"]): Append => ({
    value,
    isIdempotent: true,
    verdict,
  });

  test.each<[string, Append[], number[]]>([
    ["each in its place", [plain(1, "ok"), plain(2, "no"), plain(3, "maybe"), plain(4, "maybe")], [1, 4]],
    ["a repeatable one three times", [repeatable(1, "ok"), repeatable(2, "maybe")], [1, 2, 1, 2, 1]],
  ])("finds nothing wrong with %s", (_name, history, log) => {
    expect(historyFaults(history, log)).toEqual([]);
  });

  test.each<[string, Append[], number[]]>([
    ["an acknowledged append that is lost", [plain(1, "ok")], []],
    ["one that is there twice", [plain(1, "ok")], [1, 1]],
    ["one that says no and is there", [plain(1, "no")], [1]],
    ["one that may have run and has run twice", [plain(1, "maybe")], [1, 1]],
    ["a repeatable one that is lost", [repeatable(1, "ok")], []],
    ["a repeatable one that says no and is there", [repeatable(1, "no")], [1]],
    ["what nobody appended", [], [1]],
  ])("finds %s", (_name, history, log) => {
    expect(historyFaults(history, log)).toHaveLength(1);
  });
});
