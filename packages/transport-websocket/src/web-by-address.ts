/** WebSockets by address, without Node: what `connect(url)` uses once this module is registered. */
import type { Address, AddressOptions, Listener, Transport } from "@sluice/protocol/wire";
import { formatAddress } from "@sluice/protocol/wire";
import { readPlace } from "./read-url.ts";
import { listenWebSocket } from "./web-listener.ts";
import { WebSocketTransport } from "./web-transport.ts";

/** A transport to `ws:` or `wss:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function transportFromAddress(address: Address, { tls }: AddressOptions = {}): Transport {
  const options = address.scheme === "wss" && tls !== undefined ? { tls } : {};
  return new WebSocketTransport({ url: formatAddress(address), ...options });
}

/** A listener, which cannot listen here. @throws {SluiceError} `INVALID_ARGUMENT` */
export function listenerFromAddress(address: Address): Listener {
  return listenWebSocket(readPlace(address));
}
