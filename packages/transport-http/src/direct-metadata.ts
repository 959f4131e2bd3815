/**
 * What the headers of a direct call say beside its param: metadata, and the event behind which a stream shall go on.
 *
 * Spec: docs/http.md, docs/wire.md §3.2.
 */
import { SluiceError } from "@sluice/protocol";
import { badRequest } from "./http-refusal.ts";
import type { JsonText } from "./json-text.ts";

/** A JSON object, whose members the server judges. */
export const metadataHeader = "sluice-metadata";
/** What readers of events send by themselves when they come back. */
export const lastEventHeader = "last-event-id";

/** The members of `header`. Every byte is ASCII, since headers have no other letters that all would read alike. @throws {HttpRefusal} 400 */
export function metadataOf(header: string | null): Readonly<Record<string, string>> | undefined {
  if (header === null) return undefined;
  if (!/^[\x20-\x7e]*$/.test(header)) {
    throw badRequest("Cannot read Sluice-Metadata: write letters beyond ASCII as \\u…");
  }
  let value: unknown;
  try {
    value = JSON.parse(header);
  } catch {
    // What it is instead says nothing to its sender.
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const isText = isObject && Object.values(value as object).every((entry) => typeof entry === "string");
  if (isText) return value as Readonly<Record<string, string>>;
  throw badRequest("Cannot read Sluice-Metadata: it is one JSON object, whose values are texts");
}

/** The cursor as JSON text, judged by the server. `undefined`: from the beginning. */
export function cursorOf(header: string | null): string | undefined {
  return header === null || header === "" ? undefined : header;
}

/**
 * The id of the event of `item`: its cursor, the property of that name, as JSON in ASCII, so that it is a line of an event and a header
 * as it is. `undefined`: it has none.
 */
export function eventIdOf(item: JsonText, cursor: string): string | undefined {
  if (item === undefined) return undefined;
  const said: unknown = JSON.parse(item);
  if (typeof said !== "object" || said === null || !Object.hasOwn(said, cursor)) return undefined;
  const id = JSON.stringify((said as { readonly [property: string]: unknown })[cursor]);
  return id.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A call that has nothing to go on from was asked to go on. */
export function noCursor(procedure: string): SluiceError {
  const message = `Cannot go on with ${procedure} behind an event: it is no stream with a cursor`;
  return new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}
