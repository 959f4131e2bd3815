/**
 * Whether a link that has gone silent is still alive: a PING after some silence, dead after more.
 *
 * Only links that can be cut without a word are watched. Nobody notes when a byte arrives: a timer looks whether any did, and
 * counts the silence from the look before. So PING and death are up to a third of `heartbeat` early, and never late.
 * Spec: docs/wire.md §4.10.
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
  /** What had arrived at the last look, and when that was. */
  #inbound = -1;
  #lookedAt: number;
  #silentSince = 0;
  #hasPinged = false;

  /** Watches `link` until {@link stop}; one that cannot go silent unnoticed is not watched. */
  constructor(link: Link, options: HeartbeatOptions) {
    this.#link = link;
    this.#options = options;
    this.#lookedAt = options.clock.now();
    if (link.inbound !== undefined) this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  readonly #look = (): void => {
    const { clock, heartbeat, deadAfter, ping } = this.#options;
    const now = clock.now();
    const inbound = this.#link.inbound as number;
    if (inbound !== this.#inbound) {
      this.#inbound = inbound;
      this.#silentSince = this.#lookedAt;
      this.#hasPinged = false;
    }
    this.#lookedAt = now;
    const silentMs = now - this.#silentSince;
    // Not without a PING: a process that was stopped finds a long silence, of its own making.
    if (silentMs >= deadAfter && this.#hasPinged) {
      this.#link.destroy(new SluiceError("UNAVAILABLE", `The link brought nothing for ${deadAfter} ms`));
      return;
    }
    if (silentMs >= heartbeat && !this.#hasPinged) {
      this.#hasPinged = true;
      ping();
    }
    this.#timer = clock.setTimer(heartbeat / 3, this.#look, { background: true });
  };
}
