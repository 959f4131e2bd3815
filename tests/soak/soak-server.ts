/**
 * A server of the soak, in a process of its own: listens over every transport, drains on SIGTERM, and says what it holds when it is asked.
 *
 * Arguments: its addresses by transport as JSON, ports 0 at first; a file where it writes down each run of `place`. Sends the real addresses.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { silentLogger } from "@sluice/protocol/wire";
import { Server } from "@sluice/server";
import { drainOnSignals } from "@sluice/server/node";
import { listenHttp } from "@sluice/transport-http/node";
import { listenSocket } from "@sluice/transport-socket";
import { listenWebSocket } from "@sluice/transport-websocket";
import { faulted, faultedHandlers } from "../children/faulted-service.ts";
import { inventoryNow } from "./inventory.ts";
import { soakTimes } from "./soak-times.ts";

export interface SoakAddresses {
  readonly unix: string;
  readonly tcp: number;
  readonly tls: number;
  readonly ws: number;
  readonly http: number;
}

const certificates = new URL("../../packages/transport-socket/test/certificates/", import.meta.url);
const pem = (name: string): string => readFileSync(new URL(name, certificates), "utf8");
const wanted = JSON.parse(process.argv[2] ?? "{}") as SoakAddresses;
const ranFile = process.argv[3] as string;

/** How often `place` ran, for the last so many numbers: the rest would be what grows. */
const places = new Map<number, number>();
const mostPlaces = 5_000;

const server = new Server({
  protocol: faulted,
  public: true,
  logger: silentLogger,
  handlers: {
    ...faultedHandlers(),
    place({ param }) {
      const runs = (places.get(param) ?? 0) + 1;
      places.set(param, runs);
      // Other servers may run it, too, or this one's successor.
      appendFileSync(ranFile, `${param}\n`);
      for (const oldest of places.keys()) {
        if (places.size <= mostPlaces) break;
        places.delete(oldest);
      }
      return runs;
    },
  },
  ...soakTimes,
});
drainOnSignals(server);
let sessions = 0;
server.on("connected", () => void sessions++);
server.on("disconnected", () => void sessions--);

const portOf = (address: string | undefined): number => Number(new URL(address ?? "").port);
await server.listen(`unix:${wanted.unix}`);
const [tcp] = await server.listen(listenSocket({ port: wanted.tcp }));
const [tls] = await server.listen(
  listenSocket({ port: wanted.tls, tls: { cert: pem("server.crt"), key: pem("server.key") } }),
);
const [ws] = await server.listen(listenWebSocket({ port: wanted.ws }));
const [http] = await server.listen(listenHttp({ port: wanted.http }));
const real: SoakAddresses = {
  unix: wanted.unix,
  tcp: portOf(tcp?.replace("tcp:", "http:")),
  tls: portOf(tls?.replace("tls:", "http:")),
  ws: portOf(ws?.replace("ws:", "http:")),
  http: portOf(http),
};
process.on("message", () => {
  const openCalls = server.connections.reduce((sum, one) => sum + one.openCalls + one.runningHandlers, 0);
  process.send?.({ ...inventoryNow(), connections: server.connections.length, sessions, openCalls });
});
process.send?.(real);
process.channel?.unref();
