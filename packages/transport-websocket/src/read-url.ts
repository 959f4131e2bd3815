/**
 * Addresses of WebSockets: what is dialled, what is shown of it, and where a listener of that address would be.
 */
import { type Address, formatAddress, parseAddress, SluiceError } from "@sluice/protocol/wire";

export interface WebSocketUrl {
  readonly scheme: "ws" | "wss";
  /** Whole, as it is dialled. */
  readonly href: string;
  /** Without the query, which may hold a secret: for errors and logs. */
  readonly where: string;
}

/** Where to listen. */
export interface WebSocketPlace {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** @throws {SluiceError} `INVALID_ARGUMENT` for what no WebSocket can connect to */
export function readUrl(url: string | URL): WebSocketUrl {
  // A page knows its own address as http: or https:.
  const text = typeof url === "string" ? url : url.href.replace(/^http/i, "ws");
  const address = parseAddress(text);
  if (address.scheme !== "ws" && address.scheme !== "wss") {
    throw invalid(`Cannot connect to ${shown(address)}: a WebSocket needs ws:// or wss://`);
  }
  const read = new URL(address.url);
  const where = `${read.origin === "null" ? `${address.scheme}://${read.host}` : read.origin}${read.pathname}`;
  if (read.hash !== "")
    throw invalid(`Cannot connect to ${where}: the address of a WebSocket has no #fragment`);
  if (read.port === "0") throw invalid(`Cannot connect to ${where}: port 0 is for listening only`);
  return { scheme: address.scheme, href: read.href, where };
}

/** @throws {SluiceError} `INVALID_ARGUMENT` for an address where nothing without more options can listen */
export function readPlace(address: Address): WebSocketPlace {
  if (address.scheme !== "ws" && address.scheme !== "wss") {
    throw invalid(`Cannot listen at ${shown(address)}: no WebSocket is ${address.scheme}:`);
  }
  const { hostname, port, pathname, search, hash } = new URL(address.url);
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  if (address.scheme === "wss") {
    const options = `{ host: ${JSON.stringify(host)}, port: ${port === "" ? 443 : port}, tls: { cert, key } }`;
    throw invalid(
      `Cannot listen at wss://${host} without a certificate: pass listenWebSocket(${options}) of @sluice/transport-websocket`,
    );
  }
  if (search !== "" || hash !== "") {
    throw invalid(`Cannot listen at ws://${host}${pathname}: the address of a listener ends with its path`);
  }
  return { host, port: port === "" ? 80 : Number(port), path: pathname };
}

function shown(address: Address): string {
  return formatAddress(address).replace(/\?.*$/s, "?…");
}

function invalid(message: string): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}
