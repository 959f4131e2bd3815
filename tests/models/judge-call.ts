/** What the end of a model's call has to say of what was done and read; whatever happened on the way. */
import { expect } from "vitest";
import { judgeItems } from "./judge-items.ts";
import type { ModelCall } from "./model-calls.ts";
import { filled } from "./model-flow.ts";

/** How calls ended: so many with each code. */
export type Outcomes = Map<string, number>;

export function countEnd(outcomes: Outcomes, { end }: ModelCall): void {
  addOutcomes(outcomes, [[end?.code ?? "none", 1]]);
}

/** Adds `more` to `outcomes`. */
export function addOutcomes(outcomes: Outcomes, more: Iterable<readonly [string, number]>): void {
  for (const [code, count] of more) outcomes.set(code, (outcomes.get(code) ?? 0) + count);
}

export function judgeCall(call: ModelCall, about: string): void {
  const { number, kind, end, runs, up, down } = call;
  const name = `call ${number}, ${kind}; ${about}`;
  expect([...call.faults, ...up.faults, ...down.faults], name).toEqual([]);
  expect(runs.length, `runs of ${name}`).toBeLessThanOrEqual(1);
  if (end === undefined) throw new Error(`has not ended: ${name}`);
  const allowed = new Set(["OK", ...call.mayFail]);
  // What is stopped and was not sent is over; what was sent gets its result.
  if (call.isCancelled || (call.isStopped && end.processed === "no")) allowed.add("CANCELLED");
  if (call.timeout !== undefined) allowed.add("DEADLINE_EXCEEDED");
  if (call.hasThrown) allowed.add("ABORTED");
  expect([...allowed], `${name}: ${end.message}`).toContain(end.code);
  if (end.code === "RESOURCE_EXHAUSTED") expect(end.processed, name).toBe("no");
  if (end.code !== "OK") expect(["no", "maybe"], name).toContain(end.processed);
  if (end.code === "UNAVAILABLE" && call.mustSayNo) expect(end.processed, name).toBe("no");
  if (end.processed === "no") expect(runs.length, `${name} says that it has not run`).toBe(0);
  if (end.code === "OK") {
    expect(end.result, name).toBe(filled(number, 8));
    expect(runs.length, name).toBe(1);
    expect(runs[0]?.hasSettled, name).toBe(true);
  }
  judgeItems(call, end, name);
}
