/**
 * Tells links when the machine has slept: the clock on the wall went on, and the monotonic one, with all timers, stood still.
 *
 * One timer for all links of a clock, and none without a link. Where the monotonic clock goes on during sleep (macOS, Windows, a
 * process that was stopped), timers are late instead, which each finds by itself. Used by heartbeat.ts.
 */
import type { Clock, Timer } from "../clock.ts";

/** How soon after it woke a machine is found to have slept, ms. */
const lookMs = 1_000;

interface Sleeper {
  /** Sleep that is worth telling, ms. */
  readonly leastMs: number;
  woke(): void;
}

class SleepWatch {
  readonly #clock: Clock;
  readonly #wallNow: () => number;
  readonly #sleepers = new Set<Sleeper>();
  #timer: Timer | undefined;
  /** By how much the wall's clock was ahead. */
  #aheadMs = 0;

  constructor(clock: Clock, wallNow: () => number) {
    this.#clock = clock;
    this.#wallNow = wallNow;
  }

  add(sleeper: Sleeper): () => void {
    this.#sleepers.add(sleeper);
    if (this.#timer === undefined) this.#arm();
    return () => {
      if (!this.#sleepers.delete(sleeper) || this.#sleepers.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    };
  }

  #arm(): void {
    this.#aheadMs = this.#wallNow() - this.#clock.now();
    this.#timer = this.#clock.setTimer(lookMs, this.#look, { background: true });
  }

  readonly #look = (): void => {
    const sleptMs = this.#wallNow() - this.#clock.now() - this.#aheadMs;
    this.#arm();
    for (const sleeper of [...this.#sleepers]) if (sleptMs > sleeper.leastMs) sleeper.woke();
  };
}

const watches = new WeakMap<Clock, SleepWatch>();

/**
 * Calls `woke` within a second of each awakening from a sleep of more than `leastMs`, until what it returns is called. A wall's clock
 * that was put forward looks like sleep. Does nothing with a clock that does not know the time on the wall.
 */
export function onWake(clock: Clock, leastMs: number, woke: () => void): () => void {
  if (clock.wallNow === undefined) return () => {};
  let watch = watches.get(clock);
  if (watch === undefined) {
    watch = new SleepWatch(clock, clock.wallNow.bind(clock));
    watches.set(clock, watch);
  }
  return watch.add({ leastMs, woke });
}
