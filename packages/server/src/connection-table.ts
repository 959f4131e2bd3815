/**
 * The connections of a server, each from its beginning until its handlers have settled: what is told of it, and how all of them end.
 *
 * Spec: docs/wire.md §4.7, §4.15.
 */
import type { Logger } from "@sluice/protocol";
import {
  type Clock,
  type EventEmitter,
  type ResolvedLimits,
  type Session,
  SluiceError,
  settlesWithin,
} from "@sluice/protocol/wire";
import type { KeptSessions } from "./kept-sessions.ts";
import { leakReport } from "./leak-report.ts";
import { reasonOf, type ServerEvents, tell } from "./lifecycle.ts";
import type { LiveConnection, ServerConnection } from "./server-connection.ts";

export interface ConnectionTableOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventEmitter<ServerEvents>;
  /** The sessions that peers can find again; `undefined`: there are none. */
  readonly kept: KeptSessions | undefined;
}

/** By how many ms each connection widens the time over which those that are sent away come back: a thousand need 2 s. */
const spreadMs = 2;
/** The longest such time, ms. */
const mostSpreadMs = 30_000;

const leaving = "the server is shutting down";

export class ConnectionTable {
  readonly #options: ConnectionTableOptions;
  readonly #connections = new Set<LiveConnection>();
  /** Sessions that are over, and whose handlers are not. */
  readonly #settling = new Set<Session>();
  #isLeaving = false;
  #hasCutOff = false;

  constructor(options: ConnectionTableOptions) {
    this.#options = options;
  }

  /** Those that have a link now. */
  get linked(): readonly ServerConnection[] {
    return [...this.#connections].filter(({ session }) => !session.isDetached);
  }

  /** How many those are. */
  get links(): number {
    return this.#connections.size - (this.#options.kept?.detached ?? 0);
  }

  /** Whether calls were ended before their handlers had settled. */
  get hasCutOff(): boolean {
    return this.#hasCutOff;
  }

  /** A peer is being let in: it is told of a drain, and ended with the others. {@link add} follows. */
  welcome(connection: LiveConnection): void {
    this.#connections.add(connection);
  }

  /** A peer was let in. */
  add(connection: LiveConnection): void {
    const { session, sessionId } = connection;
    const { kept } = this.#options;
    const lost = (error: SluiceError): void => {
      this.#tell("detached", { connection, reason: reasonOf(error), error });
      // For what runs its peer may come back, also while the server drains.
      if (this.#isLeaving && isIdle(connection)) connection.close(leaving);
      else if (sessionId !== undefined) kept?.lost(sessionId);
    };
    this.#tell("connected", { connection });
    // Who was told may have ended it, or its link.
    const { state } = session;
    if (state.name === "closed") this.#gone(connection, state.error);
    else {
      session.listener = {
        closed: (error) => this.#gone(connection, error),
        detached: lost,
        attached: () => {
          if (sessionId !== undefined) kept?.attached(sessionId);
          this.#tell("resumed", { connection });
        },
      };
      if (state.name === "detached") lost(state.error);
    }
  }

  /**
   * Takes no new calls. Resolves with whether those that run have ended within `timeout` ms. Peers are asked to spread their reconnects
   * over `retry` ms; default: 2 for each of them, at most 30,000.
   */
  drain(
    timeout: number,
    retry: number = Math.min(mostSpreadMs, spreadMs * this.#connections.size),
  ): Promise<boolean> {
    this.#isLeaving = true;
    for (const connection of this.#connections) {
      if (connection.session.isDetached && isIdle(connection)) connection.close(leaving);
    }
    const drained = [...this.#connections].map(({ session }) => session.drain(timeout, retry));
    return settlesWithin(this.#options.clock, timeout, Promise.all(drained));
  }

  /** Ends them all now, and waits up to `waitMs` for their handlers; says in the log which it did not wait for. */
  async end(reason: string, waitMs: number): Promise<void> {
    this.#isLeaving = true;
    for (const connection of this.#connections) if (!isIdle(connection)) this.#hasCutOff = true;
    for (const { session } of this.#connections) session.close(new SluiceError("UNAVAILABLE", reason));
    const sessions = [...this.#settling];
    const { clock, logger } = this.#options;
    const settled = Promise.all(sessions.map((session) => session.rest.whenSettled()));
    if (await settlesWithin(clock, waitMs, settled)) return;
    this.#hasCutOff = true;
    const handlers = sessions.flatMap((session) => session.handlers);
    const { message, fields } = leakReport(handlers, clock.now(), waitMs);
    logger.warn(message, fields);
  }

  #gone(connection: LiveConnection, error: SluiceError): void {
    const { session, sessionId } = connection;
    this.#connections.delete(connection);
    if (sessionId !== undefined) this.#options.kept?.forget(sessionId);
    this.#settling.add(session);
    void session.rest.whenSettled().then(() => this.#settling.delete(session));
    this.#tell("disconnected", { connection, reason: reasonOf(error), error });
  }

  #tell<Name extends keyof ServerEvents>(name: Name, data: ServerEvents[Name]): void {
    const { events, logger } = this.#options;
    tell(events, logger, name, data);
  }
}

/** Whether nothing runs, nor waits to be received. */
function isIdle({ openCalls, runningHandlers }: LiveConnection): boolean {
  return openCalls === 0 && runningHandlers === 0;
}
