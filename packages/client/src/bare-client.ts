/**
 * A client of a server: typed calls that wait for the connection, over a connection that is kept; and nothing that one can do without.
 *
 * A validator and handlers for the server's calls are brought by whoever wants them: client.ts.
 */
import type {
  Api,
  CallArguments,
  ChannelArguments,
  ChannelCall,
  DataOf,
  EventArguments,
  Logger,
  ParamOf,
  ProcedureNames,
  ProtocolDefinition,
  ReceiveOf,
  ResultOf,
  SendOf,
  ServerDescription,
  Service,
  StreamCall,
  TypedCalls,
} from "@sluice/protocol";
import {
  Caller,
  type CallerDefaults,
  type CallerMiddleware,
  type Clock,
  consoleLogger,
  EventEmitter,
  introspection,
  isService,
  jsonCodec,
  type LocalPeer,
  type MakePeerCalls,
  makeApi,
  newPeer,
  type ResolvedLimits,
  Retries,
  refuseCalls,
  resolveLimits,
  type Session,
  SluiceError,
  serviceApi,
  serviceProcedures,
  systemClock,
  type Transport,
  within,
} from "@sluice/protocol/wire";
import { type BareClientOptions, checkTransports } from "./client-options.ts";
import { ClientConnection, type ClientStatus } from "./connection.ts";
import { type PingOptions, ping } from "./ping.ts";
import { ClientProcedures } from "./procedures.ts";
import { ReconnectPolicy } from "./reconnect-policy.ts";

/** How long a transport may take to end, ms. */
const transportEndMs = 5_000;

/** Events of a client by name. */
export interface ClientEvents {
  /** The status has changed. */
  status: ClientStatus;
}

/** What a client can do without. */
export interface ClientParts {
  /** @throws {TypeError} for what is no protocol */
  checkProtocol(protocol: ProtocolDefinition): void;
  /** Makes what takes the server's calls. `caller`: for handlers that call the server again. */
  peerCalls(
    local: LocalPeer,
    limits: ResolvedLimits,
    caller: () => Caller,
  ): (session: Session) => MakePeerCalls;
}

const noParts: ClientParts = { checkProtocol: ignore, peerCalls: () => () => refuseCalls };

