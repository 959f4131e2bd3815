/**
 * What a client can be told, with defaults.
 */
import type { HandlerOf, LimitOptions, Logger, Validator } from "@sluice/protocol";
import type { Clock, Codec, ToClient, ToServer, Transport, ValidateMode } from "@sluice/protocol/wire";
import type { Credentials } from "./connection.ts";
import type { ReconnectOptions } from "./reconnect-policy.ts";

/** Handlers of a client: of any procedures of the protocol, the rest is not served. */
export type ClientHandlers<Protocol> = {
  readonly [Procedure in keyof Protocol]?: HandlerOf<Protocol, Procedure, undefined>;
};

/** A transport of a client of `Protocol`. */
export type ClientTransport<Protocol> = Transport<ToClient<Protocol>, ToServer<Protocol>>;

export interface ClientOptions<Protocol, Served = Protocol> extends LimitOptions {
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
  /** How to connect again after a loss; `false`: not at all. Default: 100 ms · 2ⁿ up to 30 s, full jitter, for ever. */
  readonly reconnect?: false | ReconnectOptions;
  /** Handlers for calls from the server. What is not here is refused. */
  readonly handlers?: ClientHandlers<Served>;
  /** The protocol of `handlers`. Default: `protocol`. */
  readonly clientProtocol?: Served;
  /** How values travel. Default: JSON. */
  readonly codec?: Codec;
  /** Checks values. Default: closures, which generate no code. */
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
