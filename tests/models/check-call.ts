/** What must be true of a call at any time, and of its handler. */
import { expect } from "vitest";
import type { ModelCall } from "./model-calls.ts";
import type { ModelFlow } from "./model-flow.ts";
import type { AuditedCall } from "./session-audit.ts";

interface CallLimits {
  readonly window: number;
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

/** Only who reads grants: a limit is a window beyond what was read, which grows with a reader that reads, or the end of what one waits for. */
export function checkGrants(call: ModelCall, audited: AuditedCall | undefined, limits: CallLimits): void {
  const { number, param, run, up, down, end } = call;
  if (audited === undefined || end !== undefined) return;
  const mostOf = (flow: ModelFlow, window: number): number =>
    flow.readUntil.offset + Math.max(window, flow.isReading ? 64 + limits.maxMessage : 0);
  const { window, maxWindow } = limits;
  // What was granted for a message stays granted when that is broken off.
  if (down.readerEnd === undefined) {
    const mostDown = mostOf(down, down.read === 0 ? window : maxWindow);
    expect(audited.down.limit, `limit of what call ${number} receives`).toBeLessThanOrEqual(mostDown);
  }
  if (!call.sends || run === undefined || run.hasSettled || up.readerEnd !== undefined) return;
  // Its handler has taken the param before all else.
  const mostUp = 64 + param.length + '""'.length + mostOf(up, maxWindow);
  expect(audited.up.limit, `limit of what call ${number} sends`).toBeLessThanOrEqual(mostUp);
}
