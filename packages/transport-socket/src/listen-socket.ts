/**
 * Listens for sockets: a Unix path of its user's alone, or a TCP port.
 */
import { chmodSync, existsSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { isMainThread } from "node:worker_threads";
import { ByteLink, formatAddress, type Link, type Listener, SluiceError } from "@sluice/protocol/wire";
import { codeOf, SocketDuplex } from "./socket-duplex.ts";
import { checkUnixPath, removeStaleSocket } from "./unix-path.ts";

/** This machine only. */
const defaultHost = "127.0.0.1";

export interface ListenSocketOptions {
  /** A Unix socket. A file that a dead server left is replaced; the new one is readable and writable by its user only. */
  readonly path?: string;
  /** A TCP port; 0 for any free one. */
  readonly port?: number;
  /** The interface to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
}

/** A listener for `server.listen()`. @throws {SluiceError} `INVALID_ARGUMENT` for a path that is too long */
export function listenSocket(options: ListenSocketOptions): Listener {
  if ((options.path === undefined) === (options.port === undefined)) {
    throw new TypeError("listenSocket needs either a path or a port");
  }
  if (options.path !== undefined) checkUnixPath(options.path);
  return new SocketListener(options);
}

class SocketListener implements Listener {
  readonly #options: ListenSocketOptions;
  #server: Server | undefined;

  constructor(options: ListenSocketOptions) {
    this.#options = options;
  }

  async listen(onLink: (link: Link) => void): Promise<string> {
    if (this.#server !== undefined) throw new TypeError("This listener listens already");
    const { path } = this.#options;
    const transport = path === undefined ? "tcp" : "unix";
    const server = createServer((socket: Socket) =>
      onLink(new ByteLink(new SocketDuplex(socket, transport))),
    );
    this.#server = server;
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

  close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      // The callback waits for the connections too; the address is free at once.
      server.close();
      server.unref();
      resolve();
    });
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
    return formatAddress({ scheme: "tcp", host: address.address, port: address.port });
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
