/**
 * A relay: takes links of peers and joins each with a link of its own, over which the peer's calls go on.
 *
 * It knows no session: HELLO and WELCOME pass it as all frames do, so that sessions are between the ends and outlive the relay.
 * Spec: docs/wire.md §4.12.
 */
import { consoleLogger } from "../call/console-logger.ts";
import { type Clock, systemClock } from "../clock.ts";
import type { Logger } from "../definition/handler-types.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { type LimitOptions, type ResolvedLimits, resolveLimits } from "../limits.ts";
import type { Link } from "../link/link.ts";
import type { Transport } from "../link/transport.ts";
import { refuseLink } from "../session/refuse-link.ts";
import { within } from "../within.ts";
import { JoinedLinks } from "./joined-links.ts";

export interface RelayOptions extends LimitOptions {
  /** Makes the links over which calls go on. Who made it disposes it. */
  readonly to: Transport<unknown, unknown>;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

export class Relay {
  readonly #to: Transport<unknown, unknown>;
  readonly #limits: ResolvedLimits;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #joined = new Set<JoinedLinks>();
  /** Links that wait for the one that they will be joined with. */
  readonly #arriving = new Set<Link>();
  readonly #closing = new AbortController();

  /**
   * Of its limits count `maxConnections` (links that it takes), `maxCalls` (open calls of a peer, with some to spare), `handshakeTimeout`
   * (for making a link) and `deadAfter` (silence of both links; above every heartbeat of the ends).
   * @throws {RangeError} for limits out of range
   */
  constructor(options: RelayOptions) {
    this.#to = options.to;
    this.#limits = resolveLimits(options);
    this.#logger = options.logger ?? consoleLogger;
    this.#clock = options.clock ?? systemClock;
  }

  /** Links that are joined with another. */
  get connections(): number {
    return this.#joined.size;
  }

  /** Calls that pass and are not over. */
  get openCalls(): number {
    let calls = 0;
    for (const joined of this.#joined) calls += joined.openCalls;
    return calls;
  }

  /** Takes `link` over, of a peer that connects; what it sends waits until there is a link to send it on. Resolves when both are over. */
  async accept(link: Link): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      refuseLink(link, refusal, this.#clock);
      return;
    }
    this.#arriving.add(link);
    try {
      const next = await this.#connect();
      this.#arriving.delete(link);
      await this.#join(link, next);
    } catch (cause) {
      this.#arriving.delete(link);
      const { transport, remote } = link.info;
      this.#logger.warn("A link cannot be passed on", { transport, remote, error: cause });
      // What cannot be reached from here, and why, concerns nobody there.
      refuseLink(link, unavailable("The relay cannot reach its peer"), this.#clock);
    }
  }

  /** Takes no more links and ends those that there are; sessions that can be found again go on over other ways. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    const joined = [...this.#joined];
    for (const one of joined) one.close();
    await Promise.all(joined.map(({ closed }) => closed));
  }

  /** Why no link can be taken now, if so. */
  #refusal(): SluiceError | undefined {
    if (this.#closing.signal.aborted) return unavailable("The relay is closed");
    const { maxConnections } = this.#limits;
    if (this.#joined.size + this.#arriving.size < maxConnections) return undefined;
    const message = `Cannot take the connection: ${maxConnections} of ${maxConnections} are open (limits.maxConnections)`;
    return new SluiceError("RESOURCE_EXHAUSTED", message, { origin: "relay", processed: "no" });
  }

  /** A link to the next peer. One that comes too late is ended. */
  async #connect(): Promise<Link> {
    const { handshakeTimeout } = this.#limits;
    const attempt = new AbortController();
    const giveUp = (): void => attempt.abort();
    this.#closing.signal.addEventListener("abort", giveUp);
    const connecting = this.#to.connect({ signal: attempt.signal });
    const destroyLate = (link: Link): void => {
      if (attempt.signal.aborted) link.destroy();
    };
    connecting.then(destroyLate, ignore);
    try {
      const link = await within(this.#clock, handshakeTimeout, connecting, () => {
        attempt.abort();
        throw unavailable(`No link within ${handshakeTimeout} ms (handshakeTimeout)`);
      });
      if (attempt.signal.aborted) throw unavailable("The relay is closed");
      return link;
    } finally {
      this.#closing.signal.removeEventListener("abort", giveUp);
    }
  }

  async #join(link: Link, next: Link): Promise<void> {
    let joined: JoinedLinks;
    try {
      joined = new JoinedLinks(link, next, { limits: this.#limits, clock: this.#clock });
    } catch (reason) {
      next.destroy();
      throw reason;
    }
    this.#joined.add(joined);
    await joined.closed;
    this.#joined.delete(joined);
  }
}

function unavailable(message: string): SluiceError {
  return new SluiceError("UNAVAILABLE", message, { origin: "relay", processed: "no" });
}

function ignore(): void {}
