/** What a process holds: memory after garbage collection, timers and other resources, listeners, descriptors, and what nobody caught. */
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export interface Inventory {
  /** Bytes, after two collections. */
  readonly heapUsed: number;
  readonly rss: number;
  /** By kind, as Node names them: `Timeout`, `TCPSocketWrap`, … */
  readonly resources: Readonly<Record<string, number>>;
  /** Of the process itself. */
  readonly listeners: number;
  readonly descriptors: number;
  readonly connections: number;
  readonly openCalls: number;
  readonly troubles: readonly string[];
}

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");

const troubles: string[] = [];
process.on("uncaughtException", (error) => void troubles.push(`uncaught: ${error.stack ?? error.message}`));
process.on("unhandledRejection", (reason) => void troubles.push(`unhandled: ${String(reason)}`));
process.on("warning", (warning) => void troubles.push(`warning: ${warning.message}`));

export function inventoryNow(): Omit<Inventory, "connections" | "openCalls"> {
  gc();
  gc();
  const { heapUsed, rss } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  // They exist only while somebody looks.
  delete resources.Immediate;
  delete resources.TickObject;
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return { heapUsed, rss, resources, listeners, descriptors: readdirSync("/proc/self/fd").length, troubles };
}
