/**
 * Whether a link that has gone silent is still alive: a PING after some silence, dead after more, or when it has stalled in a frame.
 *
 * Only links that can be cut without a word are watched. One timer a link, armed anew only when it fires. Spec: docs/wire.md §4.10.
 */
import type { Clock, Timer } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { Link } from "../link/link.ts";
import { onWake } from "./sleep-watch.ts";
import { type MissingMessages, StallWatch } from "./stall-watch.ts";

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Silence after which a PING is due, ms. */
  readonly heartbeat: number;
  /** Silence after which the link is dead, ms. */
  readonly deadAfter: number;
  /** How long a frame, or a message that memory is reserved for, may stand still, ms. */
  readonly stallTimeout: number;
  readonly calls: MissingMessages;
  /** Sends a PING. */
  ping(): void;
}

export class Heartbeat {
  readonly #link: Link;
  readonly #options: HeartbeatOptions;
  readonly #stalls: StallWatch;
  #timer: Timer | undefined;
  #lastAt: number;
  /** A PING went out, and nothing has arrived since. */
  #isAsking = false;
  /** When the link is dead if nothing arrives after that PING. */
  #deadAt = 0;
  /** When the timer is due. */
  #dueAt = 0;
  /** The last look found the end, and was late: what arrived meanwhile is read before the next. */
  #isDoubting = false;
  #isStopped = false;
  #stopWatching: (() => void) | undefined;

  /** Watches `link` until {@link stop}; one that does not tell what arrives is not watched. */
  constructor(link: Link, options: HeartbeatOptions) {
    this.#link = link;
    this.#options = options;
    this.#lastAt = options.clock.now();
    this.#stalls = new StallWatch(link, options.calls, options.stallTimeout, this.#lastAt);
    if (link.inbound === undefined) return;
    this.#arm(options.heartbeat);
    this.#stopWatching = onWake(options.clock, options.heartbeat, this.#woke);
  }

  /** Something has arrived. */
  arrived(): void {
    this.#stalls.arrived(this.#lastAt);
    this.#lastAt = this.#options.clock.now();
    this.#isAsking = false;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stopWatching?.();
  }

  /**
   * Not for less than a platform's timers know: fractions of time need not add up, and the same moment would come again. Nor for so long
   * that what begins to stall meanwhile would be found late.
   */
  #arm(ms: number): void {
    const { clock, stallTimeout } = this.#options;
    const delayMs = Math.max(1, Math.min(ms, stallTimeout));
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
    const { clock, heartbeat, deadAfter, stallTimeout } = this.#options;
    const now = clock.now();
    const lateMs = now - this.#dueAt;
    // A process that was busy finds what arrived meanwhile after its timers.
    const isDoubtful = lateMs > 0 && !this.#isDoubting;
    if (lateMs > heartbeat) this.#stalls.restart(now);
    const silenceMs = this.#lookForSilence(now, lateMs);
    const stallMs = this.#stalls.look(now, this.#lastAt, isDoubtful);
    if (this.#isStopped) return;
    const leftMs = Math.min(silenceMs, stallMs);
    this.#isDoubting = leftMs <= 0 && isDoubtful;
    if (leftMs > 0 || isDoubtful) this.#arm(leftMs);
    else if (silenceMs <= 0) this.#destroy(`The link brought nothing for ${deadAfter} ms`);
    else this.#destroy(`The link stood still in the middle of a frame for ${stallTimeout} ms`);
  };

  /** Asks for a sign of life if that is due. Returns in how many ms to look again; 0 or less: the link is dead. */
  #lookForSilence(now: number, lateMs: number): number {
    const { heartbeat, deadAfter } = this.#options;
    const silentMs = now - this.#lastAt;
    if (silentMs < heartbeat) return heartbeat - silentMs;
    // Also after a longer silence, and if it was asked before: a process that was stopped finds silence of its own making, and the
    // answer may be there, not yet read.
    if (!this.#isAsking || lateMs > heartbeat) this.#ask(now + deadAfter - heartbeat);
    const leftMs = this.#deadAt - now;
    // Not only then: what arrives meanwhile begins another silence, of which the end comes sooner.
    return leftMs > 0 ? Math.min(heartbeat, leftMs) : leftMs;
  }

  #destroy(message: string): void {
    this.#link.destroy(new SluiceError("UNAVAILABLE", message));
  }
}
