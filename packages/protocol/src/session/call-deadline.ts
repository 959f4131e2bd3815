/**
 * When a call must have ended, by this side's clock.
 *
 * Both ends have one for the same call, and neither waits for the other's. Spec: docs/wire.md §4.5.
 */
import type { Clock, Timer } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";

export class CallDeadline {
  readonly #clock: Clock;
  readonly #at: number;
  readonly #timer: Timer;

  /** Calls `onPassed` once, `timeoutMs` from now, unless it is cancelled before. */
  constructor(clock: Clock, timeoutMs: number, onPassed: () => void) {
    this.#clock = clock;
    this.#at = clock.now() + timeoutMs;
    this.#timer = clock.setTimer(timeoutMs, onPassed);
  }

  /** Milliseconds that are left, at least 0; also after it was cancelled. */
  get remainingMs(): number {
    return Math.max(0, this.#at - this.#clock.now());
  }

  /** It no longer matters. */
  cancel(): void {
    this.#timer.cancel();
  }
}

/** The error of a caller whose clock was first. */
export function passedDeadline(procedure: string, timeoutMs: number, processed: "no" | "maybe"): SluiceError {
  const message = `${procedure} did not end within ${Math.round(timeoutMs)} ms`;
  return new SluiceError("DEADLINE_EXCEEDED", message, { processed });
}
