/** The fuzz of both engines for as long as wanted: `SLUICE_FUZZ_VALUES` values of each kind, else a few to see that it runs. */
import { describe, expect, it } from "vitest";
import { type FuzzKind, fuzzEngines, fuzzSeed } from "./ajv-fuzz.ts";

const wanted = Number(process.env.SLUICE_FUZZ_VALUES ?? 2_000);

describe("ajv and closures, at length", () => {
  it.each<[FuzzKind]>([["any"], ["edges"]])(
    "have the same issues for each value (%s)",
    { timeout: 60_000 + 2 * wanted },
    (kind) => {
      const seed = fuzzSeed();
      console.info(`fuzz ${kind}, ${wanted} values: SLUICE_FUZZ_SEED=${seed}`);
      const { values, valid } = fuzzEngines(kind, seed, wanted);
      expect(values).toBeGreaterThanOrEqual(wanted);
      expect(valid).toBeGreaterThan(wanted / 10);
    },
  );
});
