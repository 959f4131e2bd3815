/**
 * Whether a peer that lives has stopped in the middle: of a frame, or of a message that memory is reserved for.
 *
 * Pure, without a timer of its own: heartbeat.ts tells it what arrives, and asks at its looks. Spec: docs/wire.md §4.1, §4.10.
 */
import type { Link } from "../link/link.ts";

/** The calls of which a message may be missing. */
export interface MissingMessages {
  /**
   * Ends the calls of which something has been missing since `before`, or longer; nothing counts from before `from`. Returns since when
   * the first of the others misses something, `Infinity` if none does.
   */
  endStalled(before: number, from: number): number;
}

export class StallWatch {
  readonly #link: Link;
  readonly #calls: MissingMessages;
  readonly #stallTimeout: number;
  /** Nothing counts from before. */
  #from: number;
  /** As the link had it when something was last heard of it, and since when. */
  #unfinished = 0;
  #unfinishedAt: number;

  /** @param stallTimeout how long something may stand still, ms */
  constructor(link: Link, calls: MissingMessages, stallTimeout: number, now: number) {
    this.#link = link;
    this.#calls = calls;
    this.#stallTimeout = stallTimeout;
    this.#from = this.#unfinishedAt = now;
  }

  /** A chunk has come; the one before it, which came at `beforeAt`, has been read. */
  arrived(beforeAt: number): void {
    const { unfinished = 0 } = this.#link;
    if (unfinished === this.#unfinished) return;
    this.#unfinished = unfinished;
    this.#unfinishedAt = beforeAt;
  }

  /** This process was stopped: what the peer has sent meanwhile is not here yet. */
  restart(now: number): void {
    this.#from = now;
  }

  /** Since when the frame that is arriving has stood still; `lastAt`: when the last chunk came. `Infinity` between frames. */
  #frameSince(lastAt: number): number {
    this.arrived(lastAt);
    return this.#unfinished === 0 ? Number.POSITIVE_INFINITY : Math.max(this.#unfinishedAt, this.#from);
  }

  /**
   * Ends calls that have stalled, unless `isDoubtful`. Returns in how many ms something may have; 0 or less: the frame has, or it is not
   * known. `lastAt`: when the last chunk came.
   */
  look(now: number, lastAt: number, isDoubtful: boolean): number {
    const before = isDoubtful ? Number.NEGATIVE_INFINITY : now - this.#stallTimeout;
    const since = Math.min(this.#frameSince(lastAt), this.#calls.endStalled(before, this.#from));
    return since + this.#stallTimeout - now;
  }
}
