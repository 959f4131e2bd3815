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
  SluiceError,
  systemClock,
  type Transport,
} from "@sluice/protocol/wire";
import { AccessTable } from "./access.ts";
import { ConnectionAcceptor } from "./connection-acceptor.ts";
import { ConnectionTable } from "./connection-table.ts";
import { KeptSessions } from "./kept-sessions.ts";
import { type ServerEvents, tell } from "./lifecycle.ts";
import { Listeners } from "./listeners.ts";
import type { ServerConnection } from "./server-connection.ts";
import { checkPlaces, checkServerOptions, type MakeContext, type ServerOptions } from "./server-options.ts";
import { ServiceRegistry, serve } from "./service-registry.ts";
import { defaultValidator } from "./validation.ts";

export interface DrainOptions {
  /** Milliseconds that running calls may take. Default: `drainTimeout` of the server, 30 s. */
  readonly timeout?: number;
  /** Milliseconds over which clients spread their reconnects. Default: 2 for each connection, at most 30 s. */
  readonly retry?: number;
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
  readonly #connections: ConnectionTable;
  readonly #listeners: Listeners;
  readonly #kept: KeptSessions | undefined;
  /** Links whose handshake is not over. */
  readonly #arriving = new Set<Link>();
  #state: "serving" | "draining" | "disposed" = "serving";
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
    this.#connections = new ConnectionTable({
      limits: this.#limits,
      clock: this.#clock,
      logger: this.#logger,
      events: this.#events,
      kept: this.#kept,
    });
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
      refusal: () => this.#refusal(),
      welcome: (connection, link) => {
        this.#arriving.delete(link);
        this.#connections.welcome(connection);
      },
    });
    if (transport !== undefined) this.handle(transport);
  }

  /** Those who are connected now. */
  get connections(): readonly ServerConnection[] {
    return this.#connections.linked;
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
   * Takes no new peers and calls, lets running calls finish, then closes. Listens until then: a client whose link breaks finds its running
   * calls again. After `timeout` what still runs is cut off: its signal aborts, and it has a second to notice. Resolves with whether
   * nothing had to be cut off. A second call waits for the first.
   * @throws {RangeError} for a `timeout` or `retry` that `drainTimeout` could not be
   */
  drain({ timeout = this.#limits.drainTimeout, retry }: DrainOptions = {}): Promise<boolean> {
    for (const ms of [timeout, retry ?? 0]) resolveLimits({ drainTimeout: ms });
    this.#draining ??= this.#drain(timeout, retry);
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
    const refusal = this.#linkRefusal() ?? this.#acceptor.refusalOf(link);
    if (refusal !== undefined) {
      refuseLink(link, refusal, this.#clock);
      this.#tellRefused(link, refusal);
      return;
    }
    this.#arriving.add(link);
    try {
      const connection = await this.#acceptor.accept(link);
      this.#arriving.delete(link);
      if (connection !== undefined) this.#connections.add(connection);
    } catch (reason) {
      this.#arriving.delete(link);
      this.#tellRefused(link, SluiceError.from(reason, "INTERNAL"));
    }
  }

  /** Why no peer can be let in anew, if so. */
  #refusal(): SluiceError | undefined {
    if (this.#state === "serving") return undefined;
    return new SluiceError("UNAVAILABLE", "The server is shutting down", { processed: "no" });
  }

  /** Why no link can be taken now, if so. While the server drains, who is behind it may find its running calls again. */
  #linkRefusal(): SluiceError | undefined {
    if (this.#state === "disposed" || this.#kept === undefined) {
      const refusal = this.#refusal();
      if (refusal !== undefined) return refusal;
    }
    const { maxConnections } = this.#limits;
    if (this.#connections.links + this.#arriving.size < maxConnections) return undefined;
    const message = `Cannot take the connection: ${maxConnections} of ${maxConnections} are open (limits.maxConnections)`;
    return new SluiceError("RESOURCE_EXHAUSTED", message);
  }

  #tellRefused({ info: { transport, remote } }: Link, error: SluiceError): void {
    tell(this.#events, this.#logger, "refused", { transport, remote, error });
  }

  async #drain(timeout: number, retry: number | undefined): Promise<boolean> {
    if (this.#state !== "serving") {
      await this.#disposing;
      return !this.#connections.hasCutOff;
    }
    this.#state = "draining";
    const isDrained = await this.#connections.drain(timeout, retry);
    this.#disposing ??= this.#dispose("the server has drained", isDrained ? undefined : noticeMs);
    await this.#disposing;
    return !this.#connections.hasCutOff;
  }

  async #dispose(reason: string, waitMs: number = this.#limits.drainTimeout): Promise<void> {
    this.#state = "disposed";
    for (const link of this.#arriving) link.destroy(new SluiceError("UNAVAILABLE", reason));
    await Promise.all([this.#connections.end(reason, waitMs), this.#listeners.stop()]);
  }

  #checkServing(): void {
    if (this.#state === "serving") return;
    throw new SluiceError("FAILED_PRECONDITION", `Cannot serve: the server is ${this.#state}`, {
      processed: "no",
    });
  }
}
