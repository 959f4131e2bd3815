/**
 * Turns a link into a connection: handshake, authentication, context, and the dispatcher of its calls.
 */
import type { Connection, Logger, ProtocolDefinition, Validator } from "@sluice/protocol";
import {
  acceptSession,
  type CallAcceptor,
  type Clock,
  type Codec,
  CompiledProtocol,
  Dispatcher,
  type Encoding,
  type EventEmitter,
  type HandlerMiddleware,
  type Hello,
  introspection,
  type Link,
  type LocalPeer,
  type ParamGuard,
  type ResolvedLimits,
  type ServedCall,
  type ServedProcedure,
  type Session,
  SluiceError,
  type ValidateMode,
} from "@sluice/protocol/wire";
import type { AccessTable } from "./access.ts";
import { type ServerEvents, tell } from "./lifecycle.ts";
import { LiveConnection } from "./server-connection.ts";
import type { Authenticate, MakeContext } from "./server-options.ts";
import { CompiledServices, type ServiceRegistry } from "./service-registry.ts";

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
}

export class ConnectionAcceptor {
  readonly #options: AcceptorOptions;
  /** Protocols by how they are encoded: one set per codec, one for values. */
  readonly #compiled = new Map<
    string,
    { readonly served: CompiledServices; readonly called: CompiledProtocol }
  >();
  #lastId = 0;
  /** When calls began that somebody watches. */
  readonly #startedAt = new WeakMap<ServedCall, number>();

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  /** Lets the peer of `link` in. Rejects when it is refused or lost; it has been told then. */
  async accept(link: Link): Promise<LiveConnection> {
    const { local, limits, clock, codecs } = this.#options;
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
        const identity = await this.#identify(hello, info);
        const context = await this.#makeContext(info, identity);
        return (session) => {
          connection = this.#connect(info.id, session, identity, context);
          return this.#serve(session, connection);
        };
      },
    });
    return connection as LiveConnection;
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

  #connect(id: string, session: Session, identity: unknown, context: unknown): LiveConnection {
    const { logger } = this.#options;
    const peerProcedures = this.#compiledFor(session.encoding).called;
    return new LiveConnection({ id, session, peer: session.peer, identity, context, logger, peerProcedures });
  }

  #serve(session: Session, connection: LiveConnection): CallAcceptor {
    const { middleware, events, logger, clock } = this.#options;
    const { served } = this.#compiledFor(session.encoding);
    return new Dispatcher({
      session,
      scope: connection,
      middleware,
      find: (name) => this.#find(name, served, connection),
      admit: () => this.#admit(connection),
      guard: (call) => this.#guard(call),
      started: (call) => {
        if (!watchesCalls(events)) return;
        this.#startedAt.set(call, clock.now());
        tell(events, logger, "call:start", { call });
      },
      ended: (call, error) => {
        const startedAt = this.#startedAt.get(call);
        if (startedAt === undefined) return;
        const durationMs = clock.now() - startedAt;
        if (error === undefined) tell(events, logger, "call:end", { call, durationMs });
        else tell(events, logger, "call:error", { call, durationMs, error });
      },
    });
  }

  #find(name: string, served: CompiledServices, connection: LiveConnection): ServedProcedure | undefined {
    if (!name.startsWith("$")) return this.#options.registry.find(name, served);
    const procedure = served.of(introspection).find(name);
    return procedure && { procedure, handler: () => this.#describe(connection) };
  }

  #describe({ identity }: LiveConnection): unknown {
    const { registry, access, local } = this.#options;
    return {
      server: local.name,
      services: registry.describe((name) => access === undefined || access.shows(name, identity)),
    };
  }

  /** Deny by default: somebody must have said who may call. */
  #admit(connection: LiveConnection): void {
    const { isPublic, authenticate, access } = this.#options;
    if (isPublic || access !== undefined) return;
    if (authenticate !== undefined && connection.identity !== undefined && connection.identity !== null)
      return;
    throw new SluiceError("UNAUTHENTICATED", "This server does not serve unknown peers", { processed: "no" });
  }

  /** By name and identity now; by the param, where a rule looks at it, once that is there. */
  #guard(call: ServedCall): ParamGuard | undefined {
    const { access } = this.#options;
    if (access === undefined || call.procedure.startsWith("$")) return undefined;
    const judgement = access.judge(call);
    if (typeof judgement === "boolean") {
      this.#require(judgement, call);
      return undefined;
    }
    return (param) => {
      const allowed = judgement(param);
      if (typeof allowed === "boolean") return this.#require(allowed, call);
      return allowed.then((isAllowed) => this.#require(isAllowed, call));
    };
  }

  #require(isAllowed: boolean, call: ServedCall): void {
    if (isAllowed === true) return;
    const isKnown = call.identity !== undefined && call.identity !== null;
    const message = `The peer may not call ${call.procedure}`;
    throw new SluiceError(isKnown ? "PERMISSION_DENIED" : "UNAUTHENTICATED", message, { processed: "no" });
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

function watchesCalls(events: EventEmitter<ServerEvents>): boolean {
  return (
    events.listenerCount("call:start") > 0 ||
    events.listenerCount("call:end") > 0 ||
    events.listenerCount("call:error") > 0
  );
}
