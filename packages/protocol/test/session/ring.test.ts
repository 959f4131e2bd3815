/** The ring against an array that does the same. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Ring } from "../../src/session/ring.ts";

/** Notes how many places each array has that is made from now on. */
function noteArrays(): number[] {
  const places: number[] = [];
  class NotedArray<Item> extends Array<Item> {
    constructor(length: number) {
      super(length);
      places.push(length);
    }
  }
  vi.stubGlobal("Array", NotedArray);
  return places;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("Ring", () => {
  it("gives items back in the order in which they came, each with its own end", () => {
    const ring = new Ring<string>();
    ring.push("a", 10);
    ring.push("b", 20);
    expect([ring.length, ring.shift(), ring.takenEnd]).toEqual([2, "a", 10]);
    expect([ring.length, ring.shift(), ring.takenEnd]).toEqual([1, "b", 20]);
    expect(ring.length).toBe(0);
  });

  it("keeps an item that is undefined, null or false", () => {
    const ring = new Ring<unknown>();
    const items = [undefined, null, false, 0, ""];
    items.forEach((item, at) => {
      ring.push(item, at);
    });
    expect(items.map(() => ring.shift())).toEqual(items);
  });

  it("does what an array does, over growth, wrap-around and clearing", () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant("push"), count: fc.integer({ min: 1, max: 40 }) }),
      },
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant("shift"), count: fc.integer({ min: 1, max: 40 }) }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("clear"), count: fc.constant(1) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const ring = new Ring<number>();
        const model: { item: number; end: number }[] = [];
        let next = 0;
        for (const { do: what, count } of steps) {
          if (what === "clear") {
            ring.clear();
            model.length = 0;
          }
          for (let i = 0; i < count && what === "push"; i++) {
            ring.push(next, next * 64);
            model.push({ item: next, end: next * 64 });
            next++;
          }
          for (let i = 0; i < count && what === "shift" && model.length > 0; i++) {
            const first = model.shift();
            expect([ring.shift(), ring.takenEnd]).toEqual([first?.item, first?.end]);
          }
          expect(ring.length).toBe(model.length);
        }
        for (const { item, end } of model) {
          expect([ring.shift(), ring.takenEnd]).toEqual([item, end]);
        }
      }),
    );
  });

  it("still works after a large one has run empty and given its memory back", () => {
    const ring = new Ring<number>();
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5000; i++) ring.push(i, i);
      for (let i = 0; i < 5000; i++) expect(ring.shift()).toBe(i);
      ring.push(-1, 7);
      expect([ring.length, ring.shift(), ring.takenEnd]).toEqual([1, -1, 7]);
    }
  });

  it("doubles when it is full; empty, it keeps up to 1,024 places for the next items, and starts small after more", () => {
    for (const [count, again] of [
      [1, []],
      [16, []],
      [1024, []],
      [1025, [16, 16]],
    ] as const) {
      const places = noteArrays();
      const ring = new Ring<number>();
      for (let i = 0; i < count; i++) ring.push(i, i);
      const grown = places.splice(0);
      while (ring.length > 0) ring.shift();
      ring.push(1, 1);
      vi.unstubAllGlobals();
      const sizes = [16, 32, 64, 128, 256, 512, 1024, 2048].filter((size) => size < 2 * Math.max(9, count));
      expect(grown, `for ${count} items`).toEqual(sizes.flatMap((size) => [size, size]));
      expect(places, `after ${count} items`).toEqual(again);
    }
  });
});
