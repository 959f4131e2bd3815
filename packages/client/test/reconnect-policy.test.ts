/** ReconnectPolicy: how long it waits, how the wait grows, when it gives up, and which numbers make no sense. */
import { describe, expect, test } from "vitest";
import { type ReconnectOptions, ReconnectPolicy } from "../src/reconnect-policy.ts";

function delays(options: ReconnectOptions, count: number, random?: () => number): (number | undefined)[] {
  const policy = new ReconnectPolicy(options, random);
  return Array.from({ length: count }, (_, at) => policy.delay(at + 1));
}

describe("ReconnectPolicy without jitter", () => {
  test.each<[string, ReconnectOptions, number[]]>([
    ["doubles from 100 ms to 30 s by default", {}, [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600]],
    ["stays at `max`", { initial: 10, max: 35 }, [10, 20, 35, 35, 35]],
    ["grows by `factor`", { initial: 1, factor: 10 }, [1, 10, 100, 1_000, 10_000, 30_000]],
    ["stays the same with a factor of 1", { initial: 50, factor: 1 }, [50, 50, 50, 50]],
    ["does not wait at all with 0", { initial: 0 }, [0, 0, 0]],
    ["takes `initial` for `max` as well", { initial: 70, max: 70 }, [70, 70]],
  ])("%s", (_, options, expected) => {
    expect(delays({ jitter: "none", ...options }, expected.length)).toEqual(expected);
  });

  test.each([{}, { initial: 0 }, { factor: Number.POSITIVE_INFINITY }])(
    "%j is still a number after ten thousand failures",
    (options) => {
      const bound = options.initial === 0 ? 0 : 30_000;
      expect(new ReconnectPolicy({ jitter: "none", ...options }).delay(10_000)).toBe(bound);
    },
  );
});

describe("ReconnectPolicy with full jitter", () => {
  test.each([
    [0, [0, 0, 0]],
    [0.5, [50, 100, 150]],
    [0.75, [75, 150, 225]],
  ])("a draw of %d gives that part of the bound", (drawn, expected) => {
    expect(delays({ max: 300 }, 3, () => drawn)).toEqual(expected);
    expect(delays({ max: 300, jitter: "full" }, 3, () => drawn)).toEqual(expected);
  });

  test("draws anew for every delay, once", () => {
    const draws = [0.1, 0.9, 0.5];
    expect(delays({ factor: 1 }, 3, () => draws.shift() as number)).toEqual([10, 90, 50]);
    expect(draws).toEqual([]);
  });

  test("stays between 0 and the bound, and reaches most of it, with the platform's own randomness", () => {
    const policy = new ReconnectPolicy({ initial: 1_000 });
    const drawn = Array.from({ length: 2_000 }, () => policy.delay(1) as number);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn)).toBeLessThan(1_000);
    // A fair draw misses one of these ends once in 10^91 runs.
    expect(Math.min(...drawn)).toBeLessThan(100);
    expect(Math.max(...drawn)).toBeGreaterThan(900);
  });
});

describe("ReconnectPolicy of a client that its server has asked to come back within some time", () => {
  test.each([
    ["as long as that", {}, 2_000, 1_000],
    ["no less than otherwise", {}, 60, 50],
    ["no longer than `max`", { max: 800 }, 4_294_967_295, 400],
    ["as ever without jitter", { jitter: "none" }, 2_000, 100],
  ] as const)("waits %s", (_, options, spreadMs, expected) => {
    expect(new ReconnectPolicy(options, () => 0.5).delay(1, { spreadMs })).toBe(expected);
  });
});

describe("ReconnectPolicy gives up", () => {
  test("after `attempts` failures, and not before", () => {
    expect(delays({ jitter: "none", attempts: 2 }, 4)).toEqual([100, 200, undefined, undefined]);
  });

  test("at once with 0", () => {
    expect(delays({ attempts: 0 }, 1)).toEqual([undefined]);
  });

  test("never by default", () => {
    expect(new ReconnectPolicy().delay(1_000_000)).toBeTypeOf("number");
  });

  test("without a draw", () => {
    const policy = new ReconnectPolicy({ attempts: 0 }, () => {
      throw new Error("nobody needs one");
    });
    expect(policy.delay(1)).toBeUndefined();
  });
});

describe("ReconnectPolicy refuses", () => {
  test.each<[ReconnectOptions]>([
    [{ initial: -1 }],
    [{ initial: Number.NaN }],
    [{ initial: 30_001 }],
    [{ initial: 200, max: 100 }],
    [{ max: Number.NaN }],
    [{ max: Number.POSITIVE_INFINITY }],
    [{ factor: 0.99 }],
    [{ factor: Number.NaN }],
    [{ attempts: -1 }],
    [{ attempts: Number.NaN }],
  ])("%o", (options) => {
    expect(() => new ReconnectPolicy(options)).toThrow(RangeError);
  });

  test("and says what it was given", () => {
    expect(() => new ReconnectPolicy({ initial: 5, max: Number.NaN })).toThrow(/it has initial 5, max NaN$/);
  });
});
