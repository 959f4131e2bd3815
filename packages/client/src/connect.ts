/** A client for an address: picks the transport by scheme. */
import type { ProtocolDefinition, TlsOptions } from "@sluice/protocol";
import { transportFor } from "./by-scheme.ts";
import { Client } from "./client.ts";
import type { ClientOptions } from "./client-options.ts";

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
 * Rejects with `INVALID_ARGUMENT` for a bad address, `UNIMPLEMENTED` if the transport's package is not installed.
 */
export async function connect<
  const Protocol extends ProtocolDefinition = ProtocolDefinition,
  const Served extends ProtocolDefinition = Protocol,
>(
  url: string | readonly string[],
  { tls, ...options }: ConnectUrlOptions<Protocol, Served>,
): Promise<Client<Protocol, Served>> {
  const urls = typeof url === "string" ? [url] : url;
  const transport = await Promise.all(urls.map((one) => transportFor(one, { tls })));
  return new Client<Protocol, Served>({ ...options, transport } as ClientOptions<Protocol, Served>);
}
