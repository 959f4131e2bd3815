/**
 * Ends that this side has seen and the peer may forget: collected, sent along with the next write, or soon.
 *
 * Spec: docs/wire.md §4.9.
 */
import type { Clock, Timer } from "../clock.ts";

/** How long an end may stay unconfirmed, ms. */
const longestMs = 50;
/** How many may. */
const most = 256;

export class DoneNotices {
  readonly #clock: Clock;
  readonly #send: (calls: readonly number[]) => void;
  #owed: number[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, send: (calls: readonly number[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** The end of `call` was seen. */
  owe(call: number): void {
    this.#owed.push(call);
    if (this.#owed.length >= most) this.flush();
    else this.#timer ??= this.#clock.setTimer(longestMs, this.#onTimer, { background: true });
  }

  /** Sends what is owed. */
  flush(): void {
    if (this.#owed.length === 0) return;
    const calls = this.#owed;
    this.#owed = [];
    this.#send(calls);
  }

  dispose(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#owed = [];
  }

  // The timer is left alone when a write has carried the notices: arming one per call would cost more than this.
  readonly #onTimer = (): void => {
    this.#timer = undefined;
    this.flush();
  };
}
