/**
 * One direction's offsets, as its sender and as its receiver see them: flow control, acknowledgement and resumption in one number.
 *
 * Pure arithmetic; the clock is a parameter. Spec: docs/wire.md §2, §4.1, §4.2.
 */
import type { Clock } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { maxGrantAhead, minPiece } from "../limits.ts";
import type { Claim, MemoryBudget } from "./memory-budget.ts";

/**
 * Judges a CREDIT, when `sent` is the offset up to which bytes were handed to a link.
 * @throws {SluiceError} `PROTOCOL_ERROR` if more was received than sent, `FLOW_CONTROL_ERROR` for a limit too far ahead
 */
export function checkCredit(received: number, limit: number, sent: number): void {
  if (received > sent) {
    throw new SluiceError("PROTOCOL_ERROR", `CREDIT says ${received} bytes were received, ${sent} were sent`);
  }
  if (limit > received + maxGrantAhead) {
    throw new SluiceError(
      "FLOW_CONTROL_ERROR",
      `CREDIT raises the limit to ${limit}, more than ${maxGrantAhead} beyond ${received}`,
    );
  }
}

/** What the peer has received and allows. */
export class SendWindow {
  /** Everything before it has arrived at the peer. */
  received = 0;
  /** No byte at or beyond it may be sent. */
  limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Takes a CREDIT, when `sent` is the offset up to which bytes were handed to a link. Returns whether anything changed.
   * @throws {SluiceError} as {@link checkCredit}
   */
  credit(received: number, limit: number, sent: number): boolean {
    checkCredit(received, limit, sent);
    const changes = received > this.received || limit > this.limit;
    if (received > this.received) this.received = received;
    if (limit > this.limit) this.limit = limit;
    return changes;
  }
}

/** How the windows of a session's calls behave. */
export interface WindowLimits {
  /** Bytes that a call may send before its reader has taken any, if they can be lent. */
  readonly window: number;
  /** Bytes to which the window of a fast reader grows. */
  readonly maxWindow: number;
}

/** A reader that takes half a window in less than this, and has had to wait meanwhile, is fast. */
const fastMs = 1000;

/** What has arrived, what the reader has taken, and what the peer was allowed. */
export class ReceiveWindow implements Claim {
  /** Everything before it has arrived. */
  received = 0;
  /** Everything before it was taken by the reader. */
  taken = 0;
  limit = 0;
  /** When memory was last reserved. */
  reservedAt = 0;
  /** Whether the reader has had to wait since the limit was last raised; its inbox says so. */
  hasWaited = false;
  readonly #budget: MemoryBudget;
  readonly #clock: Clock;
  readonly #limits: WindowLimits;
  #lent = 0;
  #raisedAt = 0;
  /** Bytes reserved for the message at the reader's place, beyond the window. */
  #reserved = 0;
  #claimed = 0;
  #onGranted: (() => void) | undefined;
  /** Given back: what is taken from now on raises and borrows nothing. */
  #isClosed = false;
  /** What is taken before it raises nothing, unless it is all that has arrived. */
  #quietUntil = 0;

  constructor(budget: MemoryBudget, limits: WindowLimits, clock: Clock) {
    this.#budget = budget;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Opens from `offset` on, as wide as can be lent; `close()` gives the loan back. Returns the limit. */
  open(offset = 0): number {
    this.#lent = this.#budget.lend(Math.max(0, this.#limits.window - this.#budget.floor));
    this.#raisedAt = this.#clock.now();
    this.hasWaited = false;
    this.#isClosed = false;
    this.received = this.taken = offset;
    this.limit = offset + this.size;
    this.#quietUntil = this.limit - Math.ceil(this.size / 2);
    return this.limit;
  }

  /** Bytes that may lie here untaken, reservations aside. */
  get size(): number {
    return this.#budget.floor + this.#lent;
  }

  /** Whether every byte that arrived was taken. */
  get isEmpty(): boolean {
    return this.taken === this.received;
  }

  /**
   * Judges the bytes from `from` to `to`. Returns whether they are new; `false`: all of them were here before.
   * @throws {SluiceError} `FLOW_CONTROL_ERROR` beyond the limit, `PROTOCOL_ERROR` for a gap or an overlap
   */
  arrive(from: number, to: number, beyond = 0): boolean {
    if (to > this.limit + beyond) {
      throw new SluiceError("FLOW_CONTROL_ERROR", `Data reaches ${to}, the limit is ${this.limit}`);
    }
    if (from === this.received) {
      this.received = to;
      return true;
    }
    if (to <= this.received) return false;
    throw new SluiceError("PROTOCOL_ERROR", `Data starts at ${from}, ${this.received} is next`);
  }

  /** The reader has taken everything before `offset`. Returns whether the limit was raised. */
  take(offset: number): boolean {
    if (offset >= this.#quietUntil || offset >= this.received) return this.#takeAndRaise(offset);
    if (offset > this.taken) this.taken = offset;
    return false;
  }

  #takeAndRaise(offset: number): boolean {
    if (offset > this.taken) this.taken = offset;
    if (this.#isClosed) return false;
    if (this.#reserved > 0 && this.isEmpty) this.#endReservation();
    if (!this.#isRaiseDue) return false;
    const { size } = this;
    const now = this.#clock.now();
    const { maxWindow } = this.#limits;
    if ((this.hasWaited || this.isEmpty) && now - this.#raisedAt < fastMs && size < maxWindow) {
      this.#lent += this.#budget.lend(Math.min(size, maxWindow - size));
    }
    this.#raisedAt = now;
    this.hasWaited = false;
    this.limit = Math.max(this.limit, this.taken + this.size);
    this.#quietUntil = this.limit - Math.ceil(this.size / 2);
    return true;
  }

  /**
   * Asks that the limit reach `offset`, the end of the message that the reader waits for. Returns whether it was raised now;
   * if not, `onGranted` is called when it was.
   */
  reserve(offset: number, onGranted: () => void): boolean {
    const bytes = offset - this.limit;
    if (bytes <= 0 || this.#claimed > 0 || this.#isClosed) return false;
    this.#claimed = bytes;
    this.#onGranted = onGranted;
    if (!this.#budget.reserve(bytes, this)) return false;
    this.#grant();
    return true;
  }

  /** Whether memory is reserved for a message that has not arrived whole. */
  get holdsReservation(): boolean {
    return this.#reserved > 0;
  }

  granted(): void {
    this.#grant();
    this.#onGranted?.();
  }

  /** Gives everything back. What lies here may still be taken. */
  close(): void {
    this.#isClosed = true;
    if (this.#claimed > 0) this.#budget.withdraw(this);
    this.#claimed = 0;
    this.#endReservation();
    this.#budget.giveBack(this.#lent);
    this.#lent = 0;
  }

  /** Half a window could be granted; or less than a piece is left to a sender whose reader waits. */
  get #isRaiseDue(): boolean {
    const step = this.taken + this.size - this.limit;
    return 2 * step >= this.size || (step > 0 && this.isEmpty && this.limit - this.received < minPiece);
  }

  #grant(): void {
    this.reservedAt = this.#clock.now();
    this.#reserved += this.#claimed;
    this.limit += this.#claimed;
    this.#claimed = 0;
  }

  #endReservation(): void {
    const bytes = this.#reserved;
    this.#reserved = 0;
    if (bytes > 0) this.#budget.release(bytes);
  }
}
