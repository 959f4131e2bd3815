/**
 * Serves the WebSockets of a route of a Hono app: judges Origin and Host, has the runtime upgrade, hands the link to a server.
 */
import {
  formatAddress,
  isLoopbackHost,
  type Transport,
  type WebOriginOptions,
  type WebOriginRules,
  webOriginRules,
  webRefusal,
} from "@sluice/protocol/wire";
import type { Context, MiddlewareHandler } from "hono";
import type { WSContext, WSEvents } from "hono/ws";
import { acceptWebSocket } from "./accept-websocket.ts";
import { HonoSocket } from "./hono-socket.ts";
import { ReadyState, type WebSocketLike } from "./websocket-like.ts";

/** What takes links: a `Server`. */
export interface LinkServer {
  handle(transport: Transport<unknown, unknown>): void;
}

export interface HonoWebSocketOptions extends WebOriginOptions {
  /** The `upgradeWebSocket` of the runtime's adapter: of `@hono/node-server`, `hono/bun`, `hono/deno`, `hono/cloudflare-workers`. */
  readonly upgradeWebSocket: (createEvents: (context: Context) => WSEvents) => MiddlewareHandler;
}

/**
 * A handler for `app.get(path, …)`. Pages of foreign origins are refused (403) before anything is upgraded, all of them unless
 * `allowedOrigin` says which may come. A request that asks for no WebSocket goes to the next handler.
 *
 * On Node pass `maxPayload: 147_460` to the `WebSocketServer`, so that larger messages are refused before they are in memory.
 * @throws {TypeError} for origins or hosts that are none
 */
export function sluiceWebSocket(
  server: LinkServer,
  { upgradeWebSocket, ...origins }: HonoWebSocketOptions,
): MiddlewareHandler {
  const near = webOriginRules(origins, "localhost");
  const far = webOriginRules(origins);
  const upgrade = upgradeWebSocket((context) => eventsOf(server, clientAddress(context)));
  return async (context, next) => {
    if (context.req.header("upgrade")?.toLowerCase() !== "websocket") return next();
    const refusal = refusalOf(context, isNear(context) ? near : far);
    return refusal === undefined ? upgrade(context, next) : context.text(refusal, 403);
  };
}

function refusalOf({ req }: Context, rules: WebOriginRules): string | undefined {
  const isEncrypted = new URL(req.url).protocol === "https:";
  return webRefusal({ origin: req.header("origin"), host: req.header("host"), isEncrypted }, rules);
}

/** The connection of a request, which only Node's adapter shows. */
function socketOf({ env }: Context): NodeSocket {
  return (
    (env as { readonly incoming?: { readonly socket?: NodeSocket } } | undefined)?.incoming?.socket ?? {}
  );
}

interface NodeSocket {
  readonly localAddress?: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

function isNear(context: Context): boolean {
  return isLoopbackHost(socketOf(context).localAddress ?? "");
}

function clientAddress(context: Context): string | undefined {
  const { remoteAddress: host, remotePort: port } = socketOf(context);
  return host === undefined || port === undefined ? undefined : formatAddress({ scheme: "tcp", host, port });
}

/** What Hono calls for one WebSocket. */
function eventsOf(server: LinkServer, remote: string | undefined): WSEvents {
  let socket: HonoSocket | undefined;
  const serve = (used: WebSocketLike): void => {
    const transport = acceptWebSocket(used, remote === undefined ? {} : { remote });
    try {
      server.handle(transport);
    } catch {
      // A server that is gone takes no links: the peer tries elsewhere.
      void transport.dispose();
    }
  };
  const fed = (context: WSContext): HonoSocket => {
    if (socket !== undefined) return socket;
    socket = new HonoSocket(context);
    serve(socket);
    return socket;
  };
  const events: WSEvents = {
    onOpen(_, context) {
      const { raw } = context;
      if (!isStandard(raw)) {
        fed(context);
        return;
      }
      // It is heard directly: nothing is to be copied into events that nobody needs.
      delete events.onMessage;
      delete events.onClose;
      delete events.onError;
      serve(raw);
    },
    onMessage: ({ data }, context) => fed(context).dispatch("message", { data }),
    onClose: ({ code, reason }) => socket?.dispatch("close", { code, reason }),
    onError: () => socket?.dispatch("error", {}),
  };
  return events;
}

function isStandard(raw: unknown): raw is WebSocketLike {
  const { addEventListener, readyState } = (raw ?? {}) as Partial<WebSocketLike>;
  return typeof addEventListener === "function" && readyState === ReadyState.open;
}
