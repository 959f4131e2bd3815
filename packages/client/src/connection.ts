/**
 * Keeps a client connected: connects, shakes hands, connects again when the link is lost, until it is closed.
 */
import type { Logger } from "@sluice/protocol";
import { type Session, SluiceError, type Timer, type Transport } from "@sluice/protocol/wire";
import { Connector, type ConnectorOptions, type WantedSession } from "./connector.ts";
import { LeavingSession } from "./leaving-session.ts";
import type { ReconnectPolicy } from "./reconnect-policy.ts";

/** `idle`: not begun · `draining`: the server takes no new calls · `closed`: for good. */
export type ClientStatus = "idle" | "connecting" | "connected" | "reconnecting" | "draining" | "closed";

export interface ConnectionOptions extends ConnectorOptions {
  /** Tried in order, the next one on failure. At least one. */
  readonly transports: readonly Transport<unknown, unknown>[];
  readonly logger: Logger;
  /** `undefined`: a lost link is the end. */
  readonly reconnect: ReconnectPolicy | undefined;
  /** Whether calls shall go on over the next link. */
  readonly keepsSession: boolean;
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
  readonly #connector: Connector;
  #status: ClientStatus = "idle";
  /** The one that calls are opened in, or that waits for another link. */
  #session: Session | undefined;
  /** Those whose servers drain, and whose calls may end, while calls are opened elsewhere. */
  readonly #leaving = new Set<LeavingSession>();
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
    this.#connector = new Connector(options);
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

  /** All that may have calls, also those that drain. */
  get sessions(): readonly Session[] {
    const leaving = [...this.#leaving].map(({ session }) => session);
    return this.#session === undefined ? leaving : [this.#session, ...leaving];
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
    for (const leaving of this.#leaving) leaving.close(error);
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
    const { transports } = this.#options;
    const transport = transports[this.#failures % transports.length] as Transport<unknown, unknown>;
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      const session = await this.#connector.connect(transport, () => this.#wantedSession(), attempt.signal);
      // It may have been closed since.
      if (this.#closedBy !== undefined) session?.close(this.#closedBy);
      else if (session !== undefined) this.#connected(session);
    } catch (reason) {
      this.#failed(reason as SluiceError, transport);
    }
  }

  /** The session that lost its link, a new one, or one that ends with its link. */
  #wantedSession(): WantedSession {
    const session = this.#session;
    const ticket = session?.isDetached === true ? session.ticket : undefined;
    if (session !== undefined && ticket !== undefined) return { session, ticket, attempt: ++this.#claims };
    return this.#options.keepsSession && this.#options.reconnect !== undefined ? "wanted" : undefined;
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
        if (this.#session === session) this.#drained(session);
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
      this.#drained(session);
      return;
    }
    this.#setStatus("connected");
    for (const { resolve } of this.#waiting.splice(0)) resolve(session);
  }

  /** The server of `session` takes no new calls: they go over the next transport, if there is one. */
  #drained(session: Session): void {
    this.#setStatus("draining");
    const { transports, reconnect, clock, logger } = this.#options;
    const { length } = transports;
    if (length === 1 || reconnect === undefined || this.#session !== session) return;
    const at = this.#failures % length;
    if (clock.now() - this.#connectedAt >= healthyMs) this.#failures = at;
    this.#failures++;
    const spreadMs = this.#spreadMs;
    // Who comes from a server that was well goes to the next at once, but not with all others.
    const delayMs =
      this.#failures < 2 * length
        ? reconnect.delay(1, { mostMs: 0, spreadMs })
        : reconnect.delay(Math.floor(this.#failures / length), { spreadMs });
    if (delayMs === undefined) return;
    this.#session = undefined;
    const ordered = [...transports.slice(at), ...transports.slice(0, at)];
    const leaving = new LeavingSession({
      session,
      transports: ordered,
      connector: this.#connector,
      reconnect,
      clock,
      logger,
      claims: this.#claims,
      onOver: () => void this.#leaving.delete(leaving),
    });
    this.#leaving.add(leaving);
    this.#retry = clock.setTimer(delayMs, () => void this.#connect());
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
