/**
 * What a listener for WebSockets is told, without a platform's types.
 */
import type { Clock, Pem, WebOriginOptions } from "@sluice/protocol/wire";

/** The part of Node's `http.Server` or `https.Server` that a listener uses. */
export interface HttpServerLike {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown;
  listenerCount(event: string): number;
  address(): unknown;
}

/** What encrypts a listener's own port. */
export interface WebSocketTlsOptions {
  /** The server's certificate, with intermediate ones behind it. */
  readonly cert: Pem;
  /** The private key of `cert`. */
  readonly key: Pem;
  /** Opens an encrypted `key`. */
  readonly passphrase?: string;
  /** Default `"TLSv1.2"`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

export interface ListenWebSocketOptions extends WebOriginOptions {
  /** A port of its own; 0 for any free one. This or `server`. */
  readonly port?: number;
  /** The interface to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** Encrypts the port, which then is a `wss:` one. */
  readonly tls?: WebSocketTlsOptions;
  /** A server that is there: only upgrades to `path` are taken, all else stays its own. Its times and limits are its owner's. */
  readonly server?: HttpServerLike;
  /** The path of the address, compared as it is; a query is allowed and ignored. Default `/`. */
  readonly path?: string;
  /** Milliseconds from a connection to its upgrade, on a port of its own. Default 5 s. What follows is the server's `handshakeTimeout`. */
  readonly handshakeTimeout?: number;
  /** Upgraded sockets that have not said a word yet; one more is told to come later (503). Default 1,024. */
  readonly maxPending?: number;
  /**
   * Those of one address, or one /64 of IPv6. Default a quarter of `maxPending`. Behind a proxy, where all have its address, say as many as
   * `maxPending`.
   */
  readonly maxPendingPerRemote?: number;
  /** Compresses messages for peers that offer it. Costs memory and time on both sides. Default `false`. */
  readonly perMessageDeflate?: boolean;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}
