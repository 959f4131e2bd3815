/**
 * A call's metadata: texts by name, as JSON in its OPEN.
 *
 * Spec: docs/wire.md §3.2.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { maxMetadataEntries } from "../limits.ts";

export type Metadata = Readonly<Record<string, string>>;

const none: Metadata = Object.freeze({});

/**
 * Metadata as text, `""` for none.
 * @throws {SluiceError} `INVALID_ARGUMENT`, `RESOURCE_EXHAUSTED`; `processed: "no"`
 */
export function writeMetadata(metadata: Metadata | undefined, maxBytes: number, utf8: Utf8): string {
  if (metadata === undefined) return "";
  const entries = Object.entries(metadata);
  if (entries.length === 0) return "";
  for (const [name, value] of entries) {
    if (typeof value !== "string") {
      throw new SluiceError("INVALID_ARGUMENT", `Invalid metadata ${JSON.stringify(name)}: must be text`, {
        processed: "no",
      });
    }
  }
  if (entries.length > maxMetadataEntries) {
    throw tooLarge(`${entries.length} entries: at most ${maxMetadataEntries}`, "no");
  }
  const text = JSON.stringify(metadata);
  const bytes = utf8.byteLength(text);
  if (bytes > maxBytes) throw tooLarge(`${bytes} bytes: at most ${maxBytes} (limits.maxMetadata)`, "no");
  return text;
}

/**
 * The metadata of an OPEN that arrived.
 * @throws {SluiceError} `INVALID_ARGUMENT`, `RESOURCE_EXHAUSTED`; `processed: "no"`
 */
export function readMetadata(text: string, maxBytes: number, utf8: Utf8): Metadata {
  if (text === "") return none;
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
  for (const [, entry] of entries) if (typeof entry !== "string") throw invalid("its values must be text");
  return value as Metadata;
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
