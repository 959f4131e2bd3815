/**
 * Who sends next over a link: at once while it has room and nobody waits, else in turns.
 *
 * Spec: docs/wire.md §4.11.
 */
import type { Link } from "../link/link.ts";
import type { SessionCall } from "./call-host.ts";
import { Turns } from "./turns.ts";

export class LinkTurns {
  readonly #link: Link;
  readonly #turns = new Turns<SessionCall>();

  constructor(link: Link) {
    this.#link = link;
  }

  /** The link while it has room and nobody waits for a turn. */
  get freeLink(): Link | undefined {
    return this.#turns.isEmpty && this.#link.room > 0 ? this.#link : undefined;
  }

  /** `call` has something to send. */
  add(call: SessionCall): void {
    this.#turns.add(call);
    this.pump();
  }

  /** `call` has nothing to send any more; what it overdrew stays with it. */
  remove(call: SessionCall): void {
    this.#turns.remove(call);
  }

  /** Nobody has. */
  clear(): void {
    this.#turns.clear();
  }

  /** Gives turns while there is room. */
  pump(): void {
    while (this.#link.room > 0) {
      const call = this.#turns.next();
      if (call === undefined) return;
      const spent = call.takeTurn(this.#link, call.turnCredit);
      this.#turns.spent(call, spent, call.hasWork);
    }
  }
}
