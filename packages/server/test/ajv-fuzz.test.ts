import { describe, expect, it } from "vitest";
import { type FuzzKind, fuzzEngines, fuzzSeed } from "./ajv-fuzz.ts";

describe("ajv and closures", () => {
  it.each<[FuzzKind, string]>([
    ["any", "schemas of every keyword"],
    ["edges", "schemas of what engines trip over"],
  ])("have the same issues for 50,000 values (%s: %s)", { timeout: 120_000 }, (kind) => {
    const seed = fuzzSeed();
    console.info(`fuzz ${kind}: SLUICE_FUZZ_SEED=${seed}`);
    const { values, valid, schemas } = fuzzEngines(kind, seed, 50_000);
    expect(values).toBeGreaterThanOrEqual(50_000);
    expect(schemas).toBeGreaterThanOrEqual(1_000);
    expect(valid).toBeGreaterThan(5_000);
  });
});
