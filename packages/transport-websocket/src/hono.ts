/** The door `@sluice/transport-websocket/hono`: WebSockets of a Hono app, on every runtime that Hono upgrades them on. */
export { type HonoWebSocketOptions, type LinkServer, sluiceWebSocket } from "./hono-websocket.ts";
