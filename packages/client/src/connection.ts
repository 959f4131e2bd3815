/**
 * Keeps a client connected: connects, shakes hands, connects again when the link is lost, until it is closed.
 */
import type { Logger } from "@sluice/protocol";
import {
  type Clock,
  type Codec,
  type ConnectLinkOptions,
  connectLink,
  type LocalPeer,
  type MakePeerCalls,
  type ResolvedLimits,
  type Session,
  SluiceError,
  type Timer,
  type Transport,
  within,
} from "@sluice/protocol/wire";
import type { ReconnectPolicy } from "./reconnect-policy.ts";

/** `idle`: not begun · `draining`: the server takes no new calls · `closed`: for good. */
export type ClientStatus = "idle" | "connecting" | "connected" | "reconnecting" | "draining" | "closed";

/** A value, or what brings it for each connection. */
export type Credentials = unknown | (() => unknown | Promise<unknown>);

export interface ConnectionOptions {
  /** Tried in order, the next one on failure. At least one. */
  readonly transports: readonly Transport<unknown, unknown>[];
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly codecs: readonly Codec[];
  readonly credentials: Credentials;
  /** `undefined`: a lost link is the end. */
  readonly reconnect: ReconnectPolicy | undefined;
  /** Whether calls shall go on over the next link. */
  readonly keepsSession: boolean;
  /** What takes the calls of the server. */
  peerCalls(session: Session): MakePeerCalls;
  /** Told of every change, after it. */
  onStatus(status: ClientStatus): void;
}

/** What no repetition can mend. */
const finalCodes: ReadonlySet<string> = new Set([
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "VERSION_UNSUPPORTED",
  "FAILED_PRECONDITION",
  "INVALID_ARGUMENT",
  "PROTOCOL_ERROR",
  "UNIMPLEMENTED",
]);

/** How long a connection lasts before its loss is the first failure again, ms: one that is let in and lost at once heals nothing. */
const healthyMs = 10_000;

interface Waiting {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: SluiceError) => void;
}