/** A client without a validator, unless it is given one, and without handlers: for pages that count each kilobyte. */
export class BareClient<const Protocol extends ProtocolDefinition = ProtocolDefinition>
  implements TypedCalls<Protocol>
{
  readonly #clock: Clock;
  readonly #limits: ResolvedLimits;
  readonly #events = new EventEmitter<ClientEvents>();
  readonly #connection: ClientConnection;
  readonly #logger: Logger;
  readonly #transports: readonly Pick<Transport, "name" | "dispose">[];
  readonly #protocol: ProtocolDefinition | undefined;
  readonly #procedures: ClientProcedures;
  readonly #retries: Retries;
  readonly #parts: ClientParts;
  readonly #makeCaller: (procedures: ClientProcedures) => Caller;
  readonly #caller: Caller;
  #api: unknown;
  #disposing: Promise<void> | undefined;

  /**
   * Begins to connect at once.
   * @throws {TypeError} for a transport that is none; {@link RangeError} for limits, `retry` or `reconnect` out of range
   */
  constructor(options: BareClientOptions<Protocol>, parts: ClientParts = noParts) {
    const { protocol, reconnect, validator, validate = "all" } = options;
    if (protocol !== undefined) parts.checkProtocol(protocol);
    const limits = resolveLimits(options);
    const clock = options.clock ?? systemClock;
    const logger = options.logger ?? consoleLogger;
    const local = newPeer(options.name ?? "client");
    const transports = checkTransports(options.transport);
    const { timeout, idleTimeout, failFast = false } = options;
    const defaults: CallerDefaults = { timeout, idleTimeout, failFast };
    this.#parts = parts;
    this.#clock = clock;
    this.#logger = logger;
    this.#limits = limits;
    this.#protocol = protocol;
    this.#transports = transports;
    this.#procedures = new ClientProcedures(protocol, { validator, validate, limits });
    const retries = new Retries(options.retry, clock);
    this.#retries = retries;
    this.#connection = new ClientConnection({
      transports,
      local,
      limits,
      clock,
      logger,
      codecs: [options.codec ?? jsonCodec],
      credentials: options.credentials,
      reconnect: reconnect === false ? undefined : new ReconnectPolicy(reconnect),
      keepsSession: options.session !== false,
      peerCalls: parts.peerCalls(local, limits, () => this.#caller),
      onStatus: (status) => this.#tellStatus(status),
    });
    const connection = this.#connection;
    const middleware: CallerMiddleware[] = [];
    this.#makeCaller = (procedures) => {
      const route = {
        get session() {
          return connection.session;
        },
        get lastFailure() {
          return connection.lastFailure;
        },
        waitForSession: () => connection.waitForSession(),
        procedures: procedures.of.bind(procedures),
      };
      return new Caller(route, defaults, clock, logger, middleware, retries);
    };
    this.#caller = this.#makeCaller(this.#procedures);
    queueMicrotask(() => this.#connection.start());
  }

  get status(): ClientStatus {
    return this.#connection.status;
  }

  /** Resolves when the client is connected; rejects when it never will be. */
  get ready(): Promise<void> {
    const ready = this.#connection.waitForSession().then(ignore);
    ready.catch(ignore);
    return ready;
  }

  /** The procedures as functions: `client.api.system.restart({ service: "web" })`. Needs the option `protocol`. */
  get api(): Api<Protocol> {
    if (this.#protocol === undefined) throw new TypeError("client.api needs the option `protocol`");
    this.#api ??= makeApi(this.#caller, this.#protocol);
    return this.#api as Api<Protocol>;
  }

  // The casts in the four calls forget nothing: the caller gives what the protocol's schemas say.

  request<Procedure extends ProcedureNames<Protocol, "request">>(
    name: Procedure,
    ...[options]: CallArguments<ParamOf<Protocol, Procedure>>
  ): Promise<ResultOf<Protocol, Procedure>> {
    return this.#caller.request(name, options) as Promise<ResultOf<Protocol, Procedure>>;
  }

  stream<Procedure extends ProcedureNames<Protocol, "stream">>(
    name: Procedure,
    ...[options]: CallArguments<ParamOf<Protocol, Procedure>>
  ): StreamCall<ReceiveOf<Protocol, Procedure>, ResultOf<Protocol, Procedure>> {
    return this.#caller.items(name, "stream", options) as StreamCall<
      ReceiveOf<Protocol, Procedure>,
      ResultOf<Protocol, Procedure>
    >;
  }

  channel<Procedure extends ProcedureNames<Protocol, "channel">>(
    name: Procedure,
    ...[options]: ChannelArguments<ParamOf<Protocol, Procedure>, SendOf<Protocol, Procedure>>
  ): ChannelCall<SendOf<Protocol, Procedure>, ReceiveOf<Protocol, Procedure>, ResultOf<Protocol, Procedure>> {
    return this.#caller.items(name, "channel", options) as ChannelCall<
      SendOf<Protocol, Procedure>,
      ReceiveOf<Protocol, Procedure>,
      ResultOf<Protocol, Procedure>
    >;
  }

  event<Procedure extends ProcedureNames<Protocol, "event">>(
    name: Procedure,
    ...[options]: EventArguments<DataOf<Protocol, Procedure>>
  ): Promise<void> {
    return this.#caller.event(name, options);
  }

  /** The procedures of another protocol, or of a service, that the server serves, as functions. */
  service<const Other extends ProtocolDefinition>(served: Other | Service<Other>): Api<Other> {
    this.#parts.checkProtocol(isService(served) ? served.protocol : served);
    const caller = this.#makeCaller(this.#procedures.with(serviceProcedures(served)));
    return serviceApi(caller, served) as Api<Other>;
  }

  /** What the server serves to this client, with schemas. */
  describe(): Promise<ServerDescription> {
    const caller = this.#makeCaller(this.#procedures.with(introspection));
    return caller.request("$describe") as Promise<ServerDescription>;
  }

  /**
   * The time that a sign of life takes to the server and back, ms.
   *
   * Rejects with `DEADLINE_EXCEEDED` after `timeout` ms without an answer (default: `handshakeTimeout`), of which waiting for the
   * connection is a part.
   */
  ping(options: PingOptions = {}): Promise<number> {
    return ping(this.#connection, this.#clock, this.#limits.handshakeTimeout, options);
  }

  /** Runs `middleware` around every call of this client, inside of what was added before. */
  use(middleware: CallerMiddleware): this {
    this.#caller.use(middleware);
    return this;
  }

  /** Calls `listener` for every event of that name. Returns what takes it off. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  off<Name extends keyof ClientEvents>(name: Name, listener: (data: ClientEvents[Name]) => void): void {
    this.#events.off(name, listener);
  }

  /**
   * Stops the calls that run and waits for their ends, up to `graceMs`; then ends the session and the transports, and waits up to
   * 5 s for those. Calls that wait to be repeated end at once, and none is repeated any more. Nothing of the client keeps the process
   * alive after that. A second call waits for the first.
   */
  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** What a listener throws does not concern the connection. */
  #tellStatus(status: ClientStatus): void {
    try {
      this.#events.emit("status", status);
    } catch (error) {
      this.#logger.error("A listener of status failed", { error });
    }
  }

  async #dispose(): Promise<void> {
    const clock = this.#clock;
    const disposed = new SluiceError("CANCELLED", "The client was disposed", { processed: "no" });
    this.#retries.close(disposed);
    this.#connection.refuseCalls(disposed);
    // One without a link has nobody to tell.
    const linked = this.#connection.sessions.filter((session) => !session.isDetached);
    const stopped = Promise.all(linked.map((session) => session.stop())).then(ignore);
    if (linked.length > 0) await within(clock, this.#limits.graceMs, stopped, ignore);
    this.#connection.close(disposed);
    const ends = this.#transports.map((transport) =>
      within(clock, transportEndMs, transport.dispose(), () => {
        const what = `The transport ${transport.name} has not ended`;
        this.#logger.warn(`${what} ${transportEndMs} ms after its dispose()`);
      }),
    );
    await Promise.all(ends);
  }
}

function ignore(): void {}
