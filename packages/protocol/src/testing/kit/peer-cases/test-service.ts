/**
 * What a peer under test serves, for the cases: the procedures and how each behaves. docs/conformance-kit.md says the same in prose.
 */

/** By procedure, the kind and what the handler does. */
export const testService = {
  echo: "request: its result is its param",
  metadata: "request: its result is the call's metadata, as an object",
  fail: "request: fails with the declared error NO_STOCK, data {left: param}",
  crash: "request: breaks, with a message that says `secret`, as a handler with a bug does",
  wait: "request: ends when it is told to: `stopped` is its result when its signal says stop; else it never ends",
  stopped:
    "request: how many calls of `wait` and `deaf` were told to stop or aborted since `listen`; waits until these are as many as its param",
  count: "stream: the numbers from 1 to its param; the result is its param",
  letters: "stream: as many texts of 5,000 letters `a` as its param says; no result",
  sum: "channel without items of its own: the result is the sum of the numbers that it hears",
  deaf: "channel: reads nothing, and ends when it is told to, as `wait` does",
  chat: "channel: gives each item back; the result is how many there were",
} as const;

/** A text of so many letters. */
export function letters(count: number): string {
  return "a".repeat(count);
}

/** The numbers from 1 to `count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}

/** Payload bytes of a value in `json`. */
export function jsonBytes(value: unknown): number {
  return value === undefined ? 0 : new TextEncoder().encode(JSON.stringify(value)).length;
}

/** The offset behind messages of these values. Spec: docs/wire.md §2. */
export function behind(...values: readonly unknown[]): number {
  return values.reduce<number>((sum, value) => sum + 64 + jsonBytes(value), 0);
}
