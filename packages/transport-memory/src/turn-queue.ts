/**
 * Runs what is due at the end of the current turn: as a microtask, unless that has kept the event loop busy for too long.
 *
 * In order, whichever way each task's turn comes.
 */
import type { Clock } from "@sluice/protocol/wire";

/** How long microtasks may follow each other before timers and I/O get a turn, ms. */
const longestTurnMs = 20;

export class TurnQueue {
  readonly #clock: Clock;
  /** One turn was asked for each. */
  readonly #tasks: (() => void)[] = [];
  /** When the first microtask since the event loop's last round ran. */
  #turnStartedAt: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `task` once, soon, after those that were deferred before. */
  defer(task: () => void): void {
    const now = this.#clock.now();
    if (this.#turnStartedAt === undefined) {
      this.#turnStartedAt = now;
      this.#clock.setTimer(
        0,
        () => {
          this.#turnStartedAt = undefined;
        },
        { background: true },
      );
    }
    this.#tasks.push(task);
    if (now - this.#turnStartedAt < longestTurnMs) queueMicrotask(this.#runNext);
    else this.#clock.setTimer(0, this.#runNext);
  }

  readonly #runNext = (): void => {
    this.#tasks.shift()?.();
  };
}
