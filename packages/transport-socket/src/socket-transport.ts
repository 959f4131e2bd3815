/**
 * A transport over sockets: connects by path or address, or uses a socket that somebody else has connected or accepted.
 */
import { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import {
  ByteLink,
  type ConnectOptions,
  type Link,
  type MovedMessages,
  SluiceError,
  type TlsOptions,
  type Transport,
} from "@sluice/protocol/wire";
import { connectSocket } from "./connect-socket.ts";
import { SocketDuplex, type SocketDuplexOptions } from "./socket-duplex.ts";
import { linkProtocol, readTarget, type SocketTarget } from "./socket-target.ts";

export interface SocketTransportOptions {
  /**
   * A path (`/run/app.sock`), an address (`unix:…`, `tcp://host:port`, `tls://host:port`), a socket, or a function that brings one for each
   * connection. A socket given is used once and taken over: a client that loses it does not connect again.
   */
  readonly socket: string | Socket | (() => Socket | Promise<Socket>);
  /** For a `tls:` address: whom to trust, and who this side is. */
  readonly tls?: TlsOptions;
  /** Milliseconds for a connection to be made, with its TLS handshake. Default 10 s. */
  readonly connectTimeout?: number;
}

export class SocketTransport<Incoming = never, Outgoing = never> implements Transport<Incoming, Outgoing> {
  declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"];
  readonly name: string;
  readonly #options: SocketTransportOptions;
  readonly #target: SocketTarget | undefined;
  readonly #links = new Set<Link>();
  #isUsed = false;
  #isDisposed = false;

  /**
   * @throws {SluiceError} `INVALID_ARGUMENT` for an address that cannot be one of a socket, or keys and certificates that are none;
   * {@link TypeError} for `tls` without a `tls:` address
   */
  constructor(options: SocketTransportOptions) {
    this.#options = options;
    const { socket, tls } = options;
    if (tls !== undefined && typeof socket !== "string") {
      throw new TypeError("tls options need a tls:// address: whoever brings a socket has encrypted it");
    }
    this.#target = typeof socket === "string" ? readTarget(socket, tls, linkProtocol) : undefined;
    this.name = this.#target?.transport ?? "socket";
  }

  async connect({ signal }: ConnectOptions = {}): Promise<Link> {
    this.#checkUsable();
    const socket = await this.#bringSocket(signal);
    if (!this.#isDisposed && signal?.aborted !== true) return this.#link(socket, { checksOpening: true });
    // Nobody wants it any more; what it still says concerns nobody either.
    socket.on("error", () => {});
    socket.destroy();
    this.#checkUsable();
    throw new SluiceError("CANCELLED", "Gave up connecting", { processed: "no" });
  }

  /** Serves the one socket that this transport was made with. */
  accept(onLink: (link: Link) => void): void {
    this.#checkUsable();
    const { socket } = this.#options;
    if (!(socket instanceof Socket)) {
      throw new TypeError(
        "Cannot accept: this transport connects. Use listenSocket(), or pass an accepted socket",
      );
    }
    onLink(this.#link(this.#useOnce(socket)));
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    for (const link of this.#links) link.close();
    this.#links.clear();
  }

  async #bringSocket(signal: AbortSignal | undefined): Promise<Socket> {
    const { socket, connectTimeout } = this.#options;
    if (this.#target !== undefined) {
      const { options, where, tls } = this.#target;
      return connectSocket(options, where, { signal, connectTimeout, tls });
    }
    if (typeof socket !== "function") return this.#useOnce(socket as Socket);
    try {
      return await socket();
    } catch (reason) {
      throw SluiceError.from(reason, "UNAVAILABLE", { processed: "no" });
    }
  }

  #link(socket: Socket, options?: SocketDuplexOptions): Link {
    const transport = this.#target?.transport ?? transportOf(socket);
    const link = new ByteLink(new SocketDuplex(socket, transport, options));
    this.#links.add(link);
    socket.once("close", () => this.#links.delete(link));
    return link;
  }

  /** Gives `socket`, the first time. Another time would find it used: to try again is of no use. */
  #useOnce(socket: Socket): Socket {
    if (!this.#isUsed && !socket.destroyed) {
      this.#isUsed = true;
      return socket;
    }
    const cause = socket.errored ?? undefined;
    const why = `${this.#isUsed ? "was used" : "is closed"}${cause === undefined ? "" : ` (${cause.message})`}`;
    throw new SluiceError(
      "FAILED_PRECONDITION",
      `Cannot connect: the socket of this transport ${why}. Pass a path, an address, or a function that brings one for each connection`,
      { processed: "no", cause },
    );
  }

  #checkUsable(): void {
    if (!this.#isDisposed) return;
    throw new SluiceError("UNAVAILABLE", "Cannot connect: the transport was disposed", { processed: "no" });
  }
}

/** What a socket that somebody else made is; one that is still being connected does not know it yet. */
function transportOf(socket: Socket): string {
  if (socket.connecting) return "socket";
  if (socket instanceof TLSSocket) return "tls";
  return socket.remotePort === undefined ? "unix" : "tcp";
}
