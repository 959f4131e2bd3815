/** When a process of the soak holds what it holds: before everything, and after it. */
import { setTimeout as pause } from "node:timers/promises";
import type { Child } from "@sluice/protocol/testing/node";
import type { Inventory } from "./inventory.ts";

/** Connections of HTTP that are kept for the next request are closed after 5 s. */
export const keptSeconds = 8;

/** Until all is over that was begun, s; what is left then is a leak. */
const coolDownSeconds = 90;

export async function inventoryOf(child: Child): Promise<Inventory> {
  return (await child.ask("report")) as Inventory;
}

/** What a process holds once nothing is open, and it has been the same for as long as anything is kept. */
export async function settled(child: Child): Promise<Inventory> {
  let last = await inventoryOf(child);
  for (let since = performance.now(); performance.now() - since < 1_000 * keptSeconds; ) {
    await pause(500);
    const now = await inventoryOf(child);
    if (now.connections > 0 || !isSame(last, now)) since = performance.now();
    last = now;
  }
  return last;
}

/** Asks until it holds what it held at the start, or the time is over. */
export async function coolDown(child: Child, start: Inventory): Promise<Inventory> {
  for (const giveUpAt = performance.now() + 1_000 * coolDownSeconds; ; ) {
    const now = await inventoryOf(child);
    if (isSame(start, now) || performance.now() > giveUpAt) return now;
    await pause(500);
  }
}

/** Whether calls, timers, listeners and descriptors are what they were. */
function isSame(start: Inventory, end: Inventory): boolean {
  return JSON.stringify(heldOf(start)) === JSON.stringify(heldOf(end));
}

/** What has to be the same before and after. */
export function heldOf({ heapUsed: _, rss: __, troubles: ___, resources, ...held }: Inventory): object {
  return { ...held, resources: Object.fromEntries(Object.entries(resources).sort()) };
}