export class ClientConnection {
  readonly #options: ConnectionOptions;
  #status: ClientStatus = "idle";
  /** The one that calls are opened in, or that waits for another link. */
  #session: Session | undefined;
  /** Attempts to find a session again. */
  #claims = 0;
  readonly #waiting: Waiting[] = [];
  /** Attempts that failed since the last connection that has lasted; a loss counts as one of every transport. */
  #failures = 0;
  /** When the last connection began. */
  #connectedAt = 0;
  #lastFailure: SluiceError | undefined;
  #retry: Timer | undefined;
  #attempt: AbortController | undefined;
  #closedBy: SluiceError | undefined;
  /** Over how long a server that drains wants its clients to come back, ms. */
  #spreadMs = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get status(): ClientStatus {
    return this.#status;
  }

  /** The session, while calls can be opened. */
  get session(): Session | undefined {
    return this.#status === "connected" ? this.#session : undefined;
  }

  /** Why there is no connection, if that is known. */
  get lastFailure(): SluiceError | undefined {
    return this.#lastFailure;
  }

  /** The session of the present link, also while it drains. */
  get anySession(): Session | undefined {
    return this.#session;
  }

  /** Resolves when calls can be opened; rejects when they never will be. */
  waitForSession(): Promise<Session> {
    if (this.session !== undefined) return Promise.resolve(this.session);
    if (this.#closedBy !== undefined) return Promise.reject(neverSent(this.#closedBy));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Begins to connect. */
  start(): void {
    if (this.#status !== "idle") return;
    this.#setStatus("connecting");
    void this.#connect();
  }

  /** Ends it all: the session is closed, who waits is told `error` (which nothing of theirs has reached the peer). Idempotent. */
  close(error: SluiceError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = error;
    this.#retry?.cancel();
    this.#attempt?.abort();
    const session = this.#session;
    this.#session = undefined;
    session?.close(error);
    for (const { reject } of this.#waiting.splice(0)) reject(neverSent(error));
    this.#setStatus("closed");
  }

  /** No connection will follow: what waited for one fails with what had ended the last. */
  #giveUp(error: SluiceError): void {
    const session = this.#session;
    if (session?.state.name === "detached") session.lose(session.state.error);
    this.close(error);
  }

  async #connect(): Promise<void> {
    // Who was told of the status may have closed it.
    if (this.#closedBy !== undefined) return;
    const { transports, local, limits, clock, codecs } = this.#options;
    const transport = transports[this.#failures % transports.length] as Transport<unknown, unknown>;
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      const credentials = await this.#credentials(attempt.signal);
      if (attempt.signal.aborted) return;
      const link = await transport.connect({ signal: attempt.signal });
      if (attempt.signal.aborted) {
        link.destroy();
        return;
      }
      // A handshake that nobody waits for any more would keep the process alive until its time is over.
      // Once that is done, the session ends with its link.
      const giveUp = (): void => link.destroy();
      attempt.signal.addEventListener("abort", giveUp);
      const session = await connectLink(link, {
        local,
        limits,
        clock,
        codecs,
        credentials,
        session: this.#wantedSession(),
        peerCalls: (made) => this.#options.peerCalls(made),
      });
      attempt.signal.removeEventListener("abort", giveUp);
      if (!attempt.signal.aborted) this.#connected(session);
    } catch (reason) {
      if (attempt.signal.aborted) return;
      this.#failed(SluiceError.from(reason, "UNAVAILABLE", { processed: "no" }), transport);
    }
  }

  /** The session that lost its link, a new one, or one that ends with its link. */
  #wantedSession(): ConnectLinkOptions["session"] {
    const session = this.#session;
    const ticket = session?.isDetached === true ? session.ticket : undefined;
    if (session !== undefined && ticket !== undefined) return { session, ticket, attempt: ++this.#claims };
    return this.#options.keepsSession && this.#options.reconnect !== undefined ? "wanted" : undefined;
  }

  /** What brings them is the user's, and may never end: it has the time of a handshake. */
  async #credentials(givenUp: AbortSignal): Promise<unknown> {
    const { credentials, clock, limits } = this.#options;
    if (typeof credentials !== "function") return credentials;
    const ms = limits.handshakeTimeout;
    // A client that is closed meanwhile shall not keep the process alive for the rest of that time.
    const aborted = new Promise<undefined>((resolve) => {
      givenUp.addEventListener("abort", () => resolve(undefined));
    });
    return within(clock, ms, Promise.race([credentials(), aborted]), () => {
      const message = `credentials() has brought none within ${ms} ms (handshakeTimeout)`;
      throw new SluiceError("UNAVAILABLE", message, { processed: "no" });
    });
  }

  #connected(session: Session): void {
    this.#session = session;
    this.#connectedAt = this.#options.clock.now();
    this.#spreadMs = 0;
    this.#lastFailure = undefined;
    if (session.state.name === "closed") {
      this.#lost(session.state.error);
      return;
    }
    session.listener = {
      draining: (_grace, retry) => {
        this.#spreadMs = retry;
        if (this.#session === session) this.#setStatus("draining");
      },
      idsUsedUp: () => void this.#replace(session),
      detached: (error) => {
        if (this.#session === session) this.#again(error);
      },
      closed: (error) => {
        if (this.#session !== session) return;
        this.#session = undefined;
        // One that waited for another link is given up; whoever connects goes on.
        if (this.#status === "connected" || this.#status === "draining") this.#lost(error);
      },
    };
    if (session.state.name === "draining") {
      this.#setStatus("draining");
      return;
    }
    this.#setStatus("connected");
    for (const { resolve } of this.#waiting.splice(0)) resolve(session);
  }

  /** `session` has no id left for another call: what runs may end, then the next link begins anew. */
  async #replace(session: Session): Promise<void> {
    if (this.#session === session) this.#setStatus("draining");
    await session.drain(this.#options.limits.graceMs);
    session.close(new SluiceError("UNAVAILABLE", "All call ids of the link are used"));
  }

  #lost(error: SluiceError): void {
    this.#session = undefined;
    if (this.#options.reconnect === undefined || finalCodes.has(error.code)) this.#giveUp(error);
    else this.#again(error, this.#spreadMs);
  }

  /** The link is lost: another one is tried, within `spreadMs` at least if the session is lost, too. */
  #again(error: SluiceError, spreadMs = 0): void {
    const { logger, clock } = this.#options;
    const { length } = this.#options.transports;
    if (clock.now() - this.#connectedAt >= healthyMs) this.#failures = 0;
    // The loss is one more failure for the policy, and the first transport has its try again.
    this.#failures += length - (this.#failures % length);
    this.#lastFailure = error;
    logger.info(`The connection was lost: ${error.message}`);
    this.#setStatus("reconnecting");
    this.#tryAgain(this.#failures / length, error, spreadMs);
  }

  #failed(error: SluiceError, transport: Transport<unknown, unknown>): void {
    const { reconnect, logger, transports } = this.#options;
    this.#failures++;
    this.#lastFailure = error;
    // A server that was never there shall not be silence, where no error tells of it; one line will do, since it may last.
    const isQuiet = this.#status === "connecting" && reconnect !== undefined && !finalCodes.has(error.code);
    logger[isQuiet && this.#failures === 1 ? "warn" : "info"](
      `Cannot connect over ${transport.name}: ${error.message}`,
    );
    if (finalCodes.has(error.code)) this.#giveUp(error);
    else if (this.#failures % transports.length !== 0) void this.#connect();
    else {
      // Every transport has had its try: that is one failure for the policy.
      if (this.#status !== "connecting") this.#setStatus("reconnecting");
      this.#tryAgain(this.#failures / transports.length, error);
    }
  }

  #tryAgain(failures: number, error: SluiceError, spreadMs = 0): void {
    if (this.#closedBy !== undefined) return;
    const { reconnect, clock } = this.#options;
    const session = this.#session;
    // A session that waits is looked for in time, and more than once; at random, too, so that those of one server come apart.
    const graceMs = session?.isDetached === true ? (session.ticket?.graceMs ?? 0) : Number.POSITIVE_INFINITY;
    const delayMs = reconnect?.delay(failures, { mostMs: graceMs / 4, spreadMs });
    if (delayMs === undefined) this.#giveUp(error);
    else this.#retry = clock.setTimer(delayMs, () => void this.#connect());
  }

  #setStatus(status: ClientStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#options.onStatus(status);
  }
}

/** What ended the connection, for calls that were never part of it. */
function neverSent(error: SluiceError): SluiceError {
  if (error.processed === "no") return error;
  const { code, message, retryable } = error;
  return new SluiceError(code, message, { cause: error, processed: "no", retryable });
}
