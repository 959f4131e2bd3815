/**
 * Waits for the sockets of pipes: at a Unix path, a TCP port, or TLS on one.
 */
import type { Address, Clock, PipeCarrier, SluiceError } from "@sluice/protocol/wire";
import { noPipe, pipeProtocol } from "./pipe-schemes.ts";
import { SocketDuplex } from "./socket-duplex.ts";
import { type ListenSocketOptions, SocketServer } from "./socket-server.ts";
import type { TlsServerOptions } from "./tls-context.ts";

/** Where pipes come in. */
export interface PipePort {
  /** Resolves with the address, with the real port. A carrier with a `refusal` is to be told that, and left. */
  listen(onCarrier: (carrier: PipeCarrier, refusal?: SluiceError | undefined) => void): Promise<string>;
  /** Listens no more. */
  close(): void;
}

export interface SocketPipePortOptions {
  readonly tls?: TlsServerOptions | undefined;
  readonly clock?: Clock | undefined;
}

export class SocketPipePort implements PipePort {
  readonly #server: SocketServer;

  /** @throws {SluiceError} `INVALID_ARGUMENT` for keys that are none; {@link TypeError} for `tls` where it does not belong */
  constructor(address: Address, options: SocketPipePortOptions) {
    this.#server = new SocketServer(placeOf(address, options), pipeProtocol);
  }

  listen(onCarrier: (carrier: PipeCarrier, refusal?: SluiceError | undefined) => void): Promise<string> {
    const { transport } = this.#server;
    return this.#server.listen((socket, refusal) =>
      onCarrier(new SocketDuplex(socket, transport, { checksOpening: true }), refusal),
    );
  }

  close(): void {
    this.#server.close();
  }
}

function placeOf(address: Address, { tls, clock }: SocketPipePortOptions): ListenSocketOptions {
  const time = clock === undefined ? {} : { clock };
  if (address.scheme === "unix") {
    if (tls !== undefined) throw new TypeError("tls options need a tls:// address");
    return { path: address.path, ...time };
  }
  if (address.scheme !== "tcp" && address.scheme !== "tls") throw noPipe(address.scheme);
  const { host, port } = address;
  if (address.scheme === "tcp") {
    if (tls !== undefined) throw new TypeError("tls options need a tls:// address: tcp: is not encrypted");
    return { host, port, ...time };
  }
  if (tls === undefined) throw new TypeError("A tls:// address needs the option tls: { cert, key }");
  return { host, port, tls, ...time };
}
