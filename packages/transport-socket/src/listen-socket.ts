/**
 * Listens for links on sockets: a Unix path, a TCP port, or TLS on one.
 */
import type { Socket } from "node:net";
import {
  ByteLink,
  type Link,
  type Listener,
  refuseLink,
  type SluiceError,
  systemClock,
} from "@sluice/protocol/wire";
import { SocketDuplex } from "./socket-duplex.ts";
import { type ListenSocketOptions, SocketServer } from "./socket-server.ts";
import { linkProtocol } from "./socket-target.ts";
import type { TlsServerOptions } from "./tls-context.ts";

/** A listener on a socket. */
export interface SocketListener extends Listener {
  /**
   * Shows another certificate to whoever connects from now on, and asks for those of `tls.ca` if it asked for any before. Links that
   * were made stay.
   * @throws {SluiceError} `INVALID_ARGUMENT` for keys and certificates that are none, and the former ones stay; {@link TypeError} without
   * `tls` before
   */
  renew(tls: TlsServerOptions): void;
}

/**
 * A listener for `server.listen()`.
 * @throws {SluiceError} `INVALID_ARGUMENT` for a path that is too long, or for keys and certificates that are none
 */
export function listenSocket(options: ListenSocketOptions): SocketListener {
  const server = new SocketServer(options, linkProtocol);
  const { clock = systemClock } = options;
  return {
    listen: (onLink: (link: Link) => void): Promise<string> =>
      server.listen((socket: Socket, refusal: SluiceError | undefined) => {
        const link = new ByteLink(new SocketDuplex(socket, server.transport));
        if (refusal === undefined) onLink(link);
        else refuseLink(link, refusal, clock);
      }),
    renew: (tls) => server.renew(tls),
    async close() {
      server.close();
    },
  };
}
