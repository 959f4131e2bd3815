/**
 * Calls of the peer that were refused: says so, and remembers the last of them, of which more may be on its way.
 *
 * Spec: docs/wire.md §4.9, §4.14.
 */
import type { CallHost } from "./call-host.ts";
import type { ErrorParts } from "./error-parts.ts";

/** Ends that a caller may owe a DONE for, beyond its open calls. Spec: docs/wire.md §4.9. */
export const mostOwed = 256;

export class Refusals {
  readonly #host: CallHost;
  /** Oldest first. */
  #ids: Set<number> | undefined;

  constructor(host: CallHost) {
    this.#host = host;
  }

  has(id: number): boolean {
    return this.#ids?.has(id) === true;
  }

  /** Refuses call `id`. `isAbuse`: its caller could have known. @throws {SluiceError} `ENHANCE_YOUR_CALM` if it was one too many */
  add(id: number, parts: ErrorParts, isAbuse: boolean): void {
    this.#ids ??= new Set();
    this.#ids.add(id);
    for (const oldest of this.#ids) {
      if (this.#ids.size <= mostOwed) break;
      this.#ids.delete(oldest);
    }
    this.#host.control({ ...parts, call: id, offset: 0 });
    if (isAbuse) this.#host.abused();
  }

  /** Its caller has seen it. */
  delete(id: number): void {
    this.#ids?.delete(id);
  }

  /** Nothing more of any is on its way: the link was lost. */
  clear(): void {
    this.#ids = undefined;
  }
}
