/**
 * Writers that wait until what they wrote lies within the limit of their direction and the budget of their session, and little
 * of it waits for the link: a peer that grants much and reads slowly would else make them fill memory.
 *
 * Spec: docs/wire.md §2, §7.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { SendBudget } from "./send-budget.ts";

/** The direction that is written to. */
export interface WrittenDirection {
  readonly window: { readonly limit: number };
  /** Up to here bytes were handed to a link. */
  readonly sent: number;
}

/** Offset bytes of a direction that may wait for the link while its writer goes on. */
export const mostAhead: number = 64 * 1024;

interface Waiter {
  offset: number;
  readonly resolve: () => void;
  readonly reject: (error: SluiceError) => void;
}

export class WriteWaiters {
  readonly #direction: WrittenDirection;
  readonly #budget: SendBudget;
  /** By ascending offset. */
  #waiting: Waiter[] = [];

  constructor(direction: WrittenDirection, budget: SendBudget) {
    this.#direction = direction;
    this.#budget = budget;
  }

  /** Resolves when the limit has reached `offset`, the link nearly so, and the budget has room. */
  wait(offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ offset, resolve, reject });
      this.wake();
    });
  }

  /** What they wait for has moved by `bytes`. */
  shift(bytes: number): void {
    for (const waiter of this.#waiting) waiter.offset += bytes;
  }

  /** The limit or the budget has changed, or something was sent: who has waited long enough goes on. */
  readonly wake = (): void => {
    let woken = 0;
    const { window, sent } = this.#direction;
    for (const waiter of this.#waiting) {
      if (waiter.offset > Math.min(window.limit, sent + mostAhead)) break;
      if (this.#budget.isFull) {
        this.#budget.wait(this.wake);
        break;
      }
      woken++;
      waiter.resolve();
    }
    if (woken > 0) this.#waiting.splice(0, woken);
  };

  /** Nothing is waited for any more: all go on or, with `error`, fail. */
  settle(error?: SluiceError): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#budget.withdraw(this.wake);
    for (const { resolve, reject } of waiting) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }
}

/** The error for a write that the end of its call has overtaken. */
export function writeAfterEnd(): SluiceError {
  return new SluiceError("CANCELLED", "Cannot write: the call has ended");
}
