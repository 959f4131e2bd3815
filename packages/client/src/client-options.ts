/**
 * What a client can be told, with defaults; a name that is none of these is a mistake, and is found.
 */
import type {
  ClientRetryOptions,
  HandlerOf,
  LimitOptions,
  Logger,
  RetryBudgetOptions,
  Validator,
} from "@sluice/protocol";
import {
  type Clock,
  type Codec,
  checkOptionNames,
  optionPaths,
  resolveLimits,
  type ToClient,
  type ToServer,
  type Transport,
  type ValidateMode,
} from "@sluice/protocol/wire";
import type { Credentials } from "./connection.ts";
import type { ReconnectOptions } from "./reconnect-policy.ts";

/** Handlers of a client: of any procedures of the protocol, the rest is not served. */
export type ClientHandlers<Protocol> = {
  readonly [Procedure in keyof Protocol]?: HandlerOf<Protocol, Procedure, undefined>;
};

/** A transport of a client of `Protocol`. */
export type ClientTransport<Protocol> = Transport<ToClient<Protocol>, ToServer<Protocol>>;

/** Options of a client that brings neither a validator nor handlers. */
export interface BareClientOptions<Protocol> extends LimitOptions {
  /** How to reach the server. Of several, the next is tried when one fails. */
  readonly transport: ClientTransport<Protocol> | readonly ClientTransport<Protocol>[];
  /** What the server serves. Without it, calls are typed as the transport says, and neither params nor replies are checked. */
  readonly protocol?: Protocol;
  /** Any JSON, or a function that brings it for each connection. Default: none. */
  readonly credentials?: Credentials;
  /** Milliseconds for each call, unless it says otherwise. Default: none. */
  readonly timeout?: number;
  /** Milliseconds without an item, for each stream and channel. Default: none. */
  readonly idleTimeout?: number;
  /** Whether calls fail at once while there is no connection. Default `false`: they wait. */
  readonly failFast?: boolean;
  /**
   * How calls are repeated that failed and may be; `false`: not at all, unless a call asks for it. Default: 3 times, after up to
   * 100 ms · 2ⁿ with full jitter, as far as the budget goes.
   */
  readonly retry?: false | ClientRetryOptions;
  /** How to connect again after a loss; `false`: not at all. Default: 100 ms · 2ⁿ up to 30 s, full jitter, for ever. */
  readonly reconnect?: false | ReconnectOptions;
  /** `false`: a lost link ends its calls. Default `true`: they go on over the next one, if the server keeps sessions. */
  readonly session?: boolean;
  /** How values travel. Default: JSON. */
  readonly codec?: Codec;
  /** Checks values. Default: of {@link Client} closures, which generate no code; of {@link BareClient} none. */
  readonly validator?: Validator;
  /** Which messages are checked. Default `"all"`. */
  readonly validate?: ValidateMode;
  /** For the server's logs, at most 256 bytes. Default `"client"`. */
  readonly name?: string;
  /** Default: warnings and errors to the console. */
  readonly logger?: Logger;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

export interface ClientOptions<Protocol, Served = Protocol> extends BareClientOptions<Protocol> {
  /** Handlers for calls from the server. What is not here is refused. */
  readonly handlers?: ClientHandlers<Served>;
  /** The protocol of `handlers`. Default: `protocol`. */
  readonly clientProtocol?: Served;
}

/** Every one of them: the compiler misses what is forgotten. */
const topNames: Record<keyof ClientOptions<unknown>, true> = {
  transport: true,
  protocol: true,
  credentials: true,
  timeout: true,
  idleTimeout: true,
  failFast: true,
  reconnect: true,
  retry: true,
  limits: true,
  session: true,
  handlers: true,
  clientProtocol: true,
  codec: true,
  validator: true,
  validate: true,
  name: true,
  logger: true,
  clock: true,
  handshakeTimeout: true,
  heartbeat: true,
  deadAfter: true,
  graceMs: true,
  stallTimeout: true,
  drainTimeout: true,
  maxDeadline: true,
};
const reconnectNames: Record<keyof ReconnectOptions, true> = {
  initial: true,
  max: true,
  factor: true,
  jitter: true,
  attempts: true,
};
const budgetNames: Record<keyof RetryBudgetOptions, true> = { burst: true, ratio: true, perSecond: true };
const retryNames: Record<Exclude<keyof ClientRetryOptions, "budget">, true> = {
  attempts: true,
  initial: true,
  max: true,
  factor: true,
  jitter: true,
};
const limitNames = Object.fromEntries(
  Object.entries(resolveLimits()).filter(([name]) => !(name in topNames)),
);
const clientPaths = optionPaths({
  ...topNames,
  limits: limitNames,
  reconnect: reconnectNames,
  retry: { ...retryNames, budget: budgetNames },
});
const connectPaths = [...clientPaths.filter((path) => path !== "transport"), "tls"];

/** Refuses what are no options of a client. @throws {TypeError} that says what to write */
export function checkClientOptions(options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      "new Client() needs options: at least new Client({ transport }). For an address there is connect(address)",
    );
  }
  checkOptionNames("new Client()", options, clientPaths);
}

/** Refuses what are no options of `connect()`. @throws {TypeError} as {@link checkClientOptions} */
export function checkConnectOptions(options: unknown): asserts options is object {
  if (typeof options !== "object" || options === null) {
    throw new TypeError("connect() needs options as an object, or none: connect(address, { protocol })");
  }
  checkOptionNames("connect()", options, connectPaths);
}

/** The transports that a client is given, at least one. @throws {TypeError} for what is none */
export function checkTransports<Protocol>(
  transport: ClientOptions<Protocol>["transport"],
): readonly ClientTransport<Protocol>[] {
  const transports: readonly unknown[] = Array.isArray(transport) ? [...transport] : [transport];
  if (transports.length === 0 || transports.includes(undefined)) {
    throw new TypeError(
      "A client needs at least one transport: new Client({ transport }). For an address there is connect(address)",
    );
  }
  for (const one of transports) {
    if (typeof (one as Partial<ClientTransport<Protocol>> | null)?.connect === "function") continue;
    const what = typeof one === "string" ? JSON.stringify(one) : String(one);
    const hint = typeof one === "string" ? "For an address there is connect(address)" : "It has no connect()";
    throw new TypeError(`${what} is no transport. ${hint}`);
  }
  return transports as readonly ClientTransport<Protocol>[];
}
