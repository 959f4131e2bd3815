/** Sockets by address: what `connect(url)` and `server.listen(url)` use. */
import {
  type Address,
  formatAddress,
  type Listener,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { listenSocket } from "./listen-socket.ts";
import { SocketTransport } from "./socket-transport.ts";

/** A transport to `unix:` or `tcp:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function transportFromAddress(address: Address): Transport {
  return new SocketTransport({ socket: formatAddress(address) });
}

/** A listener at `unix:` or `tcp:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function listenerFromAddress(address: Address): Listener {
  if (address.scheme === "unix") return listenSocket({ path: address.path });
  if (address.scheme === "tcp") return listenSocket({ host: address.host, port: address.port });
  throw new SluiceError(
    "INVALID_ARGUMENT",
    `Cannot listen at ${formatAddress(address)}: no socket is ${address.scheme}:`,
    {
      processed: "no",
    },
  );
}
