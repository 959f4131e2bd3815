/**
 * One connection of a server: who is at its other end, what is served to it, and the calls back to it.
 */
import type { Connection, Logger, PeerCertificate, PeerClient } from "@sluice/protocol";
import {
  Caller,
  type Clock,
  type ConnectionScope,
  makePeerClient,
  type PeerInfo,
  type Session,
  type SessionTicket,
  SluiceError,
} from "@sluice/protocol/wire";
import type { CompiledServices } from "./service-registry.ts";

/** A connection, as `server.connections` and the server's events show it. */
export interface ServerConnection extends Connection {
  /** What `authenticate` returned. */
  readonly identity: unknown;
  /** The peer's name, as it says it: for logs, not for decisions. */
  readonly peer: string;
  /** Calls that are open, of both sides. */
  readonly openCalls: number;
  /** Handlers that run for it. */
  readonly runningHandlers: number;
  /** Calls the peer. */
  readonly client: PeerClient;
  /**
   * Has the peer show its credentials again, over another link: its calls wait, and go on if `authenticate` finds the same identity within
   * `graceMs`. Else they end, as when a peer does not come back. Does nothing while the peer is away.
   */
  reauthenticate(): void;
  /** Ends it; the peer learns the reason. */
  close(reason?: string): void;
}

export interface ConnectionParts {
  readonly id: string;
  readonly session: Session;
  readonly peer: PeerInfo;
  readonly identity: unknown;
  readonly context: unknown;
  readonly logger: Logger;
  /** What the peer finds its session again by, if it can. */
  readonly ticket: SessionTicket | undefined;
  /** What the peer serves, compiled for this session; its protocol may be unknown. */
  readonly peerProcedures: ReturnType<CompiledServices["of"]>;
}

export class LiveConnection implements ServerConnection, ConnectionScope {
  readonly id: string;
  readonly peer: string;
  readonly identity: unknown;
  readonly context: unknown;
  readonly log: Logger;
  readonly session: Session;
  readonly sessionId: string | undefined;
  readonly #peerProcedures: ConnectionParts["peerProcedures"];
  #client: PeerClient | undefined;

  constructor(parts: ConnectionParts) {
    const { session } = parts;
    this.#peerProcedures = parts.peerProcedures;
    this.id = parts.id;
    this.peer = parts.peer.name;
    this.identity = parts.identity;
    this.context = parts.context;
    this.log = parts.logger;
    this.session = session;
    this.sessionId = parts.ticket?.id;
  }

  get transport(): string {
    return this.session.info.transport;
  }

  get remote(): string | undefined {
    return this.session.info.remote;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.session.info.peerCertificate;
  }

  get openCalls(): number {
    return this.session.openCalls;
  }

  get runningHandlers(): number {
    return this.session.runningHandlers;
  }

  get clock(): Clock {
    return this.session.clock;
  }

  get connection(): Connection {
    return this;
  }

  get client(): PeerClient {
    this.#client ??= this.#makeClient(undefined);
    return this.#client;
  }

  /** For a handler: calls that end with its own. */
  clientFor(remainingMs: () => number | undefined): PeerClient {
    return this.#makeClient(remainingMs);
  }

  reauthenticate(): void {
    const error = new SluiceError("UNAUTHENTICATED", "Credentials were asked for again");
    this.session.relink(error);
  }

  close(reason = "the server closed the connection"): void {
    this.session.close(new SluiceError("UNAVAILABLE", reason));
  }

  #makeClient(inherited: (() => number | undefined) | undefined): PeerClient {
    const { session } = this;
    const peerProcedures = this.#peerProcedures;
    const route = {
      get session() {
        return session.state.name === "closed" ? undefined : session;
      },
      waitForSession: () =>
        Promise.reject(new SluiceError("UNAVAILABLE", "The connection is closed", { processed: "no" })),
      procedures: () => peerProcedures,
    };
    const defaults = {
      timeout: undefined,
      idleTimeout: undefined,
      failFast: true,
      ...(inherited === undefined ? {} : { inherited }),
    };
    return makePeerClient(new Caller(route, defaults, session.clock, this.log));
  }
}
