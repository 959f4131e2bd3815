/**
 * Waits that have an end: what somebody else's code brings, or that it has not.
 */
import type { Clock, Timer } from "./clock.ts";

/** What `promise` brings, or what `late` gives or throws if it has not settled after `ms`. */
export async function within<Value>(
  clock: Clock,
  ms: number,
  promise: Promise<Value>,
  late: () => Value,
): Promise<Value> {
  let timer: Timer | undefined;
  const isLate = new Promise<void>((resolve) => {
    timer = clock.setTimer(ms, resolve);
  });
  try {
    return await Promise.race([promise, isLate.then(late)]);
  } finally {
    timer?.cancel();
  }
}

/** Whether `promise` resolves within `ms`. Rejects as it does. */
export function settlesWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  return within(
    clock,
    ms,
    promise.then(() => true),
    () => false,
  );
}
