/**
 * Listens for links and direct calls on a port of HTTP, or of HTTPS.
 */
import { createServer, type Server as HttpServer, type ServerOptions } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, isIPv6 } from "node:net";
import { SluiceError } from "@sluice/protocol";
import type { FindProcedure, Link, Listener, Pem } from "@sluice/protocol/wire";
import { transportHandler } from "./node-handler.ts";
import { ServerTransport, type ServerTransportOptions } from "./server-transport.ts";

/** What encrypts the port. */
export interface HttpTlsOptions {
  /** The server's certificate, with intermediate ones behind it. */
  readonly cert: Pem;
  /** The private key of `cert`. */
  readonly key: Pem;
  /** Opens an encrypted `key`. */
  readonly passphrase?: string;
  /** Default `"TLSv1.2"`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

export interface ListenHttpOptions extends Omit<ServerTransportOptions, "boundTo"> {
  /** 0 for any free one. */
  readonly port: number;
  /** The interface to listen on. Default `127.0.0.1`: this machine only, by its own names. */
  readonly host?: string;
  /** Encrypts the port. */
  readonly tls?: HttpTlsOptions;
  /** Milliseconds from a connection, or from the request before, to the end of a request's headers. Default 10 s. */
  readonly headersTimeout?: number;
  /** Milliseconds for a request with its body. Default 30 s. */
  readonly requestTimeout?: number;
}

/** This machine only. */
const defaultHost = "127.0.0.1";

/**
 * A listener for `server.listen()`. `listen()` rejects with `ALREADY_EXISTS` if the port is taken, `PERMISSION_DENIED` if the system
 * forbids it.
 * @throws {TypeError} for options that are not known, or certificates that are none; {@link RangeError} for numbers
 */
export function listenHttp(options: ListenHttpOptions): Listener {
  const {
    port,
    host = defaultHost,
    tls,
    headersTimeout = 10_000,
    requestTimeout = 30_000,
    ...rest
  } = options;
  const transport = new ServerTransport({ ...rest, boundTo: host });
  const times = {
    headersTimeout,
    requestTimeout,
    // The times are enforced when connections are looked at.
    connectionsCheckingInterval: Math.max(10, Math.min(1_000, headersTimeout / 4)),
  };
  const server = makeServer(tls, times);
  let isClosing = false;
  const handle = transportHandler(transport);
  server.on("request", (incoming, outgoing) => {
    // A connection that is kept for the next request would keep the port's server, and the process.
    outgoing.on("close", () => {
      if (isClosing) setImmediate(() => server.closeIdleConnections());
    });
    handle(incoming, outgoing);
  });
  return {
    async listen(onLink: (link: Link) => void, find?: FindProcedure): Promise<string> {
      if (server.listening || isClosing) throw new TypeError("This listener has listened already");
      transport.accept(onLink, find);
      await bind(server, port, host);
      return addressOf(server, tls === undefined ? "http" : "https", rest.path);
    },
    async close(): Promise<void> {
      isClosing = true;
      await transport.close();
      // The port is free at once; connections that wait for a request are closed, those with one when it is answered.
      server.close();
    },
  };
}

function makeServer(tls: HttpTlsOptions | undefined, times: ServerOptions): HttpServer {
  if (tls === undefined) return createServer(times);
  const { cert, key, passphrase, minVersion = "TLSv1.2" } = tls;
  const bytes = (pem: Pem): string | Buffer => (typeof pem === "string" ? pem : Buffer.from(pem));
  return createSecureServer({
    ...times,
    cert: bytes(cert),
    key: bytes(key),
    minVersion,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
}

function bind(server: HttpServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, host, port));
    server.once("error", failed);
    server.listen({ port, host }, () => {
      server.removeListener("error", failed);
      // Out of descriptors and the like: what is accepted goes on, the rest is refused by the system.
      server.on("error", () => {});
      resolve();
    });
  });
}

const codes = { EADDRINUSE: "ALREADY_EXISTS", EACCES: "PERMISSION_DENIED" } as const;

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): SluiceError {
  const code = codes[cause.code as keyof typeof codes] ?? "UNAVAILABLE";
  const message = `Cannot listen at ${hostPort(host, port)}: ${cause.code}`;
  return new SluiceError(code, message, { processed: "no", cause });
}

function addressOf(server: HttpServer, scheme: "http" | "https", path = "/"): string {
  const { address, port } = server.address() as AddressInfo; // of a TCP server that listens
  return `${scheme}://${hostPort(address, port)}${path}`;
}

function hostPort(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
