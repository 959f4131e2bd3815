/** Waiting that can be cut short. */
import { setTimeout } from "node:timers/promises";

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts; never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => {}); // it rejects for the abort alone
}
