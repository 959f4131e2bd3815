/** HTTP by address: what `connect("https://…")` uses. */
import {
  type Address,
  type AddressOptions,
  formatAddress,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { ClientTransport } from "./client-transport.ts";

/** A transport to `http:` or `https:`. @throws {SluiceError} `INVALID_ARGUMENT` */
export function transportFromAddress(address: Address, options: AddressOptions = {}): Transport {
  return new ClientTransport({ url: urlOfAddress(address, options) });
}

/** @throws {SluiceError} `INVALID_ARGUMENT` for options that an address of HTTP cannot have */
export function urlOfAddress(address: Address, { tls }: AddressOptions): string {
  const url = formatAddress(address);
  if (tls === undefined) return url;
  const message = `Cannot use tls options with ${url}: the platform decides whom to trust. Pass a ClientTransport with a fetch of your own`;
  throw new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}
