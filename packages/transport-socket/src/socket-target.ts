/**
 * Where a socket is to be connected to, read from a path or an address.
 */
import type { NetConnectOpts } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { parseAddress, SluiceError, type TlsOptions } from "@sluice/protocol/wire";
import { clientTls } from "./tls-context.ts";
import { checkUnixPath } from "./unix-path.ts";

/** What links are called in the handshake of TLS (ALPN). */
export const linkProtocol = "sluice/1";

export interface SocketTarget {
  readonly transport: "unix" | "tcp" | "tls";
  /** The address, for messages. */
  readonly where: string;
  readonly options: NetConnectOpts;
  readonly tls: ConnectionOptions | undefined;
}

/**
 * Reads a path (`/run/app.sock`, `./app.sock`) or an address (`unix:…`, `tcp://…`, `tls://…`). `protocol`: what is spoken, for ALPN.
 * @throws {SluiceError} `INVALID_ARGUMENT` for what is no address of a socket; {@link TypeError} for `tls` without a `tls:` address
 */
export function readTarget(text: string, tls: TlsOptions | undefined, protocol: string): SocketTarget {
  const isPath = /^[./]/.test(text) || !text.includes(":");
  const address = isPath ? ({ scheme: "unix", path: text } as const) : parseAddress(text);
  if (tls !== undefined && address.scheme !== "tls") {
    throw new TypeError(`tls options need a tls:// address: ${address.scheme}: is not encrypted`);
  }
  switch (address.scheme) {
    case "unix":
      checkUnixPath(address.path);
      return {
        transport: "unix",
        where: `unix:${address.path}`,
        options: { path: address.path },
        tls: undefined,
      };
    case "tcp":
    case "tls": {
      const { scheme, host, port } = address;
      if (port === 0) throw invalid(text, "nobody listens at port 0");
      const encryption = scheme === "tls" ? clientTls(host, tls ?? {}, protocol) : undefined;
      return { transport: scheme, where: text, options: { host, port }, tls: encryption };
    }
    default:
      throw invalid(text, `no socket is ${address.scheme}:`);
  }
}

function invalid(text: string, why: string): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", `Invalid address ${JSON.stringify(text)}: ${why}`, {
    processed: "no",
  });
}
