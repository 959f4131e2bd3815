/**
 * The transport on Node: over sockets of `ws`, which bound what comes, can stop reading, and send headers.
 */
import { WebSocket } from "ws";
import {
  PlatformTransport,
  type WebSocketPlatform,
  type WebSocketTransportOptions,
} from "../websocket-transport.ts";
import { answerPings } from "./answer-pings.ts";
import { secureParts } from "./secure-parts.ts";
import { wsDuplexParts, wsOptions } from "./ws-options.ts";

/** How sockets of `ws` are made and watched. */
export const wsPlatform: WebSocketPlatform = {
  duplex: wsDuplexParts,
  check({ tls }) {
    if (tls !== undefined) secureParts(tls);
  },
  make(url, { protocols, headers, tls, perMessageDeflate = false }) {
    const offered = typeof protocols === "string" ? [protocols] : [...(protocols ?? [])];
    const { servername, rejectUnauthorized } = tls ?? {};
    return new WebSocket(url, offered, {
      ...wsOptions,
      perMessageDeflate,
      followRedirects: false,
      ...(headers === undefined ? {} : { headers }),
      ...(tls === undefined ? {} : secureParts(tls)),
      ...(servername === undefined ? {} : { servername }),
      rejectUnauthorized: rejectUnauthorized !== false,
    });
  },
  watch(socket, clock, refuse) {
    if (socket instanceof WebSocket) answerPings(socket, clock, refuse);
  },
};

/**
 * Connects over WebSockets.
 *
 * Each `connect()` rejects with `UNAVAILABLE` if the peer cannot be reached, `UNAUTHENTICATED`, `PERMISSION_DENIED` (as for a foreign
 * origin), `NOT_FOUND` or `PROTOCOL_ERROR` by what it answers.
 */
export class WebSocketTransport<Incoming = never, Outgoing = never> extends PlatformTransport<
  Incoming,
  Outgoing
> {
  /** @throws `INVALID_ARGUMENT` for an address that is none, or keys that are none; {@link TypeError} for other options */
  constructor(options: WebSocketTransportOptions) {
    super(options, wsPlatform);
  }
}
