/**
 * Which pages may use a server over HTTP, and what their browsers are told about it: the checks of Origin and Host, and CORS.
 *
 * Exact: an origin that was not allowed is told nothing, and no answer is for all. Spec: docs/security.md, https://fetch.spec.whatwg.org/#http-cors-protocol.
 */
import { SluiceError } from "@sluice/protocol";
import {
  isLoopbackHost,
  type WebOriginOptions,
  type WebOriginRules,
  webOriginRules,
  webRefusal,
} from "@sluice/protocol/wire";
import { HttpRefusal } from "./http-refusal.ts";
import type { HttpHeaders, HttpRequest } from "./http-request.ts";

export interface OriginOptions extends WebOriginOptions {
  /** Headers that pages of other origins may send besides those that the transport needs. */
  readonly allowedHeaders?: readonly string[] | undefined;
  /** Whether cookies of pages of other origins are taken. Default `false`. */
  readonly allowCredentials?: boolean | undefined;
  /** The host or address that the server listens on, if known: on a loopback address only its own names are answered to. */
  readonly boundTo?: string | undefined;
}

/** What pages of other origins may send and read. */
export interface SharedHeaders {
  readonly request: readonly string[];
  readonly response: readonly string[];
}

/** How long, in seconds, a browser may remember what it was told. */
const rememberedSeconds = "600";

export class OriginGate {
  readonly #rules: WebOriginRules;
  /** For what comes to a loopback address. */
  readonly #nearRules: WebOriginRules;
  readonly #allowed: string;
  readonly #exposed: string;
  readonly #takesCookies: boolean;

  /** @throws {TypeError} for an origin or a host that no browser would send */
  constructor(options: OriginOptions, shared: SharedHeaders) {
    this.#rules = webOriginRules(options, options.boundTo);
    this.#nearRules = webOriginRules(options, "127.0.0.1");
    const own = (options.allowedHeaders ?? []).map((name) => name.toLowerCase());
    this.#allowed = [...new Set([...shared.request, ...own])].join(", ");
    this.#exposed = shared.response.join(", ");
    this.#takesCookies = options.allowCredentials === true;
  }

  /**
   * `local`: the address where it came to, if known.
   * @throws {HttpRefusal} 403 for a request of a page or by a name that is not allowed
   */
  check(request: Request, local?: string): void {
    const url = new URL(request.url);
    const { headers } = request;
    this.checkHead({ headers, host: url.host, isEncrypted: url.protocol === "https:" }, local);
  }

  /** As {@link check}, of what is looked at. `host`: as the URL has it, where `Host` is missing. @throws {HttpRefusal} 403 */
  checkHead(request: JudgedHead, local?: string): void {
    const { headers, isEncrypted } = request;
    const rules = local !== undefined && isLoopbackHost(local) ? this.#nearRules : this.#rules;
    const origin = headers.get("origin");
    const host = headers.get("host") ?? request.host;
    const refusal = webRefusal({ origin, host, isEncrypted }, rules);
    if (refusal !== undefined) throw forbidden(refusal);
    // A browser that says no Origin says by this where a request comes from.
    const site = headers.get("sec-fetch-site");
    if (origin === null && (site === "cross-site" || site === "same-site")) {
      throw forbidden("Pages of other origins are not allowed");
    }
  }

  /** The answer to a browser that asks whether a page, which may come, may send something. `undefined`: it does not ask. */
  preflight(request: Request): Response | undefined {
    const { headers, method } = request;
    if (method !== "OPTIONS" || !headers.has("origin") || !headers.has("access-control-request-method")) {
      return undefined;
    }
    return new Response(null, {
      status: 204,
      headers: {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": this.#allowed,
        "access-control-max-age": rememberedSeconds,
      },
    });
  }

  /** Says on `response` who may read it: the page that has asked, if it was `allowed`. Returns it. */
  mark(request: HttpRequest, response: Response, isAllowed: boolean): Response {
    const { headers } = response;
    const isPreflight = response.status === 204 && request.method === "OPTIONS";
    headers.append("vary", "Origin");
    const marks = isAllowed ? this.#marksFor(request, isPreflight) : undefined;
    for (const [name, value] of Object.entries(marks ?? {})) headers.set(name, value);
    return response;
  }

  /** The same as headers, for an answer to what was allowed. */
  marks(request: HttpRequest): Readonly<Record<string, string>> {
    return { vary: "Origin", ...this.#marksFor(request, false) };
  }

  /** `undefined`: who asks is no page. */
  #marksFor({ headers }: HttpRequest, isPreflight: boolean): Readonly<Record<string, string>> | undefined {
    const origin = headers.get("origin");
    if (origin === null) return undefined;
    return {
      "access-control-allow-origin": origin,
      ...(this.#takesCookies ? { "access-control-allow-credentials": "true" } : {}),
      ...(isPreflight ? {} : { "access-control-expose-headers": this.#exposed }),
    };
  }
}

/** What of a request is looked at. */
export interface JudgedHead {
  readonly headers: HttpHeaders;
  readonly host: string;
  readonly isEncrypted: boolean;
}

function forbidden(message: string): HttpRefusal {
  return new HttpRefusal(new SluiceError("PERMISSION_DENIED", message, { processed: "no" }));
}
