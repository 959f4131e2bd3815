/**
 * Whether a peer that comes back over link after link gets on: what was new, against what has to be sent to it again.
 *
 * Pure. A line that comes and goes brings something each time; who only asks for repeats does not. Spec: docs/wire.md §4.14.
 */

/** Of a session, since it was made. */
export interface Progress {
  /** Another number with all that has come from the peer. */
  readonly arrived: number;
  /** Offset bytes that the peer has received, or needs no more. */
  readonly confirmed: number;
  /** Offset bytes that were sent, and are to be sent again. */
  readonly repeated: number;
}

/** Bytes that may be sent again for each that was received. */
const mostRepeats = 3;

export class ResumeMeter {
  readonly #spareBytes: number;
  #arrived = 0;
  #confirmed = 0;

  /** @param maxBuffered what may be on its way when the first link breaks, bytes */
  constructor(maxBuffered: number) {
    this.#spareBytes = maxBuffered;
  }

  /** The peer comes back. Returns whether something has come of its last link, and repeats have not got out of hand. */
  getsOn({ arrived, confirmed, repeated }: Progress): boolean {
    const hasNews = arrived !== this.#arrived || confirmed !== this.#confirmed;
    this.#arrived = arrived;
    this.#confirmed = confirmed;
    return hasNews && repeated <= mostRepeats * confirmed + this.#spareBytes;
  }
}
