/** X68 for 20 seconds: everything fails all the time, nothing is lost or doubled, and nothing is left. Its full length is tests/long/soak.test.ts. */
import { expect, test } from "vitest";
import { runSoak } from "./soak/run-soak.ts";
import { heldOf } from "./soak/settle.ts";

test("40 clients over every transport lose nothing while something fails every 200 ms, and leave nothing", async () => {
  const options = {
    seconds: 20,
    connections: 40,
    killed: 0, // their sessions would outlive the test
    seed: 68,
    sampleSeconds: 10,
    restartSeconds: 8,
    restAt: 10,
    restSeconds: 60,
  };
  const { counts, faults, restarts, processes } = await runSoak(options, () => {});
  expect(counts.violations).toEqual([]);
  expect(counts.calls).toBeGreaterThan(100);
  expect(Object.values(faults).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(30);
  expect(restarts).toBeGreaterThan(0);
  expect(processes.map(({ name }) => name)).toEqual(["server", "clients", "server that is started anew"]);
  for (const { start, end } of processes) {
    expect(end.troubles).toEqual([]);
    expect(heldOf(end)).toEqual(heldOf(start));
  }
}, 240_000);
