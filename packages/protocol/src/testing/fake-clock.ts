/**
 * A clock that stands still until a test moves it: timers fire in order, at exactly their time, and none is ever waited for.
 */
import type { Clock, Timer } from "../clock.ts";

interface Armed {
  readonly dueAt: number;
  readonly order: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #armed = new Set<Armed>();

  now(): number {
    return this.#now;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const armed: Armed = { dueAt: this.#now + Math.max(0, delayMs), order: this.#order++, callback };
    this.#armed.add(armed);
    return {
      cancel: () => {
        this.#armed.delete(armed);
      },
    };
  }

  /** Timers that are armed. A test that ends with some has a leak. */
  get armedTimers(): number {
    return this.#armed.size;
  }

  /** When the next timer fires, ms from now; `undefined` if none is armed. */
  get nextTimerMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.dueAt - this.#now;
  }

  /**
   * Moves time on by `ms`, firing what becomes due on the way, each at its time. Between timers, promises that they settled run
   * their reactions.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(); next !== undefined && next.dueAt <= until; next = this.#next()) {
      this.#now = Math.max(this.#now, next.dueAt);
      this.#armed.delete(next);
      next.callback();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  /** Moves time on by `ms` as if the process had been stopped: what became due fires at the next {@link advance}, late. */
  stopFor(ms: number): void {
    this.#now += ms;
  }

  #next(): Armed | undefined {
    let next: Armed | undefined;
    for (const armed of this.#armed) {
      if (
        next === undefined ||
        armed.dueAt < next.dueAt ||
        (armed.dueAt === next.dueAt && armed.order < next.order)
      ) {
        next = armed;
      }
    }
    return next;
  }
}

/** Lets pending promise reactions run, as many rounds of them as chains of ordinary length need. */
async function settled(): Promise<void> {
  for (let round = 0; round < 32; round++) await Promise.resolve();
}
