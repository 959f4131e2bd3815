/**
 * Why a call of the session model may be UNAVAILABLE: its session may have been lost, or its server drains.
 *
 * Pure. Moments are the numbers of the model's steps, unless they are in ms. Spec: docs/wire.md §4.13, §4.15.
 */
import { Losses } from "./losses.ts";

/** A call that has ended: the steps in which it lived, both included, and the server that ran it, if one did. */
export interface EndedCall {
  readonly from: number;
  readonly until: number;
  readonly endedMs: number;
  readonly server: number | undefined;
}

export class Failures {
  /** Sessions that may be lost, whatever their server wants. */
  readonly #losses = new Losses();
  readonly #drains = new Losses();
  /** When servers that drain cut off what they run, ms; by their numbers. */
  readonly #cutOffs = new Map<number, number>();

  /** Whether the client's session may be gone. */
  get isLosing(): boolean {
    return this.#losses.isLosing || this.#drains.isLosing;
  }

  /** As {@link Losses.begin}. */
  loses(at: number, welcomes: readonly string[], options?: { readonly byAnother: boolean }): void {
    this.#losses.begin(at, welcomes, options);
  }

  /** `server` drains from step `at` on, and cuts off what it runs at `cutOffMs`. */
  drains(at: number, welcomes: readonly string[], server: number, cutOffMs: number): void {
    this.#drains.begin(at, welcomes, { byAnother: true });
    this.#cutOffs.set(server, cutOffMs);
  }

  /** As {@link Losses.welcomed}. `isDraining`: the server that is there now drains, too, be it the one that has welcomed or not. */
  welcomed(at: number, welcomes: readonly string[], isDraining: boolean): void {
    this.#losses.welcomed(at, welcomes);
    if (!isDraining) this.#drains.welcomed(at, welcomes);
  }

  /** Whether `call` lived while its server drained. */
  metDrain({ from, until }: EndedCall): boolean {
    return this.#drains.touch(from, until);
  }

  /** Whether `call` may be UNAVAILABLE. What a server runs it lets finish: only what has not reached a handler is refused. */
  mayBeUnavailable(call: EndedCall): boolean {
    if (this.#losses.touch(call.from, call.until)) return true;
    if (call.server === undefined) return this.metDrain(call);
    return call.endedMs >= (this.#cutOffs.get(call.server) ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Whether `call`, if it is UNAVAILABLE, has to say that it has not run. `isLinkWhole`: it lived over one link, by which its server has
   * answered it.
   */
  mustSayNo(call: EndedCall, isLinkWhole: boolean): boolean {
    const isCutOff = [...this.#cutOffs.values()].some((cutOffMs) => cutOffMs <= call.endedMs);
    const isLost = this.#losses.touch(call.from, call.until) || isCutOff;
    return call.server === undefined && isLinkWhole && !isLost;
  }
}
