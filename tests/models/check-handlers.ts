/** Whether a server counts its handlers and calls as its model does, and within their bounds. */
import type { ServerConnection } from "@sluice/server";
import { expect } from "vitest";
import type { HandlerRun, ModelCall } from "./model-calls.ts";

/**
 * @param runs of this server
 * @param isCalm whether both sides know all that the other does
 * @param most handlers of a session
 */
export function checkHandlers(
  connections: readonly ServerConnection[],
  runs: readonly HandlerRun[],
  calls: readonly ModelCall[],
  isCalm: boolean,
  most: number,
): void {
  const running = runs.filter(({ hasSettled }) => !hasSettled).map(({ connection }) => connection);
  const runningOf = (id: string | undefined): number => running.filter((one) => one === id).length;
  // One whose param has not arrived whole has its slot, and no handler yet; where links break, its server may not know that it is over.
  const mayCome = ({ end, runs }: ModelCall): boolean => runs.length === 0 && (end === undefined || !isCalm);
  const coming = calls.filter(mayCome).length;
  for (const { id, openCalls, runningHandlers } of connections) {
    const own = runningOf(id);
    expect(runningHandlers, "running handlers").toBeGreaterThanOrEqual(own);
    expect(runningHandlers, "running handlers").toBeLessThanOrEqual(Math.min(most, own + coming));
    // What has ended is confirmed with whatever is sent next: the client never has more open than may run.
    expect(openCalls, "open calls").toBeLessThanOrEqual(most);
  }
  // Those of a session that has no link count, too.
  for (const id of running) expect(runningOf(id), "handlers of a session").toBeLessThanOrEqual(most);
}
