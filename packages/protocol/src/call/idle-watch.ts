/** Notices that a call has brought no item for too long, whether it runs or waits. */
import type { Clock, Timer } from "../clock.ts";

export class IdleWatch {
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #expired: () => void;
  #lastItemAt: number;
  #timer: Timer | undefined;

  /** Begins. Calls `expired` when `idleMs` milliseconds have passed without an item. */
  constructor(clock: Clock, idleMs: number, expired: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#expired = expired;
    this.#lastItemAt = clock.now();
    this.#arm(idleMs);
  }

  /** An item has come. */
  readonly itemCame = (): void => {
    this.#lastItemAt = this.#clock.now();
  };

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => {
      const leftMs = this.#lastItemAt + this.#idleMs - this.#clock.now();
      if (leftMs > 0) this.#arm(leftMs);
      else this.#expired();
    });
  }
}
