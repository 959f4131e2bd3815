/** checkMsgpack: every format at its edges, limits just under and just over, and agreement with what is then unpacked. */
import fc from "fast-check";
import { Packr, unpack } from "msgpackr";
import { describe, expect, test } from "vitest";
import { checkMsgpack } from "../../src/codec/check-msgpack.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { anyText } from "../frame/any-text.ts";
import { codeOr } from "./travel.ts";

const limits = { maxDepth: 64, maxNodes: 1000 };

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** Whether `bytes` are accepted, standing in the middle of others that would complete them. */
function accepts(bytes: Uint8Array, within = limits): boolean {
  const payload = new Uint8Array(bytes.length + 20);
  payload.set(bytes, 10);
  const outcome = codeOr(() => checkMsgpack(payload, 10, 10 + bytes.length, within, standardUtf8));
  if (outcome !== undefined) expect(outcome).toEqual({ code: "DECODE_ERROR" });
  return outcome === undefined;
}

/** One whole value of every accepted format, with its shortest and its longest form where that is short. */
const whole: readonly [string, string][] = [
  ["positive fixint", "00"],
  ["positive fixint", "7f"],
  ["negative fixint", "e0"],
  ["negative fixint", "ff"],
  ["nil", "c0"],
  ["false", "c2"],
  ["true", "c3"],
  ["fixstr", "a0"],
  ["fixstr", `bf${"61".repeat(31)}`],
  ["str 8", "d900"],
  ["str 8", `d9ff${"61".repeat(255)}`],
  ["str 16", "da0000"],
  ["str 16", `da0100${"61".repeat(256)}`],
  ["str 32", "db00000000"],
  ["str 32", `db00010000${"61".repeat(65_536)}`],
  ["bin 8", "c400"],
  ["bin 8", `c4ff${"ff".repeat(255)}`],
  ["bin 16", "c50000"],
  ["bin 16", `c50100${"ff".repeat(256)}`],
  ["bin 32", "c600000000"],
  ["bin 32", `c600010000${"ff".repeat(65_536)}`],
  ["float 32", "ca00000000"],
  ["float 32", "ca7f7fffff"],
  ["float 32", "caff7fffff"],
  ["float 64", "cb0000000000000000"],
  ["float 64", "cb7fefffffffffffff"],
  ["float 64", "cbffefffffffffffff"],
  ["uint 8", "ccff"],
  ["uint 16", "cdffff"],
  ["uint 32", "ceffffffff"],
  ["uint 64", "cf0000000000000000"],
  ["uint 64", "cf001fffffffffffff"],
  ["int 8", "d080"],
  ["int 16", "d18000"],
  ["int 32", "d280000000"],
  ["int 64", "d3ffe0000000000000"],
  ["int 64", "d3001fffffffffffff"],
  ["int 64", "d3ffffffffffffffff"],
  ["fixarray", "90"],
  ["fixarray", `9f${"c0".repeat(15)}`],
  ["array 16", "dc0000"],
  ["array 16", `dc0010${"c0".repeat(16)}`],
  ["array 32", "dd00000000"],
  ["array 32", `dd00000002${"c0".repeat(2)}`],
  ["fixmap", "80"],
  ["fixmap", `8f${"a161c0".repeat(15)}`],
  ["map 16", "de0000"],
  ["map 16", `de0010${"a161c0".repeat(16)}`],
  ["map 32", "df00000000"],
  ["map 32", `df00000001a161c0`],
  ["map with a long key", `81d9ff${"61".repeat(255)}c0`],
  ["maps and arrays inside of each other", "82a16192c081a16290a163c401ff"],
];

describe("checkMsgpack accepts", () => {
  test.each(whole)("%s %.20s", (_, hex) => {
    expect(accepts(bytesOf(hex))).toBe(true);
  });
});

