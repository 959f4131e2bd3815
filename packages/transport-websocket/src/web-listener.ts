/**
 * Listening where there are no ports to listen on: says what to do instead.
 */
import { type Listener, SluiceError } from "@sluice/protocol/wire";
import type { ListenWebSocketOptions } from "./listen-options.ts";

/** A listener that cannot: `listen()` rejects with `UNIMPLEMENTED`. On Node it listens. */
export function listenWebSocket(_options: ListenWebSocketOptions): Listener {
  return {
    async listen() {
      throw new SluiceError(
        "UNIMPLEMENTED",
        "Cannot listen for WebSockets here: pass upgraded ones with server.handle(acceptWebSocket(socket)), or use @sluice/transport-websocket/hono",
        { processed: "no" },
      );
    },
    async close() {},
  };
}
