/** WebSockets by address, on Node: what `connect(url)` and `server.listen(url)` use. */
import {
  type Address,
  type AddressOptions,
  formatAddress,
  type Listener,
  type Transport,
} from "@sluice/protocol/wire";
import { readPlace } from "../read-url.ts";
import { listenWebSocket } from "./listen-websocket.ts";
import { WebSocketTransport } from "./ws-transport.ts";

/** A transport to `ws:` or `wss:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function transportFromAddress(address: Address, { tls }: AddressOptions = {}): Transport {
  // Among several addresses, the options are for those that are encrypted.
  const options = address.scheme === "wss" && tls !== undefined ? { tls } : {};
  return new WebSocketTransport({ url: formatAddress(address), ...options });
}

/** A listener at `ws:`, for this machine's own pages and for programs. @throws {SluiceError} `INVALID_ARGUMENT` */
export function listenerFromAddress(address: Address): Listener {
  return listenWebSocket(readPlace(address));
}
