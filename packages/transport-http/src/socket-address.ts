/**
 * The address of who is at the other end of a socket of Node, for all that see such sockets, with or without Node's types.
 */
import { formatAddress } from "@sluice/protocol/wire";

/** What of a socket is looked at. */
export interface SocketEnds {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** As address.ts writes addresses: `tcp://192.0.2.1:54321`. `undefined`: it is not known, or the connection is gone. */
export function socketAddress({ remoteAddress: host, remotePort: port }: SocketEnds): string | undefined {
  return host === undefined || port === undefined ? undefined : formatAddress({ scheme: "tcp", host, port });
}
