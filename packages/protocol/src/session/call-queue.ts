/**
 * Calls that wait at their caller until the peer has room for them: first come, first served, bounded.
 *
 * Pure. Spec: docs/wire.md §4.3.
 */
import { SluiceError } from "../errors/sluice-error.ts";

const none: ReadonlySet<never> = new Set();

export class CallQueue<Call extends object> {
  readonly #most: number;
  // Made when the first call waits: most sessions have none that do.
  #calls: Set<Call> | undefined;
  /** Those that the peer had no room for: before all others, in the order in which they first came back. */
  #returned: Set<Call> | undefined;
  #ranks: WeakMap<Call, number> | undefined;
  #lastRank = 0;

  constructor(maxQueue: number) {
    this.#most = maxQueue;
  }

  get length(): number {
    return (this.#returned?.size ?? 0) + (this.#calls?.size ?? 0);
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
    this.#calls ??= new Set();
    this.#calls.add(call);
  }

  /** Puts a call back that the peer had no room for, also when it is full. */
  putBack(call: Call): void {
    this.#ranks ??= new WeakMap();
    const ranks = this.#ranks;
    if (!ranks.has(call)) ranks.set(call, ++this.#lastRank);
    const rank = ranks.get(call) as number;
    const returned = [...(this.#returned ?? none)];
    const before = returned.filter((other) => (ranks.get(other) as number) < rank);
    this.#returned = new Set([...before, call, ...returned.slice(before.length)]);
  }

  /** Takes the call whose turn it is. */
  take(): Call | undefined {
    for (const waiting of [this.#returned, this.#calls]) {
      for (const call of waiting ?? none) {
        waiting?.delete(call);
        return call;
      }
    }
    return undefined;
  }

  /** Forgets a call. Returns whether it was waiting. */
  remove(call: Call): boolean {
    return this.#returned?.delete(call) === true || this.#calls?.delete(call) === true;
  }

  /** Those that wait now, in order. */
  all(): Call[] {
    return [...(this.#returned ?? none), ...(this.#calls ?? none)];
  }
}
