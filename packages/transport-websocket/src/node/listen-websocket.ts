/**
 * Listens for links over WebSockets: on a port of its own, or at a path of an HTTP server that is there.
 */
import { isIPv6 } from "node:net";
import { ByteLink, checkOptionNames, type Link, type Listener } from "@sluice/protocol/wire";
import type { HttpServerLike, ListenWebSocketOptions } from "../listen-options.ts";
import { OwnServer } from "./own-server.ts";
import { secureParts } from "./secure-parts.ts";
import { UpgradeGate } from "./upgrade-gate.ts";
import { routeUpgrades } from "./upgrade-router.ts";

const knownOptions: readonly (keyof ListenWebSocketOptions)[] = [
  "port",
  "host",
  "tls",
  "server",
  "path",
  "allowedOrigin",
  "allowedHost",
  "requireOrigin",
  "handshakeTimeout",
  "maxPending",
  "maxPendingPerRemote",
  "perMessageDeflate",
  "clock",
];

/**
 * A listener for `server.listen()`. Pages of foreign origins are refused before anything is upgraded, all of them unless
 * `allowedOrigin` says which may come; so is who calls this machine by a name that is not its own.
 *
 * `listen()` rejects with `ALREADY_EXISTS` if the port or path is taken, `PERMISSION_DENIED` if the system forbids it.
 * @throws {SluiceError} `INVALID_ARGUMENT` for keys and certificates that are none; {@link TypeError} for options that make no
 *   sense; {@link RangeError} for numbers
 */
export function listenWebSocket(options: ListenWebSocketOptions): Listener {
  checkOptions(options);
  const { server, path = "/" } = options;
  const gate = new UpgradeGate(options);
  const take = gate.take.bind(gate);
  let close: (() => void) | undefined;
  return {
    async listen(onLink: (link: Link) => void): Promise<string> {
      if (close !== undefined) throw new TypeError("This listener listens already");
      gate.onDuplex = (duplex) => onLink(new ByteLink(duplex));
      if (server !== undefined) {
        close = routeUpgrades(server, path, take);
        return addressOf(server, path);
      }
      const own = new OwnServer(options, path, take);
      close = () => own.close();
      try {
        const { host, port } = await own.listen();
        return formatPlace(options.tls !== undefined, host, port, path);
      } catch (reason) {
        close = undefined;
        throw reason;
      }
    },
    async close() {
      gate.onDuplex = undefined;
      close?.();
      close = undefined;
    },
  };
}

function checkOptions(options: ListenWebSocketOptions): void {
  checkOptionNames("listenWebSocket", options, knownOptions);
  const { port, server, tls, host, handshakeTimeout, path = "/" } = options;
  for (const name of ["maxPending", "maxPendingPerRemote"] as const) checkPlaces(name, options[name]);
  if ((port === undefined) === (server === undefined)) {
    throw new TypeError("listenWebSocket needs either a port or a server");
  }
  if (server !== undefined && (tls ?? host ?? handshakeTimeout) !== undefined) {
    throw new TypeError(
      "tls, host and handshakeTimeout are for a port of its own: a server that is there has its own",
    );
  }
  if (!/^\/[^?#\s]*$/.test(path)) {
    throw new TypeError(`path begins with / and has no query, it is ${JSON.stringify(path)}`);
  }
  if (tls === undefined) return;
  if (tls.cert === undefined || tls.key === undefined) {
    throw new TypeError("tls of a listener needs cert and key: without them it is nobody");
  }
  secureParts(tls);
}

/** @throws {RangeError} */
function checkPlaces(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1)) return;
  throw new RangeError(`${name} must be a whole number of at least 1, it is ${String(value)}`);
}

/** Where somebody else's server listens; port 0 if it does not yet. */
function addressOf(server: HttpServerLike, path: string): string {
  const isEncrypted =
    typeof (server as { readonly setSecureContext?: unknown }).setSecureContext === "function";
  const bound = server.address();
  // One that listens on a Unix socket has no port either.
  if (typeof bound !== "object" || bound === null) return formatPlace(isEncrypted, "localhost", 0, path);
  const { address, port } = bound as { readonly address: string; readonly port: number };
  return formatPlace(isEncrypted, address, port, path);
}

/** The address of a listener: `ws://127.0.0.1:40123/path`. */
export function formatPlace(isEncrypted: boolean, host: string, port: number, path: string): string {
  return `${isEncrypted ? "wss" : "ws"}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`;
}
