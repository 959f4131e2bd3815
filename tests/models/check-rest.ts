/** Whether a session lends no more memory to its calls than there is, and has all of it back when they are over. */
import type { Session } from "@sluice/protocol/wire";
import { expect } from "vitest";

export function checkBudget({ budget }: Session): void {
  expect(budget.lendable, "bytes that can be lent").toBeGreaterThanOrEqual(0);
}

/** @param maxBuffered as in its limits */
export function checkRest({ budget, keptBytes, openCalls }: Session, maxBuffered: number): void {
  expect([openCalls, keptBytes], "calls, and bytes kept").toEqual([0, 0]);
  expect(budget.lendable, "bytes that can be lent").toBe(maxBuffered / 4);
  expect(budget.isReserved, "memory is reserved").toBe(false);
}
