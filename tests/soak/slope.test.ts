/** The slope of a series does not follow what is far off, and its interval says how sure it is. */
import { expect, test } from "vitest";
import { median, slopeOf } from "./slope.ts";

const line = Array.from({ length: 20 }, (_, at) => ({ at: at / 2, value: 100 + 3 * (at / 2) }));

test("median is the middle one, or the mean of both", () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  expect(() => median([])).toThrow(RangeError);
});

test("slopeOf gives the slope of a line, and one that is far off changes nothing", () => {
  expect(slopeOf(line, 1).slope).toBeCloseTo(3);
  const spoilt = line.map((one, at) => (at === 7 ? { ...one, value: 9_999 } : one));
  expect(slopeOf(spoilt, 1).slope).toBeCloseTo(3);
});

test("slopeOf's interval is narrow for a line, and holds 0 for noise that goes nowhere", () => {
  const [low, high] = slopeOf(line, 1).interval;
  expect(high - low).toBeCloseTo(0);
  const noise = line.map(({ at }, index) => ({ at, value: 100 + ((index * 7) % 11) }));
  const around = slopeOf(noise, 1).interval;
  expect(around[0]).toBeLessThan(0);
  expect(around[1]).toBeGreaterThan(0);
});
