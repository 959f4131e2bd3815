/**
 * Who sends next: byte-fair turns among those that have something to send, by deficit round robin.
 *
 * Pure. Spec: docs/wire.md §4.11. Method: M. Shreedhar, G. Varghese, "Efficient fair queueing using deficit round robin", 1995.
 */

/** Bytes of one turn. A frame may overdraw it; the next turns then pay. */
export const turnBytes: number = 16 * 1024;

/** Somebody who takes turns. */
export interface TurnTaker {
  /** Bytes that it may send now; negative after an overdraft. The scheduler's field, 0 at first. */
  turnCredit: number;
}

export class Turns<Taker extends TurnTaker> {
  /** In the order of their turns. Made when somebody first has to wait. */
  #round: Set<Taker> | undefined;

  get isEmpty(): boolean {
    return this.#round === undefined || this.#round.size === 0;
  }

  /** Puts `taker` at the end of the round, if it does not wait already. */
  add(taker: Taker): void {
    this.#round ??= new Set();
    this.#round.add(taker);
  }

  /** Takes `taker` out of the round; what it overdrew stays with it. */
  remove(taker: Taker): void {
    if (this.#round?.delete(taker) === true) taker.turnCredit = Math.min(0, taker.turnCredit);
  }

  /** Whose turn it is, with `turnCredit` above 0; `undefined` if nobody waits. It stays first until {@link spent}. */
  next(): Taker | undefined {
    for (const taker of this.#round ?? []) {
      if (taker.turnCredit <= 0) taker.turnCredit += turnBytes;
      if (taker.turnCredit > 0) return taker;
      this.#toEnd(taker);
    }
    return undefined;
  }

  /** The first has sent `bytes`. It leaves if it has nothing more, goes to the end if its turn is used up, else stays first. */
  spent(taker: Taker, bytes: number, hasMore: boolean): void {
    taker.turnCredit -= bytes;
    if (!hasMore) this.remove(taker);
    else if (taker.turnCredit <= 0) this.#toEnd(taker);
  }

  /** Nobody waits any more. */
  clear(): void {
    this.#round = undefined;
  }

  #toEnd(taker: Taker): void {
    this.#round?.delete(taker);
    this.#round?.add(taker);
  }
}
