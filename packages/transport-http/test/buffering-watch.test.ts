/** X44: BufferingWatch, on a fake clock. */
import { FakeClock } from "@sluice/protocol/testing";
import { describe, expect, test } from "vitest";
import { BufferingWatch } from "../src/buffering-watch.ts";

function world(probe: () => Promise<void> = async () => {}) {
  const clock = new FakeClock();
  const held: [at: number, lateMs: number][] = [];
  let probes = 0;
  const watch = new BufferingWatch({
    clock,
    probe: () => {
      probes++;
      return probe();
    },
    onHeld: (lateMs) => void held.push([clock.now(), lateMs]),
  });
  return { clock, held, watch, probes: () => probes };
}

describe("X44 an opening", () => {
  test("whose first event does not come, while a request is answered, is held back", async () => {
    const { clock, held, probes } = world();
    await clock.advance(1_499);
    expect(probes()).toBe(0);
    await clock.advance(1);
    expect(probes()).toBe(1);
    await clock.advance(499);
    expect(held).toEqual([]);
    await clock.advance(1);
    expect(held).toEqual([[2_000, 2_000]]);
    expect(clock.armedTimers).toBe(0);
  });

  test("that brings something is not asked about", async () => {
    const { clock, watch, held, probes } = world();
    watch.came(0);
    await clock.advance(60_000);
    expect([probes(), held, clock.armedTimers]).toEqual([0, [], 0]);
  });

  test("that brings something late, but within half a second of the answer, is not held back", async () => {
    const { clock, watch, held } = world();
    await clock.advance(1_900);
    watch.came(1);
    await clock.advance(60_000);
    expect(held).toEqual([]);
  });

  test("of a server that answers nothing says nothing about events", async () => {
    const { clock, held } = world(() => Promise.reject(new Error("unreachable")));
    await clock.advance(60_000);
    expect([held, clock.armedTimers]).toEqual([[], 0]);
  });
});

describe("X44 a stream", () => {
  test("whose events have left and do not come for 5 s is held back: within two heartbeats", async () => {
    const { clock, watch, held } = world();
    watch.came(3);
    watch.left(3);
    await clock.advance(15_000);
    watch.left(4);
    await clock.advance(4_999);
    expect(held).toEqual([]);
    await clock.advance(1);
    expect(held).toEqual([[20_000, 5_000]]);
  });

  test("that is slow, and brings something now and then, is not", async () => {
    const { clock, watch, held } = world();
    watch.came(1);
    watch.left(100);
    for (let number = 2; number < 20; number++) {
      await clock.advance(4_000);
      watch.came(number);
    }
    expect(held).toEqual([]);
    watch.stop();
    expect(clock.armedTimers).toBe(0);
  });

  test("of a process that was stopped is given its time anew", async () => {
    const { clock, watch, held } = world();
    watch.came(1);
    watch.left(2);
    clock.stopFor(60_000);
    await clock.advance(0);
    expect(held).toEqual([]);
    watch.came(2);
    await clock.advance(60_000);
    expect(held).toEqual([]);
  });
});
