/**
 * "I take no new calls": what a side that drains tells its peer, over each link again, and when nothing is left that the peer has done before
 * it heard.
 *
 * Spec: docs/wire.md §4.8, §4.15.
 */
import type { Clock } from "../clock.ts";
import { type Frame, FrameType } from "../frame/frame.ts";
import { settlesWithin } from "../within.ts";
import type { SessionRest } from "./session-rest.ts";

/** How long a side that drains waits for a peer that does not answer, ms. */
const heardMs = 2_000;

export class DrainNotice {
  readonly #clock: Clock;
  readonly #endsAt: number;
  readonly #retry: number;
  /** The peer has heard of it over the newest link, or that link is lost, or it has taken too long. */
  #heard: Promise<unknown> = Promise.resolve();

  /** For `grace` ms from now on the calls that run go on, and reconnects are spread over `retry` ms. */
  constructor(clock: Clock, grace: number, retry: number) {
    this.#clock = clock;
    this.#endsAt = clock.now() + grace;
    this.#retry = retry;
  }

  /** Says so over `link`; `ping` goes behind it, and rejects with the link. */
  say(link: { send(frame: Frame): void }, ping: () => Promise<unknown>): void {
    const grace = Math.max(0, Math.round(this.#endsAt - this.#clock.now()));
    link.send({ type: FrameType.DRAIN, call: 0, grace, retry: this.#retry });
    // Behind its answer comes no call that the peer has made before it heard: each was refused, and may be made elsewhere.
    this.#heard = settlesWithin(
      this.#clock,
      Math.min(grace, heardMs),
      ping().catch(() => {}),
    );
  }

  /** Resolves when the peer has heard of it, over its last link, and nothing goes on. */
  async over(rest: SessionRest): Promise<void> {
    for (let heard: unknown; heard !== this.#heard; ) {
      heard = this.#heard;
      await heard;
      await rest.whenIdle();
    }
  }
}
