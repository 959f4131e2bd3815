/**
 * The `json` codec for who only passes values on: text in, text out, nothing of it read.
 *
 * Direct calls are such: the server at the other end of their link decodes, checks and encodes what HTTP carries. Spec: docs/codecs.md.
 */
import { type Codec, jsonCodec, type Message, type ResolvedLimits, Slot } from "@sluice/protocol/wire";

/** A value as JSON text; `undefined`: there is none. */
export type JsonText = string | undefined;

/** Calls itself `json`, and is its equal on the wire. */
export const jsonTextCodec: Codec = {
  name: "json",
  compile: () => ({
    encode: (text) => text as string,
    decode: (bytes, start, end, utf8) => utf8.read(bytes, start, end),
  }),
};

const bytesAsJson = jsonCodec.compile(
  { type: "string", contentEncoding: "base64" },
  { maxDepth: 1, maxNodes: 1 },
);

/** A slot whose values are {@link JsonText}, or bytes where a message is bytes as a whole: {@link jsonOf} makes text of both. */
export function jsonTextSlot(name: string, limits: ResolvedLimits): Slot {
  const encoding = { kind: "bytes", codec: jsonTextCodec } as const;
  return new Slot({ name, schema: true, validate: undefined, encoding, limits });
}

/** JSON text in UTF-8 as a message; of no bytes: the absent value. */
export function jsonMessage(text: Uint8Array): Message {
  return { body: text, length: text.length, raw: false, start: 0 };
}

/** What a slot of {@link jsonTextSlot} has decoded, as JSON: bytes are a string of base64 there. */
export function jsonOf(decoded: unknown): JsonText {
  if (decoded instanceof Uint8Array) return bytesAsJson.encode(decoded) as string;
  return decoded as JsonText;
}
