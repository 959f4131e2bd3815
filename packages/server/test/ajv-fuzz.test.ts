import { describe, expect, it } from "vitest";
import { type FuzzKind, fuzzEngines, fuzzSeed } from "./ajv-fuzz.ts";

describe("ajv and closures", () => {
  it.each<[FuzzKind, string]>([
    ["any", "schemas of every keyword"],
    ["edges", "schemas of what engines trip over"],
  ])("have the same issues for 15,000 values (%s: %s)", { timeout: 120_000 }, (kind) => {
    const seed = fuzzSeed();
    console.info(`fuzz ${kind}: SLUICE_FUZZ_SEED=${seed}`);
    const { values, valid, schemas } = fuzzEngines(kind, seed, 15_000);
    expect(values).toBeGreaterThanOrEqual(15_000);
    expect(schemas).toBeGreaterThanOrEqual(300);
    expect(valid).toBeGreaterThan(1_500);
  });
});
