/**
 * A transport over HTTP for servers: a function from requests to responses that makes links, and hands direct calls on.
 *
 * Knows no platform: `fetch` fits `Bun.serve`, `Deno.serve`, Workers, Hono and, by `./node`, Node. Spec: docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";
import {
  type Clock,
  checkOptionNames,
  type FindProcedure,
  type Link,
  type Listener,
  type MovedMessages,
  systemClock,
  type ToClient,
  type ToServer,
  type Transport,
} from "@sluice/protocol/wire";
import { type DirectCaller, DirectCalls } from "./direct-call.ts";
import { directRequestHeaders, directResponseHeaders } from "./direct-request.ts";
import { errorResponse } from "./direct-response.ts";
import { HttpRefusal } from "./http-refusal.ts";
import type { BatchAnswer, BatchSource, HttpRequest, TakesBatches } from "./http-request.ts";
import { OriginGate, type OriginOptions } from "./origin.ts";
import { type BodyTaker, takesBody } from "./pulled-body.ts";
import { SessionRequests } from "./session-requests.ts";
import { framesType, linkHeader, sessionRequestHeaders } from "./wire-headers.ts";

export interface ServerTransportOptions extends OriginOptions {
  /**
   * The path at which links are made; direct calls are below it. Default: links at any path (they are known by their headers), direct
   * calls below `/`.
   */
  readonly path?: string | undefined;
  /** Links that may be open at once. Default 10,000. */
  readonly maxLinks?: number | undefined;
  /**
   * Of one address, or one /64 of IPv6, where whoever calls `fetch` says it. Default 1,000. Behind a proxy, where all have its address, say theirs or raise this.
   */
  readonly maxLinksPerRemote?: number | undefined;
  /** Bytes of one batch. Default 1 MiB; at least 256 KiB, which clients send. */
  readonly maxBody?: number | undefined;
  /** Milliseconds that a body may take to arrive. Default 30 s. */
  readonly bodyTimeout?: number | undefined;
  /** Milliseconds without an event after which a comment is sent. Default 15 s. */
  readonly keepAlive?: number | undefined;
  /** For tests. Default: the system's. */
  readonly clock?: Clock | undefined;
}

const optionNames = [
  "allowedOrigin",
  "allowedHost",
  "requireOrigin",
  "allowedHeaders",
  "allowCredentials",
  "boundTo",
  "path",
  "maxLinks",
  "maxLinksPerRemote",
  "maxBody",
  "bodyTimeout",
  "keepAlive",
  "clock",
] as const satisfies readonly (keyof ServerTransportOptions)[];

