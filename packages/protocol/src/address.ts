/**
 * The grammar of addresses: one parser for every place where a URL names a peer.
 *
 * ```
 * unix:/run/app.sock   unix:relative.sock   unix:///run/app.sock
 * tcp://host:port      tls://host:port      [::1] for IPv6
 * ws:// wss:// http:// https://             as in a browser
 * nats://host:port     memory:name          stdio:
 * ```
 */
import { SluiceError } from "./errors/sluice-error.ts";

/** Schemes of the grammar, without the colon. */
export const addressSchemes = [
  "unix",
  "tcp",
  "tls",
  "ws",
  "wss",
  "http",
  "https",
  "memory",
  "nats",
  "stdio",
] as const;
export type AddressScheme = (typeof addressSchemes)[number];

export type Address =
  | { readonly scheme: "unix"; readonly path: string }
  | { readonly scheme: "tcp" | "tls" | "nats"; readonly host: string; readonly port: number }
  | { readonly scheme: "ws" | "wss" | "http" | "https"; readonly url: string }
  | { readonly scheme: "memory"; readonly name: string }
  | { readonly scheme: "stdio" };

/**
 * Reads an address. Port 0 stands for "any free one" and fits listening only; that is for the transport to say.
 * @throws {SluiceError} `INVALID_ARGUMENT`, which names what is wrong and an address that would be right
 */
export function parseAddress(text: string): Address {
  const colon = text.indexOf(":");
  const scheme = colon < 0 ? "" : text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  switch (scheme) {
    case "unix":
      return { scheme, path: unixPath(text, rest) };
    case "tcp":
    case "tls":
    case "nats":
      return { scheme, ...hostAndPort(text, scheme, rest) };
    case "ws":
    case "wss":
    case "http":
    case "https":
      return { scheme, url: webUrl(text) };
    case "memory":
      if (rest === "") throw invalid(text, "it names nothing", "memory:name");
      return { scheme, name: rest };
    case "stdio":
      if (rest !== "" && rest !== "//") throw invalid(text, "nothing follows stdio:", "stdio:");
      return { scheme };
    default:
      throw invalid(text, `its scheme is none of ${addressSchemes.join(", ")}`, "tcp://127.0.0.1:3000");
  }
}

/** An address as text, in the form that {@link parseAddress} reads. */
export function formatAddress(address: Address): string {
  switch (address.scheme) {
    case "unix":
      return `unix:${address.path}`;
    case "tcp":
    case "tls":
    case "nats": {
      const host = address.host.includes(":") ? `[${address.host}]` : address.host;
      return `${address.scheme}://${host}:${address.port}`;
    }
    case "memory":
      return `memory:${address.name}`;
    case "stdio":
      return "stdio:";
    default:
      return address.url;
  }
}

function unixPath(text: string, rest: string): string {
  // unix:///run/x and unix:/run/x are the same; unix://host/… would be another machine's.
  const path = rest.startsWith("///") ? rest.slice(2) : rest;
  if (path.startsWith("//"))
    throw invalid(text, "a Unix socket has a path and no host", "unix:/run/app.sock");
  if (path === "") throw invalid(text, "it has no path", "unix:/run/app.sock");
  if (path.includes("\0")) throw invalid(text, "its path holds a NUL", "unix:/run/app.sock");
  return path;
}

/** A name, an IPv4 address, or in brackets an IPv6 address (which has a colon, and may have a zone); then a port. */
const hostPort = /^\/\/([^/:@?#[\]\s\p{Cc}]+|\[[\dA-Fa-f.]*:[\dA-Fa-f:.]*(?:%[\w.~-]+)?\]):(\d{1,5})\/?$/u;

function hostAndPort(text: string, scheme: string, rest: string): { host: string; port: number } {
  const example = `${scheme}://127.0.0.1:3000`;
  if (!rest.startsWith("//")) throw invalid(text, `// follows ${scheme}:`, example);
  const match = hostPort.exec(rest);
  if (match === null) {
    if (rest.includes("@")) throw invalid(text, "credentials do not belong into an address", example);
    throw invalid(text, "it is not host:port", example);
  }
  const [, host = "", digits = ""] = match;
  const port = Number(digits);
  if (port > 65_535) throw invalid(text, `port ${digits} is above 65535`, example);
  return { host: host.startsWith("[") ? host.slice(1, -1) : host, port };
}

function webUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The platform's error holds the text, and what may be secret in it.
    throw invalid(text, "it is no URL", "ws://127.0.0.1:8080/path");
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid(
      text,
      "credentials do not belong into an address",
      `${url.protocol}//${url.host}${url.pathname}`,
    );
  }
  return url.href;
}

/** An address without what may be a secret: what stands before an `@`, and a query. */
function hidden(text: string): string {
  return text.replace(/^([a-z]+:\/{0,2})?.*@/is, "$1…@").replace(/\?.*$/s, "?…");
}

function invalid(text: string, why: string, example: string): SluiceError {
  return new SluiceError(
    "INVALID_ARGUMENT",
    `Invalid address ${JSON.stringify(hidden(text))}: ${why}. Try ${example}`,
    {
      processed: "no",
    },
  );
}
