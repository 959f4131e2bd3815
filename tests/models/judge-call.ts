/** What the end of a model's call has to say of what was done and read; whatever happened on the way. */
import { expect } from "vitest";
import { filled, type ModelCall } from "./model-calls.ts";

/** How calls ended: so many with each code. */
export type Outcomes = Map<string, number>;

export function countEnd(outcomes: Outcomes, { end }: ModelCall): void {
  addOutcomes(outcomes, [[end?.code ?? "none", 1]]);
}

/** Adds `more` to `outcomes`. */
export function addOutcomes(outcomes: Outcomes, more: Iterable<readonly [string, number]>): void {
  for (const [code, count] of more) outcomes.set(code, (outcomes.get(code) ?? 0) + count);
}

/** @param mayFail codes with which the call may have failed, for reasons that are not its own */
export function judgeCall(call: ModelCall, mayFail: readonly string[], about: string): void {
  const { number, kind, end, runs, up, down } = call;
  const name = `call ${number}, ${kind}; ${about}`;
  expect([...call.faults, ...up.faults, ...down.faults], name).toEqual([]);
  expect(runs.length, `runs of ${name}`).toBeLessThanOrEqual(1);
  if (end === undefined) throw new Error(`has not ended: ${name}`);
  const allowed = new Set(["OK", ...mayFail]);
  if (call.isCancelled || call.isStopped) allowed.add("CANCELLED");
  if (call.timeout !== undefined) allowed.add("DEADLINE_EXCEEDED");
  if (call.hasThrown) allowed.add("ABORTED");
  expect([...allowed], `${name}: ${end.message}`).toContain(end.code);
  if (end.code === "RESOURCE_EXHAUSTED") expect(end.processed, name).toBe("no");
  if (end.processed === "no") expect(runs.length, `${name} says that it has not run`).toBe(0);
  if (end.code === "OK") {
    expect(end.result, name).toBe(filled(number, 8));
    expect(runs.length, name).toBe(1);
    expect(runs[0]?.hasSettled, name).toBe(true);
  }
  // The end of a link, or of a call, is no end of the items.
  if (down.readerEnd === "end" && !down.hasEnd) expect(["OK", "CANCELLED"], name).toContain(end.code);
  const isDisturbed = call.isStopped || call.isCancelled;
  if (!isDisturbed && end.code === "OK" && call.receives) {
    expect([down.readerEnd, down.read], name).toEqual(["end", down.written.length]);
  }
  if (!call.isStopped && runs[0]?.hasReadAll === true) {
    expect([up.hasEnd, up.read], `what was sent in ${name}`).toEqual([true, up.written.length]);
  }
}
