/**
 * "I take no new calls": what a side that drains tells its peer, over each link again.
 *
 * Spec: docs/wire.md §4.8, §4.15.
 */
import type { Clock } from "../clock.ts";
import { type Frame, FrameType } from "../frame/frame.ts";

export class DrainNotice {
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #retry: number;

  /** For `grace` ms from now the calls that run go on, and reconnects are spread over `retry` ms. */
  constructor(clock: Clock, grace: number, retry: number) {
    this.#clock = clock;
    this.#endsAt = clock.now() + grace;
    this.#retry = retry;
  }

  /** The DRAIN that says so now. */
  get frame(): Frame {
    const grace = Math.max(0, Math.round(this.#endsAt - this.#clock.now()));
    return { type: FrameType.DRAIN, call: 0, grace, retry: this.#retry };
  }
}
