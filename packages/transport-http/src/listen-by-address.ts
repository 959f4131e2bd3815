/** HTTP by address for servers on Node: what `server.listen("http://127.0.0.1:8080")` uses. */
import { type Address, formatAddress, type Listener, SluiceError } from "@sluice/protocol/wire";
import { listenHttp } from "./listen-http.ts";

/** A listener at `http:`, for this machine or for all as the host says. @throws {SluiceError} `INVALID_ARGUMENT` */
export function listenerFromAddress(address: Address): Listener {
  const text = formatAddress(address);
  if (address.scheme !== "http") {
    throw invalid(
      `Cannot listen at ${text} without a certificate: pass listenHttp({ port, host, tls: { cert, key } }) of @sluice/transport-http/node`,
    );
  }
  const { hostname, port, pathname, search, hash } = new URL(text);
  if (search !== "" || hash !== "") throw invalid(`Cannot listen at ${text}: a path has no query`);
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return listenHttp({ host, port: port === "" ? 80 : Number(port), path: pathname });
}

function invalid(message: string): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}
