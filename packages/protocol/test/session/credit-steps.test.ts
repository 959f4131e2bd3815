/** In which steps a limit is raised for a reader that takes at once whatever comes. Spec: docs/wire.md §4.1 "Raising". */
import { expect, it } from "vitest";
import { ReceiveWindow } from "../../src/session/credit-window.ts";
import { MemoryBudget } from "../../src/session/memory-budget.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

it("ReceiveWindow raises the limit in steps of half a window, also for a reader that takes at once what comes", () => {
  const budget = new MemoryBudget({ maxBuffered: 8 * MiB, maxCalls: 1024 });
  const window = new ReceiveWindow(budget, { window: 64 * KiB, maxWindow: 64 * KiB }, new FakeClock());
  window.open();
  const raisedAt: number[] = [];
  for (let item = 1; item <= 192; item++) {
    window.arrive(window.received, window.received + KiB);
    if (window.take(window.received)) raisedAt.push(item);
  }
  expect(raisedAt).toEqual([32, 64, 96, 128, 160, 192]);
  expect(window.limit).toBe(256 * KiB);
});
