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
export function transportFromAddress(address: Address, { tls }: AddressOptions = {}): Transport {
  if (tls === undefined) return new ClientTransport({ url: formatAddress(address) });
  const message = `Cannot use tls options with ${formatAddress(address)}: fetch decides whom to trust. Pass a ClientTransport with a fetch of your own`;
  throw new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}
