/**
 * An HTTP server for nothing but upgrades: a port of its own, encrypted or not, that holds no connection longer than an upgrade takes.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, SluiceError, systemClock, type Timer } from "@sluice/protocol/wire";
import type { ListenWebSocketOptions } from "../listen-options.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { secureParts } from "./secure-parts.ts";
import { pathOf, type TakeUpgrade } from "./upgrade-router.ts";

/** This machine only. */
const defaultHost = "127.0.0.1";
const defaultHandshakeTimeout = 5_000;
/** Bytes of a request's head. */
const mostHeaderBytes = 16 * 1024;

interface Waiting {
  readonly socket: Socket;
  readonly timer: Timer;
  readonly onClose: () => void;
}

export class OwnServer {
  readonly #options: ListenWebSocketOptions;
  readonly #path: string;
  readonly #take: TakeUpgrade;
  readonly #clock: Clock;
  readonly #handshakeTimeout: number;
  /** Connections that are not upgraded yet, by the peer's address, which a TLS socket shares with the one below. */
  readonly #waiting = new Map<string, Waiting>();
  #server: Server | undefined;

  /** `take` gets upgrades to `path`. */
  constructor(options: ListenWebSocketOptions, path: string, take: TakeUpgrade) {
    const { clock = systemClock, handshakeTimeout = defaultHandshakeTimeout } = options;
    this.#options = options;
    this.#path = path;
    this.#take = take;
    this.#clock = clock;
    this.#handshakeTimeout = handshakeTimeout;
  }

  /** Starts listening. Resolves with the real host and port. */
  async listen(): Promise<{ readonly host: string; readonly port: number }> {
    const { port = 0, host = defaultHost } = this.#options;
    const server = this.#makeServer();
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => reject(listenError(error, host, port));
      server.once("error", onError);
      server.listen({ port, host }, () => {
        server.removeListener("error", onError);
        resolve();
      });
    });
    // Out of descriptors and the like: what is accepted goes on, the rest is refused by the system.
    server.on("error", () => {});
    this.#server = server;
    const { address, port: real } = server.address() as AddressInfo;
    return { host: address, port: real };
  }

  /** Takes no more connections, and ends those that are not upgraded; the port is free at once. */
  close(): void {
    // The callback would wait for the upgraded connections too.
    this.#server?.close();
    this.#server?.unref();
    this.#server = undefined;
    for (const { socket } of this.#waiting.values()) socket.destroy();
  }

  #makeServer(): Server {
    const { tls } = this.#options;
    const bounds = { maxHeaderSize: mostHeaderBytes, keepAlive: false };
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      this.#answer(request, response);
    const server =
      tls === undefined
        ? createServer(bounds, answer)
        : createTlsServer({ ...bounds, ...secureParts(tls) }, answer);
    server.on("connection", (socket: Socket) => this.#await(socket));
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#arrived(keyOf(request.socket));
      if (pathOf(request) === this.#path) this.#take(request, socket, head);
      else refuseUpgrade(socket, 404, "Nothing to upgrade to here");
    });
    return server;
  }

  /** Gives a connection its time, whatever it does with it. */
  #await(socket: Socket): void {
    const key = keyOf(socket);
    const timer = this.#clock.setTimer(this.#handshakeTimeout, () => socket.destroy());
    const onClose = (): void => {
      if (this.#waiting.get(key)?.socket === socket) this.#arrived(key);
    };
    this.#waiting.set(key, { socket, timer, onClose });
    socket.on("close", onClose);
  }

  #arrived(key: string): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    waiting.timer.cancel();
    waiting.socket.off("close", waiting.onClose);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const isHere = pathOf(request) === this.#path;
    response.writeHead(isHere ? 426 : 404, {
      Connection: isHere ? "close, Upgrade" : "close",
      ...(isHere ? { Upgrade: "websocket" } : {}),
      "Content-Type": "text/plain; charset=utf-8",
    });
    response.end(isHere ? "A WebSocket is served here\n" : "Nothing is served here\n");
  }
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

function listenError(cause: Error, host: string, port: number): SluiceError {
  const { code = cause.message } = cause as NodeJS.ErrnoException;
  const known = { EADDRINUSE: "ALREADY_EXISTS", EACCES: "PERMISSION_DENIED" } as const;
  return new SluiceError(
    known[code as keyof typeof known] ?? "UNAVAILABLE",
    `Cannot listen at ${host}:${port}: ${code}`,
    { processed: "no", cause },
  );
}
