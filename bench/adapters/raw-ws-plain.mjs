// The limit over WebSockets as `ws` comes: each message is a write of its own.
import { webSockets } from "./raw-ws.mjs";

export const { serve, connect } = webSockets(false);
