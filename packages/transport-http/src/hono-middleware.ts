/**
 * A server inside an app of Hono: everything at and below a path is the server's, all else the app's.
 */
import type { Transport } from "@sluice/protocol/wire";
import type { Context, MiddlewareHandler } from "hono";
import { ServerTransport, type ServerTransportOptions } from "./server-transport.ts";
import { type SocketEnds, socketAddress } from "./socket-address.ts";

export interface SluiceMiddlewareOptions extends ServerTransportOptions {
  /** The path of links; direct calls are below it. As the client's URL has it, with what the app is mounted at. */
  readonly path: string;
  /**
   * The client's address, as `tcp://192.0.2.1:54321`, where the platform says it. Default: as `@hono/node-server` says it, else none. Behind a
   * proxy it is the proxy's; a header that anybody can send is no address.
   */
  remote?(context: Context): string | undefined;
}

/** The part of a `Server` that is used. */
export interface ServesTransports {
  handle(transport: Transport<unknown, unknown>): void;
}

/**
 * Serves `server` at `options.path` from now on, until it is disposed: `app.use(sluice(server, { path: "/rpc" }))`.
 * @throws {TypeError} as {@link ServerTransport}
 */
export function sluice(server: ServesTransports, options: SluiceMiddlewareOptions): MiddlewareHandler {
  const { remote = nodeRemote, ...rest } = options;
  const transport = new ServerTransport(rest);
  const base = options.path.replace(/\/+$/, "");
  server.handle(transport);
  return async (context, next) => {
    const { pathname } = new URL(context.req.url);
    if (pathname !== base && !pathname.startsWith(`${base}/`)) return next();
    return transport.fetch(context.req.raw, { remote: remote(context), local: nodeLocal(context) });
  };
}

/** What `@hono/node-server` hands over with each request. */
interface NodeBindings {
  readonly incoming?: { readonly socket?: SocketEnds & { readonly localAddress?: string } };
}

function nodeLocal({ env }: Context): string | undefined {
  return (env as NodeBindings | undefined)?.incoming?.socket?.localAddress;
}

function nodeRemote({ env }: Context): string | undefined {
  return socketAddress((env as NodeBindings | undefined)?.incoming?.socket ?? {});
}
