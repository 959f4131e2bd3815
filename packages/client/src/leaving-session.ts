/**
 * A session whose server drains, while new calls already go to another one: its running calls come to their ends, over new links to that
 * server if need be.
 *
 * Spec: docs/wire.md §4.15.
 */
import type { Logger } from "@sluice/protocol";
import { type Clock, type Session, SluiceError, type Timer, type Transport } from "@sluice/protocol/wire";
import type { Connector } from "./connector.ts";
import type { ReconnectPolicy } from "./reconnect-policy.ts";

export interface LeavingSessionOptions {
  readonly session: Session;
  /** The one that it was made over first. */
  readonly transports: readonly Transport<unknown, unknown>[];
  readonly connector: Connector;
  readonly reconnect: ReconnectPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Attempts to find it that were made before: their numbers ascend. */
  readonly claims: number;
  /** It is over: once. */
  onOver(): void;
}

export class LeavingSession {
  readonly session: Session;
  readonly #options: LeavingSessionOptions;
  #claims: number;
  /** Attempts that failed since the link was lost. */
  #failures = 0;
  #retry: Timer | undefined;
  #attempt: AbortController | undefined;

  /** Listens to the session from now on. */
  constructor(options: LeavingSessionOptions) {
    this.session = options.session;
    this.#options = options;
    this.#claims = options.claims;
    this.session.listener = {
      detached: () => this.#tryAgain(),
      closed: () => {
        this.#retry?.cancel();
        options.onOver();
      },
    };
  }

  /** Ends the session, and the search for it. */
  close(error: SluiceError): void {
    this.#attempt?.abort();
    this.session.close(error);
  }

  #tryAgain(): void {
    const { reconnect, clock } = this.#options;
    const graceMs = this.session.ticket?.graceMs ?? 0;
    const delayMs = reconnect.delay(this.#failures + 1, { mostMs: graceMs / 4 });
    // Without another attempt the session ends when its grace is over.
    if (delayMs !== undefined) this.#retry = clock.setTimer(delayMs, () => void this.#connect());
  }

  async #connect(): Promise<void> {
    const { session } = this;
    const { transports, connector, logger } = this.#options;
    const { ticket } = session;
    if (ticket === undefined) return;
    const transport = transports[this.#failures % transports.length] as Transport<unknown, unknown>;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const former = { session, ticket, attempt: ++this.#claims };
    try {
      const found = await connector.connect(transport, () => former, attempt.signal);
      if (found === session) this.#failures = 0;
      // Of a server that knows nothing of it; or it has ended meanwhile. New calls have a session already.
      else found?.close(new SluiceError("CANCELLED", "The session was looked for, and not found"));
    } catch (reason) {
      this.#failures++;
      logger.info(`Cannot connect over ${transport.name}: ${(reason as SluiceError).message}`);
      if (session.isDetached) this.#tryAgain();
    }
  }
}
