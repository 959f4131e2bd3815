import { describe, expect, it } from "vitest";
import { type FuzzKind, fuzzEngines, fuzzSeed } from "./ajv-fuzz.ts";

describe("ajv and closures", () => {
  it.each<[FuzzKind, string]>([
    ["any", "schemas of every keyword"],
    ["edges", "schemas of what engines trip over"],
  ])("have the same issues for 25,000 values (%s: %s)", { timeout: 120_000 }, (kind) => {
    const seed = fuzzSeed();
    console.info(`fuzz ${kind}: SLUICE_FUZZ_SEED=${seed}`);
    const { values, valid, schemas } = fuzzEngines(kind, seed, 25_000);
    expect(values).toBeGreaterThanOrEqual(25_000);
    expect(schemas).toBeGreaterThanOrEqual(500);
    expect(valid).toBeGreaterThan(2_500);
  });
});
