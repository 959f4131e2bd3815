/** What a runtime says of itself once everything ran in it; the texts cross as JSON. */
import type { CaseOutcome } from "./run-calls.ts";
import type { Verdicts } from "./run-verdicts.ts";

export interface Report {
  readonly cases: readonly { readonly name: string; readonly shows: string }[];
  /** By the names of links. */
  readonly calls: Record<string, readonly CaseOutcome[]>;
  readonly verdicts: Verdicts;
}
