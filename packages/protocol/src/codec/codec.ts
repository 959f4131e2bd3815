/**
 * The interface of a codec: values as payload bytes, and back.
 *
 * `json` is built in, `msgpack` has its own door. A codec is compiled per schema, so that one which uses the schema can come.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import type { Utf8 } from "../frame/utf8.ts";

/** Encodes and decodes the values of one schema. Pure; one may be shared by many calls. */
export interface PayloadCodec {
  /**
   * The payload of `value`, which is neither `undefined` nor a `Uint8Array` (those travel as nothing and raw). A string is
   * text that the link encodes as UTF-8; it is never empty.
   * @throws whatever says why `value` has no encoding
   */
  encode(value: unknown): string | Uint8Array;
  /**
   * The value between `start` and `end`, which shares no memory with `bytes`.
   * @throws {SluiceError} `DECODE_ERROR`
   */
  decode(bytes: Uint8Array, start: number, end: number, utf8: Utf8): unknown;
}

/** How deep and how large a decoded value may be. */
export interface ValueLimits {
  readonly maxDepth: number;
  readonly maxNodes: number;
}

export interface Codec {
  /** Its name in the handshake. */
  readonly name: string;
  /** `schema` is absent where nothing is known of the values. */
  compile(schema: JsonSchema | undefined, limits: ValueLimits): PayloadCodec;
}
