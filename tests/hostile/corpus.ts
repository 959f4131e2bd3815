/**
 * Hostile payloads of one codec, as data: corpora/json.json and corpora/msgpack.json, with what becomes of each.
 *
 * A payload is a list of parts: text in the one file, hexadecimal digits in the other; `[part, times]`; `{"hex": …}`; or
 * `{"members": n}`, n members of different names.
 */
import { readFileSync } from "node:fs";
import { rawBytes, rawJoin } from "@sluice/protocol/testing";

export type CodecName = "json" | "msgpack";

/** The codecs, for `describe.each`. */
export const codecNames: readonly CodecName[] = ["json", "msgpack"];

type Part = string | readonly [string, number] | { readonly hex: string } | { readonly members: number };

interface Entry {
  /** The attack of the conformance list that it belongs to. */
  readonly id: string;
  readonly name: string;
  readonly parts: readonly Part[];
  /** How its call ends. */
  readonly code?: string;
  /** Or what arrives, as JSON: the text, or its parts. */
  readonly value?: string | readonly Part[];
  /** What the codec makes of that again, where it is not the payload itself. Hexadecimal digits. */
  readonly back?: string;
}

export interface HostilePayload {
  readonly id: string;
  readonly name: string;
  readonly payload: Uint8Array;
  /** The code of its refusal, or `undefined` if it is a value like any other. */
  readonly code: string | undefined;
  /** The value that arrives, as JSON. */
  readonly value: string | undefined;
  /** The payload that an echo of the value brings. */
  readonly back: Uint8Array | undefined;
}

/** Bytes from hexadecimal digits; white space is ignored. */
export function unhex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.replaceAll(/\s/g, ""), "hex"));
}

/** Members of different names, each of the smallest value. */
function members(codec: CodecName, count: number): Uint8Array {
  const names = Array.from({ length: count }, (_, at) => at.toString(36));
  if (codec === "json") return rawBytes(names.map((name) => `"${name}":0`).join());
  return new Uint8Array(
    Buffer.concat(names.map((name) => Buffer.from([0xa0 | name.length, ...Buffer.from(name), 0xc0]))),
  );
}

function bytesOf(codec: CodecName, part: Part): Uint8Array {
  if (typeof part === "string") return codec === "json" ? rawBytes(part) : unhex(part);
  if ("hex" in part) return unhex(part.hex);
  if ("members" in part) return members(codec, part.members);
  const [repeated, times] = part;
  const once = bytesOf(codec, repeated);
  return new Uint8Array(Buffer.alloc(once.length * times, once));
}

function joined(codec: CodecName, parts: readonly Part[]): Uint8Array {
  return rawJoin(...parts.map((part) => bytesOf(codec, part)));
}

function read(name: string): string {
  return readFileSync(new URL(`./corpora/${name}.json`, import.meta.url), "utf8");
}

/** What a payload of JSON comes back as is its value; one of MessagePack comes back as it was, unless the entry says otherwise. */
function backOf(codec: CodecName, { back }: Entry, payload: Uint8Array, value: Uint8Array): Uint8Array {
  if (codec === "json") return value;
  return back === undefined ? payload : unhex(back);
}

/** All payloads of a codec's corpus. */
export function corpus(codec: CodecName): readonly HostilePayload[] {
  return (JSON.parse(read(codec)) as readonly Entry[]).map((entry) => {
    const { id, name, code } = entry;
    const payload = joined(codec, entry.parts);
    if (entry.value === undefined) return { id, name, payload, code, value: undefined, back: undefined };
    const value = typeof entry.value === "string" ? rawBytes(entry.value) : joined("json", entry.value);
    const text = Buffer.from(value).toString();
    return { id, name, payload, code, value: text, back: backOf(codec, entry, payload, value) };
  });
}

/** Names that objects, arrays, functions, promises and libraries look at. */
export const inheritedNames: readonly string[] = JSON.parse(read("names"));

/** A payload of `{name: {"polluted": 1}}` inside of `depth` arrays. */
export function namedPayload(codec: CodecName, name: string, depth: number): Uint8Array {
  if (codec === "json") {
    return rawBytes(`${"[".repeat(depth)}{${JSON.stringify(name)}:{"polluted":1}}${"]".repeat(depth)}`);
  }
  const text = (value: string): Uint8Array => rawJoin(Uint8Array.of(0xa0 | value.length), rawBytes(value));
  const inner = rawJoin(Uint8Array.of(0x81), text("polluted"), Uint8Array.of(1));
  return rawJoin(new Uint8Array(depth).fill(0x91), Uint8Array.of(0x81), text(name), inner);
}
