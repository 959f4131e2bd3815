/**
 * Opens a raw pipe to an address.
 */
import {
  type Address,
  type AddressScheme,
  formatAddress,
  type PipeCarrier,
  parseAddress,
  type TlsOptions,
} from "@sluice/protocol/wire";
import { moduleFor } from "./by-scheme.ts";
import { connectSocket } from "./connect-socket.ts";
import { makePipe, type Pipe } from "./pipe.ts";
import { checkPipeOptions, type PipeOptions } from "./pipe-options.ts";
import { noPipe, type PipeScheme, pipeProtocol } from "./pipe-schemes.ts";
import { SocketDuplex } from "./socket-duplex.ts";
import { readTarget } from "./socket-target.ts";

export interface OpenPipeOptions extends PipeOptions {
  /** For a `tls:` or `wss:` address: whom to trust, and who this side is. */
  readonly tls?: TlsOptions;
  /** Milliseconds for the connection to be made. Default 10 s. */
  readonly connectTimeout?: number;
  /** Aborting it gives the connection up; an open pipe is not concerned. */
  readonly signal?: AbortSignal;
}

type Connect = (address: Address, options: OpenPipeOptions) => Promise<PipeCarrier>;

/** Which carrier a scheme means. */
const carriers: Readonly<Record<PipeScheme, Connect>> = {
  unix: connectCarrier,
  tcp: connectCarrier,
  tls: connectCarrier,
  ws: loadCarrier,
  wss: loadCarrier,
};

/**
 * A pipe to `url`: `unix:…`, `tcp://…`, `tls://…`, and with `@sluice/transport-websocket` installed `ws://…` and `wss://…`.
 *
 * Rejects with `INVALID_ARGUMENT` for a bad address, `UNIMPLEMENTED` for one that no pipe goes to, and as connecting a socket does:
 * `UNAVAILABLE`, `CANCELLED`; encrypted also `UNAUTHENTICATED`, `PROTOCOL_ERROR`, `FAILED_PRECONDITION`; over WebSocket also
 * `PERMISSION_DENIED`, `NOT_FOUND`.
 */
export async function openPipe(url: string, options: OpenPipeOptions = {}): Promise<Pipe> {
  const checked = checkPipeOptions(options);
  const address = parseAddress(url);
  const connect = (carriers as { readonly [Scheme in AddressScheme]?: Connect })[address.scheme];
  if (connect === undefined) throw noPipe(address.scheme);
  return makePipe(await connect(address, options), checked);
}

async function connectCarrier(address: Address, options: OpenPipeOptions): Promise<PipeCarrier> {
  const { connectTimeout, signal, clock } = options;
  const url = formatAddress(address);
  const { transport, where, options: target, tls } = readTarget(url, options.tls, pipeProtocol);
  const socket = await connectSocket(target, where, { connectTimeout, signal, clock, tls });
  return new SocketDuplex(socket, transport, { checksOpening: true });
}

async function loadCarrier(address: Address, options: OpenPipeOptions): Promise<PipeCarrier> {
  const { connectPipe } = await moduleFor(address);
  if (connectPipe === undefined) throw noPipe(address.scheme);
  return connectPipe(address, options);
}
