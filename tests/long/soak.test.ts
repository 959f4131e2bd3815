/** X68: 200 connections over every transport while something fails every 200 ms, for SLUICE_SOAK_MINUTES (10): nothing is lost, and nothing grows. */
import { expect, test } from "vitest";
import { heldOf, runSoak, type SoakProcess } from "../soak/run-soak.ts";
import { type Slope, slopeOf } from "../soak/slope.ts";
import { writeSoak } from "./long-run-page.ts";

const minutes = Number(process.env.SLUICE_SOAK_MINUTES ?? 10);
const seed = Number(process.env.SLUICE_SOAK_SEED ?? 68);
const MiB = 1_024 * 1_024;
/** When everything has found its size; of a run that is shorter than five minutes, two fifths. */
const settledAt = Math.min(2, 0.4 * minutes);

interface Growth {
  /** Bytes of heap: at the end less at minute 2, both with all clients connected and no call. */
  readonly retained: number;
  /** Bytes a minute, of what is held in the rests. */
  readonly slope: Slope;
  /** Bytes of resident memory: most. */
  readonly mostResident: number;
}

function growthOf({ samples, rests }: SoakProcess): Growth {
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
    for (const [at, { start, end }] of processes.entries()) {
      expect(end.troubles).toEqual([]);
      expect(heldOf(end)).toEqual(heldOf(start));
      expect(growths[at]?.retained).toBeLessThan(MiB);
    }
    writeSoak(
      { minutes, connections: options.connections, seed, ...result },
      processes.map(({ name, start, end }, at) => ({ name, start, end, ...(growths[at] as Growth) })),
    );
  },
  60_000 * minutes + 600_000,
);
