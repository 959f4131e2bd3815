/**
 * What comes of a direct call as a response: a result, its absence, or an error as JSON.
 *
 * Spec: docs/http.md.
 */
import { SluiceError } from "@sluice/protocol";
import { HttpRefusal } from "./http-refusal.ts";
import { type JsonText, jsonOf } from "./json-text.ts";

/** An answer is of its moment, and for who has asked. */
const notStored = { "cache-control": "no-store" } as const;
/** May be kept by who has asked, and is good as long as its tag is. */
const checkedFirst = { "cache-control": "private, no-cache" } as const;
/** Nobody guesses what it is: a page that is made to open it sees text of no kind. */
const asJson = { "content-type": "application/json", "x-content-type-options": "nosniff" } as const;

/** 200 with the result, 204 where the procedure has none. */
export function resultResponse(result: unknown): Response {
  const text = jsonOf(result);
  if (text === undefined) return new Response(null, { status: 204, headers: notStored });
  return jsonResponse(text, 200, notStored);
}

/** As {@link resultResponse}, with a tag of the content; 304 where `ifNoneMatch` has it. */
export async function taggedResponse(result: unknown, ifNoneMatch: string | undefined): Promise<Response> {
  const text = jsonOf(result);
  const headers = { ...checkedFirst, etag: await tagOf(text ?? "") };
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, headers.etag)) {
    return new Response(null, { status: 304, headers });
  }
  if (text === undefined) return new Response(null, { status: 204, headers });
  return jsonResponse(text, 200, headers);
}

/** 202: an event has reached its handler; what comes of it there, nobody says. */
export function acceptedResponse(): Response {
  return new Response(null, { status: 202, headers: notStored });
}

/** The status and the JSON of what was thrown. What is no error of ours stays here. */
export function errorResponse(reason: unknown): Response {
  const { error, status, headers } = refusalOf(reason);
  return jsonResponse(errorJson(error), status, {
    ...notStored,
    ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    ...(error.retryable && (status === 429 || status === 503) ? { "retry-after": "1" } : {}),
    ...headers,
  });
}

/** `error` as JSON: code, message, data of a declared one, whether to try again, whether a handler may have run. */
export function errorJson({ code, message, data, retryable, processed }: SluiceError): string {
  const members = [`"code":${JSON.stringify(code)}`, `"message":${JSON.stringify(message)}`];
  // As the server has encoded it.
  const text: JsonText = jsonOf(data);
  if (text !== undefined) members.push(`"data":${text}`);
  members.push(`"retryable":${retryable}`, `"processed":"${processed}"`);
  return `{${members.join(",")}}`;
}

function jsonResponse(text: string, status: number, headers: Readonly<Record<string, string>>): Response {
  const body = new TextEncoder().encode(text);
  const contentLength = { "content-length": String(body.length) };
  return new Response(body, { status, headers: { ...asJson, ...contentLength, ...headers } });
}

function refusalOf(reason: unknown): HttpRefusal {
  if (reason instanceof HttpRefusal) return reason;
  if (SluiceError.is(reason)) return new HttpRefusal(reason);
  return new HttpRefusal(new SluiceError("INTERNAL", "The request could not be served", { cause: reason }));
}

async function tagOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const hex = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `"${hex}"`;
}

/** Whether a list of tags has `tag`; weak ones count too, as for every GET (RFC 9110 §13.1.2). */
function matches(ifNoneMatch: string, tag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return ifNoneMatch.split(",").some((one) => one.trim().replace(/^W\//, "") === tag);
}
