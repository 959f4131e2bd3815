/** The door of `@sluice/transport-websocket` on Node: the same names as index.ts, over sockets of `ws`. */
export { type AcceptWebSocketOptions, acceptWebSocket } from "./accept-websocket.ts";
export type { HttpServerLike, ListenWebSocketOptions, WebSocketTlsOptions } from "./listen-options.ts";
export { listenerFromAddress, transportFromAddress } from "./node/by-address.ts";
export { listenWebSocket } from "./node/listen-websocket.ts";
export { connectPipe, listenForPipes } from "./node/pipe-by-address.ts";
export { WebSocketTransport } from "./node/ws-transport.ts";
export type {
  WebSocketConstructor,
  WebSocketEvent,
  WebSocketEventType,
  WebSocketLike,
} from "./websocket-like.ts";
export type { WebSocketTransportOptions } from "./websocket-transport.ts";
