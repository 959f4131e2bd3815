/**
 * Serves a protocol's handlers over any number of transports, to whom it was told to.
 */
import type { HandlersOf, Logger, ProtocolDefinition, Service } from "@sluice/protocol";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import {
  type Clock,
  consoleLogger,
  EventEmitter,
  type HandlerMiddleware,
  jsonCodec,
  type Link,
  type Listener,
  newPeer,
  type ResolvedLimits,
  refuseLink,
  resolveLimits,
  type Session,
  SluiceError,
  settlesWithin,
  systemClock,
  type Transport,
} from "@sluice/protocol/wire";
import { AccessTable } from "./access.ts";
import { ConnectionAcceptor } from "./connection-acceptor.ts";
import { KeptSessions } from "./kept-sessions.ts";
import { leakReport } from "./leak-report.ts";
import { reasonOf, type ServerEvents, tell } from "./lifecycle.ts";
import { Listeners } from "./listeners.ts";
import type { LiveConnection, ServerConnection } from "./server-connection.ts";
import { checkPlaces, checkServerOptions, type MakeContext, type ServerOptions } from "./server-options.ts";
import { ServiceRegistry, serve } from "./service-registry.ts";
import { defaultValidator } from "./validation.ts";

export interface DrainOptions {
  /** Milliseconds that running calls may take. Default: `drainTimeout` of the server, 30 s. */
  readonly timeout?: number;
}

/** How long handlers that a drain has cut off may take to notice, ms. */
const noticeMs = 1_000;

export class Server<const Protocol extends ProtocolDefinition = never, Context = undefined> {
  readonly #limits: ResolvedLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #registry = new ServiceRegistry();
  readonly #events = new EventEmitter<ServerEvents>();
  readonly #middleware: HandlerMiddleware[] = [];
  readonly #acceptor: ConnectionAcceptor;
  readonly #connections = new Set<LiveConnection>();
  readonly #listeners: Listeners;
  readonly #kept: KeptSessions | undefined;
  /** Links whose handshake is not over. */
  readonly #arriving = new Set<Link>();
  /** Sessions that are over, and whose handlers are not. */
  readonly #settling = new Set<Session>();
  #state: "serving" | "draining" | "disposed" = "serving";
  /** Whether calls were ended before their handlers had settled. */
  #hasCutOff = false;
  #draining: Promise<boolean> | undefined;
  #disposing: Promise<void> | undefined;