export class ServerTransport<Protocol = never>
  implements Transport<ToServer<Protocol>, ToClient<Protocol>>, Listener, TakesBatches
{
  declare readonly "~sluice"?: MovedMessages<ToServer<Protocol>, ToClient<Protocol>>["~sluice"];
  readonly name = "http";
  readonly #options: ServerTransportOptions;
  readonly #gate: OriginGate;
  readonly #base: string;
  readonly #sessions: SessionRequests;
  #direct: DirectCalls | undefined;

  /** @throws {TypeError} for an option that is not known, and origins, hosts or a path that are none; {@link RangeError} for numbers */
  constructor(options: ServerTransportOptions = {}) {
    checkOptionNames("ServerTransport", options, optionNames);
    this.#options = options;
    this.#gate = new OriginGate(options, {
      request: [...sessionRequestHeaders, ...directRequestHeaders],
      response: [linkHeader, ...directResponseHeaders],
    });
    this.#base = basePath(options.path);
    this.#sessions = new SessionRequests({
      maxLinks: whole("maxLinks", options.maxLinks ?? 10_000, 1),
      maxLinksPerRemote: whole("maxLinksPerRemote", options.maxLinksPerRemote ?? 1_000, 1),
      maxBody: whole("maxBody", options.maxBody ?? 1024 * 1024, 256 * 1024),
      bodyTimeout: whole("bodyTimeout", options.bodyTimeout ?? 30_000, 1),
      keepAlive: whole("keepAlive", options.keepAlive ?? 15_000, 10),
      clock: options.clock ?? systemClock,
    });
  }

  /** Links that are open. */
  get links(): number {
    return this.#sessions.links;
  }

  /** Rejects: a server's transport makes no links. */
  async connect(): Promise<Link> {
    const message = "Cannot connect by a ServerTransport: clients take a ClientTransport";
    throw new SluiceError("UNIMPLEMENTED", message, { processed: "no" });
  }

  /** Hands over every link that is made by {@link fetch} from now on, until {@link dispose}. Before, it answers 503. */
  accept(onLink: (link: Link) => void, find?: FindProcedure): void {
    this.#sessions.accept(onLink);
    this.#direct = new DirectCalls({
      onLink,
      find,
      bodyTimeout: this.#options.bodyTimeout,
      keepAlive: this.#options.keepAlive,
      clock: this.#options.clock,
    });
  }

  /** As {@link accept}, for `server.listen()`. Resolves with the path, since the address is that of whoever calls {@link fetch}. */
  async listen(onLink: (link: Link) => void, find?: FindProcedure): Promise<string> {
    this.accept(onLink, find);
    return `http:${this.#base === "" ? "/" : this.#base}`;
  }

  /** Takes no more links and calls. Those that there are stay. */
  async close(): Promise<void> {
    this.#direct = undefined;
    this.#sessions.accept(undefined);
  }

  dispose(): Promise<void> {
    return this.close();
  }

  /**
   * Answers a request: opens a link, takes a batch, or makes a direct call. Never rejects. Can be handed on without its object.
   * @param caller what only the platform knows of the client; what platforms hand over by themselves is not looked at
   */
  readonly fetch: (request: Request, caller?: DirectCaller | object) => Promise<Response> = async (
    request,
    caller: DirectCaller & BodyTaker = {},
  ) => {
    let isAllowed = false;
    let response: Response;
    try {
      this.#gate.check(request, textOf(caller?.local));
      isAllowed = true;
      response = this.#gate.preflight(request) ?? (await this.#answer(request, caller));
    } catch (reason) {
      response = errorResponse(reason);
    }
    return this.#gate.mark(request, response, isAllowed);
  };

  /** As {@link fetch}, for a request that names a link; `undefined`: it is for `fetch`, whose body nobody has read then. */
  "~takeBatch"(request: HttpRequest, from: BatchSource): Promise<BatchAnswer | Response> | undefined {
    const { target } = from;
    const isBase = target === this.#base || target === `${this.#base}/`;
    return isBase ? this.#takeBatch(request, from) : undefined;
  }

  async #takeBatch(request: HttpRequest, from: BatchSource): Promise<BatchAnswer | Response> {
    let isAllowed = false;
    try {
      this.#gate.checkHead({ headers: request.headers, host: "", isEncrypted: from.isEncrypted }, from.local);
      isAllowed = true;
      const { headers, text } = await this.#sessions.takeBatch(request, from.remote);
      return { headers: { ...headers, ...this.#gate.marks(request) }, text };
    } catch (reason) {
      return this.#gate.mark(request, errorResponse(reason), isAllowed);
    }
  }

  #answer(request: Request, caller: DirectCaller & BodyTaker): Promise<Response> {
    const { pathname } = new URL(request.url);
    // What platforms hand over may be anything of theirs.
    const remote = textOf(caller?.remote);
    const { path } = this.#options;
    const isBase = pathname === this.#base || pathname === `${this.#base}/`;
    if (isBase || (path === undefined && isOfSession(request))) {
      return this.#sessions.fetch(request, remote, caller?.[takesBody]);
    }
    if (!pathname.startsWith(`${this.#base}/`)) throw nothingHere();
    if (this.#direct === undefined) throw notServing();
    return this.#direct.fetch(request, pathname.slice(this.#base.length + 1), { remote });
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function isOfSession({ headers }: Request): boolean {
  return (
    headers.has(linkHeader) || headers.get("content-type")?.toLowerCase().startsWith(framesType) === true
  );
}

/** Without a slash at its end. @throws {TypeError} */
function basePath(path = "/"): string {
  if (!path.startsWith("/") || /[?#]/.test(path)) {
    throw new TypeError(`path ${JSON.stringify(path)} is no path: write it as "/rpc"`);
  }
  return path.replace(/\/+$/, "");
}

/** @throws {RangeError} */
function whole(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
  throw new RangeError(`${name} must be a whole number of at least ${least}, it is ${String(value)}`);
}

/** The error for a transport that no server has taken, or that was closed. */
export function notServing(): HttpRefusal {
  const error = new SluiceError("UNAVAILABLE", "No server takes requests here", { processed: "no" });
  return new HttpRefusal(error);
}

function nothingHere(): HttpRefusal {
  const error = new SluiceError("NOT_FOUND", "There is nothing at this path", { processed: "no" });
  return new HttpRefusal(error, 404);
}
