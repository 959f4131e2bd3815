/** What the pieces of a message cost in memory: what is here counts, not what is announced. Spec: docs/wire.md §3 "Messages and pieces". */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Reassembly } from "../../src/session/reassembly.ts";
import { data } from "./frames.ts";
import { bytesOf } from "./session-pair.ts";

const limits = { maxMessage: 100_000, maxFragments: 20 };

/** The lengths of the byte arrays that are made from now on. */
function watchMemory(): number[] {
  const lengths: number[] = [];
  const watched = new Proxy(Uint8Array, {
    construct(target, [length]: [number]) {
      lengths.push(length);
      return new target(length);
    },
  });
  vi.stubGlobal("Uint8Array", watched);
  return lengths;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("Reassembly and its memory", () => {
  it("an announced length costs no memory before its bytes are here", () => {
    const reassembly = new Reassembly({ maxMessage: 2 ** 31, maxFragments: 10 }, false);
    const before = process.memoryUsage().arrayBuffers;
    reassembly.add(data(0, bytesOf(2000), { total: 2 ** 31 }), 0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it("takes it as pieces arrive: twice what is here, 4 KiB at least, and never more than the whole", () => {
    const frames = [
      data(0, bytesOf(3_000), { total: 20_000 }),
      data(3_064, bytesOf(3_000), { more: true }),
      data(6_064, bytesOf(1_024), { more: true }),
      data(7_088, bytesOf(7_024), { more: true }),
      data(14_112, bytesOf(5_952)),
    ];
    const small = data(0, bytesOf(960), { total: 20_000 });
    const large = data(0, bytesOf(4_000), { total: 5_000 });
    const lengths = watchMemory();
    const reassembly = new Reassembly(limits, false);
    const taken = frames.map((frame) => {
      reassembly.add(frame, frame.offset);
      return lengths.splice(0);
    });
    expect(taken).toEqual([[6_000], [], [14_048], [], [20_000]]);
    new Reassembly(limits, false).add(small, 0);
    new Reassembly(limits, false).add(large, 0);
    expect(lengths).toEqual([4_096, 5_000]);
  });

  it("keeps no byte of an item that nobody wants, judges it all the same, and gives it out empty", () => {
    const reassembly = new Reassembly({ maxMessage: 2 ** 26, maxFragments: 10_000 }, false);
    reassembly.discard("items");
    const before = process.memoryUsage().arrayBuffers;
    const total = 2 ** 26;
    const piece = bytesOf(65_536);
    reassembly.add(data(0, piece, { total }), 0);
    for (let at = 65_536; at + 65_536 < total; at += 65_536)
      reassembly.add(data(64 + at, piece, { more: true }), 64 + at);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(() => reassembly.add(data(64, piece, { raw: false, more: true }), 64)).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR" }),
    );
    const message = reassembly.add(data(64 + total - 65_536, piece), 64 + total - 65_536);
    expect(message).toMatchObject({ start: 0, end: 0 });
  });

  it("takes none for what nobody wants, be it the first piece", () => {
    const first = data(0, bytesOf(65_536), { total: 100_000 });
    const lengths = watchMemory();
    const reassembly = new Reassembly(limits, false);
    reassembly.discard("items");
    reassembly.add(first, 0);
    expect(Math.max(...lengths)).toBe(0);
  });
});
