/** What a process holds: memory after garbage collection, timers and other resources, listeners, descriptors, and what nobody caught. */
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { watchTimers } from "@sluice/protocol/testing/node";

export interface Inventory {
  /** Bytes, after two collections. */
  readonly heapUsed: number;
  readonly rss: number;
  /** Timers that are set, whether they keep the process alive or not. */
  readonly timers: number;
  /** What keeps the process alive, by kind, as Node names it: `Timeout`, `TCPSocketWrap`, … */
  readonly resources: Readonly<Record<string, number>>;
  /** Of the process itself. */
  readonly listeners: number;
  readonly descriptors: number;
  /** With a link. */
  readonly connections: number;
  /** Of a server: sessions, also without a link; of the clients: those that memory still holds. */
  readonly sessions: number;
  readonly openCalls: number;
  readonly troubles: readonly string[];
}

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");

const timers = watchTimers();
const troubles: string[] = [];
/** It is told by the next inventory, and of a process that ends before by what it printed. */
function trouble(text: string): void {
  troubles.push(text);
  console.error(text);
}
process.on("uncaughtException", (error) => trouble(`uncaught: ${error.stack ?? error.message}`));
process.on("unhandledRejection", (reason) => trouble(`unhandled: ${String(reason)}`));
process.on("warning", (warning) => trouble(`warning: ${warning.message}`));

export function inventoryNow(): Omit<Inventory, "connections" | "sessions" | "openCalls"> {
  gc();
  gc();
  const { heapUsed, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  // They exist only while somebody looks.
  delete resources.Immediate;
  delete resources.TickObject;
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const descriptors = readdirSync("/proc/self/fd").length;
  return { heapUsed, rss, timers: timers(), resources, listeners, descriptors, troubles };
}
