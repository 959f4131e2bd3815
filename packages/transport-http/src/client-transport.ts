/**
 * A transport over HTTP for clients: what comes from the server is one response of events, what goes to it are requests.
 *
 * Uses `fetch` and nothing else, so that it runs wherever that is and sends the headers that it is given; what extends it may send by other
 * means. Spec: docs/wire.md §5.
 */
import { type Logger, SluiceError } from "@sluice/protocol";
import {
  ByteLink,
  type Clock,
  type ConnectOptions,
  checkOptionNames,
  consoleLogger,
  type Link,
  type MovedMessages,
  systemClock,
  type ToClient,
  type ToServer,
  type Transport,
} from "@sluice/protocol/wire";
import { ClientDuplex } from "./client-duplex.ts";
import type { HttpAnswer, TransportPost } from "./http-answer.ts";

/** The part of `fetch` that the transport uses. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Headers of one's own, as an object; names in any case. */
export type RequestHeaders = Readonly<Record<string, string>>;

/** Somebody on the way collects what the server sends instead of passing it on. */
export interface Degradation {
  /** Milliseconds by which events were late when that was noticed. */
  readonly lateMs: number;
  /** Whether the server had filled up what it sent, and it did not help. */
  readonly isPadded: boolean;
}

export interface ClientTransportOptions {
  /** Where the server's `ServerTransport` answers: `https://host/path`, or in a page relative to it. Secrets do not belong there. */
  readonly url: string | URL;
  /** For every request, or what brings them, asked each time. */
  readonly headers?: RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>) | undefined;
  /** Default: the global one; on Node, `node:http` and `node:https`, which take a fifth of its CPU. */
  readonly fetch?: Fetch | undefined;
  /** Whether cookies go along: `"include"` also to other origins. Default: as `fetch` has it. */
  readonly credentials?: "omit" | "same-origin" | "include" | undefined;
  /** Told when events are held back on the way, after the warning in the log. */
  readonly onDegraded?: ((degradation: Degradation) => void) | undefined;
  /** Default: warnings go to the console. */
  readonly logger?: Logger | undefined;
  /** For tests. Default: the system's. */
  readonly clock?: Clock | undefined;
  /** For tests: from 0 to below 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
}

const optionNames = [
  "url",
  "headers",
  "fetch",
  "credentials",
  "onDegraded",
  "logger",
  "clock",
  "random",
] as const satisfies readonly (keyof ClientTransportOptions)[];

/** Bytes to which writes of the server are filled up for a proxy that collects less than that. */
const paddingBytes = 8_192;

export class ClientTransport<Protocol = never> implements Transport<ToClient<Protocol>, ToServer<Protocol>> {
  declare readonly "~sluice"?: MovedMessages<ToClient<Protocol>, ToServer<Protocol>>["~sluice"];
  readonly name = "http";
  readonly #options: ClientTransportOptions;
  /** Where requests go. */
  protected readonly url: string;
  /** The same without its query, which may hold what nobody else is to see. */
  readonly #shown: string;
  readonly #links = new Set<Link>();
  #padding = 0;
  #isDisposed = false;

  /**
   * @throws {SluiceError} `INVALID_ARGUMENT` for a URL that is none of HTTP, or that holds credentials; {@link TypeError} for an
   * option that is not known
   */
  constructor(options: ClientTransportOptions) {
    checkOptionNames("ClientTransport", options, optionNames);
    this.#options = options;
    this.url = readUrl(options.url);
    const { origin, pathname } = new URL(this.url);
    this.#shown = `${origin}${pathname}`;
  }

  /** Makes a link, whose first write opens it; whether the server can be reached shows then. */
  async connect({ signal }: ConnectOptions = {}): Promise<Link> {
    if (this.#isDisposed) {
      throw new SluiceError("UNAVAILABLE", "Cannot connect: the transport was disposed", { processed: "no" });
    }
    if (signal?.aborted === true)
      throw new SluiceError("CANCELLED", "Gave up connecting", { processed: "no" });
    return this.#makeLink();
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    for (const link of this.#links) link.close();
    this.#links.clear();
  }

  #makeLink(): Link {
    const { clock = systemClock, random = Math.random } = this.#options;
    const padding = this.#padding;
    const duplex = new ClientDuplex({
      info: { transport: "http", remote: this.#shown },
      url: this.#shown,
      post: (headers, body, ended) => this.#post(headers, body, ended),
      clock,
      random,
      padding,
      onHeld: (lateMs) => this.#held(duplex, lateMs, padding > 0),
      onClosed: () => this.#links.delete(link),
    });
    const link = new ByteLink(duplex);
    this.#links.add(link);
    return link;
  }

  async #post(
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const own = this.#options.headers;
    if (own === undefined) return this.send({ headers, body, signal });
    // Names are the same in any case: the transport's own stand.
    const all = Object.fromEntries(new Headers(typeof own === "function" ? await own() : own));
    return this.send({ headers: Object.assign(all, headers), body, signal });
  }

  /** Sends a request. Overridden where the platform has better means than `fetch` that was not given. */
  protected send({ headers, body, signal }: TransportPost): Promise<HttpAnswer> {
    const { fetch, credentials } = this.#options;
    const init: RequestInit = {
      method: "POST",
      headers,
      body: body as Uint8Array<ArrayBuffer>,
      signal,
      redirect: "manual",
      ...(credentials === undefined ? {} : { credentials }),
    };
    return fetch === undefined ? globalThis.fetch(this.url, init) : fetch(this.url, init);
  }

  /** The next link is padded; one that is padded already goes on as well as it can. */
  #held(duplex: ClientDuplex, lateMs: number, isPadded: boolean): void {
    const { logger = consoleLogger, onDegraded } = this.#options;
    const what = `Events from ${this.#shown} are held back on the way (${lateMs} ms late)`;
    logger.warn(
      isPadded
        ? `${what}, although they are padded: a proxy collects responses. Let it pass text/event-stream through unbuffered`
        : `${what}: a proxy collects responses. Trying with padding`,
      { url: this.#shown, lateMs, isPadded },
    );
    if (!isPadded) {
      this.#padding = paddingBytes;
      duplex.fail(new SluiceError("UNAVAILABLE", `${what}`));
    }
    onDegraded?.({ lateMs, isPadded });
  }
}

/** @throws {SluiceError} `INVALID_ARGUMENT` */
function readUrl(given: string | URL): string {
  const { location } = globalThis as { readonly location?: { readonly href?: string } };
  let url: URL;
  try {
    url = new URL(given, location?.href);
  } catch (cause) {
    throw invalid(`Cannot use ${JSON.stringify(String(given))} as url: it is no URL`, cause);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalid(`Cannot use a url of ${url.protocol} it takes http: or https:`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid(
      `Cannot use a url with credentials: they would be in logs. Use the options headers or credentials`,
    );
  }
  url.hash = "";
  return url.href;
}

function invalid(message: string, cause?: unknown): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", message, { processed: "no", cause });
}
