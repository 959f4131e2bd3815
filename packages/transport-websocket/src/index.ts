/** The door of `@sluice/transport-websocket` where the platform has a WebSocket of its own. Node's has the same names: node.ts. */
export { type AcceptWebSocketOptions, acceptWebSocket } from "./accept-websocket.ts";
export type { HttpServerLike, ListenWebSocketOptions, WebSocketTlsOptions } from "./listen-options.ts";
export { listenerFromAddress, transportFromAddress } from "./web-by-address.ts";
export { listenWebSocket } from "./web-listener.ts";
export { connectPipe, listenForPipes } from "./web-pipe.ts";
export { WebSocketTransport } from "./web-transport.ts";
export type {
  WebSocketConstructor,
  WebSocketEvent,
  WebSocketEventType,
  WebSocketLike,
} from "./websocket-like.ts";
export type { WebSocketTransportOptions } from "./websocket-transport.ts";
