/**
 * Publishes whose item does not fit yet: each waits until every blocking subscriber has room for it.
 *
 * A subscriber holds up the newest publishes only, so an older one never waits for more subscribers than a newer one, and
 * they are released in order.
 */

interface WaitingPublish {
  /** Subscribers that have no room for its item. */
  holders: number;
  readonly resolve: () => void;
}

export class WaitingPublishes {
  /** The oldest first. */
  #waiting: WaitingPublish[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** Adds the newest publish, which `holders` subscribers hold up. Resolves when none does. */
  add(holders: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holders, resolve });
    });
  }

  /** A subscriber that held up the `excess + 1` newest publishes has taken an item: it holds up `excess`. */
  roomMade(excess: number): void {
    this.#release(this.#waiting.length - 1 - excess, this.#waiting.length - excess);
  }

  /** A subscriber that held up the `excess` newest publishes has left. */
  holderLeft(excess: number): void {
    this.#release(this.#waiting.length - excess, this.#waiting.length);
  }

  /** Nobody is waited for any more. */
  settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve } of waiting) resolve();
  }

  #release(from: number, to: number): void {
    for (const publish of this.#waiting.slice(from, to)) publish.holders--;
    let free = 0;
    while (this.#waiting[free]?.holders === 0) free++;
    for (const { resolve } of this.#waiting.splice(0, free)) resolve();
  }
}
