/**
 * Calls that wait at their caller until the peer has room for them: first come, first served, bounded.
 *
 * Pure. Spec: docs/wire.md §4.3.
 */
import { SluiceError } from "../errors/sluice-error.ts";

export class CallQueue<Call extends object> {
  readonly #most: number;
  readonly #calls = new Set<Call>();
  /** Those that the peer had no room for: before all others, in the order in which they first came back. */
  #returned = new Set<Call>();
  readonly #ranks = new WeakMap<Call, number>();
  #lastRank = 0;

  constructor(maxQueue: number) {
    this.#most = maxQueue;
  }

  get length(): number {
    return this.#returned.size + this.#calls.size;
  }

  /** @throws {SluiceError} `RESOURCE_EXHAUSTED` when it is full */
  checkRoom(): void {
    if (this.length >= this.#most) {
      throw new SluiceError(
        "RESOURCE_EXHAUSTED",
        `Cannot call: ${this.#most} of ${this.#most} calls wait for the peer (limits.maxQueue)`,
        { processed: "no" },
      );
    }
  }

  add(call: Call): void {
    this.#calls.add(call);
  }

  /** Puts a call back that the peer had no room for, also when it is full. */
  putBack(call: Call): void {
    if (!this.#ranks.has(call)) this.#ranks.set(call, ++this.#lastRank);
    const rank = this.#rank(call);
    const returned = [...this.#returned];
    const before = returned.filter((other) => this.#rank(other) < rank);
    this.#returned = new Set([...before, call, ...returned.slice(before.length)]);
  }

  #rank(call: Call): number {
    return this.#ranks.get(call) as number;
  }

  /** Takes the call whose turn it is. */
  take(): Call | undefined {
    for (const waiting of [this.#returned, this.#calls]) {
      for (const call of waiting) {
        waiting.delete(call);
        return call;
      }
    }
    return undefined;
  }

  /** Forgets a call. Returns whether it was waiting. */
  remove(call: Call): boolean {
    return this.#returned.delete(call) || this.#calls.delete(call);
  }

  /** Those that wait now, in order. */
  all(): Call[] {
    return [...this.#returned, ...this.#calls];
  }
}
