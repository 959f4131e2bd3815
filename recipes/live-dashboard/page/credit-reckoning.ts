/**
 * What the sender of a stream may still send, reckoned by its receiver.
 *
 * By the rules of docs/backpressure.md: an item costs its payload and 64 bytes, and a window is granted again in steps of a half.
 */

/** Bytes that a message costs beyond its payload. */
const overhead = 64;

export class CreditReckoning {
  readonly #windowBytes: number;
  #taken = 0;
  /** Up to here the sender may send. */
  #limit: number;

  /** @param windowBytes the window, which has to stay as it is: the client's `limits.window` and `limits.maxWindow` */
  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes;
    this.#limit = windowBytes;
  }

  /** An item of so many bytes was taken. */
  take(payloadBytes: number): void {
    this.#taken += payloadBytes + overhead;
    const grantable = this.#taken + this.#windowBytes - this.#limit;
    if (grantable >= this.#windowBytes / 2) this.#limit += grantable;
  }

  /** Bytes that may still be sent, when so many have arrived and were not taken (`call.stats.buffered`). */
  credit(bufferedBytes: number): number {
    return Math.max(0, this.#limit - this.#taken - bufferedBytes);
  }
}
