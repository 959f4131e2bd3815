/** RetryPolicy: how long a call waits before it is repeated, how often it is, and which failures repeating can mend. */
import { describe, expect, test } from "vitest";
import { isMendable, RetryPolicy } from "../../src/call/retry-policy.ts";
import type { RetryOptions } from "../../src/definition/retry-options.ts";
import { type ErrorCode, errorCodes } from "../../src/errors/error-code.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { Dice } from "../../src/testing/dice.ts";

function pauses(policy: RetryPolicy, count: number): (number | undefined)[] {
  return Array.from({ length: count }, (_, at) => policy.pause(at + 1));
}

describe("RetryPolicy without jitter", () => {
  test.each<[string, RetryOptions, (number | undefined)[]]>([
    ["repeats three times by default, after 100, 200 and 400 ms", {}, [100, 200, 400, undefined]],
    ["stays at `max`, by default 5 s", { attempts: 8 }, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]],
    ["grows by `factor`", { initial: 1, factor: 10, attempts: 9 }, [1, 10, 100, 1_000, 5_000]],
    ["begins with `initial`, also above 5 s", { initial: 9_000 }, [9_000, 9_000, 9_000, undefined]],
    ["repeats nothing with no attempts", { attempts: 0 }, [undefined]],
    ["does not wait with 0", { initial: 0, factor: Number.POSITIVE_INFINITY }, [0, 0, 0, undefined]],
  ])("%s", (_, options, expected) => {
    expect(pauses(new RetryPolicy({ jitter: "none", ...options }), expected.length)).toEqual(expected);
  });

  test("is still a number after ten thousand failures", () => {
    const attempts = Number.POSITIVE_INFINITY;
    expect(new RetryPolicy({ attempts, jitter: "none" }).pause(10_000)).toBe(5_000);
  });
});

describe("RetryPolicy with full jitter", () => {
  test("spreads a thousand callers evenly over the whole pause, whichever failure it is", () => {
    const dice = Dice.seeded(39);
    const policy = new RetryPolicy({ attempts: 9 }, () => dice.below(1_000_000) / 1_000_000);
    for (const [failures, bound] of [
      [1, 100],
      [3, 400],
      [9, 5_000],
    ] as const) {
      const drawn = Array.from({ length: 1_000 }, () => policy.pause(failures) as number);
      expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...drawn)).toBeLessThan(bound);
      for (const fifth of [0, 1, 2, 3, 4]) {
        const from = (fifth * bound) / 5;
        const inFifth = drawn.filter((ms) => ms >= from && ms < from + bound / 5);
        expect(inFifth.length).toBeGreaterThan(150);
        expect(inFifth.length).toBeLessThan(250);
      }
    }
  });

  test("draws once for each pause, and not for one that is not made", () => {
    const draws = [0.1, 0.9, 0.5];
    const policy = new RetryPolicy({ factor: 1 }, () => draws.shift() as number);
    expect(pauses(policy, 4)).toEqual([10, 90, 50, undefined]);
  });
});

describe("RetryPolicy.with", () => {
  test("changes what is said, and keeps the rest and the randomness", () => {
    const policy = new RetryPolicy({ initial: 10, attempts: 1 }, () => 0.5);
    expect(pauses(policy.with({ attempts: 2, initial: undefined }), 3)).toEqual([5, 10, undefined]);
    expect(pauses(policy, 2)).toEqual([5, undefined]);
  });
});

test.each<[string, RetryOptions]>([
  ["attempts that are none", { attempts: Number.NaN }],
  ["less than no attempts", { attempts: -1 }],
  ["a negative pause", { initial: -1 }],
  ["a pause beyond `max`", { initial: 10, max: 5 }],
  ["a pause without end", { max: Number.POSITIVE_INFINITY }],
  ["a pause that shrinks", { factor: 0.5 }],
  ["a jitter that nobody knows", { jitter: "some" as "full" }],
])("RetryPolicy refuses %s, and says what it was given", (_, options) => {
  const [[name = "", value = ""] = []] = Object.entries(options);
  expect(() => new RetryPolicy(options)).toThrow(RangeError);
  expect(() => new RetryPolicy(options)).toThrow(`${name} ${value}`);
});

describe("isMendable", () => {
  const mendable: readonly ErrorCode[] = [
    "RESOURCE_EXHAUSTED",
    "ABORTED",
    "UNAVAILABLE",
    "HANDSHAKE_TIMEOUT",
    "SESSION_LOST",
  ];

  test.each(errorCodes)("knows %s from the other side", (code) => {
    const error = new SluiceError(code, "", { origin: "remote" });
    expect(isMendable(error)).toBe(mendable.includes(code));
  });

  test("believes an error that says more than its code, declared ones too", () => {
    expect(isMendable(new SluiceError("NOT_FOUND", "", { retryable: true }))).toBe(true);
    expect(isMendable(new SluiceError("UNAVAILABLE", "", { retryable: false }))).toBe(false);
    expect(isMendable(new SluiceError("SOLD_OUT", "", { retryable: true, origin: "remote" }))).toBe(true);
  });

  test("does not count a bound of this side: a queue that is full is not to be waited for", () => {
    expect(isMendable(new SluiceError("RESOURCE_EXHAUSTED", "", { processed: "no" }))).toBe(false);
  });
});
