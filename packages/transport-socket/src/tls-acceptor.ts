/**
 * Turns accepted TCP sockets into TLS sockets, within a time, and says what each is to be told instead of being served.
 *
 * Node's own handshake timeout is put off by every byte that arrives, so the time is kept here, on the socket below.
 */
import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { type Clock, SluiceError, type Timer } from "@sluice/protocol/wire";
import { isTlsRecord } from "./foreign-bytes.ts";
import { serverTls, type TlsServerOptions } from "./tls-context.ts";

/** Takes a socket. `refusal`: it may not be served; the peer is to be told why. */
export type OnSocket = (socket: Socket, refusal: SluiceError | undefined) => void;

export interface TlsAcceptorOptions {
  readonly tls: TlsServerOptions;
  /** Offered by ALPN: a client that offers others only is turned away. */
  readonly protocol: string;
  /** Milliseconds from the connection to the end of the handshake. */
  readonly handshakeTimeout: number;
  readonly clock: Clock;
  readonly onSocket: OnSocket;
}

interface Pending {
  readonly socket: Socket;
  readonly timer: Timer;
}

export class TlsAcceptor {
  readonly #options: TlsAcceptorOptions;
  #tls: TlsServerOptions;
  readonly #server: Server;
  /** Sockets whose handshake is not over, by the peer's address, which is all that the TLS socket shares with the one below. */
  readonly #pending = new Map<string, Pending>();

  /** @throws {SluiceError} `INVALID_ARGUMENT`; {@link TypeError} for options that are none */
  constructor(options: TlsAcceptorOptions) {
    this.#options = options;
    const { tls, protocol } = options;
    this.#tls = tls;
    this.#server = createServer({
      ...serverTls(tls),
      ALPNProtocols: [protocol],
      requestCert: tls.requestCert === true,
      // Judged here, so that a client that is refused is told why instead of being cut off.
      rejectUnauthorized: false,
    });
    this.#server.on("secureConnection", (socket) => this.#secured(socket));
  }

  /** Takes a socket that was just accepted. */
  accept(socket: Socket): void {
    const key = keyOf(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {
      // 'close' follows.
    });
    const { handshakeTimeout, clock } = this.#options;
    const pending = { socket, timer: clock.setTimer(handshakeTimeout, () => socket.destroy()) };
    this.#pending.set(key, pending);
    socket.once("close", () => {
      pending.timer.cancel();
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    });
    socket.once("data", (first: Uint8Array) => {
      socket.pause();
      socket.unshift(first);
      if (isTlsRecord(first)) this.#server.emit("connection", socket);
      else this.#takePlain(key, socket);
    });
  }

  /** Shows another certificate from now on, also to who has connected and not begun to shake hands. @throws {SluiceError} as the constructor */
  renew(tls: TlsServerOptions): void {
    this.#server.setSecureContext(serverTls(tls));
    this.#tls = tls;
  }

  /** Cuts off who is still shaking hands. */
  close(): void {
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  #secured(socket: TLSSocket): void {
    this.#settle(keyOf(socket));
    this.#options.onSocket(socket, this.#refusal(socket));
  }

  #takePlain(key: string, socket: Socket): void {
    this.#settle(key);
    const message = "This port speaks TLS: connect to its tls:// address";
    this.#options.onSocket(socket, new SluiceError("FAILED_PRECONDITION", message));
    socket.resume();
  }

  #settle(key: string): void {
    this.#pending.get(key)?.timer.cancel();
    this.#pending.delete(key);
  }

  #refusal(socket: TLSSocket): SluiceError | undefined {
    const { requestCert, rejectUnauthorized } = this.#tls;
    if (requestCert !== true || rejectUnauthorized === false) return undefined;
    const shown = socket.getPeerX509Certificate();
    if (socket.authorized && shown !== undefined) return undefined;
    const message =
      shown === undefined
        ? "This server asks for a client certificate: pass tls.cert and tls.key"
        : `The client certificate was refused: ${socket.authorizationError}`;
    return new SluiceError("UNAUTHENTICATED", message);
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
