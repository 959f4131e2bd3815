/** A slot: what it refuses and how it says so, and what it hands to whom. What it encodes: slot-encoding.test.ts. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import { Slot, type SlotOptions } from "../../src/codec/slot.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { closures } from "../../src/schema/closure-validator.ts";
import { codecs, fieldsOf, limits, refusal, slotOf } from "./travel.ts";

const secret = "hunter2";

/** A slot that validates. */
function checked(schema: JsonSchema, more: Partial<SlotOptions> = {}): Slot {
  const encoding = { kind: "bytes", codec: jsonCodec } as const;
  const validate = closures().compile(schema);
  return new Slot({ name: "param of a/b", schema, validate, encoding, limits, ...more });
}

const decodeWith = (slot: Slot, by: Slot, value: unknown): unknown =>
  slot.decode(fieldsOf(by.encode(value)), standardUtf8);

describe("a slot refuses what does not fit its schema", () => {
  const schema: JsonSchema = {
    type: "object",
    properties: { user: { type: "object", properties: { "pass/word": { type: "number" } } } },
  };
  const value = { user: { "pass/word": secret } };

  test("where it is sent: the call did not happen", () => {
    const error = refusal(() => checked(schema).encode(value));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no", retryable: false });
    expect(error.message).toBe("Invalid param of a/b at /user/pass~1word: must be number (type)");
  });

  test("where it arrives: the call may have happened", () => {
    const error = refusal(() => decodeWith(checked(schema), slotOf(jsonCodec), value));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "maybe" });
    expect(error.message).toBe("Invalid param of a/b at /user/pass~1word: must be number (type)");
  });

  test("and never says the value", () => {
    const errors = [
      refusal(() => checked(schema).encode(value)),
      refusal(() => decodeWith(checked(schema), slotOf(jsonCodec), value)),
      refusal(() => checked({ enum: ["a"] }).encode(secret)),
      refusal(() => checked({ type: "number" }).encode(secret)),
      refusal(() => checked({ type: "string", pattern: "^[0-9]$" }).encode(secret)),
      refusal(() => checked({ type: "array", uniqueItems: true }).encode([secret, secret])),
      refusal(() => slotOf(jsonCodec).encode({ [Symbol.iterator]: 1, a: Symbol(secret) })),
      refusal(() => slotOf(jsonCodec).encode(BigInt("12345678901234567890"))),
      refusal(() => slotOf(msgpackCodec).encode([`${secret}\ud800`])),
    ];
    for (const error of errors) {
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).not.toMatch(/hunter2|1234567/);
    }
  });

  test("at its root without a pointer", () => {
    expect(refusal(() => checked({ type: "number" }).encode("a")).message).toBe(
      "Invalid param of a/b: must be number (type)",
    );
  });

  test("also when it is absent", () => {
    expect(refusal(() => checked({ type: "number" }).encode(undefined)).code).toBe("INVALID_ARGUMENT");
    expect(
      refusal(() => decodeWith(checked({ type: "number" }), slotOf(jsonCodec), undefined)).processed,
    ).toBe("maybe");
  });

  test("on a structured link too", () => {
    const slot = checked({ type: "number" }, { encoding: { kind: "structured" } });
    const error = refusal(() => slot.decode({ payload: "a", start: 0, end: 0, raw: false }, standardUtf8));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "maybe" });
  });

  test("before it is encoded", () => {
    const codec: Codec = {
      name: "none",
      compile: () => ({ encode: () => expect.unreachable(), decode: () => 1 }),
    };
    const slot = checked({ type: "string" }, { encoding: { kind: "bytes", codec } });
    expect(refusal(() => slot.encode(5)).code).toBe("INVALID_ARGUMENT");
  });
});

