/**
 * Counts what only a broken or hostile peer does often; says when it was too often.
 *
 * Pure: exact over a sliding time, in memory of `events` numbers, allocated at the first event. Spec: docs/wire.md §4.14.
 */
import type { Rate } from "../limits.ts";

export class AbuseMeter {
  readonly #rate: Rate;
  #times: Float64Array | undefined;
  #next = 0;
  #count = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Counts one event at `now` (ms). Returns whether more than `events` fell into the last `perMs`. */
  count(now: number): boolean {
    const { events, perMs } = this.#rate;
    this.#times ??= new Float64Array(events);
    const oldest = this.#times[this.#next] as number;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % events;
    if (this.#count < events) {
      this.#count++;
      return false;
    }
    return now - oldest < perMs;
  }
}
