/**
 * A session whose calls may end although new ones are opened elsewhere: its server drains, or could not be reached for a while. When its
 * link is lost, it is looked for until its grace is over; when the last of its calls has ended, so has it.
 *
 * Spec: docs/wire.md §4.7, §4.15.
 */
import type { Logger } from "@sluice/protocol";
import { type Clock, type Session, SluiceError, type Timer, type Transport } from "@sluice/protocol/wire";
import type { Connector } from "./connector.ts";
import type { ReconnectPolicy } from "./reconnect-policy.ts";

export interface SessionSearchOptions {
  readonly session: Session;
  readonly transports: readonly Transport<unknown, unknown>[];
  /** Of them the one that has led to it last. */
  readonly home: number;
  /** Of them those that are known to lead to other servers. */
  readonly elsewhere: readonly number[];
  readonly connector: Connector;
  readonly reconnect: ReconnectPolicy;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Attempts to find it that were made before: their numbers ascend. */
  readonly claims: number;
  /** It is over: once. */
  onOver(): void;
}

export class SessionSearch {
  readonly session: Session;
  readonly #options: SessionSearchOptions;
  /** Transports that may lead to it, the likeliest first. */
  readonly #ways: number[];
  #claims: number;
  /** Attempts that failed since the link was lost. */
  #failures = 0;
  #retry: Timer | undefined;
  #attempt: AbortController | undefined;

  /** Listens to the session from now on; looks for it at once if it has no link. */
  constructor(options: SessionSearchOptions) {
    const { session, transports, home, elsewhere } = options;
    this.session = session;
    this.#options = options;
    this.#claims = options.claims;
    const all = transports.map((_, at) => (home + at) % transports.length);
    this.#ways = all.filter((at) => at === home || !elsewhere.includes(at));
    session.listener = {
      detached: () => this.#tryAgain(),
      closed: () => {
        this.#retry?.cancel();
        this.#attempt?.abort();
        options.onOver();
      },
    };
    if (session.isDetached) this.#tryAgain();
    else void this.#leave();
  }

  /** Ends the session, which has a link, when nothing goes on in it any more. */
  async #leave(): Promise<void> {
    const { session } = this;
    try {
      // Behind the answer no call of the server is left that has waited for this link.
      await session.ping();
    } catch {
      return; // the next link, or the end
    }
    await session.rest.whenIdle();
    const { state } = session;
    // A server that drains ends it itself, which knows of all that still runs there.
    if (state.name === "detached" || (state.name === "draining" && state.theirs)) return;
    await session.drain(session.limits.graceMs);
    if (!session.isDetached) session.close(noCalls());
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
    const { transports, home, connector, logger } = this.#options;
    const at = this.#ways[this.#failures % this.#ways.length] as number;
    const transport = transports[at] as Transport<unknown, unknown>;
    const { ticket } = session;
    if (ticket === undefined) return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const otherPeer = at === home ? "gone" : "elsewhere";
    const former = { session, ticket, attempt: ++this.#claims, otherPeer, isOnly: true } as const;
    try {
      await connector.connect(transport, () => former, attempt.signal);
      this.#failures = 0;
      void this.#leave();
    } catch (reason) {
      const error = reason as SluiceError;
      this.#failures++;
      if (error.code === "NOT_FOUND") this.#ways.splice(this.#ways.indexOf(at), 1);
      logger.info(`Cannot connect over ${transport.name}: ${error.message}`);
      if (error.code === "SESSION_LOST")
        session.lose(new SluiceError("UNAVAILABLE", error.message, { cause: error }));
      else if (session.isDetached) this.#tryAgain();
    }
  }
}

/** Why a session ends that nothing is left of. Nobody is told but its peer. */
function noCalls(): SluiceError {
  return new SluiceError("UNAVAILABLE", "Its last call has ended, and new ones are opened elsewhere");
}