describe("checkMsgpack refuses", () => {
  test.each(whole.filter(([, hex]) => hex.length < 700))("%s %.20s when it is cut anywhere", (_, hex) => {
    const bytes = bytesOf(hex);
    for (let end = 0; end < bytes.length; end++) expect(accepts(bytes.subarray(0, end))).toBe(false);
  });

  test.each(whole.filter(([, hex]) => hex.length < 700))("%s %.20s when anything follows", (_, hex) => {
    for (const more of ["00", "c0", "90"]) expect(accepts(bytesOf(hex + more))).toBe(false);
  });

  test.each(["c1", "c7", "c8", "c9", "d4", "d5", "d6", "d7", "d8"])("type 0x%s, whatever follows", (head) => {
    for (let zeros = 0; zeros < 20; zeros++) expect(accepts(bytesOf(head + "00".repeat(zeros)))).toBe(false);
  });

  test.each([
    ["uint 64 of 2^53", "cf0020000000000000"],
    ["uint 64 of 2^64 - 1", "cfffffffffffffffff"],
    ["int 64 of 2^53", "d30020000000000000"],
    ["int 64 of -2^53 - 1", "d3ffdfffffffffffff"],
    ["int 64 of -2^63", "d38000000000000000"],
    ["float 32 of NaN", "ca7fc00000"],
    ["float 32 of another NaN", "caff800001"],
    ["float 32 of infinity", "ca7f800000"],
    ["float 32 of -infinity", "caff800000"],
    ["float 64 of NaN", "cb7ff8000000000000"],
    ["float 64 of another NaN", "cbfff0000000000001"],
    ["float 64 of infinity", "cb7ff0000000000000"],
    ["float 64 of -infinity", "cbfff0000000000000"],
  ])("%s", (_, hex) => {
    expect(accepts(bytesOf(hex))).toBe(false);
    expect(accepts(bytesOf(`91${hex}`))).toBe(false);
    expect(accepts(bytesOf(`81a161${hex}`))).toBe(false);
  });

  const maps = ["81", "de0001", "df00000001"];
  test.each(["00", "ff", "c0", "c3", "cc61", "ca00000000", "c40161", "90", "80", "9161", "81a161c0"])(
    "a key that is no text: %s",
    (key) => {
      for (const map of maps) expect(accepts(bytesOf(`${map}${key}c0`))).toBe(false);
      expect(accepts(bytesOf(`82a161c0${key}c0`))).toBe(false);
    },
  );

  test.each(["a180", "a26180", "a2c080", "a3eda080", "a4f4908080", "d901ff", "da0002c361", "db0000000180"])(
    "F7 text that is no UTF-8, as a value and as a key: %s",
    (text) => {
      expect(accepts(bytesOf(text))).toBe(false);
      expect(accepts(bytesOf(`92a161${text}`))).toBe(false);
      for (const map of maps) expect(accepts(bytesOf(`${map}${text}c0`))).toBe(false);
    },
  );

  test("text that ends inside a character, whatever bytes stand behind it", () => {
    expect(accepts(bytesOf("92a1c3a1a9"))).toBe(false);
    expect(accepts(bytesOf("92a2c3a9a161"))).toBe(true);
  });

  const cut = [
    "",
    "92a161",
    "c4",
    "c405",
    "c5",
    "cc",
    "ce00",
    "ca7f",
    "cb7f",
    "cf",
    "cf001fff",
    "d3",
    "d300",
  ];
  test.each([...cut, "da01", "dc00"])("%s as cut: it judges no byte behind its end", (hex) => {
    for (const behind of [0xff, 0xc1, 0xa1]) {
      const bytes = new Uint8Array(20).fill(behind);
      bytes.set(bytesOf(hex));
      expect(() => checkMsgpack(bytes, 0, hex.length / 2, limits, standardUtf8)).toThrow(
        "Cannot decode a payload: it ends inside a value",
      );
    }
  });

  test.each(["a9", "d909", "da0009", "db00000009"])("a key called __proto__, behind %s", (head) => {
    const proto = Buffer.from("__proto__").toString("hex");
    for (const map of maps) expect(accepts(bytesOf(`${map}${head}${proto}c0`))).toBe(false);
    expect(accepts(bytesOf(`9181a161 82a162c0${head}${proto}80`))).toBe(false);
    // As a value it is text like any other, and so are its neighbours as keys.
    expect(accepts(bytesOf(`91${head}${proto}`))).toBe(true);
    expect(accepts(bytesOf(`81aa${proto}5fc0`))).toBe(true);
    expect(accepts(bytesOf(`81a8${proto.slice(2)}c0`))).toBe(true);
    for (const name of ["__proto_x", "x_proto__", "_________"]) {
      expect(accepts(bytesOf(`81${head}${Buffer.from(name).toString("hex")}c0`))).toBe(true);
    }
  });
});

