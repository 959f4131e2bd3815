/** The first nine bytes of a frame: every type with its flags, its call and its body at both bounds, and what is said of the others. */
import { describe, expect, test } from "vitest";
import { checkHead, checkLength, checkPayload, frameName, isExtension } from "../../src/frame/check-frame.ts";
import { FrameType } from "../../src/frame/frame.ts";
import { maxFrameLength, maxFramePayload } from "../../src/limits.ts";

const longest = maxFrameLength - 5;
const ofCall = 1;
const ofLink = 0;

const types: readonly (readonly [
  name: keyof typeof FrameType,
  flags: number,
  min: number,
  max: number,
  call: number,
])[] = [
  ["HELLO", 0, 2, 65_536, ofLink],
  ["WELCOME", 0, 2, 65_536, ofLink],
  ["OPEN", 0x60, 29, longest, ofCall],
  ["ACCEPT", 0, 2, 1024, ofCall],
  ["DATA", 0xe0, 6, longest, ofCall],
  ["CREDIT", 0, 12, 12, ofCall],
  ["END", 0, 6, 6, ofCall],
  ["RESULT", 0xe0, 6, longest, ofCall],
  ["ERROR", 0xc0, 8, longest, ofCall],
  ["CANCEL", 0x20, 0, 1024, ofCall],
  ["DONE", 0x20, 0, longest, ofLink],
  ["PING", 0x20, 4, 4, ofLink],
  ["DRAIN", 0, 2, 4096, ofLink],
  ["CLOSE", 0, 2, 4096, ofLink],
];

const malformed = (what: string): unknown =>
  expect.objectContaining({ code: "PROTOCOL_ERROR", message: `Malformed frame: ${what}` });

test("every type has its row", () => {
  expect(types.map(([name]) => name)).toEqual(Object.keys(FrameType));
});

describe.each(types)("checkHead of %s", (name, flags, min, max, call) => {
  const type = FrameType[name];

  test(`takes a body of ${min} to ${max} bytes`, () => {
    for (const body of [min, max]) expect(() => checkHead(body + 5, type, call)).not.toThrow();
    for (const body of [min - 1, max + 1]) {
      expect(() => checkHead(body + 5, type, call)).toThrow(
        malformed(`${name} has a body of ${body} bytes, ${min} to ${max} are allowed`),
      );
    }
  });

  test("takes its own flags, alone and together", () => {
    for (let some = 0; some < 0x100; some += 0x20) {
      const judge = (): void => checkHead(min + 5, type | some, call);
      if ((some & ~flags) === 0) expect(judge).not.toThrow();
      else expect(judge).toThrow(malformed(`${name} has flags 0x${some.toString(16)}`));
    }
  });

  test(call === ofCall ? "names a call" : "names no call", () => {
    for (const other of call === ofCall ? [0] : [1, 2 ** 31, 2 ** 32 - 1]) {
      expect(() => checkHead(min + 5, type, other)).toThrow(
        malformed(call === ofCall ? `${name} names no call` : `${name} names call ${other}`),
      );
    }
    if (call === ofCall) expect(() => checkHead(min + 5, type, 2 ** 32 - 1)).not.toThrow();
  });

  test("is called by its name", () => {
    expect(frameName(type)).toBe(name);
  });
});

describe("checkHead of a type without a name", () => {
  test.each([0, 15, 16, 23])("refuses %i, with flags or without", (type) => {
    for (const flags of [0, 0x20, 0xe0]) {
      expect(() => checkHead(7, type | flags, 0)).toThrow(malformed(`frame type ${type} is not known`));
    }
    expect(frameName(type)).toBe(`type ${type}`);
    expect(isExtension(type)).toBe(false);
  });

  test.each([24, 31])("lets %i through, whatever it has: it is an extension", (type) => {
    for (const call of [0, 1]) {
      for (const flags of [0, 0xe0]) {
        for (const length of [5, maxFrameLength]) {
          expect(() => checkHead(length, type | flags, call)).not.toThrow();
        }
      }
    }
    expect(isExtension(type)).toBe(true);
  });
});

test("checkLength takes 5 to 81,920 bytes", () => {
  for (const length of [5, 81_920]) expect(() => checkLength(length)).not.toThrow();
  for (const length of [0, 4]) {
    expect(() => checkLength(length)).toThrow(malformed(`a frame's length is at least 5, not ${length}`));
  }
  for (const length of [81_921, 2 ** 32 - 1]) {
    expect(() => checkLength(length)).toThrow(
      expect.objectContaining({
        code: "FRAME_TOO_LARGE",
        message: `Cannot accept a frame of ${length} bytes: at most 81920`,
      }),
    );
  }
});

test("checkPayload takes 65,536 bytes at most", () => {
  for (const bytes of [0, maxFramePayload]) expect(() => checkPayload(bytes)).not.toThrow();
  expect(() => checkPayload(65_537)).toThrow(
    expect.objectContaining({
      code: "FRAME_TOO_LARGE",
      message: "Cannot accept a payload of 65537 bytes: at most 65536",
    }),
  );
});
