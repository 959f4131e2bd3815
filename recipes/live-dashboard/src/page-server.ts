/**
 * The page over HTTP at a port of this machine, and the WebSocket that it speaks over at the same one.
 *
 * Whoever asks for another host, or comes from another site's page, is refused: a browser would bring both here.
 */
import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Listener } from "@sluice/protocol/wire";
import { listenWebSocket } from "@sluice/transport-websocket/node";
import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { PageFile } from "./build-page.ts";

/** Where the page's client connects; it says so too. */
const socketPath = "/sluice";

export interface PageServer {
  /** `http://127.0.0.1:40123/` */
  readonly url: string;
  /** For `server.listen()`. */
  readonly listener: Listener;
  /** Breaks the TCP connection of a peer, without a goodbye. Returns whether it was one of this server's. */
  cut(remote: string | undefined): boolean;
  /** Resolves when nobody is served any more. */
  close(): Promise<void>;
}

/** Serves `files`, by their paths, at a port of 127.0.0.1; 0: any free one. */
export async function servePage(files: ReadonlyMap<string, PageFile>, wanted: number): Promise<PageServer> {
  const http = createServer();
  const sockets = trackSockets(http);
  http.listen(wanted, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo; // of a TCP server that listens
  const host = `127.0.0.1:${port}`;
  http.on("request", getRequestListener(pageApp(files, host).fetch));
  return {
    url: `http://${host}/`,
    listener: listenWebSocket({
      server: http,
      path: socketPath,
      allowedHost: host,
      allowedOrigin: `http://${host}`,
    }),
    cut(remote) {
      const socket = sockets.get(Number(remote?.split(":").at(-1)));
      socket?.resetAndDestroy();
      return socket !== undefined;
    },
    async close() {
      http.close();
      for (const socket of sockets.values()) socket.destroy();
      await once(http, "close");
    },
  };
}

/** Serves the files, and headers that let the page do nothing but what it does. */
export function pageApp(files: ReadonlyMap<string, PageFile>, host: string): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'", `ws://${host}`],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["'none'"],
      },
      xFrameOptions: "DENY",
      strictTransportSecurity: false, // this is plain HTTP, on this machine
    }),
  );
  app.use(async (context, next) => {
    if (context.req.header("host") !== host) return context.text("This is another host", 421);
    return next();
  });
  app.get("*", (context) => {
    const file = files.get(context.req.path);
    if (file === undefined) return context.text("Not here", 404);
    return context.body(file.body, 200, { "content-type": file.type, "cache-control": "no-cache" });
  });
  return app;
}

/** The open connections by the ports of their other ends. */
function trackSockets(http: HttpServer): ReadonlyMap<number, Socket> {
  const sockets = new Map<number, Socket>();
  http.on("connection", (socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once("close", () => sockets.delete(port));
  });
  return sockets;
}
