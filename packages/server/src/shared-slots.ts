/**
 * The handlers of links that carry a call each, counted together until they have settled: their sessions end with their calls, and count
 * no more than one.
 *
 * Spec: docs/wire.md §4.3.
 */
import { type CallAcceptor, type Session, SluiceError } from "@sluice/protocol/wire";

export class SharedSlots {
  readonly #most: number;
  /** Handlers that have not settled. */
  #running = 0;

  /** @param most handlers at once */
  constructor(most: number) {
    this.#most = most;
  }

  /** Why no call can be taken now, if so. */
  refusal(): SluiceError | undefined {
    if (this.#running < this.#most) return undefined;
    const message = `Cannot take the call: ${this.#most} of ${this.#most} calls without a session are running (limits.maxConcurrentHandlers)`;
    return new SluiceError("RESOURCE_EXHAUSTED", message, { processed: "no" });
  }

  /** `acceptor`, as far as there are slots: one call too many is RESOURCE_EXHAUSTED. `session` is that of the link. */
  bound(acceptor: CallAcceptor, session: Session): CallAcceptor {
    return {
      accept: (open) => {
        const plan = acceptor.accept(open);
        // It was let in when there were some.
        const refusal = this.refusal();
        if (refusal !== undefined) throw refusal;
        this.#running++;
        // Not now: the session counts the call when it has been accepted.
        queueMicrotask(() => void session.rest.whenSettled().then(this.#settled));
        return plan;
      },
    };
  }

  readonly #settled = (): void => {
    this.#running--;
  };
}
