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

/**
 * A listener for `server.listen()`.
 * @throws {SluiceError} `INVALID_ARGUMENT` for a path that is too long, or for keys and certificates that are none
 */
export function listenSocket(options: ListenSocketOptions): Listener {
  const server = new SocketServer(options, linkProtocol);
  const { clock = systemClock } = options;
  return {
    listen: (onLink: (link: Link) => void): Promise<string> =>
      server.listen((socket: Socket, refusal: SluiceError | undefined) => {
        const link = new ByteLink(new SocketDuplex(socket, server.transport));
        if (refusal === undefined) onLink(link);
        else refuseLink(link, refusal, clock);
      }),
    async close() {
      server.close();
    },
  };
}
