/**
 * Which package makes the links of which scheme, and how to get it: registered by hand, or loaded when first needed.
 */
import { type Address, type AddressScheme, parseAddress } from "../address.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { PipeCarrier, PipeConnectOptions, PipeListener, PipeListenOptions } from "./pipe-carrier.ts";
import type { TlsOptions } from "./tls-options.ts";
import type { Listener, Transport } from "./transport.ts";

/** What an address does not say. */
export interface AddressOptions {
  /** For addresses that are encrypted. */
  readonly tls?: TlsOptions | undefined;
}

/** What a transport's package exports so that `connect(url)` and `server.listen(url)` find it. */
export interface TransportModule {
  /** A transport to `address`. @throws {SluiceError} `INVALID_ARGUMENT` */
  transportFromAddress?(address: Address, options?: AddressOptions): Transport;
  /** A listener at `address`. @throws {SluiceError} `INVALID_ARGUMENT` */
  listenerFromAddress?(address: Address): Listener;
  /** A connection to `address` for a raw pipe. Rejects as connecting does. */
  connectPipe?(address: Address, options: PipeConnectOptions): Promise<PipeCarrier>;
  /** Waits for raw pipes at `address`. @throws {SluiceError} `INVALID_ARGUMENT`; {@link TypeError} for options that are none */
  listenForPipes?(address: Address, options: PipeListenOptions): PipeListener;
}

const packages: Record<AddressScheme, string> = {
  unix: "@sluice/transport-socket",
  tcp: "@sluice/transport-socket",
  tls: "@sluice/transport-socket",
  stdio: "@sluice/transport-socket",
  memory: "@sluice/transport-memory",
  ws: "@sluice/transport-websocket",
  wss: "@sluice/transport-websocket",
  http: "@sluice/transport-http",
  https: "@sluice/transport-http",
  nats: "@sluice/transport-nats",
};

const registered = new Map<AddressScheme, TransportModule>();

/** Makes `scheme` known without loading anything: for bundles, and for transports of one's own. */
export function register(scheme: AddressScheme, module: TransportModule): void {
  registered.set(scheme, module);
}

/**
 * The transport to `url`. `load` imports a package by name, from where the caller stands.
 *
 * Rejects with `INVALID_ARGUMENT` for a bad address, `UNIMPLEMENTED` if the package is not installed or cannot connect.
 */
export async function transportTo(
  url: string,
  load: (name: string) => Promise<unknown>,
  options?: AddressOptions,
): Promise<Transport> {
  const address = parseAddress(url);
  const { transportFromAddress } = await transportModuleOf(address, load);
  if (transportFromAddress === undefined) throw unable(url, "connect to");
  return transportFromAddress(address, options);
}

/** The listener at `url`, as {@link transportTo}. */
export async function listenerAt(url: string, load: (name: string) => Promise<unknown>): Promise<Listener> {
  const address = parseAddress(url);
  const { listenerFromAddress } = await transportModuleOf(address, load);
  if (listenerFromAddress === undefined) throw unable(url, "listen at");
  return listenerFromAddress(address);
}

/** The module for `address`, registered or loaded. Rejects with `UNIMPLEMENTED` if its package is not installed. */
export async function transportModuleOf(
  address: Address,
  load: (name: string) => Promise<unknown>,
): Promise<TransportModule> {
  const { scheme } = address;
  const known = registered.get(scheme);
  if (known !== undefined) return known;
  const name = packages[scheme];
  try {
    return (await load(name)) as TransportModule;
  } catch (cause) {
    throw new SluiceError(
      "UNIMPLEMENTED",
      `Cannot use ${scheme}: ${name} cannot be loaded. Install it (npm install ${name}), or in a bundle register("${scheme}", …) or pass a transport`,
      { processed: "no", cause },
    );
  }
}

function unable(url: string, what: string): SluiceError {
  return new SluiceError("UNIMPLEMENTED", `Cannot ${what} ${url}: its transport does not do that`, {
    processed: "no",
  });
}
