/**
 * Opens a raw pipe to an address.
 */
import { type AddressScheme, parseAddress, SluiceError, type TlsOptions } from "@sluice/protocol/wire";
import { connectSocket } from "./connect-socket.ts";
import { makePipe, type Pipe, type PipeCarrier } from "./pipe.ts";
import { checkPipeOptions, type PipeOptions } from "./pipe-options.ts";
import { SocketDuplex } from "./socket-duplex.ts";
import { readTarget } from "./socket-target.ts";

/** What pipes are called in the handshake of TLS (ALPN). */
export const pipeProtocol = "sluice-pipe/1";

export interface OpenPipeOptions extends PipeOptions {
  /** For a `tls:` address: whom to trust, and who this side is. */
  readonly tls?: TlsOptions;
  /** Milliseconds for the connection to be made. Default 10 s. */
  readonly connectTimeout?: number;
  /** Aborting it gives the connection up; an open pipe is not concerned. */
  readonly signal?: AbortSignal;
}

type Connect = (url: string, options: OpenPipeOptions) => Promise<PipeCarrier>;

/** Which carrier a scheme means. */
const carriers: { readonly [Scheme in AddressScheme]?: Connect } = {
  unix: connectCarrier,
  tcp: connectCarrier,
  tls: connectCarrier,
};

/**
 * A pipe to `url`: `unix:…`, `tcp://…` or `tls://…`.
 *
 * Rejects with `INVALID_ARGUMENT` for a bad address, `UNIMPLEMENTED` for one that no pipe goes to, and as connecting a socket does:
 * `UNAVAILABLE`, `CANCELLED`; over TLS also `UNAUTHENTICATED`, `PROTOCOL_ERROR`, `FAILED_PRECONDITION`.
 */
export async function openPipe(url: string, options: OpenPipeOptions = {}): Promise<Pipe> {
  const checked = checkPipeOptions(options);
  const { scheme } = parseAddress(url);
  const connect = carriers[scheme];
  if (connect === undefined) throw noPipe(scheme, Object.keys(carriers));
  return makePipe(await connect(url, options), checked);
}

/** The error for a scheme without pipes. */
export function noPipe(scheme: string, known: readonly string[]): SluiceError {
  return new SluiceError("UNIMPLEMENTED", `Cannot pipe over ${scheme}: only over ${known.join(", ")}`, {
    processed: "no",
  });
}

async function connectCarrier(url: string, options: OpenPipeOptions): Promise<PipeCarrier> {
  const { connectTimeout, signal, clock } = options;
  const { transport, where, options: target, tls } = readTarget(url, options.tls, pipeProtocol);
  const socket = await connectSocket(target, where, { connectTimeout, signal, clock, tls });
  return new SocketDuplex(socket, transport, { checksOpening: true });
}
