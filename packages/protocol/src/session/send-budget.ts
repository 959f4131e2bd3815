/**
 * How much a session keeps of what it sends: what waits for credit, and what is not yet known to have arrived.
 *
 * Pure. Credit bounds a call; this bounds the session, also against a peer that grants much and reads nothing. What waits in one
 * call makes no other wait: a slow reader stops its own writer only. Spec: docs/wire.md §2, §7.
 */
import { SluiceError } from "../errors/sluice-error.ts";

export class SendBudget {
  readonly #maxBytes: number;
  /** Bytes that were sent and need not be kept any more. */
  confirmed = 0;
  /** Bytes that were sent, and then taken back to be sent again. */
  repeated = 0;
  #unsent = 0;
  #sent = 0;
  #waiting: Set<() => void> | undefined;

  constructor(maxBuffered: number) {
    this.#maxBytes = maxBuffered;
  }

  /** Bytes kept now. */
  get bytes(): number {
    return this.#unsent + this.#sent;
  }

  /** Whether so much was sent and not confirmed that writers shall wait. A peer that keeps to its own budget never gets there. */
  get isFull(): boolean {
    return this.#sent >= this.#maxBytes;
  }

  /**
   * Counts `bytes` that wait to be sent.
   * @param hasWaited whether little else of their call does, since its writer has waited. That is always let through
   * @throws {SluiceError} `RESOURCE_EXHAUSTED` for a writer that did not wait, beyond twice the budget
   */
  keep(bytes: number, hasWaited: boolean): void {
    if (!hasWaited && this.#unsent + bytes > 2 * this.#maxBytes) {
      throw new SluiceError(
        "RESOURCE_EXHAUSTED",
        `Cannot write: ${this.#unsent} bytes wait to be sent, at most ${2 * this.#maxBytes} may (limits.maxBuffered); await each write`,
        { processed: "no" },
      );
    }
    this.#unsent += bytes;
  }

  /** `bytes` of those that wait were sent. A negative number takes that back: they will be sent again. */
  sent(bytes: number): void {
    this.#unsent -= bytes;
    this.#sent += bytes;
    if (bytes >= 0) return;
    this.repeated -= bytes;
    this.#wake();
  }

  /** `bytes` that wait will not be sent. */
  drop(bytes: number): void {
    this.#unsent -= bytes;
  }

  /** `bytes` that were sent need not be kept any more. */
  free(bytes: number): void {
    this.confirmed += bytes;
    this.#sent -= bytes;
    this.#wake();
  }

  /** Calls `wake` once, when there is room. */
  wait(wake: () => void): void {
    this.#waiting ??= new Set();
    this.#waiting.add(wake);
  }

  /** Forgets `wake`. */
  withdraw(wake: () => void): void {
    this.#waiting?.delete(wake);
  }

  #wake(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || this.isFull) return;
    this.#waiting = undefined;
    for (const wake of waiting) wake();
  }
}
