/**
 * Whether a history of appends can be true, given the log that they have left: what clients were told of each, against what is there.
 *
 * Pure.
 */

/** One append, as its client knows it. `value` is its own: no other append has the same. */
export interface Append {
  readonly value: number;
  /** Whether it may be repeated by whoever does not know how it went. */
  readonly isIdempotent: boolean;
  /** `ok`: it was acknowledged. `no`, `maybe`: it failed, and this is what is known of it. */
  readonly verdict: "ok" | "no" | "maybe";
}

/** What is wrong; empty if nothing is. */
export function historyFaults(history: readonly Append[], log: readonly number[]): string[] {
  const counts = new Map<number, number>();
  for (const value of log) counts.set(value, (counts.get(value) ?? 0) + 1);
  const known = new Set(history.map(({ value }) => value));
  const foreign = [...counts.keys()].filter((value) => !known.has(value));
  return [
    ...foreign.map((value) => `${value} is in the log, and nobody appended it`),
    ...history.flatMap((append) => faultOf(append, counts.get(append.value) ?? 0)),
  ];
}

function faultOf({ value, isIdempotent, verdict }: Append, count: number): string[] {
  const least = verdict === "ok" ? 1 : 0;
  const most = verdict === "no" ? 0 : isIdempotent ? Number.POSITIVE_INFINITY : 1;
  if (count >= least && count <= most) return [];
  const kind = isIdempotent ? "repeatable" : "plain";
  return [`${value}, a ${kind} append that ended with "${verdict}", is in the log ${count} times`];
}