describe.each(codecs.map((codec) => [codec.name, codec] as const))("a slot with %s", (_, codec) => {
  test("refuses what has no encoding, by name, and keeps the cause", () => {
    const cause = new Error("boom");
    const value = {
      get a() {
        throw cause;
      },
    };
    const error = refusal(() => slotOf(codec).encode(value));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no", cause });
    expect(error.message).toBe("Cannot encode param of a/b: boom");
  });

  test("refuses a value whose reading throws while it is validated", () => {
    const value = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("boom");
        },
      },
    );
    const slot = checked(
      { type: "object", additionalProperties: false },
      { encoding: { kind: "bytes", codec } },
    );
    const error = refusal(() => slot.encode(value));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
    expect(error.message).toBe("Cannot encode param of a/b: boom");
  });

  test("refuses a value whose reading throws something else (REL-K8)", () => {
    const value = {
      get a() {
        throw "boom";
      },
    };
    expect(refusal(() => slotOf(codec).encode(value)).message).toBe(
      "Cannot encode param of a/b: it has no encoding",
    );
  });

  const cycle: Record<string, unknown> = {};
  cycle.a = [cycle];
  test.each<[string, unknown]>([
    ["a cycle", cycle],
    ["a bigint", 1n],
    ["a symbol", Symbol("s")],
    ["a function", () => 1],
    [
      "a Proxy whose traps throw",
      new Proxy(
        {},
        {
          getPrototypeOf: () => {
            throw new Error("no");
          },
        },
      ),
    ],
    ["a revoked Proxy", revoked()],
    ["a Proxy that goes on for ever", endless()],
  ])("refuses %s and then encodes the next value (REL-K8)", (__, value) => {
    const slot = slotOf(codec);
    for (const unencodable of [value, [value], { a: { b: value } }]) {
      expect(refusal(() => slot.encode(unencodable))).toMatchObject({
        code: "INVALID_ARGUMENT",
        processed: "no",
      });
    }
    expect(decodeWith(slot, slot, { a: "next" })).toEqual({ a: "next" });
  });

  test("encodes the absent value as nothing", () => {
    expect(slotOf(codec).encode(undefined)).toEqual({ body: "", length: 0, raw: false, start: 0 });
    expect(decodeWith(slotOf(codec), slotOf(codec), undefined)).toBeUndefined();
  });

  test("encodes bytes raw, as a copy", () => {
    const bytes = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    const message = slotOf(codec).encode(bytes);
    bytes.fill(0);
    expect(message).toEqual({ body: new Uint8Array([2, 3]), length: 2, raw: true, start: 0 });
  });

  test("encodes bytes of another realm raw", () => {
    const message = slotOf(codec).encode(runInNewContext("new Uint8Array([7])"));
    expect(message).toEqual({ body: new Uint8Array([7]), length: 1, raw: true, start: 0 });
  });

  test("tells an empty byte string from the absent value", () => {
    const slot = slotOf(codec);
    expect(slot.encode(new Uint8Array())).toMatchObject({ length: 0, raw: true });
    expect(decodeWith(slot, slot, new Uint8Array())).toStrictEqual(new Uint8Array());
  });

  test("gives bytes memory of their own, unless the payload is handed over (REL-K10)", () => {
    const slot = slotOf(codec);
    const fields = fieldsOf(slot.encode(new Uint8Array([1, 2, 3])));
    const copy = slot.decode(fields, standardUtf8) as Uint8Array;
    const own = slot.decode(fields, standardUtf8, true) as Uint8Array;
    expect(own.buffer).toBe(fields.payload.buffer);
    expect(own).toStrictEqual(new Uint8Array([1, 2, 3]));
    fields.payload.fill(0xee);
    expect(copy).toStrictEqual(new Uint8Array([1, 2, 3]));
    expect(copy.buffer.byteLength).toBe(3);
  });

  test("gives bytes of a Buffer as a plain Uint8Array, handed over or not", () => {
    const payload = Buffer.from([9, 1, 2]);
    for (const owned of [false, true]) {
      const read = slotOf(codec).decode(
        { payload, start: 1, end: 3, raw: true },
        standardUtf8,
        owned,
      ) as Uint8Array;
      expect(Object.getPrototypeOf(read)).toBe(Uint8Array.prototype);
      expect([...read]).toEqual([1, 2]);
    }
  });

  test("checks raw bytes against the schema like any value", () => {
    const slot = checked({ type: "object" }, { encoding: { kind: "bytes", codec } });
    const error = refusal(() =>
      slot.decode({ payload: new Uint8Array(2), start: 0, end: 2, raw: true }, standardUtf8),
    );
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "maybe" });
  });

  test.each([
    ["text", (size: number) => "a".repeat(size), codec === jsonCodec ? 2 : 3],
    [
      "text of two bytes a character",
      (size: number) => "é".repeat(Math.floor(size / 2)),
      codec === jsonCodec ? 2 : 3,
    ],
    ["bytes", (size: number) => new Uint8Array(size), 0],
  ] as const)("refuses %s above limits.maxMessage, to the byte", (__, make, overhead) => {
    const maxMessage = 5000;
    const slot = slotOf(codec, true, { limits: { ...limits, maxMessage } });
    const atLimit = slot.encode(make(maxMessage - overhead - ((maxMessage - overhead) % 2)));
    expect(fieldsOf(atLimit).end - fieldsOf(atLimit).start).toBeGreaterThan(maxMessage - 2);
    const error = refusal(() => slot.encode(make(maxMessage - overhead + 2)));
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", processed: "no", retryable: false });
    expect(error.message).toMatch(
      /^Cannot send param of a\/b of 500[12] bytes: at most 5000 \(limits\.maxMessage\)$/,
    );
  });
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** An object that has another such object inside, and so on. */
function endless(): object {
  return new Proxy({ a: 1 }, { get: (_, key) => (key === "a" ? endless() : undefined) });
}

describe("an absent slot", () => {
  const absent = (codec: Codec = jsonCodec): Slot =>
    new Slot({
      name: "param of a/b",
      schema: undefined,
      validate: () => expect.unreachable(),
      encoding: { kind: "bytes", codec },
      limits,
    });

  test("takes nothing but undefined", () => {
    expect(absent().encode(undefined)).toMatchObject({ length: 0 });
    for (const value of [null, 0, "", false, {}, new Uint8Array()]) {
      const error = refusal(() => absent().encode(value));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
      expect(error.message).toBe("Invalid param of a/b: the procedure has none");
    }
  });

  test("gives nothing but undefined", () => {
    expect(decodeWith(absent(), slotOf(jsonCodec), undefined)).toBeUndefined();
    for (const value of [null, 0, "", new Uint8Array()]) {
      const error = refusal(() => decodeWith(absent(), slotOf(jsonCodec), value));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "maybe" });
    }
  });
});
