/**
 * The transport where the platform has a WebSocket of its own: browsers, Workers, Bun, Deno, React Native.
 */
import type { WebSocketConstructor, WebSocketLike } from "./websocket-like.ts";
import {
  PlatformTransport,
  type WebSocketPlatform,
  type WebSocketTransportOptions,
} from "./websocket-transport.ts";

function platformWebSocket(): WebSocketConstructor | undefined {
  return (globalThis as { readonly WebSocket?: WebSocketConstructor }).WebSocket;
}

const web: WebSocketPlatform = {
  check({ headers, tls, perMessageDeflate }) {
    if (platformWebSocket() === undefined) {
      throw new TypeError(
        "This platform has no WebSocket: pass one, new WebSocketTransport({ url, WebSocket })",
      );
    }
    if (headers !== undefined) {
      throw new TypeError(
        "headers need a WebSocket that sends them: pass one, or use the client's credentials",
      );
    }
    if (tls !== undefined)
      throw new TypeError("tls options are for Node: this platform decides whom to trust");
    if (perMessageDeflate !== undefined) {
      throw new TypeError("perMessageDeflate is for Node: this platform decides what it offers");
    }
  },
  make(url, { protocols }): WebSocketLike {
    const WebSocket = platformWebSocket() as WebSocketConstructor;
    return new WebSocket(url, typeof protocols === "string" ? protocols : [...(protocols ?? [])]);
  },
};

/**
 * Connects over WebSockets.
 *
 * Each `connect()` rejects with `UNAVAILABLE` if the peer cannot be reached. A browser does not say why, be it a foreign origin.
 */
export class WebSocketTransport<Incoming = never, Outgoing = never> extends PlatformTransport<
  Incoming,
  Outgoing
> {
  /** @throws `INVALID_ARGUMENT` for an address that is none; {@link TypeError} for options that the platform cannot follow */
  constructor(options: WebSocketTransportOptions) {
    super(options, web);
  }
}
