/** What must be true of a call at any time, and of its handler. */
import { expect } from "vitest";
import type { ModelCall } from "./model-calls.ts";

interface CallLimits {
  readonly maxWindow: number;
  readonly maxMessage: number;
}

export function checkCall(call: ModelCall, now: number, { maxWindow, maxMessage }: CallLimits): void {
  const { number, kind, timeout, up, down, runs, faults, end } = call;
  expect([...faults, ...up.faults, ...down.faults], `call ${number}, ${kind}`).toEqual([]);
  // Exactly once, whatever was lost and opened again.
  expect(runs.length, `runs of call ${number}`).toBeLessThanOrEqual(1);
  if (timeout !== undefined) {
    if (end === undefined) {
      expect(call.ageMs, `age of call ${number}, which has ${timeout} ms`).toBeLessThan(timeout);
    }
    // Each side has a clock of its own; what is left travels in whole ms.
    for (const { hasSettled, signal, begunMs } of runs) {
      const knows = hasSettled || signal.aborted || now <= begunMs + timeout;
      expect(knows, `the handler of call ${number} knows that its ${timeout} ms are over`).toBe(true);
    }
  }
  // What is written after a stop is taken, and goes nowhere.
  for (const flow of call.isStopped ? [] : [up, down]) {
    // Only who waits for a message is sent more than fits the window: the rest of that one.
    const most = maxWindow + (flow.isReading ? maxMessage : 0);
    expect(flow.unreadBytes, `accepted and not read in call ${number}`).toBeLessThanOrEqual(most);
  }
}
