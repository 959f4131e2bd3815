/**
 * Why a handler shall finish, told to it once.
 *
 * Spec: docs/wire.md §4.4.
 */

/** Why a handler's signal aborts. */
export type AbortReason = "stop" | "cancelled" | "deadline" | "disconnected" | "shutdown";

export class AbortNotice {
  #reason: AbortReason | undefined;
  #listener: ((reason: AbortReason) => void) | undefined;

  /** Set once the handler shall finish or has lost its caller. */
  get reason(): AbortReason | undefined {
    return this.#reason;
  }

  /** Sets who is told; at once, if it has happened. */
  listen(listener: (reason: AbortReason) => void): void {
    this.#listener = listener;
    if (this.#reason !== undefined) listener(this.#reason);
  }

  /** A handler that was stopped may lose its caller, too: it is told the first, and the second counts. */
  tell(reason: AbortReason): void {
    if (this.#reason !== undefined && this.#reason !== "stop") return;
    const isFirst = this.#reason === undefined;
    this.#reason = reason;
    if (isFirst) this.#listener?.(reason);
  }
}
