/** Names that objects have by nature, as members of what a peer sends: they are data, and nothing is called or changed. */
import { describe, expect, test } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import type { JsonSchema } from "../../src/definition/json-schema.ts";
import { packMap } from "./pack-map.ts";
import { codecs, codeOr, decodePayload } from "./travel.ts";

/** All names that plain objects, arrays, functions and promises look at, and some that libraries do. */
const names = [
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Function.prototype),
  ...[
    "prototype",
    "then",
    "catch",
    "finally",
    "toJSON",
    "inspect",
    "nodeType",
    "asymmetricMatch",
    "$$typeof",
    "@@iterator",
  ],
  ...["length", "byteLength", "buffer", "0", "-1", "size", "polluted", "__proto", "__proto__x", "proto", ""],
];

/** A payload of `{name: {"polluted": "yes"}}` inside of `depth` objects, by codec. */
function payloadOf(codec: Codec, name: string, depth: number): Uint8Array {
  if (codec.name === "json") {
    const inner = `{${JSON.stringify(name)}:{"polluted":"yes"}}`;
    return new TextEncoder().encode('{"a":'.repeat(depth) + inner + "}".repeat(depth));
  }
  let payload = packMap([[name, packMap([["polluted", Uint8Array.of(0xa1, 0x79)]])]]);
  for (let i = 0; i < depth; i++) payload = packMap([["a", payload]]);
  return payload;
}

const open: JsonSchema = { type: "object", additionalProperties: true };

describe.each(codecs.map((codec) => [codec.name, codec] as const))(
  "through %s (REL-K1)",
  (codecName, codec) => {
    test.each(names)("a member called %j is data, at every depth", (name) => {
      const before = Object.getOwnPropertyNames(Object.prototype);
      for (let depth = 0; depth < 6; depth++) {
        for (const schema of [true, open]) {
          const read = codeOr(() => decodePayload(codec, payloadOf(codec, name, depth), schema));
          expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
          if (codecName === "msgpack" && name === "__proto__") {
            expect(read).toEqual({ code: "DECODE_ERROR" });
            continue;
          }
          let inner = read as Record<string, unknown>;
          for (let i = 0; i < depth; i++) inner = inner.a as Record<string, unknown>;
          expect(Object.getPrototypeOf(inner)).toBe(Object.prototype);
          expect(Object.keys(inner)).toEqual([name]);
          const member = Object.getOwnPropertyDescriptor(inner, name)?.value as object;
          expect(Object.keys(member)).toHaveLength(1);
          expect(Object.getPrototypeOf(member)).toBe(Object.prototype);
        }
      }
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    });

    test("a payload that looks like a promise is data, and awaiting it hangs nowhere (REL-K11)", async () => {
      const payload = payloadOf(codec, "then", 0);
      const read = (await decodePayload(codec, payload)) as object;
      expect(Object.entries(read)).toEqual([["then", { polluted: expect.any(String) }]]);
    });

    test("the last of members with one name counts", () => {
      const payload =
        codecName === "json"
          ? new TextEncoder().encode('{"a":"x","b":"y","a":"y"}')
          : packMap([
              ["a", Uint8Array.of(0xa1, 0x78)],
              ["b", Uint8Array.of(0xa1, 0x79)],
              ["a", Uint8Array.of(0xa1, 0x79)],
            ]);
      expect(decodePayload(codec, payload)).toStrictEqual({ a: "y", b: "y" });
    });
  },
);
