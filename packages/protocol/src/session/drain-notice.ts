/**
 * "I take no new calls": what a side that drains tells its peer, over each link again.
 *
 * Spec: docs/wire.md §4.8, §4.15.
 */
import type { Clock } from "../clock.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import { settlesWithin } from "../within.ts";

/** How long a side that drains waits for a peer that does not answer, ms. */
const heardMs = 2_000;

export class DrainNotice {
  readonly #endsAt: number;
  readonly #retry: number;

  /** For `grace` ms from `now` on the calls that run go on, and reconnects are spread over `retry` ms. */
  constructor(now: number, grace: number, retry: number) {
    this.#endsAt = now + grace;
    this.#retry = retry;
  }

  /** The DRAIN that says so at `now`. */
  at(now: number): Frame {
    const grace = Math.max(0, Math.round(this.#endsAt - now));
    return { type: FrameType.DRAIN, call: 0, grace, retry: this.#retry };
  }
}

/** Resolves when a PING behind the notice is answered, the link is lost, or it has taken too long; never later than `grace`. */
export async function answerTo(ping: Promise<unknown>, clock: Clock, grace: number): Promise<void> {
  await settlesWithin(
    clock,
    Math.min(grace, heardMs),
    ping.catch(() => {}),
  );
}
