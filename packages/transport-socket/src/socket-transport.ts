/**
 * A transport over sockets: connects by path or address, or uses a socket that somebody else has connected or accepted.
 */
import { type NetConnectOpts, Socket } from "node:net";
import {
  ByteLink,
  type ConnectOptions,
  type Link,
  type MovedMessages,
  parseAddress,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { connectSocket } from "./connect-socket.ts";
import { SocketDuplex } from "./socket-duplex.ts";
import { checkUnixPath } from "./unix-path.ts";

export interface SocketTransportOptions {
  /**
   * A path (`/run/app.sock`), an address (`unix:…`, `tcp://host:port`), a socket, or a function that brings one for each
   * connection. A socket given is used once and taken over.
   */
  readonly socket: string | Socket | (() => Socket | Promise<Socket>);
  /** Milliseconds for a connection to be made. Default 10 s. */
  readonly connectTimeout?: number;
}

interface Target {
  readonly transport: string;
  readonly where: string;
  readonly options: NetConnectOpts;
}

export class SocketTransport<Incoming = never, Outgoing = never> implements Transport<Incoming, Outgoing> {
  declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"];
  readonly name: string;
  readonly #options: SocketTransportOptions;
  readonly #target: Target | undefined;
  readonly #links = new Set<Link>();
  #isUsed = false;
  #isDisposed = false;

  /** @throws {SluiceError} `INVALID_ARGUMENT` for an address that cannot be one of a socket */
  constructor(options: SocketTransportOptions) {
    this.#options = options;
    const { socket } = options;
    this.#target = typeof socket === "string" ? readTarget(socket) : undefined;
    this.name = this.#target?.transport ?? "socket";
  }

  async connect({ signal }: ConnectOptions = {}): Promise<Link> {
    this.#checkUsable();
    const socket = await this.#bringSocket(signal);
    if (!this.#isDisposed && signal?.aborted !== true) return this.#link(socket);
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
      return connectSocket(this.#target.options, this.#target.where, { signal, connectTimeout });
    }
    if (typeof socket !== "function") return this.#useOnce(socket as Socket);
    try {
      return await socket();
    } catch (reason) {
      throw SluiceError.from(reason, "UNAVAILABLE", { processed: "no" });
    }
  }

  #link(socket: Socket): Link {
    const link = new ByteLink(new SocketDuplex(socket, this.#target?.transport ?? transportOf(socket)));
    this.#links.add(link);
    socket.once("close", () => this.#links.delete(link));
    return link;
  }

  #useOnce(socket: Socket): Socket {
    if (this.#isUsed || socket.destroyed) {
      throw new SluiceError(
        "UNAVAILABLE",
        "Cannot connect: the socket of this transport was used or is closed",
        {
          processed: "no",
        },
      );
    }
    this.#isUsed = true;
    return socket;
  }

  #checkUsable(): void {
    if (!this.#isDisposed) return;
    throw new SluiceError("UNAVAILABLE", "Cannot connect: the transport was disposed", { processed: "no" });
  }
}

function readTarget(text: string): Target {
  const isPath = /^[./]/.test(text) || !text.includes(":");
  const address = isPath ? ({ scheme: "unix", path: text } as const) : parseAddress(text);
  if (address.scheme === "unix") {
    checkUnixPath(address.path);
    return { transport: "unix", where: `unix:${address.path}`, options: { path: address.path } };
  }
  if (address.scheme === "tcp") {
    const { host, port } = address;
    if (port === 0) {
      throw new SluiceError(
        "INVALID_ARGUMENT",
        `Invalid address ${JSON.stringify(text)}: nobody listens at port 0`,
        { processed: "no" },
      );
    }
    return { transport: "tcp", where: text, options: { host, port } };
  }
  throw new SluiceError(
    "INVALID_ARGUMENT",
    `Invalid address ${JSON.stringify(text)}: no socket is ${address.scheme}:`,
    { processed: "no" },
  );
}

/** What a socket that somebody else made is; one that is still being connected does not know it yet. */
function transportOf(socket: Socket): string {
  if (socket.connecting) return "socket";
  return socket.remotePort === undefined ? "unix" : "tcp";
}
