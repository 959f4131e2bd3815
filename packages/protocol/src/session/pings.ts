/**
 * PINGs that wait for their answers.
 *
 * Spec: docs/wire.md §4.10.
 */
import type { Clock } from "../clock.ts";
import type { SluiceError } from "../errors/sluice-error.ts";

interface Waiting {
  readonly sentAt: number;
  readonly resolve: (roundTripMs: number) => void;
  readonly reject: (error: SluiceError) => void;
}

export class Pings {
  readonly #clock: Clock;
  /** Made with the first PING. */
  #waiting: Map<number, Waiting> | undefined;
  #lastNonce = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sends a PING by `send`; resolves with the round trip in ms. */
  ping(send: (nonce: number) => void): Promise<number> {
    this.#lastNonce = (this.#lastNonce + 1) % 2 ** 32;
    const nonce = this.#lastNonce;
    this.#waiting ??= new Map();
    const waiting = this.#waiting;
    return new Promise((resolve, reject) => {
      waiting.set(nonce, { sentAt: this.#clock.now(), resolve, reject });
      send(nonce);
    });
  }

  /** An answer came. Returns whether anybody waited for it. */
  answered(nonce: number): boolean {
    const waiting = this.#waiting?.get(nonce);
    if (waiting === undefined) return false;
    this.#waiting?.delete(nonce);
    waiting.resolve(this.#clock.now() - waiting.sentAt);
    return true;
  }

  /** No answer will come. */
  fail(error: SluiceError): void {
    for (const { reject } of this.#waiting?.values() ?? []) reject(error);
    this.#waiting = undefined;
  }
}
