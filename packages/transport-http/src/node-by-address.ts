/** HTTP by address for clients on Node: what `connect("https://…")` uses there. */
import type { Address, AddressOptions, Transport } from "@sluice/protocol/wire";
import { urlOfAddress } from "./by-address.ts";
import { NodeClientTransport } from "./node-client-transport.ts";

/** A transport to `http:` or `https:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function transportFromAddress(address: Address, options: AddressOptions = {}): Transport {
  return new NodeClientTransport({ url: urlOfAddress(address, options) });
}
