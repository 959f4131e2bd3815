/**
 * Whether a link that has gone silent is still alive: a PING after some silence, dead after more.
 *
 * Only links that can be cut without a word are watched. One timer a link, armed anew only when it fires. Spec: docs/wire.md §4.10.
 */
import type { Clock, Timer } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { Link } from "../link/link.ts";

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Silence after which a PING is due, ms. */
  readonly heartbeat: number;
  /** Silence after which the link is dead, ms. */
  readonly deadAfter: number;
  /** Sends a PING. */
  ping(): void;
}

export class Heartbeat {
  readonly #link: Link;
  readonly #options: HeartbeatOptions;
  #timer: Timer | undefined;
  #lastAt: number;
  /** A PING went out, and nothing has arrived since. */
  #isAsking = false;
  /** When the link is dead if nothing arrives after that PING. */
  #deadAt = 0;

  /** Watches `link` until {@link stop}; one that does not tell what arrives is not watched. */
  constructor(link: Link, options: HeartbeatOptions) {
    this.#link = link;
    this.#options = options;
    this.#lastAt = options.clock.now();
    if (link.inbound !== undefined) this.#arm(options.heartbeat);
  }

  /** Something has arrived. */
  arrived(): void {
    this.#lastAt = this.#options.clock.now();
    this.#isAsking = false;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Not for less than a platform's timers know: fractions of time need not add up, and the same moment would come again. */
  #arm(ms: number): void {
    this.#timer = this.#options.clock.setTimer(Math.max(1, ms), this.#look, { background: true });
  }

  readonly #look = (): void => {
    const { clock, heartbeat, deadAfter, ping } = this.#options;
    const now = clock.now();
    const silentMs = now - this.#lastAt;
    if (silentMs < heartbeat) {
      this.#arm(heartbeat - silentMs);
      return;
    }
    if (!this.#isAsking) {
      this.#isAsking = true;
      // Also after a longer silence: a process that was stopped finds one of its own making.
      this.#deadAt = now + Math.max(deadAfter - silentMs, deadAfter - heartbeat);
      ping();
    }
    const leftMs = this.#deadAt - now;
    // Not only then: what arrives meanwhile begins another silence, of which the end comes sooner.
    if (leftMs > 0) this.#arm(Math.min(heartbeat, leftMs));
    else this.#link.destroy(new SluiceError("UNAVAILABLE", `The link brought nothing for ${deadAfter} ms`));
  };
}
