/** Sockets and standard streams by address: what `connect(url)` and `server.listen(url)` use. */
import {
  type Address,
  type AddressOptions,
  formatAddress,
  type Listener,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { listenSocket } from "./listen-socket.ts";
import { SocketTransport } from "./socket-transport.ts";
import { stdioTransport } from "./stdio-transport.ts";

/** A transport to `unix:`, `tcp:` or `tls:`, or over `stdio:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function transportFromAddress(address: Address, { tls }: AddressOptions = {}): Transport {
  if (address.scheme === "stdio") return stdioTransport() as Transport;
  if (address.scheme === "tcp" && tls !== undefined) {
    throw invalid(`Cannot use tls options with ${formatAddress(address)}: it is not encrypted. Use tls://`);
  }
  // Among several addresses, the options are for those that are encrypted; a Unix socket needs none.
  const options = address.scheme === "tls" && tls !== undefined ? { tls } : {};
  return new SocketTransport({ socket: formatAddress(address), ...options });
}

/** A listener at `unix:` or `tcp:`, or one that takes the program that started this one by `stdio:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function listenerFromAddress(address: Address): Listener {
  switch (address.scheme) {
    case "unix":
      return listenSocket({ path: address.path });
    case "tcp":
      return listenSocket({ host: address.host, port: address.port });
    case "tls": {
      const { host, port } = address;
      throw invalid(
        `Cannot listen at ${formatAddress(address)} without a certificate: pass listenSocket({ host: ${JSON.stringify(host)}, port: ${port}, tls: { cert, key } }) of @sluice/transport-socket`,
      );
    }
    case "stdio":
      return stdioListener();
    default:
      throw invalid(`Cannot listen at ${formatAddress(address)}: no socket is ${address.scheme}:`);
  }
}

function stdioListener(): Listener {
  const transport = stdioTransport();
  return {
    async listen(onLink) {
      transport.accept?.(onLink);
      return "stdio:";
    },
    // There is one link, and it is its owner's.
    async close() {},
  };
}

function invalid(message: string): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}
