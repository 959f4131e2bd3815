/** The ids that a relay gives to calls, and when they are free again. */
import { describe, expect, test } from "vitest";
import { LinkCalls, type PairedCall } from "../../src/relay/call-pairs.ts";

const opened = (calls: LinkCalls, id: number): PairedCall => {
  const there = calls.open(id);
  if (there === undefined) throw new Error(`Call ${id} was not taken`);
  return there;
};

describe("LinkCalls", () => {
  test("gives the calls of each peer the relay's own ids on the other link, by parity and ascending", () => {
    const { accepted, connected } = LinkCalls.pair(100);
    expect([1, 5, 11].map((id) => opened(accepted, id).id)).toEqual([1, 3, 5]);
    expect([2, 8, 10].map((id) => opened(connected, id).id)).toEqual([2, 4, 6]);
    expect([1, 5, 11, 2, 4, 6].map((id) => accepted.get(id)?.twin.id)).toEqual([1, 3, 5, 2, 8, 10]);
    expect([1, 3, 5, 2, 8, 10].map((id) => connected.get(id)?.twin.id)).toEqual([1, 5, 11, 2, 4, 6]);
    expect([accepted.size, connected.size]).toEqual([6, 6]);
  });

  test("says on which link its caller is", () => {
    const { accepted, connected } = LinkCalls.pair(100);
    const there = opened(accepted, 7);
    expect([there.isCallers, there.twin.isCallers]).toEqual([false, true]);
    expect([accepted.get(7), connected.get(1)]).toEqual([there.twin, there]);
  });

  test.each([
    ["of the relay's parity", 2],
    ["that is not above the last", 5],
    ["beyond the highest", 2 ** 31 + 1],
  ])("refuses an OPEN with an id %s", (_, id) => {
    const { accepted } = LinkCalls.pair(100);
    opened(accepted, 5);
    expect(() => accepted.open(id)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });

  test("frees both ids, whichever side it is told by", () => {
    const { accepted, connected } = LinkCalls.pair(100);
    const [one, other] = [opened(accepted, 1), opened(accepted, 3)];
    accepted.forget(one.twin);
    connected.forget(other);
    expect([accepted.size, connected.size]).toEqual([0, 0]);
    expect([accepted.get(1), connected.get(1), accepted.get(3), connected.get(3)]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(opened(accepted, 5).id).toBe(5);
  });

  test("knows, for a frame of a call that is over, another of that opener that is", () => {
    const { accepted, connected } = LinkCalls.pair(100);
    opened(accepted, 3);
    const there = opened(accepted, 9);
    const back = opened(connected, 4);
    expect(accepted.overThere(1)).toBeUndefined();
    accepted.forget(there.twin);
    connected.forget(back.twin);
    expect([accepted.overThere(9), accepted.overThere(7)]).toEqual([3, 3]);
    expect(connected.overThere(3)).toBe(9);
    expect([accepted.overThere(2), connected.overThere(4)]).toEqual([4, 2]);
  });

  test("finds a call that never was", () => {
    const { accepted, connected } = LinkCalls.pair(100);
    opened(accepted, 3);
    for (const [calls, id] of [
      [accepted, 5],
      [accepted, 2],
      [connected, 3],
      [connected, 2],
    ] as const) {
      expect(() => calls.overThere(id)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
    }
  });

  test("takes as many of each peer as it was told, and more when some are over", () => {
    const { accepted, connected } = LinkCalls.pair(2);
    const first = opened(accepted, 1);
    opened(accepted, 3);
    opened(connected, 2);
    expect(accepted.open(5)).toBeUndefined();
    expect(accepted.overThere(5)).toBeUndefined();
    accepted.forget(first.twin);
    expect(opened(accepted, 7).id).toBe(5);
  });

  test("keeps the last 256 calls that were refused, which may be confirmed or not", () => {
    const { accepted, connected } = LinkCalls.pair(10_000);
    for (let id = 1; id < 2 * 300; id += 2) connected.refused(opened(accepted, id));
    expect(accepted.size).toBe(256);
    expect(accepted.get(87)).toBeUndefined();
    const oldest = accepted.get(89);
    if (oldest === undefined) throw new Error("Call 89 was forgotten too early");
    // One that was confirmed makes room: the next one drives nothing out.
    accepted.forget(oldest);
    connected.refused(opened(accepted, 601));
    expect([accepted.size, accepted.get(91)?.id]).toEqual([256, 91]);
  });
});
