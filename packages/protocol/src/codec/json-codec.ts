/**
 * The `json` codec: values as JSON text, byte strings inside them as base64.
 *
 * `JSON` itself does the work; what it would change on the way (NaN, a Map, bytes that no schema tells of) is refused before.
 */
import type { JsonSchema } from "../definition/json-schema.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { type BinaryPaths, binaryPaths } from "../schema/binary-paths.ts";
import { isBytes } from "../schema/byte-string.ts";
import { checkJson } from "./check-json.ts";
import { type Carried, checkPlain } from "./check-plain.ts";
import type { Codec, PayloadCodec, ValueLimits } from "./codec.ts";
import { checkNumbers, checkShape } from "./safe-value.ts";

export const jsonCodec: Codec = {
  name: "json",
  compile: (schema, limits) => new JsonPayloadCodec(schema, limits),
};

/** JSON escapes half a surrogate pair, and `JSON.parse` makes `__proto__` a member like any other. */
const withBytes: Carried = { bytes: isBytes, anyText: true };

/** Where no schema says so, nobody could tell base64 from text at the other end. */
const withoutBytes: Carried = {
  bytes(value) {
    if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) return false;
    throw new TypeError(
      "bytes inside JSON need a schema that says where they are (a Client gets it as `protocol`)",
    );
  },
  anyText: true,
};

/** A shorter payload can be walked by recursion. */
const shortBytes = 200;

class JsonPayloadCodec implements PayloadCodec {
  readonly #limits: ValueLimits;
  readonly #bytes: BinaryPaths | undefined;
  /** A shorter payload can neither be nested too deep nor have too many nodes: each costs two bytes. */
  readonly #harmlessBytes: number;

  constructor(schema: JsonSchema | undefined, limits: ValueLimits) {
    this.#limits = limits;
    this.#bytes = schema === undefined ? undefined : binaryPaths(schema);
    this.#harmlessBytes = Math.min(2 * limits.maxDepth, 2 * limits.maxNodes, shortBytes);
  }

  encode(value: unknown): string {
    const { maxDepth } = this.#limits;
    if (this.#bytes === undefined) {
      checkPlain(value, maxDepth, withoutBytes);
      return JSON.stringify(value);
    }
    checkPlain(value, maxDepth, withBytes);
    const text = this.#bytes.toText(value);
    checkPlain(text, maxDepth, withoutBytes);
    return JSON.stringify(text);
  }

  decode(bytes: Uint8Array, start: number, end: number, utf8: Utf8): unknown {
    const text = utf8.read(bytes, start, end);
    if (end - start > 2 * this.#limits.maxNodes) checkJson(text, this.#limits);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // JSON.parse quotes the text in its message; what a peer sent stays out of errors and logs.
      throw new SluiceError("DECODE_ERROR", "Cannot decode a payload: it is not JSON");
    }
    if (end - start > this.#harmlessBytes) checkShape(value, this.#limits);
    else checkNumbers(value);
    return this.#bytes === undefined ? value : this.#bytes.fromText(value);
  }
}
