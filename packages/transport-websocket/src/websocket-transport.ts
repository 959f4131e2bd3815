/**
 * A transport over WebSockets, for clients: connects to a `ws:` or `wss:` address with the platform's WebSocket, or one that it is given.
 */
import {
  ByteLink,
  type Clock,
  type ConnectOptions,
  type Link,
  type MovedMessages,
  SluiceError,
  systemClock,
  type TlsOptions,
  type Transport,
} from "@sluice/protocol/wire";
import { openWebSocket } from "./open-websocket.ts";
import { readUrl, type WebSocketUrl } from "./read-url.ts";
import { WebSocketDuplex, type WebSocketDuplexOptions } from "./websocket-duplex.ts";
import type { WebSocketConstructor, WebSocketLike } from "./websocket-like.ts";

export interface WebSocketTransportOptions {
  /** `ws://host:port/path`, `wss://…`; of a `URL` also `http:` and `https:`, so that `new URL("/path", location.href)` will do. */
  readonly url: string | URL;
  /** Subprotocols that are offered. Default: none. */
  readonly protocols?: string | readonly string[];
  /** The class of sockets. Default: `ws` on Node, elsewhere the platform's. */
  readonly WebSocket?: WebSocketConstructor;
  /** Headers of the request, where something sends them: on Node, or a `WebSocket` whose third argument has them. No browser does. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For `wss:` on Node: whom to trust, and who this side is. Browsers decide that themselves. */
  readonly tls?: TlsOptions;
  /** On Node: offers to compress messages. Costs memory and time on both sides. Default `false`. */
  readonly perMessageDeflate?: boolean;
  /** Milliseconds for a connection to be made, with its TLS handshake. Default 10 s. */
  readonly connectTimeout?: number;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

/** How a platform makes sockets, where no class of them is given. */
export interface WebSocketPlatform {
  /**
   * Refuses options that the platform cannot follow.
   * @throws {TypeError} for those; {@link SluiceError} for keys and certificates that are none
   */
  check(options: WebSocketTransportOptions): void;
  /** A socket that is connecting. */
  make(url: string, options: WebSocketTransportOptions): WebSocketLike;
  /** Watches a socket that it has made; `refuse` ends its link. */
  watch?(socket: WebSocketLike, clock: Clock, refuse: (error: SluiceError) => void): void;
  /** What a duplex on such a socket is made with. */
  readonly duplex?: Pick<WebSocketDuplexOptions, "defer" | "utf8">;
}

export class PlatformTransport<Incoming = never, Outgoing = never> implements Transport<Incoming, Outgoing> {
  declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"];
  /** `ws` or `wss`. */
  readonly name: string;
  readonly #options: WebSocketTransportOptions;
  readonly #platform: WebSocketPlatform;
  readonly #url: WebSocketUrl;
  readonly #links = new Set<Link>();
  #isDisposed = false;

  constructor(options: WebSocketTransportOptions, platform: WebSocketPlatform) {
    this.#options = options;
    this.#platform = platform;
    this.#url = readUrl(options.url);
    if (this.#url.scheme === "ws" && options.tls !== undefined) {
      throw new TypeError("tls options need a wss:// address: ws:// is not encrypted");
    }
    if (options.WebSocket === undefined) platform.check(options);
    this.name = this.#url.scheme;
  }

  async connect({ signal }: ConnectOptions = {}): Promise<Link> {
    this.#checkUsable();
    const { connectTimeout = 10_000, clock = systemClock } = this.#options;
    const { where } = this.#url;
    const opened = (socket: WebSocketLike): Link => this.#link(socket, clock);
    const link = await openWebSocket(() => this.#make(), opened, { where, signal, connectTimeout, clock });
    if (!this.#isDisposed) return link;
    link.destroy();
    throw this.#disposed();
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    for (const link of this.#links) link.close();
    this.#links.clear();
  }

  #make(): WebSocketLike {
    const { WebSocket, protocols, headers } = this.#options;
    const { href } = this.#url;
    if (WebSocket === undefined) return this.#platform.make(href, this.#options);
    const offered = typeof protocols === "string" ? protocols : [...(protocols ?? [])];
    return headers === undefined ? new WebSocket(href, offered) : new WebSocket(href, offered, { headers });
  }

  #link(socket: WebSocketLike, clock: Clock): Link {
    const info = { transport: this.name, remote: this.#url.where };
    const duplex = new WebSocketDuplex(socket, { ...this.#platform.duplex, info, clock });
    if (this.#options.WebSocket === undefined) {
      this.#platform.watch?.(socket, clock, (error) => duplex.refuse(error));
    }
    const link = new ByteLink(duplex);
    this.#links.add(link);
    socket.addEventListener("close", () => this.#links.delete(link));
    return link;
  }

  #checkUsable(): void {
    if (this.#isDisposed) throw this.#disposed();
  }

  #disposed(): SluiceError {
    return new SluiceError("UNAVAILABLE", "Cannot connect: the transport was disposed", { processed: "no" });
  }
}