  /**
   * Serves nobody yet, unless `options.transport` is there.
   * @throws {TypeError} for options that are not known, a missing or unknown handler, a protocol or access rule that is none;
   * {@link RangeError} for limits
   */
  constructor(options: ServerOptions<Protocol, Context>) {
    checkServerOptions(options);
    const { protocol, handlers, services = [], transport, access, context } = options;
    this.#limits = resolveLimits(options);
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? consoleLogger;
    if (protocol !== undefined) this.#registry.addProtocol(protocol, handlers ?? {});
    else if (handlers !== undefined) throw new TypeError("handlers need their protocol");
    for (const service of services) this.#registry.addService(service);
    this.#listeners = new Listeners(this.#clock, this.#logger);
    this.#kept = options.session === false ? undefined : new KeptSessions(this.#limits);
    this.#acceptor = new ConnectionAcceptor({
      local: newPeer(options.name ?? "server"),
      limits: this.#limits,
      clock: this.#clock,
      codecs: options.codecs ?? [jsonCodec, msgpackCodec],
      validator: options.validator ?? defaultValidator(),
      validate: options.validate ?? "all",
      logger: this.#logger,
      registry: this.#registry,
      events: this.#events,
      middleware: this.#middleware,
      isPublic: options.public === true,
      authenticate: options.authenticate,
      access: access === undefined ? undefined : new AccessTable(access),
      context: typeof context === "function" ? (context as MakeContext<unknown>) : () => context,
      clientProtocol: options.clientProtocol,
      kept: this.#kept,
    });
    if (transport !== undefined) this.handle(transport);
  }

  /** Those who are connected now. */
  get connections(): readonly ServerConnection[] {
    return [...this.#connections].filter(({ session }) => !session.isDetached);
  }

  /** Serves every link of `transport`, until the server or the transport is disposed. Who made the transport disposes it. */
  handle(transport: Transport<unknown, unknown>): void {
    this.#checkServing();
    if (transport.accept === undefined) {
      throw new TypeError(`Cannot serve a ${transport.name} transport: it only connects`);
    }
    transport.accept((link) => void this.#accept(link), this.#registry.definitionOf);
  }

  /**
   * Listens at addresses (`unix:/run/app.sock`, `tcp://127.0.0.1:3000`, …) or listeners. Resolves with the addresses, with real ports.
   *
   * Rejects if one of them fails; those before it listen then. `ALREADY_EXISTS`: another server is there. `UNIMPLEMENTED`: the
   * transport's package is not installed. `INVALID_ARGUMENT`: the address is none. {@link TypeError}: it is neither.
   */
  async listen(...where: (string | Listener)[]): Promise<string[]> {
    this.#checkServing();
    checkPlaces(where);
    const addresses: string[] = [];
    for (const one of where) {
      const accept = (link: Link): void => void this.#accept(link);
      addresses.push(await this.#listeners.listen(one, accept, this.#registry.definitionOf));
      this.#checkServing();
    }
    return addresses;
  }

  /** Runs `middleware` around every handler from now on, inside of what was added before. */
  use(middleware: HandlerMiddleware): this {
    this.#middleware.push(middleware);
    return this;
  }

  /** Serves a service, also while running. @throws {TypeError} as the constructor */
  expose<const Served extends ProtocolDefinition>(
    service: Service<Served>,
    handlers: HandlersOf<Served, Context>,
  ): this {
    this.#registry.addService(serve(service, handlers as HandlersOf<Served>));
    return this;
  }

  /** Serves `name` (all versions) or `name@version` no more; calls that run go on. Returns whether it was served. */
  unexpose(nameAndVersion: string): boolean {
    return this.#registry.removeService(nameAndVersion);
  }

  /** Calls `listener` for every event of that name. Returns what takes it off. */
  on<Name extends keyof ServerEvents>(name: Name, listener: (data: ServerEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  off<Name extends keyof ServerEvents>(name: Name, listener: (data: ServerEvents[Name]) => void): void {
    this.#events.off(name, listener);
  }

  /**
   * Takes no new links and calls, lets running calls finish, then closes. After `timeout` what still runs is cut off: its signal
   * aborts, and it has a second to notice. Resolves with whether nothing had to be cut off. A second call waits for the first.
   * @throws {RangeError} for a `timeout` that `drainTimeout` could not be
   */
  drain({ timeout = this.#limits.drainTimeout }: DrainOptions = {}): Promise<boolean> {
    resolveLimits({ drainTimeout: timeout });
    this.#draining ??= this.#drain(timeout);
    return this.#draining;
  }

  /**
   * Closes everything now: handlers' signals abort with `"shutdown"`. Resolves when they have settled, at most after `drainTimeout`,
   * and listeners have ended, at most after 5 s.
   */
  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose("the server shuts down");
    return this.#disposing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #accept(link: Link): Promise<void> {
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      refuseLink(link, refusal, this.#clock);
      this.#tellRefused(link, refusal);
      return;
    }
    this.#arriving.add(link);
    try {
      const connection = await this.#acceptor.accept(link);
      this.#arriving.delete(link);
      if (connection !== undefined) this.#add(connection);
    } catch (reason) {
      this.#arriving.delete(link);
      this.#tellRefused(link, SluiceError.from(reason, "INTERNAL"));
    }
  }

  /** Why no link can be taken now, if so. */
  #refusal(): SluiceError | undefined {
    if (this.#state !== "serving") return new SluiceError("UNAVAILABLE", "The server is shutting down");
    const { maxConnections } = this.#limits;
    const detached = this.#kept?.detached ?? 0;
    if (this.#connections.size - detached + this.#arriving.size < maxConnections) return undefined;
    const message = `Cannot take the connection: ${maxConnections} of ${maxConnections} are open (limits.maxConnections)`;
    return new SluiceError("RESOURCE_EXHAUSTED", message);
  }

  #tellRefused({ info: { transport, remote } }: Link, error: SluiceError): void {
    tell(this.#events, this.#logger, "refused", { transport, remote, error });
  }

  #add(connection: LiveConnection): void {
    const { session, sessionId } = connection;
    const gone = (error: SluiceError): void => {
      this.#connections.delete(connection);
      if (sessionId !== undefined) this.#kept?.forget(sessionId);
      this.#settling.add(session);
      void session.whenSettled().then(() => this.#settling.delete(session));
      tell(this.#events, this.#logger, "disconnected", { connection, reason: reasonOf(error), error });
    };
    this.#connections.add(connection);
    tell(this.#events, this.#logger, "connected", { connection });
    if (session.state.name === "closed") gone(session.state.error);
    else {
      session.listener = {
        closed: gone,
        detached: (error) => {
          tell(this.#events, this.#logger, "detached", { connection, reason: reasonOf(error), error });
          if (this.#state !== "serving") connection.close("the server is shutting down");
          else if (sessionId !== undefined) this.#kept?.lost(sessionId);
        },
        attached: () => {
          if (sessionId !== undefined) this.#kept?.attached(sessionId);
          tell(this.#events, this.#logger, "resumed", { connection });
        },
      };
    }
    if (this.#state !== "serving") connection.close("the server is shutting down");
  }

  async #drain(timeout: number): Promise<boolean> {
    if (this.#state !== "serving") {
      await this.#disposing;
      return !this.#hasCutOff;
    }
    this.#state = "draining";
    // Nobody can come back to those.
    const absent = [...this.#connections].filter(({ session }) => session.isDetached);
    for (const connection of absent) connection.close("the server is shutting down");
    const [isDrained] = await Promise.all([this.#drainSessions(timeout), this.#listeners.stop()]);
    const isAllOver = isDrained && absent.length === 0;
    this.#disposing ??= this.#dispose("the server has drained", isAllOver ? undefined : noticeMs);
    await this.#disposing;
    return !this.#hasCutOff;
  }

  /** Whether running calls have ended within `timeout`. */
  #drainSessions(timeout: number): Promise<boolean> {
    const drained = Promise.all([...this.#connections].map(({ session }) => session.drain(timeout)));
    return settlesWithin(this.#clock, timeout, drained);
  }

  async #dispose(reason: string, waitMs: number = this.#limits.drainTimeout): Promise<void> {
    this.#state = "disposed";
    await Promise.all([this.#endSessions(reason, waitMs), this.#listeners.stop()]);
  }

  async #endSessions(reason: string, waitMs: number): Promise<void> {
    for (const link of this.#arriving) link.destroy(new SluiceError("UNAVAILABLE", reason));
    for (const { openCalls, runningHandlers } of this.#connections) {
      if (openCalls > 0 || runningHandlers > 0) this.#hasCutOff = true;
    }
    for (const { session } of this.#connections) session.close(new SluiceError("UNAVAILABLE", reason));
    const sessions = [...this.#settling];
    const settled = Promise.all(sessions.map((session) => session.whenSettled()));
    if (await settlesWithin(this.#clock, waitMs, settled)) return;
    this.#hasCutOff = true;
    const handlers = sessions.flatMap((session) => session.handlers);
    const { message, fields } = leakReport(handlers, this.#clock.now(), waitMs);
    this.#logger.warn(message, fields);
  }

  #checkServing(): void {
    if (this.#state === "serving") return;
    throw new SluiceError("FAILED_PRECONDITION", `Cannot serve: the server is ${this.#state}`, {
      processed: "no",
    });
  }
}
