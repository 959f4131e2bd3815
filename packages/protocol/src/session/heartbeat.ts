/**
 * Whether a link that has gone silent is still alive: a PING after some silence, dead after more.
 *
 * Only links that can be cut without a word are watched. One timer a link, armed anew only when it fires. Spec: docs/wire.md §4.10.
 */
import type { Clock, Timer } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { Link } from "../link/link.ts";
import { onWake } from "./sleep-watch.ts";

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
  /** When the timer is due. */
  #dueAt = 0;
  #stopWatching: (() => void) | undefined;

  /** Watches `link` until {@link stop}; one that does not tell what arrives is not watched. */
  constructor(link: Link, options: HeartbeatOptions) {
    this.#link = link;
    this.#options = options;
    this.#lastAt = options.clock.now();
    if (link.inbound === undefined) return;
    this.#arm(options.heartbeat);
    this.#stopWatching = onWake(options.clock, options.heartbeat, this.#woke);
  }

  /** Something has arrived. */
  arrived(): void {
    this.#lastAt = this.#options.clock.now();
    this.#isAsking = false;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopWatching?.();
  }

  /** Not for less than a platform's timers know: fractions of time need not add up, and the same moment would come again. */
  #arm(ms: number): void {
    const { clock } = this.#options;
    const delayMs = Math.max(1, ms);
    this.#dueAt = clock.now() + delayMs;
    this.#timer = clock.setTimer(delayMs, this.#look, { background: true });
  }

  /** The peer may have given the link up while this machine slept: it is asked at once, whatever came before. */
  readonly #woke = (): void => {
    const { clock, heartbeat, deadAfter } = this.#options;
    this.#timer?.cancel();
    this.#ask(clock.now() + deadAfter - heartbeat);
    this.#arm(Math.min(heartbeat, deadAfter - heartbeat));
  };

  #ask(deadAt: number): void {
    this.#isAsking = true;
    this.#deadAt = deadAt;
    this.#options.ping();
  }

  readonly #look = (): void => {
    const { clock, heartbeat, deadAfter } = this.#options;
    const now = clock.now();
    const silentMs = now - this.#lastAt;
    if (silentMs < heartbeat) {
      this.#arm(heartbeat - silentMs);
      return;
    }
    // Also after a longer silence, and if it was asked before: a process that was stopped finds silence of its own making, and the
    // answer may be there, not yet read.
    if (!this.#isAsking || now - this.#dueAt > heartbeat) {
      this.#ask(now + Math.max(deadAfter - silentMs, deadAfter - heartbeat));
    }
    const leftMs = this.#deadAt - now;
    // Not only then: what arrives meanwhile begins another silence, of which the end comes sooner.
    if (leftMs > 0) this.#arm(Math.min(heartbeat, leftMs));
    else this.#link.destroy(new SluiceError("UNAVAILABLE", `The link brought nothing for ${deadAfter} ms`));
  };
}
