/**
 * Which of several transports is tried next: all of them in turn, from one on.
 *
 * Pure.
 */

/** The transports of a client, by their numbers from 0. */
export class TransportRound {
  readonly #count: number;
  #first = 0;
  /** How many of the round have failed. */
  #failed = 0;

  constructor(count: number) {
    this.#count = count;
  }

  /** The one whose turn it is, from 0. */
  get at(): number {
    return (this.#first + this.#failed) % this.#count;
  }

  /** Whether none of the round has failed. */
  get isFresh(): boolean {
    return this.#failed === 0;
  }

  /** Begins a round with `first`, taken modulo the number of transports. */
  begin(first: number): void {
    this.#first = first % this.#count;
    this.#failed = 0;
  }

  /** The one whose turn it was has failed. Returns whether it was the last of its round; the next round begins as this did. */
  fail(): boolean {
    this.#failed = (this.#failed + 1) % this.#count;
    return this.#failed === 0;
  }
}
