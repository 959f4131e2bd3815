/** X68: 200 connections over every transport while something fails every 200 ms, for SLUICE_SOAK_MINUTES (10): nothing is lost, and nothing grows. */
import { expect, test } from "vitest";
import { runSoak, type SoakProcess } from "../soak/run-soak.ts";
import { heldOf } from "../soak/settle.ts";
import { slopeOf } from "../soak/slope.ts";
import { type SoakGrowth, writeSoak } from "./long-run-page.ts";

const minutes = Number(process.env.SLUICE_SOAK_MINUTES ?? 10);
const seed = Number(process.env.SLUICE_SOAK_SEED ?? 68);
const MiB = 1_024 * 1_024;
/** When everything has found its size; of a run that is shorter than five minutes, two fifths. */
const settledAt = Math.min(2, 0.4 * minutes);

/** What has to be among the faults of a run that is long enough to have drawn them all. */
const faultKinds = [
  ...["cut", "reset", "blackhole", "delay", "throttle", "slice", "corrupt", "down"],
  ...["buffer", "cut streams", "refuse", "fail", "cut", "double", "late"].map((kind) => `http: ${kind}`),
  ...["SIGSTOP of a server", "SIGSTOP of clients", "kill -9 of a server", "kill -9 of clients"],
];

/** Nothing of a process that was started anew meanwhile. */
function growthOf({ samples, rests }: SoakProcess): SoakGrowth | undefined {
  if (rests.length === 0) return undefined;
  const atRest = rests.map(({ at, inventory }) => ({ at: at / 60, value: inventory.heapUsed }));
  const [first, last] = [atRest[0]?.value ?? Number.NaN, atRest.at(-1)?.value ?? Number.NaN];
  return {
    retained: last - first,
    slope: slopeOf(atRest, seed),
    mostResident: Math.max(...samples.map(({ inventory }) => inventory.rss)),
  };
}

test(
  `200 connections lose nothing and leave nothing in ${minutes} minutes of faults (seed ${seed})`,
  async () => {
    const options = {
      seconds: 60 * minutes,
      connections: 200,
      killed: 20,
      seed,
      sampleSeconds: 15,
      restartSeconds: 30,
      restAt: 60 * settledAt,
      restSeconds: 60,
    };
    const result = await runSoak(options, (line) => console.log(line));
    const { counts, processes } = result;
    const growths = processes.map(growthOf);
    console.log(JSON.stringify({ ...result, processes: undefined, growths }));
    expect(counts.violations).toEqual([]);
    if (minutes >= 5) expect(Object.keys(result.faults).sort()).toEqual([...faultKinds].sort());
    for (const { start, end } of processes) {
      expect(end.troubles).toEqual([]);
      expect(heldOf(end)).toEqual(heldOf(start));
    }
    expect(growths.filter((growth) => growth !== undefined)).toHaveLength(2);
    for (const growth of growths) if (growth !== undefined) expect(growth.retained).toBeLessThan(MiB);
    writeSoak(
      { minutes, connections: options.connections, seed, ...result },
      processes.map(({ name, start, end }, at) => ({ name, start, end, growth: growths[at] })),
    );
  },
  60_000 * minutes + 600_000,
);
