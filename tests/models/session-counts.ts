/** What was seen in all runs of the session model, and what must have been. */
import { expect } from "vitest";
import { addOutcomes, countEnd, type Outcomes } from "./judge-call.ts";
import type { ModelCall } from "./model-calls.ts";
import type { StepList } from "./session-model.ts";

/** What was seen in all runs of a list. */
export class SessionCounts {
  runs = 0;
  /** How often each step was taken. */
  readonly steps = new Map<string, number>();
  /** How calls ended; and those of them that nobody left or failed, and that had no timeout. */
  readonly calls: Outcomes = new Map();
  readonly freeCalls: Outcomes = new Map();
  /** Those that lived while their server drained; what failed also by what it said of it. */
  readonly drained: Outcomes = new Map();

  ended(calls: readonly ModelCall[]): void {
    this.runs++;
    for (const call of calls) {
      countEnd(this.calls, call);
      const isFree = !call.isLeft && !call.hasThrown && call.timeout === undefined;
      if (isFree) countEnd(this.freeCalls, call);
      const { code, processed } = call.end ?? {};
      if (call.metDrain) addOutcomes(this.drained, [[[code, processed].join(" ").trim(), 1]]);
    }
  }
}

/** Of the calls that nobody left, so many must end well, of a hundred. */
const leastOk: Record<StepList, number> = { gentle: 90, rough: 60 };

/** Fails unless calls have ended in every way that the list can bring about, and most of them well. */
export function checkCounts(list: StepList, { runs, calls, freeCalls, drained }: SessionCounts): void {
  const may = ["OK", "CANCELLED", "DEADLINE_EXCEEDED", "ABORTED"];
  if (list === "rough") may.push("UNAVAILABLE");
  for (const code of may) expect(calls.get(code) ?? 0, `${code} in ${list} runs`).toBeGreaterThan(0);
  const byDrain = list === "rough" ? ["OK", "UNAVAILABLE maybe"] : [];
  for (const how of byDrain) expect(drained.get(how) ?? 0, `${how} under a drain`).toBeGreaterThan(0);
  const free = [...freeCalls.values()].reduce((sum, count) => sum + count, 0);
  expect(free, `calls that nobody left in ${list} runs`).toBeGreaterThan(runs);
  const percent = (100 * (freeCalls.get("OK") ?? 0)) / free;
  expect(percent, `${list} calls that ended well, of a hundred`).toBeGreaterThan(leastOk[list]);
}
