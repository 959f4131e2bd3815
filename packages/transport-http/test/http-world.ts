/** A server transport behind a real HTTP server of Node on loopback, for tests. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeHandler, transportHandler } from "../src/node-handler.ts";
import { ServerTransport, type ServerTransportOptions } from "../src/server-transport.ts";

export interface HttpWorld {
  readonly transport: ServerTransport;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** Where links are made. */
  readonly url: string;
  readonly http: Server;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** By which means requests are sent and served: those of Node, as `connect()` and `listenHttp()` do, or those of the standard. */
export type HttpMeans = "node" | "standard";

/** Serves `transport` at a free port. */
export async function serveHttp(
  options: ServerTransportOptions = {},
  means: HttpMeans = "standard",
): Promise<HttpWorld> {
  const transport = new ServerTransport({ path: "/rpc", boundTo: "127.0.0.1", ...options });
  const http = createServer(means === "node" ? transportHandler(transport) : nodeHandler(transport.fetch));
  await once(http.listen(0, "127.0.0.1"), "listening");
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    transport,
    origin,
    url: `${origin}/rpc`,
    http,
    async close() {
      await transport.dispose();
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
