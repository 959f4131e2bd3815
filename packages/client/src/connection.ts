/**
 * Keeps a client connected: connects, shakes hands, connects again when the link is lost, until it is closed.
 */
import type { Logger } from "@sluice/protocol";
import { type Session, SluiceError, type Timer, type Transport } from "@sluice/protocol/wire";
import { Connector, type ConnectorOptions, isFinal, type WantedSession } from "./connector.ts";
import type { ReconnectPolicy } from "./reconnect-policy.ts";
import { SessionSearch } from "./session-search.ts";
import { neverSent, SessionWaiters } from "./session-waiters.ts";
import { TransportRound } from "./transport-round.ts";

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

/** How long a connection lasts before its loss is the first failure again, ms: one that is let in and lost at once heals nothing. */
const healthyMs = 10_000;

/** A session, and the transport that has led to it last. */
interface Held {
  readonly session: Session;
  readonly home: number;
}

export class ClientConnection {
  readonly #options: ConnectionOptions;
  readonly #connector: Connector;
  #status: ClientStatus = "idle";
  /** The one that calls are opened in, or that waits for another link. */
  #current: Held | undefined;
  /** Others whose calls may end. */
  readonly #others = new Set<SessionSearch>();
  /** Attempts to find a session again. */
  #claims = 0;
  readonly #waiters = new SessionWaiters();
  /** Rounds of all transports that failed since the last connection that has lasted; a loss counts as one. */
  #failures = 0;
  readonly #round: TransportRound;
  /** Over how long the server wants its clients to come back, ms. */
  #spreadMs = 0;
  /** When the last connection began. */
  #connectedAt = 0;
  #lastFailure: SluiceError | undefined;
  #retry: Timer | undefined;
  #attempt: AbortController | undefined;
  #closedBy: SluiceError | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#connector = new Connector(options);
    this.#round = new TransportRound(options.transports.length);
  }

  get status(): ClientStatus {
    return this.#status;
  }

  /** The session, while calls can be opened. */
  get session(): Session | undefined {
    return this.#status === "connected" ? this.#current?.session : undefined;
  }

  /** Why there is no connection, if that is known. */
  get lastFailure(): SluiceError | undefined {
    return this.#lastFailure;
  }

  /** All that may have calls, also those that drain or wait for a link. */
  get sessions(): readonly Session[] {
    return [this.#current, ...this.#others].flatMap((one) => one?.session ?? []);
  }

  /** Resolves when calls can be opened; rejects when they never will be. */
  waitForSession(): Promise<Session> {
    if (this.session !== undefined) return Promise.resolve(this.session);
    if (this.#closedBy !== undefined) return Promise.reject(neverSent(this.#closedBy));
    // A reconnect is spread for the sake of others only while nobody waits.
    const isLeaving = this.#status === "draining" && this.#current === undefined;
    if (isLeaving && this.#failures === 1 && this.#retry !== undefined) this.#tryIn(0);
    return this.#waiters.wait();
  }

  /** Begins to connect. */
  start(): void {
    if (this.#status !== "idle") return;
    this.#setStatus("connecting");
    void this.#connect();
  }

  /** Opens no more calls: who waits for a connection is told `error`. What runs goes on. */
  refuseCalls(error: SluiceError): void {
    if (this.#closedBy !== undefined) return;
    this.#waiters.reject(error);
    if (this.#current === undefined) this.#stop(error);
  }

  /** Ends it all: sessions are closed, who waits is told `error` (which nothing of theirs has reached the peer). Idempotent. */
  close(error: SluiceError): void {
    this.#stop(error);
    for (const { session } of this.#others) session.close(error);
  }

  /** Connects no more, and ends what calls could be opened in. Other sessions go on until their calls have ended. */
  #stop(error: SluiceError): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = error;
    this.#retry?.cancel();
    this.#attempt?.abort();
    const session = this.#current?.session;
    this.#current = undefined;
    session?.close(error);
    this.#waiters.reject(error);
    this.#setStatus("closed");
  }

  /** No connection will follow: what waited for one fails with what had ended the last. */
  #giveUp(error: SluiceError): void {
    const session = this.#current?.session;
    if (session?.state.name === "detached") session.lose(session.state.error);
    this.#stop(error);
  }

  async #connect(): Promise<void> {
    // Who was told of the status may have closed it.
    if (this.#closedBy !== undefined) return;
    const { at } = this.#round;
    const transport = this.#options.transports[at] as Transport<unknown, unknown>;
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      const session = await this.#connector.connect(transport, () => this.#wanted(at), attempt.signal);
      // It may have been closed since.
      if (this.#closedBy !== undefined) session?.close(this.#closedBy);
      else if (session !== undefined) this.#connected(session, at);
    } catch (reason) {
      this.#attemptFailed(reason as SluiceError, transport);
    }
  }

  /** The session that lost its link, a new one, or one that ends with its link. `at`: by which transport. */
  #wanted(at: number): WantedSession {
    const { keepsSession, reconnect } = this.#options;
    const { session, home } = this.#current ?? {};
    const ticket = session?.isDetached === true ? session.ticket : undefined;
    if (session === undefined || ticket === undefined) {
      return keepsSession && reconnect !== undefined ? "wanted" : undefined;
    }
    // Where it was, another peer has taken its place; elsewhere there may be another one any time.
    return { session, ticket, attempt: ++this.#claims, otherPeer: at === home ? "gone" : "elsewhere" };
  }

  #connected(session: Session, at: number): void {
    const former = this.#current;
    this.#current = { session, home: at };
    if (former !== undefined && former.session !== session && !former.session.isOver) this.#keep(former, at);
    this.#connectedAt = this.#options.clock.now();
    this.#spreadMs = 0;
    this.#lastFailure = undefined;
    // Before the connection is told of, what happens to its session is read from its state.
    const isCurrent = (): boolean =>
      this.#current?.session === session && (this.#status === "connected" || this.#status === "draining");
    session.listener = {
      draining: (_grace, retry) => {
        if (isCurrent()) this.#drained(session, retry);
      },
      idsUsedUp: () => void this.#replace(session),
      detached: (error) => {
        if (isCurrent()) this.#again(error);
      },
      closed: (error) => {
        // One that waited for another link is given up; whoever connects goes on.
        if (isCurrent()) this.#lost(error);
        else if (this.#current?.session === session) this.#current = undefined;
      },
    };
    const { state } = session;
    if (state.name === "closed") this.#lost(state.error);
    else if (state.name === "detached") this.#again(state.error);
    else if (state.name === "draining") this.#drained(session, state.retry);
    else {
      this.#setStatus("connected");
      this.#waiters.resolve(session);
    }
  }

  /** The server of `session` takes no new calls: they go over the next transport, if there is one. */
  #drained(session: Session, spreadMs: number): void {
    this.#spreadMs = spreadMs;
    this.#setStatus("draining");
    const { transports, reconnect, clock } = this.#options;
    const current = this.#current;
    if (transports.length === 1 || reconnect === undefined || current?.session !== session) return;
    if (clock.now() - this.#connectedAt >= healthyMs) this.#failures = 0;
    // Who comes from a server that was well goes to the next at once, but not with all others.
    const mostMs = this.#failures === 0 ? 0 : Number.POSITIVE_INFINITY;
    const delayMs = reconnect.delay(Math.max(1, this.#failures), { mostMs, spreadMs });
    if (delayMs === undefined) return;
    this.#failures++;
    this.#current = undefined;
    this.#keep(current, undefined);
    this.#round.begin(current.home + 1);
    this.#tryIn(this.#waiters.hasAny && this.#failures === 1 ? 0 : delayMs);
  }

  /** The calls of `held` go on while others are opened elsewhere; over transport `at`, if that is known, as may those that can be repeated. */
  #keep({ session, home }: Held, at: number | undefined): void {
    const { reconnect } = this.#options;
    if (reconnect === undefined) return;
    const search = new SessionSearch({
      ...this.#options,
      reconnect,
      session,
      home,
      elsewhere: at === undefined ? [] : [at],
      connector: this.#connector,
      claims: this.#claims,
      onOver: () => void this.#others.delete(search),
    });
    this.#others.add(search);
    if (at !== undefined && session.state.name === "detached") session.handOver(session.state.error);
  }

  /** `session` has no id left for another call: what runs may end, then the next link begins anew. */
  async #replace(session: Session): Promise<void> {
    if (this.#current?.session === session) this.#setStatus("draining");
    await session.drain(this.#options.limits.graceMs);
    session.close(new SluiceError("UNAVAILABLE", "All call ids of the link are used"));
  }

  #lost(error: SluiceError): void {
    this.#current = undefined;
    if (this.#options.reconnect === undefined || isFinal(error)) this.#giveUp(error);
    else this.#again(error, this.#spreadMs);
  }

  /** The link is lost: another one is tried, within `spreadMs` at least if the session is lost, too. */
  #again(error: SluiceError, spreadMs = 0): void {
    if (this.#options.clock.now() - this.#connectedAt >= healthyMs) this.#failures = 0;
    this.#failures++;
    // A session that waits is where it was; else the first transport has its try again.
    this.#round.begin(this.#current?.home ?? 0);
    this.#lastFailure = error;
    this.#options.logger.info(`The connection was lost: ${error.message}`);
    this.#setStatus("reconnecting");
    this.#tryAgain(error, spreadMs);
  }

  #attemptFailed(error: SluiceError, transport: Transport<unknown, unknown>): void {
    const { reconnect, logger } = this.#options;
    const isFirst = this.#failures === 0 && this.#round.isFresh;
    this.#lastFailure = error;
    // A server that was never there shall not be silence, where no error tells of it; one line will do, since it may last.
    const isQuiet = this.#status === "connecting" && reconnect !== undefined && !isFinal(error);
    logger[isQuiet && isFirst ? "warn" : "info"](`Cannot connect over ${transport.name}: ${error.message}`);
    if (isFinal(error)) this.#giveUp(error);
    else if (!this.#round.fail()) void this.#connect();
    else {
      // Every transport has had its try: that is one failure for the policy.
      this.#failures++;
      if (this.#status !== "connecting") this.#setStatus("reconnecting");
      this.#tryAgain(error);
    }
  }

  #tryAgain(error: SluiceError, spreadMs = 0): void {
    if (this.#closedBy !== undefined) return;
    const session = this.#current?.session;
    // A session that waits is looked for in time, and more than once; at random, too, so that those of one server come apart.
    const graceMs = session?.isDetached === true ? (session.ticket?.graceMs ?? 0) : Number.POSITIVE_INFINITY;
    const delayMs = this.#options.reconnect?.delay(this.#failures, { mostMs: graceMs / 4, spreadMs });
    if (delayMs === undefined) this.#giveUp(error);
    else this.#tryIn(delayMs);
  }

  #tryIn(delayMs: number): void {
    this.#retry?.cancel();
    this.#retry = this.#options.clock.setTimer(delayMs, () => {
      this.#retry = undefined;
      void this.#connect();
    });
  }

  #setStatus(status: ClientStatus): void {
    if (this.#status === status) return;
    this.#status = status;
    this.#options.onStatus(status);
  }
}
