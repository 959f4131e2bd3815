/**
 * The `msgpack` codec: values as MessagePack, bytes as they are.
 *
 * msgpackr without records does the work; check-msgpack.ts has judged the bytes before it sees them. The values are those of
 * JSON plus `Uint8Array`, so that both codecs carry the same.
 */
import { type Options, Packr } from "msgpackr";
import type { Utf8 } from "../frame/utf8.ts";
import { checkMsgpack } from "./check-msgpack.ts";
import { type Carried, checkPlain } from "./check-plain.ts";
import type { Codec, PayloadCodec, ValueLimits } from "./codec.ts";

/** These are documented and missing from the package's types. */
interface MoreOptions {
  readonly skipValues: readonly unknown[];
  readonly useToJSON: boolean;
}

const options: Options & MoreOptions = {
  useRecords: false,
  mapsAsObjects: true,
  copyBuffers: true,
  int64AsType: "number",
  encodeUndefinedAsNil: true,
  // An absent member is not there; in an array, where JSON writes null, it is nil.
  skipValues: [undefined],
  // A member of that name is data; it may be no function.
  useToJSON: false,
};

const packr = new Packr(options);

/** Bytes of another realm are no `Uint8Array` for msgpackr. Text is UTF-8, as it is. */
const carried: Carried = { bytes: (value) => value instanceof Uint8Array, anyText: false };

export const msgpackCodec: Codec = {
  name: "msgpack",
  compile: (_schema, limits) => new MsgpackPayloadCodec(limits),
};

class MsgpackPayloadCodec implements PayloadCodec {
  readonly #limits: ValueLimits;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  encode(value: unknown): Uint8Array {
    // msgpackr would write a Date and its like as extension types, which a peer refuses.
    checkPlain(value, this.#limits.maxDepth, carried);
    return packr.pack(value);
  }

  decode(bytes: Uint8Array, start: number, end: number, utf8: Utf8): unknown {
    checkMsgpack(bytes, start, end, this.#limits, utf8);
    // A plain view: the unpacker makes byte strings of its source's class.
    return packr.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start));
  }
}
