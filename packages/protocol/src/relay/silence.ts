/**
 * Finds out that nothing comes over two joined links any more, where their ends, which would say so, are gone.
 *
 * Peers PING each other, so that a link that lives is never silent for long. A relay has nobody to ask. Spec: docs/wire.md §4.10, §4.12.
 */
import type { Clock, Timer } from "../clock.ts";
import type { Link } from "../link/link.ts";

/** Looks in a time of silence. Not one: a process that was stopped finds a long silence, of its own making. */
const looks = 3;

export class Silence {
  readonly #links: readonly Link[];
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #onDead: () => void;
  #timer: Timer | undefined;
  #inbound = -1;
  #silentLooks = 0;

  /** Calls `onDead` when nothing came over `links` for `deadAfterMs`. Those that cannot go silent unnoticed are not watched. */
  constructor(links: readonly Link[], clock: Clock, deadAfterMs: number, onDead: () => void) {
    this.#links = links;
    this.#clock = clock;
    this.#everyMs = deadAfterMs / looks;
    this.#onDead = onDead;
    if (links.every((link) => link.inbound !== undefined)) this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  readonly #look = (): void => {
    const inbound = this.#links.reduce((sum, link) => sum + (link.inbound as number), 0);
    if (inbound !== this.#inbound) this.#silentLooks = 0;
    else this.#silentLooks++;
    this.#inbound = inbound;
    if (this.#silentLooks >= looks) this.#onDead();
    else this.#timer = this.#clock.setTimer(this.#everyMs, this.#look, { background: true });
  };
}
