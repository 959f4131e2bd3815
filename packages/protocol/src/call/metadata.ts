/**
 * A call's metadata: texts by name, as JSON in its OPEN. Names that begin with `$` are the protocol's own.
 *
 * Spec: docs/wire.md §3.2.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { maxMetadataEntries } from "../limits.ts";

export type Metadata = Readonly<Record<string, string>>;

/** What the OPEN of a call says beside its param. */
export interface CallMetadata {
  /** What the caller attached. */
  readonly metadata: Metadata;
  /** Where the last item of a former call stood, as JSON; `undefined`: nothing is said. */
  readonly cursor: string | undefined;
}

const cursorName = "$cursor";
const noMetadata: Metadata = Object.freeze({});
const nothing: CallMetadata = Object.freeze({ metadata: noMetadata, cursor: undefined });

/**
 * Metadata as text, `""` for none. `cursor`: as {@link CallMetadata}.
 * @throws {SluiceError} `INVALID_ARGUMENT`, `RESOURCE_EXHAUSTED`; `processed: "no"`
 */
export function writeMetadata(
  metadata: Metadata | undefined,
  maxBytes: number,
  utf8: Utf8,
  cursor?: string,
): string {
  if (metadata === undefined && cursor === undefined) return "";
  const entries = Object.entries(metadata ?? noMetadata);
  for (const [name, value] of entries) {
    if (typeof value !== "string") throw invalidEntry(name, "must be text");
    if (isOwn(name)) throw invalidEntry(name, "names with $ are the toolkit's own");
  }
  if (cursor !== undefined) entries.push([cursorName, cursor]);
  if (entries.length === 0) return "";
  if (entries.length > maxMetadataEntries) {
    throw tooLarge(`${entries.length} entries: at most ${maxMetadataEntries}`, "no");
  }
  const text = JSON.stringify(cursor === undefined ? metadata : Object.fromEntries(entries));
  const bytes = utf8.byteLength(text);
  if (bytes > maxBytes) throw tooLarge(`${bytes} bytes: at most ${maxBytes} (limits.maxMetadata)`, "no");
  return text;
}

/**
 * The metadata of an OPEN that arrived.
 * @throws {SluiceError} `INVALID_ARGUMENT`, `RESOURCE_EXHAUSTED`; `processed: "no"`
 */
export function readMetadata(text: string, maxBytes: number, utf8: Utf8): CallMetadata {
  if (text === "") return nothing;
  // A text has at most three bytes per code unit: most need no count.
  if (3 * text.length > maxBytes && utf8.byteLength(text) > maxBytes) {
    throw tooLarge(`more than ${maxBytes} bytes (limits.maxMetadata)`, "no");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid("it is no JSON object");
  const entries = Object.entries(value);
  if (entries.length > maxMetadataEntries) {
    throw tooLarge(`${entries.length} entries: at most ${maxMetadataEntries}`, "no");
  }
  let hasOwnNames = false;
  for (const [name, entry] of entries) {
    if (typeof entry !== "string") throw invalid("its values must be text");
    if (isOwn(name)) hasOwnNames = true;
  }
  if (!hasOwnNames) return { metadata: value as Metadata, cursor: undefined };
  // What this side does not know of them is for others.
  const metadata = Object.fromEntries(entries.filter(([name]) => !isOwn(name))) as Metadata;
  return { metadata, cursor: entries.find(([name]) => name === cursorName)?.[1] };
}

/** Whether `name` is one of the protocol's own. */
function isOwn(name: string): boolean {
  return name.startsWith("$");
}

function invalidEntry(name: string, why: string): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", `Invalid metadata ${JSON.stringify(name)}: ${why}`, {
    processed: "no",
  });
}

function invalid(why: string): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", `Invalid metadata: ${why}`, { processed: "no" });
}

function tooLarge(what: string, processed: "no"): SluiceError {
  return new SluiceError("RESOURCE_EXHAUSTED", `Cannot call with metadata of ${what}`, {
    processed,
    retryable: false,
  });
}
