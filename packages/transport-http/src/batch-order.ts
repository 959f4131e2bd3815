/**
 * Numbered batches in their order, whatever order they come in: what comes again is dropped, what comes early waits, bounded.
 *
 * Pure. Spec: docs/wire.md §5.
 */

/** What became of a batch. `queued`: it is handed over, or will be after those before it. `known`: it was there before. */
export type BatchFate = "queued" | "known" | "refused";

export interface BatchOrderLimits {
  /** Batches that may wait for one before them. */
  readonly maxEarly: number;
  /** Their bytes. */
  readonly maxEarlyBytes: number;
}

export class BatchOrder {
  readonly #limits: BatchOrderLimits;
  readonly #early = new Map<number, Uint8Array>();
  #earlyBytes = 0;
  #next = 1;

  constructor(limits: BatchOrderLimits) {
    this.#limits = limits;
  }

  /** Whether some wait for one that has not come. */
  get hasGap(): boolean {
    return this.#early.size > 0;
  }

  /** The number of the batch that is next in order. */
  get next(): number {
    return this.#next;
  }

  /** Takes the batch of that number, which is at least 1, and hands over those whose turn it is now. */
  take(number: number, batch: Uint8Array, hand: (batch: Uint8Array) => void): BatchFate {
    if (number < this.#next || this.#early.has(number)) return "known";
    if (number > this.#next) return this.#keep(number, batch);
    this.#next++;
    hand(batch);
    for (let early = this.#early.get(this.#next); early !== undefined; early = this.#early.get(this.#next)) {
      this.#early.delete(this.#next++);
      this.#earlyBytes -= early.length;
      hand(early);
    }
    return "queued";
  }

  #keep(number: number, batch: Uint8Array): BatchFate {
    const { maxEarly, maxEarlyBytes } = this.#limits;
    const isFar = number > this.#next + maxEarly;
    if (isFar || this.#earlyBytes + batch.length > maxEarlyBytes) return "refused";
    this.#early.set(number, batch);
    this.#earlyBytes += batch.length;
    return "queued";
  }
}
