/**
 * Time behind one interface: a monotonic now, and timers that can be as long as anyone likes.
 *
 * The only file that touches `setTimeout`. Tests pass a fake clock (`@sluice/protocol/testing`).
 */

/** A timer that has been armed. Cancelling twice, or after it fired, is fine. */
export interface Timer {
  cancel(): void;
}

export interface TimerOptions {
  /** The timer alone shall not keep the process alive (where the platform knows that). Default `false`. */
  readonly background?: boolean;
}

export interface Clock {
  /** Milliseconds on a monotonic scale; only differences mean something. */
  now(): number;
  /** Milliseconds since 1970 by the clock on the wall, which may jump. Absent: sleep of the machine shows in late timers alone. */
  wallNow?(): number;
  /** Runs `callback` once, `delayMs` from now (0 to 2^53). */
  setTimer(delayMs: number, callback: () => void, options?: TimerOptions): Timer;
}

/** Node fires a longer timeout after 1 ms; browsers do likewise. */
const longestTimeoutMs = 2 ** 31 - 1;

class SystemTimer implements Timer {
  #handle: ReturnType<typeof setTimeout> | undefined;

  constructor(delayMs: number, callback: () => void, background: boolean) {
    this.#arm(performance.now() + delayMs, delayMs, callback, background);
  }

  #arm(due: number, delayMs: number, callback: () => void, background: boolean): void {
    const fire =
      delayMs <= longestTimeoutMs
        ? callback
        : () => this.#arm(due, due - performance.now(), callback, background);
    this.#handle = setTimeout(fire, Math.max(0, Math.min(delayMs, longestTimeoutMs)));
    if (background) (this.#handle as { unref?: () => void }).unref?.();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, callback, options) => new SystemTimer(delayMs, callback, options?.background === true),
};
