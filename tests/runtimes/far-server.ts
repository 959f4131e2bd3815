/** A program for Node: serves the suite's handlers to the origin of its argument, tells its addresses, and ends with its stdin. */
import { silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { listenHttp } from "@sluice/transport-http/node";
import { listenWebSocket } from "@sluice/transport-websocket/node";
import type { Settings } from "./far-wires.ts";
import { makeHandlers } from "./handlers.ts";
import { protocol } from "./protocol.ts";

const allowedOrigin = process.argv.slice(2);
const server = new Server({ protocol, handlers: makeHandlers(), public: true, logger: silentLogger });
const [websocket = "", http = ""] = await server.listen(
  listenWebSocket({ port: 0, allowedOrigin }),
  listenHttp({ port: 0, allowedOrigin }),
);
console.log(JSON.stringify({ websocket, http } satisfies Settings));
process.stdin.on("end", () => void server.dispose()).resume();
