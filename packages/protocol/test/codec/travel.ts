/** Values sent through a codec and back, as a link does it: through slots, with the bytes in between. */
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import { type Message, Slot, type SlotOptions } from "../../src/codec/slot.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { resolveLimits } from "../../src/limits.ts";

export const codecs: readonly Codec[] = [jsonCodec, msgpackCodec];

export const limits: SlotOptions["limits"] = resolveLimits();

/** A slot without validation, of which nothing is known unless `schema` says it. */
export function slotOf(codec: Codec, schema: JsonSchema = true, more: Partial<SlotOptions> = {}): Slot {
  const encoding = { kind: "bytes", codec } as const;
  return new Slot({ name: "param of a/b", schema, validate: undefined, encoding, limits, ...more });
}

/** A message's payload as bytes, in the middle of others, as it stands in a chunk. */
export function fieldsOf({ body, raw }: Message): {
  readonly payload: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly raw: boolean;
} {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : (body as Uint8Array);
  const payload = new Uint8Array(bytes.length + 7).fill(0xc1);
  payload.set(bytes, 3);
  return { payload, start: 3, end: 3 + bytes.length, raw };
}

/** What arrives of `value`. */
export function travel(codec: Codec, value: unknown, schema: JsonSchema = true): unknown {
  const slot = slotOf(codec, schema);
  return slot.decode(fieldsOf(slot.encode(value)), standardUtf8);
}

/** What a codec makes of payload bytes, without any schema. */
export function decodePayload(codec: Codec, bytes: Uint8Array, schema: JsonSchema = true): unknown {
  return slotOf(codec, schema).decode(
    fieldsOf({ body: bytes, length: bytes.length, raw: false, start: 0 }),
    standardUtf8,
  );
}

/** The code of the error that `task` throws, or what it returns. Errors other than SluiceErrors are let through. */
export function codeOr<Value>(task: () => Value): Value | { readonly code: string } {
  try {
    return task();
  } catch (error) {
    const { name, code } = error as Error & { readonly code: string };
    if (name !== "SluiceError") throw error;
    return { code };
  }
}

/** The error with which `task` is refused. Errors other than SluiceErrors are let through. */
export function refusal(task: () => unknown): SluiceError {
  try {
    task();
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  throw new Error("It was accepted");
}
