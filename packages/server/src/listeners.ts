/**
 * Where a server listens, until it stops.
 */
import type { Logger } from "@sluice/protocol";
import {
  type Clock,
  type FindProcedure,
  type Link,
  type Listener,
  settlesWithin,
} from "@sluice/protocol/wire";
import { listenerFor } from "./by-scheme.ts";

/** How long a listener may take to end, ms. */
const endMs = 5_000;

export class Listeners {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** With the addresses that they have. */
  readonly #addresses = new Map<Listener, string>();
  #end: Promise<void> | undefined;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Listens at `where`. Resolves with the address; rejects as {@link Listener.listen}. */
  async listen(where: string | Listener, accept: (link: Link) => void, find: FindProcedure): Promise<string> {
    const listener = typeof where === "string" ? await listenerFor(where) : where;
    const address = await listener.listen(accept, find);
    // Whoever stopped meanwhile knew nothing of it.
    if (this.#end === undefined) this.#addresses.set(listener, address);
    else await this.#close(listener, address);
    return address;
  }

  /** Ends them all, waiting up to 5 s for each. A second call waits for the first. */
  stop(): Promise<void> {
    this.#end ??= Promise.all(
      [...this.#addresses].map(([listener, address]) => this.#close(listener, address)),
    ).then(() => {});
    return this.#end;
  }

  async #close(listener: Listener, address: string): Promise<void> {
    if (await settlesWithin(this.#clock, endMs, listener.close())) return;
    this.#logger.warn(`The listener at ${address} has not ended ${endMs} ms after its close()`);
  }
}
