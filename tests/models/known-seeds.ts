/** Seeds of runs that have failed once, and what was wrong: they are run before all others. The file is typed by hand. */
import { readFileSync } from "node:fs";
import type { Happening } from "./interleavings.ts";
import type { KnownSeed, StepList } from "./session-model.ts";

interface Why {
  /** What was wrong. */
  readonly why: string;
}

interface KnownSeeds {
  readonly sessions: readonly (KnownSeed & Why & { readonly list: StepList })[];
  readonly interleavings: readonly (Why & { readonly set: readonly Happening[]; readonly seed: number })[];
  readonly histories: readonly (Why & { readonly seed: number })[];
}

export const knownSeeds: KnownSeeds = JSON.parse(
  readFileSync(new URL("./known-seeds.json", import.meta.url), "utf8"),
) as KnownSeeds;
