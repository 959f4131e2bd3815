/** What a slot makes of a value: text, bytes or the value itself, with its length; and what many take of one encoding. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import type { Slot, SlotOptions } from "../../src/codec/slot.ts";
import type { EncodedOnce } from "../../src/definition/handed-items.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { handOverWhole } from "../../src/frame/frame-memory.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { limits, refusal, slotOf } from "./travel.ts";

const structured = (more: Partial<SlotOptions> = {}): Slot =>
  slotOf(jsonCodec, true, { encoding: { kind: "structured" }, ...more });

describe("a slot measures", () => {
  test("no short text: its link does", () => {
    expect(slotOf(jsonCodec).encode("größe")).toEqual({ body: '"größe"', length: -1, raw: false, start: 0 });
  });

  test("a text that may be too long, and keeps its bytes", () => {
    const slot = slotOf(jsonCodec, true, { limits: { ...limits, maxMessage: 20 } });
    const body = new TextEncoder().encode('"größe"');
    expect(slot.encode("größe")).toEqual({ body, length: body.length, raw: false, start: 0 });
  });

  test("no text that is short enough in any alphabet, to the byte", () => {
    const slot = slotOf(jsonCodec, true, { limits: { ...limits, maxMessage: 3 * 7 } });
    expect(slot.encode("größe")).toMatchObject({ body: '"größe"', length: -1 });
  });

  test("a text of too many characters by those, before it takes memory for its bytes", () => {
    const slot = slotOf(jsonCodec, true, { limits: { ...limits, maxMessage: 1024 } });
    const encode = vi.spyOn(TextEncoder.prototype, "encode");
    expect(refusal(() => slot.encode("é".repeat(1023))).code).toBe("RESOURCE_EXHAUSTED");
    expect(encode).not.toHaveBeenCalled();
    expect(refusal(() => slot.encode("é".repeat(1022))).code).toBe("RESOURCE_EXHAUSTED");
    expect(encode).toHaveBeenCalledTimes(1);
  });
  afterEach(() => vi.restoreAllMocks());

  test("what msgpack wrote", () => {
    expect(slotOf(msgpackCodec).encode({ a: 1 })).toMatchObject({ length: 4, raw: false });
  });
});

describe("a slot's codec", () => {
  test.each([
    ["its schema", { type: "number" }, { type: "number" }],
    ["a schema that nothing fits", false, false],
    ["nothing where everything fits", true, undefined],
  ] as [string, JsonSchema, JsonSchema | undefined][])("is compiled for %s", (_, schema, expected) => {
    const compile = vi.fn(jsonCodec.compile);
    const codec: Codec = { name: "spy", compile };
    slotOf(codec, schema);
    expect(compile.mock.calls).toEqual([[expected, limits]]);
  });
});

describe("a value that is given to many", () => {
  /** A slot whose codec counts how often it encodes. */
  function counted(): { readonly slot: Slot; readonly encode: () => number } {
    let times = 0;
    const codec: Codec = {
      name: "counting",
      compile: () => ({ encode: (value) => `${JSON.stringify(value)} ${++times}`, decode: () => 1 }),
    };
    return { slot: slotOf(codec), encode: () => times };
  }

  test("is encoded once, and each has a message of its own", () => {
    const { slot, encode } = counted();
    const once: EncodedOnce = new Map();
    const first = slot.encode({ a: 1 }, undefined, once);
    first.start = 7;
    first.body = undefined;
    const others = [slot.encode({ a: 1 }, undefined, once), slot.encode({ a: 1 }, undefined, once)];
    for (const other of others) {
      expect(other).toEqual({ body: '{"a":1} 1', length: -1, raw: false, start: 0 });
      other.start = 9;
      other.body = undefined;
    }
    expect(encode()).toBe(1);
    expect(counted().slot.encode({ a: 1 }, undefined, once).body).toBe('{"a":1} 1');
    expect(slot.encode({ a: 1 }, undefined, new Map()).body).toBe('{"a":1} 2');
  });

  test("is copied for each if it is bytes: their memory is used again", () => {
    const slot = slotOf(jsonCodec);
    const once: EncodedOnce = new Map();
    const bodies = [1, 2].map(() => slot.encode(Uint8Array.of(1, 2), undefined, once).body as Uint8Array);
    expect(bodies).toEqual([Uint8Array.of(1, 2), Uint8Array.of(1, 2)]);
    expect(bodies[0]?.buffer).not.toBe(bodies[1]?.buffer);
    expect(once.size).toBe(0);
  });

  test("is refused for each", () => {
    const once: EncodedOnce = new Map();
    for (let i = 0; i < 2; i++) {
      expect(refusal(() => slotOf(jsonCodec).encode(1n, undefined, once)).code).toBe("INVALID_ARGUMENT");
    }
    expect(once.size).toBe(0);
  });
});

describe("bytes", () => {
  test("are copied by the memory that a slot is given", () => {
    const value = Uint8Array.of(1, 2);
    const copied = Uint8Array.of(1, 2);
    const copy = vi.fn(() => copied);
    expect(slotOf(jsonCodec).encode(value, { copy }).body).toBe(copied);
    expect(copy.mock.calls).toEqual([[value]]);
  });

  test("that were handed over become the value if they are most of their memory, wherever they stand", () => {
    const frame: Frame = { type: FrameType.PING, call: 0, answer: false, nonce: 1 };
    const payload = new Uint8Array(6000);
    const isKept = (start: number, end: number): boolean => {
      let kept: unknown;
      handOverWhole(frame, payload, () => {
        kept = slotOf(jsonCodec).decode({ payload, start, end, raw: true }, standardUtf8);
      });
      return (kept as Uint8Array).buffer === payload.buffer;
    };
    expect(isKept(1000, 6000)).toBe(true);
    expect(isKept(3000, 6000)).toBe(false);
  });
});

describe("a slot of a structured link", () => {
  test("hands the value itself over", () => {
    const value = { at: 0, bytes: new Uint8Array(3) };
    const message = structured().encode(value);
    expect(message).toEqual({ body: value, length: 256 + 2 * 7 + 3 + 2 * 16, raw: false, start: 0 });
    expect(message.body).toBe(value);
    const fields = { payload: message.body, start: 0, end: 0, raw: false };
    expect(structured().decode(fields, standardUtf8)).toBe(value);
  });

  test("knows the absent value", () => {
    expect(structured().encode(undefined)).toEqual({ body: undefined, length: 0, raw: false, start: 0 });
  });

  test("refuses a value that is too large, by its measure", () => {
    const slot = structured({ limits: { ...limits, maxMessage: 1024 } });
    expect(slot.encode("a".repeat(384)).length).toBe(1024);
    expect(refusal(() => slot.encode("a".repeat(385)))).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      processed: "no",
    });
  });

  test("refuses a cycle, and a value that cannot be read", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(refusal(() => structured().encode(cycle))).toMatchObject({
      code: "INVALID_ARGUMENT",
      processed: "no",
    });
    const value = {
      get a() {
        throw new Error("boom");
      },
    };
    const error = refusal(() => structured().encode(value));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
    expect(error.message).toBe("Cannot encode param of a/b: boom");
  });
});
