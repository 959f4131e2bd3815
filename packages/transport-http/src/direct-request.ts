/**
 * What a request of HTTP asks for as a direct call: judged by its line and headers, before anything of its body is read.
 *
 * Spec: docs/http.md, docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";
import { cursorOf, lastEventHeader, metadataHeader, metadataOf } from "./direct-metadata.ts";
import { badRequest, HttpRefusal, wrongMethod } from "./http-refusal.ts";

/** Headers of direct calls that a page must be allowed to send from another origin. */
export const directRequestHeaders: readonly string[] = [
  "authorization",
  "content-type",
  "if-none-match",
  lastEventHeader,
  metadataHeader,
  "sluice-timeout-ms",
];

/** Headers of answers to direct calls that a page of another origin must be allowed to read. */
export const directResponseHeaders: readonly string[] = ["etag", "retry-after"];

export interface DirectRequest {
  readonly method: "GET" | "POST";
  readonly procedure: string;
  /** Of a bearer the token itself; else scheme (lower case) and what follows it. `undefined`: none. */
  readonly credentials: string | { readonly scheme: string; readonly value: string } | undefined;
  /** Milliseconds that the call may take; 0: as long as it likes. */
  readonly timeoutMs: number;
  /** JSON text of a GET; `undefined`: there is none, or it is in the body. */
  readonly param: string | undefined;
  /** Whether the Accept header names events. A stream is answered with them in any case: `curl --json` accepts JSON only. */
  readonly wantsEvents: boolean;
  readonly ifNoneMatch: string | undefined;
  /** What the caller attached; its size and names are not judged yet. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** JSON text of where the last item stood that the caller has. */
  readonly cursor: string | undefined;
}

/** Timeouts are as long as those of the wire. */
const longestTimeoutMs = 2 ** 32 - 1;

/**
 * Reads all but the body. `path` is what stands behind the base in the URL, with its percent signs.
 * @throws {HttpRefusal} 400, 401, 405, 415
 */
export function readDirectRequest(request: Request, path: string): DirectRequest {
  const { method, headers } = request;
  if (method !== "GET" && method !== "POST") {
    throw wrongMethod(`Cannot call a procedure by ${method}: use POST`, "GET, POST");
  }
  const query = new URL(request.url).searchParams;
  if (method === "POST") {
    checkContent(headers);
    if (query.toString() !== "") throw badRequest("Cannot take a query with POST: the param is the body");
  }
  return {
    method,
    procedure: procedureOf(path),
    credentials: credentialsOf(headers.get("authorization")),
    timeoutMs: timeoutOf(headers.get("sluice-timeout-ms")),
    param: method === "GET" ? paramOf(query) : undefined,
    wantsEvents: /(^|,)\s*text\/event-stream\s*(;|,|$)/i.test(headers.get("accept") ?? ""),
    ifNoneMatch: headers.get("if-none-match") ?? undefined,
    metadata: metadataOf(headers.get(metadataHeader)),
    cursor: cursorOf(headers.get(lastEventHeader)),
  };
}

/** A name may have slashes, written as they are or as `%2F`. */
function procedureOf(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw badRequest("Cannot read the procedure's name: it is not percent-encoded UTF-8");
  }
}

/** Types that a page may send anywhere without being asked are refused, and so is none. */
function checkContent(headers: Headers): void {
  const type = headers.get("content-type") ?? "";
  const [media = "", ...parameters] = type.toLowerCase().split(";");
  const isUtf8 = parameters.every((parameter) => /^\s*(charset\s*=\s*"?utf-8"?\s*)?$/.test(parameter));
  if (media.trim() !== "application/json" || !isUtf8) {
    throw unsupported(`Cannot take a body that is not JSON: send Content-Type: application/json`);
  }
  const coding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (coding !== "identity") throw unsupported("Cannot take a body that is compressed");
}

function unsupported(message: string): HttpRefusal {
  const error = new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
  return new HttpRefusal(error, 415, { accept: "application/json" });
}

/** Several headers arrive as one with commas, which no token has. */
function credentialsOf(header: string | null): DirectRequest["credentials"] {
  if (header === null) return undefined;
  const [, scheme = "", value = ""] = /^([!#$%&'*+.^_`|~\w-]+)(?: +(\S.*))?$/.exec(header.trim()) ?? [];
  const isBearer = scheme.toLowerCase() === "bearer";
  if (scheme === "" || (isBearer && !/^[\w.~+/-]+=*$/.test(value))) {
    const message = "Cannot read the Authorization header: write Bearer and one token";
    throw new HttpRefusal(new SluiceError("UNAUTHENTICATED", message, { processed: "no" }));
  }
  return isBearer ? value : { scheme: scheme.toLowerCase(), value };
}

function timeoutOf(header: string | null): number {
  if (header === null) return 0;
  const timeoutMs = /^\d{1,10}$/.test(header) ? Number(header) : 0;
  if (timeoutMs > 0 && timeoutMs <= longestTimeoutMs) return timeoutMs;
  throw badRequest(`Cannot read Sluice-Timeout-Ms: it is no number of ms from 1 to ${longestTimeoutMs}`);
}

/** A misspelt member would be a call without param: it is refused. */
function paramOf(query: URLSearchParams): string | undefined {
  const names = [...query.keys()];
  if (names.length === 0) return undefined;
  if (names.length > 1 || names[0] !== "param") {
    throw badRequest("Cannot read the query: it has one member, param, which is JSON");
  }
  return query.get("param") ?? undefined;
}
