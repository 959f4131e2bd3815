/** Memory of byte strings that have arrived, used again: right bytes, bounded, of one direction only. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/codec/slot.ts";
import { messageOverhead } from "../../src/limits.ts";
import { KeptMessages } from "../../src/session/kept-messages.ts";
import { SpareMemory } from "../../src/session/spare-memory.ts";

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

describe("SpareMemory", () => {
  it("copies into memory that was given back, and into new memory else", () => {
    const spare = new SpareMemory();
    const first = spare.copy(filled(8192, 1));
    const second = spare.copy(filled(8192, 2));
    expect(second).not.toBe(first);
    spare.giveBack(first);
    const third = spare.copy(filled(8192, 3));
    expect(third).toBe(first);
    expect([second[0], third[0], third[8191]]).toStrictEqual([2, 3, 3]);
    expect(spare.copy(filled(8192, 4))).not.toBe(first);
  });

  it("gives memory only to byte strings of its length, and none of it to two", () => {
    const spare = new SpareMemory();
    const long = spare.copy(filled(8192, 1));
    spare.giveBack(long);
    expect(spare.copy(filled(8191, 2))).toStrictEqual(filled(8191, 2));
    expect(spare.copy(filled(8192, 3))).not.toBe(long);
  });

  it("keeps no text, no short byte string, no part of a larger memory, and at most 1 MiB", () => {
    const spare = new SpareMemory();
    spare.giveBack("x".repeat(8192));
    const short = filled(100, 1);
    spare.giveBack(short);
    expect(spare.copy(filled(100, 2))).not.toBe(short);
    const part = filled(16_384, 1).subarray(0, 8192);
    spare.giveBack(part);
    expect(spare.copy(filled(8192, 2))).not.toBe(part);
    const all = Array.from({ length: 20 }, () => filled(65_536, 1));
    for (const one of all) spare.giveBack(one);
    const again = all.map(() => spare.copy(filled(65_536, 2)));
    expect(again.filter((one) => all.includes(one))).toHaveLength(16);
  });
});

it("a message gives its memory back when it has arrived whole, not before", () => {
  const spare = new SpareMemory();
  const kept = new KeptMessages();
  const length = 8192;
  const messages = [0, 1].map((at): Message => {
    const body = spare.copy(filled(length, at));
    return { body, length, raw: true, start: at * (messageOverhead + length) };
  });
  for (const message of messages) {
    kept.add(message);
    kept.nextIsSent();
  }
  kept.arrived(messageOverhead + length - 1, spare);
  expect(spare.copy(filled(length, 9))).not.toBe(messages[0]?.body);
  kept.arrived(messageOverhead + length, spare);
  expect(spare.copy(filled(length, 9))).toBe(messages[0]?.body);
  kept.clear();
  expect(spare.copy(filled(length, 9))).not.toBe(messages[1]?.body);
});
