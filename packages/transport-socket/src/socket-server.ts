/**
 * A server for sockets: a Unix path of its user's alone, a TCP port, or TLS on one.
 */
import { chmodSync, existsSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { type Clock, formatAddress, SluiceError, systemClock } from "@sluice/protocol/wire";
import { codeOf } from "./socket-duplex.ts";
import { type OnSocket, TlsAcceptor } from "./tls-acceptor.ts";
import type { TlsServerOptions } from "./tls-context.ts";
import { checkUnixPath, removeStaleSocket } from "./unix-path.ts";

/** This machine only. */
const defaultHost = "127.0.0.1";
const defaultHandshakeTimeout = 5_000;

export interface ListenSocketOptions {
  /** A Unix socket. A file that a dead server left is replaced; the new one is readable and writable by its user only. */
  readonly path?: string;
  /** A TCP port; 0 for any free one. */
  readonly port?: number;
  /** The interface to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** Encrypts the port: certificate, key, and whether clients need a certificate. */
  readonly tls?: TlsServerOptions;
  /** Milliseconds for a TLS handshake, from the connection on. Default 5 s. */
  readonly handshakeTimeout?: number;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

export class SocketServer {
  /** `unix`, `tcp` or `tls`. */
  readonly transport: "unix" | "tcp" | "tls";
  #options: ListenSocketOptions;
  readonly #protocol: string;
  #server: Server | undefined;
  #tls: TlsAcceptor | undefined;

  /**
   * `protocol` is the ALPN name of what is spoken inside of TLS; `options` as of `listenSocket`.
   * @throws {SluiceError} `INVALID_ARGUMENT` for a path that is too long, or keys that are none; {@link TypeError} for options that are none
   */
  constructor(options: ListenSocketOptions, protocol: string) {
    const { path, port, tls } = options;
    if ((path === undefined) === (port === undefined)) {
      throw new TypeError("listenSocket needs either a path or a port");
    }
    if (path !== undefined && tls !== undefined)
      throw new TypeError("tls needs a port: a path is not encrypted");
    if (path !== undefined) checkUnixPath(path);
    this.#options = options;
    this.#protocol = protocol;
    this.transport = path !== undefined ? "unix" : tls !== undefined ? "tls" : "tcp";
    // Keys are judged now, not when somebody connects.
    if (tls !== undefined) this.#makeTls(tls, () => {});
  }

  /** Starts listening, once at a time. Resolves with the address, with the real port. */
  async listen(onSocket: OnSocket): Promise<string> {
    if (this.#server !== undefined) throw new TypeError("This listener listens already");
    const { path, tls } = this.#options;
    const acceptor = tls === undefined ? undefined : this.#makeTls(tls, onSocket);
    const server = createServer((socket) => {
      if (acceptor === undefined) onSocket(socket, undefined);
      else acceptor.accept(socket);
    });
    this.#server = server;
    this.#tls = acceptor;
    try {
      if (path === undefined) await this.#bind(server);
      else await this.#bindPath(server, path);
    } catch (reason) {
      this.#server = undefined;
      throw reason;
    }
    // Out of descriptors and the like: what is accepted goes on, the rest is refused by the system.
    server.on("error", () => {});
    return this.#address(server);
  }

  /**
   * Has another certificate from now on.
   * @throws {SluiceError} `INVALID_ARGUMENT` for keys that are none; {@link TypeError} for a server without TLS
   */
  renew(tls: TlsServerOptions): void {
    const former = this.#options.tls;
    if (former === undefined) throw new TypeError("renew() needs a listener that was made with tls");
    if ((former.requestCert === true) !== (tls.requestCert === true)) {
      throw new TypeError("renew() cannot begin or stop asking for client certificates (tls.requestCert)");
    }
    if (this.#tls === undefined) this.#makeTls(tls, () => {});
    else this.#tls.renew(tls);
    this.#options = { ...this.#options, tls };
  }

  /** Takes no more sockets; the address is free at once. Sockets that were handed over stay. */
  close(): void {
    // The callback would wait for the connections too.
    this.#server?.close();
    this.#server?.unref();
    this.#server = undefined;
    this.#tls?.close();
    this.#tls = undefined;
  }

  #makeTls(tls: TlsServerOptions, onSocket: OnSocket): TlsAcceptor {
    const { handshakeTimeout = defaultHandshakeTimeout, clock = systemClock } = this.#options;
    return new TlsAcceptor({ tls, protocol: this.#protocol, handshakeTimeout, clock, onSocket });
  }

  async #bindPath(server: Server, path: string): Promise<void> {
    await removeStaleSocket(path);
    if (isMainThread) {
      await this.#bind(server, 0o177);
      return;
    }
    // A worker has no umask of its own to set.
    await this.#bind(server);
    chmodSync(path, 0o600);
  }

  #bind(server: Server, umask?: number): Promise<void> {
    const { path, port, host = defaultHost } = this.#options;
    return new Promise((resolve, reject) => {
      const onError = (error: Error): void => reject(listenError(error, this.#options));
      server.once("error", onError);
      server.once("listening", () => {
        server.removeListener("error", onError);
        resolve();
      });
      // bind() happens inside listen(): nobody ever sees the file with a wider mode.
      const former = umask === undefined ? undefined : process.umask(umask);
      if (path === undefined) server.listen({ port: port as number, host });
      else server.listen({ path });
      if (former !== undefined) process.umask(former);
    });
  }

  #address(server: Server): string {
    const address = server.address();
    if (typeof address === "string") return formatAddress({ scheme: "unix", path: address });
    if (address === null) return formatAddress({ scheme: "unix", path: this.#options.path as string });
    const scheme = this.transport === "tls" ? "tls" : "tcp";
    return formatAddress({ scheme, host: address.address, port: address.port });
  }
}

function listenError(cause: Error, { path, port, host }: ListenSocketOptions): SluiceError {
  const where = path ?? `${host ?? defaultHost}:${port}`;
  // The platform's layer below Node says EACCES for a folder that is not there.
  const code = path === undefined || existsSync(dirname(path)) ? codeOf(cause) : "ENOENT";
  const known = { EADDRINUSE: "ALREADY_EXISTS", EACCES: "PERMISSION_DENIED", ENOENT: "NOT_FOUND" } as const;
  return new SluiceError(
    known[code as keyof typeof known] ?? "UNAVAILABLE",
    `Cannot listen at ${where}: ${code}`,
    {
      processed: "no",
      cause,
    },
  );
}
