/**
 * One slot of a procedure (param, send, receive, result), compiled: checks values and turns them into messages, and back.
 *
 * The only place where validation and codec meet. Spec: docs/wire.md §3 "Payload", §6.
 */
import type { EncodedOnce } from "../definition/handed-items.ts";
import type { JsonSchema } from "../definition/json-schema.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { PayloadFields } from "../frame/frame.ts";
import { mayKeep } from "../frame/frame-memory.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { isBytes } from "../schema/byte-string.ts";
import type { Issue, Validate } from "../schema/validator.ts";
import type { Codec, PayloadCodec, ValueLimits } from "./codec.ts";
import { measureValue } from "./safe-value.ts";

const textEncoder = new TextEncoder();

/** A value ready to travel: encoded once, kept until it has arrived. */
export interface Message {
  /** Codec text, bytes, or (structured) the value itself. */
  body: unknown;
  /** Payload bytes; -1 for a text that nobody has measured yet. */
  length: number;
  readonly raw: boolean;
  /** The offset where it starts; set when a direction accepts it. */
  start: number;
}

/** Where copies of byte strings come from. */
export interface ByteMemory {
  copy(bytes: Uint8Array): Uint8Array;
}

/** How the values of a link's session are represented; fixed by the handshake. */
export type Encoding = { readonly kind: "bytes"; readonly codec: Codec } | { readonly kind: "structured" };

export interface SlotOptions {
  /** For error messages: `param of metrics/stream`. */
  readonly name: string;
  /** `undefined`: the slot is absent, only `undefined` fits. `true`: nothing is known, everything fits. */
  readonly schema: JsonSchema | undefined;
  /** Checks values; absent where validation is off. */
  readonly validate: Validate | undefined;
  readonly encoding: Encoding;
  readonly limits: ValueLimits & { readonly maxMessage: number };
}

export class Slot {
  readonly name: string;
  /** Only `undefined` fits. */
  readonly isAbsent: boolean;
  readonly #validate: Validate | undefined;
  /** Absent on structured links. */
  readonly #codec: PayloadCodec | undefined;
  readonly #limits: SlotOptions["limits"];

  constructor({ name, schema, validate, encoding, limits }: SlotOptions) {
    this.name = name;
    this.isAbsent = schema === undefined;
    this.#validate = schema === undefined ? undefined : validate;
    this.#codec =
      encoding.kind === "bytes"
        ? encoding.codec.compile(schema === true ? undefined : schema, limits)
        : undefined;
    this.#limits = limits;
  }

  /**
   * Checks and encodes.
   * @param memory where the copy of a byte string comes from. Default: new memory
   * @param once the same each time that the same `value` is encoded: all but the first time take what came out then
   * @throws {SluiceError} `INVALID_ARGUMENT` for a value that does not fit or has no encoding, `RESOURCE_EXHAUSTED` for one
   * that is too large; `processed: "no"`
   */
  encode(value: unknown, memory?: ByteMemory, once?: EncodedOnce): Message {
    const known = once?.get(this) as Message | undefined;
    if (known !== undefined) return { ...known };
    try {
      this.#check(value, "no");
      const message = this.#represented(value, memory);
      if (message.length > this.#limits.maxMessage) this.#refuseLength(message.length);
      // A byte string is copied for each, since its memory is used again once it has arrived.
      if (once !== undefined && !message.raw) once.set(this, { ...message });
      return message;
    } catch (cause) {
      if (SluiceError.is(cause)) throw cause;
      // From a codec, or from the value itself: reading it runs its getters.
      const why = cause instanceof Error ? cause.message : "it has no encoding";
      throw new SluiceError("INVALID_ARGUMENT", `Cannot encode ${this.name}: ${why}`, {
        cause,
        processed: "no",
      });
    }
  }

  /**
   * The value of a message that arrived whole. Bytes in it are its own.
   * @param owned whether `fields.payload` belongs to nobody else and may become part of the value
   * @throws {SluiceError} `DECODE_ERROR`, `INVALID_ARGUMENT`
   */
  decode(
    fields: Pick<PayloadFields, "payload" | "start" | "end" | "raw">,
    utf8: Utf8,
    owned = false,
  ): unknown {
    const value =
      this.#codec === undefined ? fields.payload : this.#decoded(fields, this.#codec, utf8, owned);
    this.#check(value, "maybe");
    return value;
  }

  #represented(value: unknown, memory: ByteMemory | undefined): Message {
    if (this.#codec === undefined) {
      const length = value === undefined ? 0 : measureValue(value, this.#limits);
      return { body: value, length, raw: false, start: 0 };
    }
    if (value === undefined) return { body: "", length: 0, raw: false, start: 0 };
    // What is sent again must be what was sent first, whatever the user does with the array.
    if (isBytes(value)) {
      const body = memory === undefined ? new Uint8Array(value) : memory.copy(value);
      return { body, length: value.length, raw: true, start: 0 };
    }
    return this.#encoded(this.#codec.encode(value));
  }

  #encoded(body: string | Uint8Array): Message {
    if (typeof body !== "string") return { body, length: body.length, raw: false, start: 0 };
    const { maxMessage } = this.#limits;
    if (body.length > maxMessage) this.#refuseLength(body.length);
    // Most texts are so short that nobody needs to count their bytes here.
    if (3 * body.length <= maxMessage) return { body, length: -1, raw: false, start: 0 };
    const bytes = textEncoder.encode(body);
    return { body: bytes, length: bytes.length, raw: false, start: 0 };
  }

  #decoded(
    fields: Pick<PayloadFields, "payload" | "start" | "end" | "raw">,
    codec: PayloadCodec,
    utf8: Utf8,
    owned: boolean,
  ): unknown {
    const { start, end } = fields;
    const bytes = fields.payload as Uint8Array;
    if (!fields.raw) return start === end ? undefined : codec.decode(bytes, start, end, utf8);
    if (owned || mayKeep(bytes, end - start))
      return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
    return new Uint8Array(bytes.subarray(start, end));
  }

  #check(value: unknown, processed: "no" | "maybe"): void {
    if (this.isAbsent) {
      if (value === undefined) return;
      throw new SluiceError("INVALID_ARGUMENT", `Invalid ${this.name}: the procedure has none`, {
        processed,
      });
    }
    const issue = this.#validate?.(value);
    if (issue !== undefined) throw new SluiceError("INVALID_ARGUMENT", this.#explain(issue), { processed });
  }

  #explain({ path, keyword, expected }: Issue): string {
    const at = path === "" ? "" : ` at ${path}`;
    return `Invalid ${this.name}${at}: ${expected} (${keyword})`;
  }

  #refuseLength(length: number): never {
    throw new SluiceError(
      "RESOURCE_EXHAUSTED",
      `Cannot send ${this.name} of ${length} bytes: at most ${this.#limits.maxMessage} (limits.maxMessage)`,
      { processed: "no", retryable: false },
    );
  }
}