describe("checkMsgpack counts", () => {
  const nested = (levels: number, inner: string): Uint8Array => bytesOf("91".repeat(levels) + inner);
  const maps = (levels: number, inner: string): Uint8Array => bytesOf("81a161".repeat(levels) + inner);

  test("64 levels as allowed, and 65 as not", () => {
    for (const make of [nested, maps]) {
      expect(accepts(make(64, "c0"))).toBe(true);
      expect(accepts(make(65, "c0"))).toBe(false);
      for (const empty of ["90", "80", "dc0000", "dd00000000", "de0000", "df00000000"]) {
        expect(accepts(make(63, empty))).toBe(true);
        expect(accepts(make(64, empty))).toBe(false);
      }
    }
  });

  test.each(["00", "7f", "e0", "ff", "c0", "a0", "a161", "db00000000", "c400", "cc00"])(
    "no level for %s: it is no container",
    (leaf) => {
      expect(accepts(nested(64, leaf))).toBe(true);
      expect(accepts(maps(64, leaf))).toBe(true);
    },
  );

  test("levels again after an array has ended", () => {
    const deep = `${"91".repeat(62)}c0`;
    expect(accepts(bytesOf(`92${deep}${deep}`))).toBe(true);
    expect(accepts(bytesOf(`92${deep}91${deep}`))).toBe(true);
    expect(accepts(bytesOf(`92${deep}9191${deep}`))).toBe(false);
  });

  test("values, not keys", () => {
    const array = (count: number): Uint8Array =>
      bytesOf(`dc${count.toString(16).padStart(4, "0")}${"c0".repeat(count)}`);
    const map = (count: number): Uint8Array =>
      bytesOf(`de${count.toString(16).padStart(4, "0")}${"a161c0".repeat(count)}`);
    for (const make of [array, map]) {
      expect(accepts(make(999))).toBe(true);
      expect(accepts(make(1000))).toBe(false);
    }
  });

  test.each([
    "93c0c0",
    "dc0003c0c0",
    "dd00000003c0c0",
    "82a161c0",
    "de0002a161c0",
    "df80000000c0",
    "ddffffffff",
  ])("an announced length before it believes it: %s", (hex) => {
    const bytes = bytesOf(`c0c0c0c0${hex}`);
    const believing = { maxDepth: 64, maxNodes: 2 ** 31 - 1 };
    expect(() => checkMsgpack(bytes, 4, bytes.length, believing, standardUtf8)).toThrow(
      "Cannot decode a payload: it announces more values than it has bytes",
    );
  });
});

describe("checkMsgpack agrees with the unpacker", () => {
  test("on what it packed", () => {
    const packr = new Packr({ useRecords: false, mapsAsObjects: true });
    const value = fc.anything({
      maxDepth: 4,
      maxKeys: 4,
      key: fc.string({ maxLength: 5 }).filter((key) => key !== "__proto__"),
      values: [
        fc.boolean(),
        fc.constant(null),
        fc.integer(),
        fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        anyText(40),
        fc.uint8Array({ maxLength: 9 }),
      ],
    });
    fc.assert(
      fc.property(value, (sent) => {
        expect(accepts(packr.pack(sent))).toBe(true);
      }),
      { interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    );
  });

  test("on bytes at random: what it accepts is unpacked without a fault", () => {
    const likely = fc.constantFrom(
      0x80,
      0x81,
      0x82,
      0x90,
      0x91,
      0x93,
      0xa0,
      0xa1,
      0xa2,
      0xc0,
      0xc4,
      0xca,
      0xd9,
      0xdc,
      0x61,
      0,
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof(likely, fc.nat(255)), { minLength: 1, maxLength: 20 }), (numbers) => {
        const bytes = Uint8Array.from(numbers);
        if (!accepts(bytes)) return;
        accepted++;
        expect(() => unpack(bytes)).not.toThrow();
      }),
      { numRuns: 20_000, interruptAfterTimeLimit: 1500, markInterruptAsFailure: false },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});
