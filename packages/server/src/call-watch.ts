/** Tells those who watch a server of its calls; costs nothing while nobody does. */
import type { Logger } from "@sluice/protocol";
import type { Clock, EventEmitter, ServedCall } from "@sluice/protocol/wire";
import { type ServerEvents, tell } from "./lifecycle.ts";

export class CallWatch {
  readonly #events: EventEmitter<ServerEvents>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** When calls began that somebody watches. */
  readonly #startedAt = new WeakMap<ServedCall, number>();

  constructor(events: EventEmitter<ServerEvents>, logger: Logger, clock: Clock) {
    this.#events = events;
    this.#logger = logger;
    this.#clock = clock;
  }

  started(call: ServedCall): void {
    if (!this.#isWatched) return;
    this.#startedAt.set(call, this.#clock.now());
    tell(this.#events, this.#logger, "call:start", { call });
  }

  ended(call: ServedCall, error: unknown): void {
    const startedAt = this.#startedAt.get(call);
    if (startedAt === undefined) return;
    const durationMs = this.#clock.now() - startedAt;
    if (error === undefined) tell(this.#events, this.#logger, "call:end", { call, durationMs });
    else tell(this.#events, this.#logger, "call:error", { call, durationMs, error });
  }

  get #isWatched(): boolean {
    const events = this.#events;
    return (
      events.listenerCount("call:start") > 0 ||
      events.listenerCount("call:end") > 0 ||
      events.listenerCount("call:error") > 0
    );
  }
}
