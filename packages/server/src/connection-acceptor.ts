/**
 * Turns a link into a connection: handshake, authentication, context, and what serves its calls.
 */
import type { Connection, Logger, ProtocolDefinition, Validator } from "@sluice/protocol";
import {
  acceptSession,
  type Clock,
  type Codec,
  CompiledProtocol,
  Dispatcher,
  type Encoding,
  type EventEmitter,
  type HandlerMiddleware,
  type Hello,
  type Link,
  type LocalPeer,
  type ResolvedLimits,
  type Session,
  type SessionTicket,
  SluiceError,
  type ValidateMode,
} from "@sluice/protocol/wire";
import type { AccessTable } from "./access.ts";
import { CallWatch } from "./call-watch.ts";
import type { KeptSessions } from "./kept-sessions.ts";
import type { ServerEvents } from "./lifecycle.ts";
import { type CallRules, ServedCalls } from "./served-calls.ts";
import { LiveConnection } from "./server-connection.ts";
import type { Authenticate, MakeContext } from "./server-options.ts";
import { CompiledServices, type ServiceRegistry } from "./service-registry.ts";
import { SharedSlots } from "./shared-slots.ts";

/** What all connections of a server share. */
export interface AcceptorOptions {
  readonly local: LocalPeer;
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly codecs: readonly Codec[];
  readonly validator: Validator;
  readonly validate: ValidateMode;
  readonly logger: Logger;
  readonly registry: ServiceRegistry;
  readonly events: EventEmitter<ServerEvents>;
  readonly middleware: readonly HandlerMiddleware[];
  readonly isPublic: boolean;
  readonly authenticate: Authenticate | undefined;
  readonly access: AccessTable | undefined;
  readonly context: MakeContext<unknown>;
  readonly clientProtocol: ProtocolDefinition | undefined;
  /** What peers can find again; `undefined`: a lost link ends the calls. */
  readonly kept: KeptSessions | undefined;
  /** Why no peer is let in but into a session that it had, if so. */
  refusal(): SluiceError | undefined;
  /** A peer is let in, over `link`: from this moment on it has to hear of a drain. {@link ConnectionAcceptor.accept} brings it then. */
  welcome(connection: LiveConnection, link: Link): void;
}

export class ConnectionAcceptor {
  readonly #options: AcceptorOptions;
  /** Protocols by how they are encoded: one set per codec, one for values. */
  readonly #compiled = new Map<
    string,
    { readonly served: CompiledServices; readonly called: CompiledProtocol }
  >();
  #lastId = 0;
  readonly #rules: CallRules;
  readonly #slots: SharedSlots;

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#slots = new SharedSlots(options.limits.maxConcurrentHandlers);
    const { local, registry, middleware, isPublic, authenticate, access, events, logger, clock } = options;
    this.#rules = {
      serverName: local.name,
      registry,
      middleware,
      isPublic,
      authenticates: authenticate !== undefined,
      access,
      watch: new CallWatch(events, logger, clock),
    };
  }

  /** Why `link` is of no use now, if so: it is for a call, and too many run. */
  refusalOf({ info }: Link): SluiceError | undefined {
    return info.isOneCall === true ? this.#slots.refusal() : undefined;
  }

  /**
   * Lets the peer of `link` in. Brings its connection, or nothing if it goes on with one that it has. Rejects when it is refused or
   * lost; it has been told then.
   */
  async accept(link: Link): Promise<LiveConnection | undefined> {
    const { local, limits, clock, codecs, kept } = this.#options;
    let connection: LiveConnection | undefined;
    await acceptSession(link, {
      local,
      limits,
      clock,
      codecs,
      authenticate: async (hello) => {
        const info: Connection = {
          id: `${local.epoch.slice(0, 8)}-${++this.#lastId}`,
          transport: link.info.transport,
          remote: link.info.remote,
          peerCertificate: link.info.peerCertificate,
        };
        const claim = typeof hello.session === "object" ? hello.session : undefined;
        if (claim === undefined) this.#checkOpen();
        const identity = await this.#identify(hello, info);
        const resumed = claim && kept?.find(hello, claim, identity, link.kind);
        if (resumed !== undefined) return resumed;
        this.#checkOpen();
        const context = await this.#makeContext(info, identity);
        const ticket = hello.session === undefined ? undefined : kept?.draw();
        return {
          ticket,
          serve: (session) => {
            // Once more: a context takes as long as user code takes.
            this.#checkOpen();
            connection = this.#connect(info.id, session, identity, context, ticket);
            const { served } = this.#compiledFor(session.encoding);
            const dispatcher = new Dispatcher(new ServedCalls(this.#rules, connection, served));
            // Last: what throws before it refuses the peer.
            this.#options.welcome(connection, link);
            return link.info.isOneCall === true ? this.#slots.bound(dispatcher, session) : dispatcher;
          },
        };
      },
    });
    return connection;
  }

  #checkOpen(): void {
    const refusal = this.#options.refusal();
    if (refusal !== undefined) throw refusal;
  }

  async #identify(hello: Hello, info: Connection): Promise<unknown> {
    const { authenticate, logger } = this.#options;
    if (authenticate === undefined) return undefined;
    try {
      return await authenticate(hello.credentials, info);
    } catch (cause) {
      if (SluiceError.is(cause)) throw cause;
      logger.info("A peer was refused", { transport: info.transport, remote: info.remote, error: cause });
      throw new SluiceError("UNAUTHENTICATED", "The credentials were refused", { cause });
    }
  }

  async #makeContext(info: Connection, identity: unknown): Promise<unknown> {
    const { context, logger } = this.#options;
    try {
      return await context(info, identity);
    } catch (error) {
      if (!SluiceError.is(error)) logger.error("The context of a connection could not be made", { error });
      throw error;
    }
  }

  #connect(
    id: string,
    session: Session,
    identity: unknown,
    context: unknown,
    ticket: SessionTicket | undefined,
  ): LiveConnection {
    const { logger, kept } = this.#options;
    if (ticket !== undefined) kept?.keep(ticket, session, identity);
    const peerProcedures = this.#compiledFor(session.encoding).called;
    const { peer } = session;
    return new LiveConnection({ id, session, peer, identity, context, logger, peerProcedures, ticket });
  }

  #compiledFor(encoding: Encoding): { readonly served: CompiledServices; readonly called: CompiledProtocol } {
    const key = encoding.kind === "bytes" ? encoding.codec.name : "";
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      const { validator, validate, limits, clientProtocol } = this.#options;
      const options = { encoding, validator, validate, limits };
      compiled = {
        served: new CompiledServices({ ...options, side: "callee" }),
        called: new CompiledProtocol(clientProtocol, { ...options, side: "caller" }),
      };
      this.#compiled.set(key, compiled);
    }
    return compiled;
  }
}
