/**
 * Notices that somebody on the way collects the events of the server instead of passing them on: requests are answered at once, and
 * events that are known to have left do not come.
 *
 * Spec: docs/wire.md §5.
 */
import type { Clock, Timer } from "@sluice/protocol/wire";

export interface BufferingWatchOptions {
  readonly clock: Clock;
  /** Asks the server for anything at all; resolves when it has answered. */
  probe(): Promise<void>;
  /** Events are held back: `lateMs` after they should have come. */
  onHeld(lateMs: number): void;
}

/** The server answers an opening at once, with a comment. After so long, ms, it is asked whether it is there at all. */
const openingMs = 1_500;
/** What came with the answer to that might still be on its way, ms. */
const graceMs = 500;
/** How long events that have left the server may take while nothing comes, ms. */
const lateMs = 5_000;
/** A timer that is later than this tells of a process that stood still, and not of events, ms. */
const sleptMs = 1_000;

export class BufferingWatch {
  readonly #options: BufferingWatchOptions;
  #timer: Timer | undefined;
  #isOver = false;
  /** Anything has come. */
  #hasBegun = false;
  /** The number of the last event that came, and of the last that is known to have left. */
  #came = 0;
  #left = 0;

  /** Watches an opening that is asked for now. */
  constructor(options: BufferingWatchOptions) {
    this.#options = options;
    this.#arm(openingMs, () => void this.#ask());
  }

  /** Bytes have come, up to event `number`. */
  came(number: number): void {
    this.#hasBegun = true;
    this.#came = number;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#expect();
  }

  /** The server says that event `number` has left. */
  left(number: number): void {
    this.#left = Math.max(this.#left, number);
    if (this.#hasBegun && this.#timer === undefined) this.#expect();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    try {
      await this.#options.probe();
    } catch {
      // A server that cannot be reached holds nothing back.
      return;
    }
    if (this.#isOver || this.#hasBegun) return;
    this.#arm(graceMs, () => this.#held(openingMs + graceMs));
  }

  #expect(): void {
    if (!this.#isOver && this.#left > this.#came) this.#arm(lateMs, () => this.#held(lateMs));
  }

  #held(ms: number): void {
    this.stop();
    this.#options.onHeld(ms);
  }

  /** Not for a process that was stopped meanwhile: what came is there, not yet read. */
  #arm(ms: number, callback: () => void): void {
    const { clock } = this.#options;
    const dueAt = clock.now() + ms;
    const due = (): void => {
      if (this.#isOver) return;
      if (clock.now() - dueAt > sleptMs) this.#arm(ms, callback);
      else callback();
    };
    this.#timer = clock.setTimer(ms, due, { background: true });
  }
}
