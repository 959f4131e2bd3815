/** A client for an address: picks the transport by scheme. */
import type { ProtocolDefinition, TlsOptions } from "@sluice/protocol";
import { transportFor } from "./by-scheme.ts";
import { Client } from "./client.ts";
import { type ClientOptions, checkConnectOptions } from "./client-options.ts";

/** {@link ClientOptions} without the transport, which the address stands for. */
export type ConnectUrlOptions<Protocol, Served = Protocol> = Omit<
  ClientOptions<Protocol, Served>,
  "transport"
> & {
  /** For `tls:` addresses: whom to trust, and who this client is. Default: who the platform trusts, and nobody. */
  readonly tls?: TlsOptions;
};

/**
 * A client for `url` (`unix:/run/app.sock`, `tcp://127.0.0.1:3000`, …), or for the first of several that answers. It connects by
 * itself: `await client.ready` if that matters.
 *
 * Rejects with `INVALID_ARGUMENT` for a bad address, `UNIMPLEMENTED` if the transport's package is not installed; with
 * {@link TypeError} for no address, and as {@link Client} for its options.
 */
export async function connect<
  const Protocol extends ProtocolDefinition = ProtocolDefinition,
  const Served extends ProtocolDefinition = Protocol,
>(
  url: string | readonly string[],
  options: ConnectUrlOptions<Protocol, Served> = {},
): Promise<Client<Protocol, Served>> {
  checkConnectOptions(options);
  const { tls, ...clientOptions } = options;
  const urls: readonly unknown[] = Array.isArray(url) ? url : [url];
  if (urls.length === 0 || !urls.every((one) => typeof one === "string")) {
    throw new TypeError('connect() needs an address, or several, as text: connect("tcp://127.0.0.1:3000")');
  }
  const transport = await Promise.all(urls.map((one) => transportFor(one, { tls })));
  return new Client<Protocol, Served>({ ...clientOptions, transport } as ClientOptions<Protocol, Served>);
}
