/**
 * The slot that a handler holds until it has settled, whatever became of its call.
 *
 * Spec: docs/wire.md §4.3.
 */
import type { OpenFrame } from "../frame/frame.ts";

/** Who counts the handlers that run. */
export interface HandlerSlots {
  /** The call of a handler that has not settled is over. */
  outlives(slot: HandlerSlot): void;
  /** A handler has settled: its slot is free. */
  freed(slot: HandlerSlot): void;
}

export class HandlerSlot {
  readonly procedure: string;
  /** When its call was opened, by the session's clock. */
  readonly openedAt: number;
  isFree = false;
  readonly #slots: HandlerSlots;

  constructor({ procedure }: OpenFrame, openedAt: number, slots: HandlerSlots) {
    this.procedure = procedure;
    this.openedAt = openedAt;
    this.#slots = slots;
  }

  /** The handler has settled. */
  free(): void {
    this.isFree = true;
    this.#slots.freed(this);
  }

  /** The handler's call is over. */
  callOver(): void {
    if (!this.isFree) this.#slots.outlives(this);
  }
}
