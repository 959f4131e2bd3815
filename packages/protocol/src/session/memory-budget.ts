/**
 * How much a session buffers for its readers, in three parts: floors, loans, reservations.
 *
 * Pure arithmetic. The sum of all that is granted and not taken never exceeds `maxBuffered`. Spec: docs/wire.md §4.1.
 */
import { maxFloor, minFloor } from "../limits.ts";

/** Somebody who waits for a reservation. */
export interface Claim {
  /** The bytes that were asked for are reserved now. */
  granted(): void;
}

interface WaitingClaim {
  readonly bytes: number;
  readonly claim: Claim;
}

export class MemoryBudget {
  /** The window of every call that is always there, bytes. */
  readonly floor: number;
  #lendable: number;
  #reservable: number;
  readonly #mostReserved: number;
  readonly #waiting: WaitingClaim[] = [];

  constructor({ maxBuffered, maxCalls }: { readonly maxBuffered: number; readonly maxCalls: number }) {
    const quarter = Math.floor(maxBuffered / 4);
    this.floor = Math.max(minFloor, Math.min(maxFloor, Math.floor(quarter / maxCalls)));
    this.#lendable = quarter;
    this.#reservable = this.#mostReserved = Math.floor(maxBuffered / 2);
  }

  /** Whether anything is reserved. */
  get isReserved(): boolean {
    return this.#reservable < this.#mostReserved;
  }

  /** Bytes that could be lent now. */
  get lendable(): number {
    return this.#lendable;
  }

  /** Lends `bytes`, or what is left of the loans if that is less. Returns how much. */
  lend(bytes: number): number {
    const lent = Math.max(0, Math.min(bytes, this.#lendable));
    this.#lendable -= lent;
    return lent;
  }

  /** Takes a loan back. */
  giveBack(bytes: number): void {
    this.#lendable += bytes;
  }

  /**
   * Reserves `bytes` if they are there and nobody waits longer; else `claim.granted()` is called when its turn comes.
   * Returns whether they are reserved now.
   */
  reserve(bytes: number, claim: Claim): boolean {
    if (this.#waiting.length === 0 && bytes <= this.#reservable) {
      this.#reservable -= bytes;
      return true;
    }
    this.#waiting.push({ bytes, claim });
    return false;
  }

  /** Takes a reservation back and serves who waits, in order. */
  release(bytes: number): void {
    this.#reservable += bytes;
    this.#serve();
  }

  /** Forgets a claim that still waits. */
  withdraw(claim: Claim): void {
    const at = this.#waiting.findIndex((waiting) => waiting.claim === claim);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.#serve();
  }

  #serve(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.bytes > this.#reservable) return;
      this.#waiting.shift();
      this.#reservable -= next.bytes;
      next.claim.granted();
    }
  }
}
