/** Whose turn it is among several transports. */
import { describe, expect, test } from "vitest";
import { TransportRound } from "../src/transport-round.ts";

describe("TransportRound", () => {
  test("goes through all of them, from the one that it begins with", () => {
    const round = new TransportRound(3);
    round.begin(4);
    expect([round.at, round.isFresh]).toEqual([1, true]);
    expect([round.fail(), round.at, round.isFresh]).toEqual([false, 2, false]);
    expect([round.fail(), round.at]).toEqual([false, 0]);
    expect([round.fail(), round.at, round.isFresh]).toEqual([true, 1, true]);
  });

  test("of one transport is over with each failure", () => {
    const round = new TransportRound(1);
    expect([round.at, round.fail(), round.at, round.fail()]).toEqual([0, true, 0, true]);
  });
});
