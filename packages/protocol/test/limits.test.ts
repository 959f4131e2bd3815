/** resolveLimits: every bound just inside and just outside, what contradicts each other, and what is unknown. */
import { describe, expect, test } from "vitest";
import {
  type LimitOptions,
  maxErrorData,
  maxFloor,
  maxFrameLength,
  maxFramePayload,
  maxGrantAhead,
  maxMetadataEntries,
  messageOverhead,
  minFloor,
  minPiece,
  type ResolvedLimits,
  resolveLimits,
} from "../src/limits.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** Defaults, bounds, and what else must be set so that a bound contradicts nothing. */
const sizes: readonly [name: string, byDefault: number, min: number, max: number, beside?: object][] = [
  ["maxMessage", 4 * MiB, KiB, 15 * MiB, { maxBuffered: 30 * MiB }],
  ["maxFragments", 4096, 1, 2 ** 31 - 1],
  ["maxDepth", 64, 1, 1024],
  ["maxNodes", 100_000, 1, 2 ** 31 - 1],
  ["maxMetadata", 8 * KiB, 0, 8 * KiB],
  ["maxName", 255, 1, 255],
  ["window", 64 * KiB, KiB, 8 * MiB, { maxWindow: 8 * MiB }],
  ["maxWindow", MiB, KiB, 8 * MiB, { window: KiB }],
  ["maxBuffered", 8 * MiB, 64 * KiB, 2 ** 40, { maxMessage: 32 * KiB, maxCalls: 16 }],
  ["maxCalls", 1024, 1, 2 ** 24, { maxBuffered: 2 ** 36 }],
  ["maxConcurrentHandlers", 256, 1, 2 ** 24],
  ["maxQueue", 1024, 0, 2 ** 24],
  ["maxSessions", 10_000, 0, 2 ** 24],
  ["maxSessionsPerIdentity", 100, 0, 2 ** 24],
  ["maxConnections", 10_000, 1, 2 ** 24],
];

const times: readonly [name: string, byDefault: number, min: number, max: number, beside?: object][] = [
  ["handshakeTimeout", 5_000, 1, 600_000],
  ["heartbeat", 15_000, 10, 3_600_000, { deadAfter: 7_200_000 }],
  ["deadAfter", 30_000, 20, 7_200_000, { heartbeat: 10 }],
  ["graceMs", 30_000, 0, 86_400_000],
  ["stallTimeout", 30_000, 10, 3_600_000],
  ["drainTimeout", 30_000, 0, 86_400_000],
  ["maxDeadline", 86_400_000, 1, 2 ** 32 - 1],
];

const noNumbers: readonly unknown[] = [Number.NaN, Infinity, -Infinity, 1.5, "64", true, [], {}, 5n];

const resolved = (limits: object, options: object = {}): ResolvedLimits =>
  resolveLimits({ ...options, limits } as LimitOptions);

describe("resolveLimits by default", () => {
  test("gives every limit and time that is documented, and no other", () => {
    const expected = Object.fromEntries([...sizes, ...times].map(([name, byDefault]) => [name, byDefault]));
    const abuseRate = { events: 100, perMs: 10_000 };
    expect(resolveLimits()).toEqual({ ...expected, abuseRate });
    expect(resolveLimits({})).toEqual({ ...expected, abuseRate });
    expect(resolveLimits({ limits: undefined })).toEqual({ ...expected, abuseRate });
  });

  test.each([...sizes, ...times])("%s is within its own bounds", (_, byDefault, min, max) => {
    expect(byDefault).toBeGreaterThanOrEqual(min);
    expect(byDefault).toBeLessThanOrEqual(max);
  });
});

describe.each(sizes)("limits.%s", (name, byDefault, min, max, beside) => {
  test(`may be ${min} and ${max}`, () => {
    for (const value of [min, max])
      expect(resolved({ ...beside, [name]: value })).toHaveProperty(name, value);
  });

  test("may be neither below nor above, nor anything but a whole number", () => {
    for (const value of [min - 1, max + 1, ...noNumbers]) {
      const message = `limits.${name} must be a whole number from ${min} to ${max}, it is ${String(value)}`;
      expect(() => resolved({ ...beside, [name]: value })).toThrow(new RangeError(message));
    }
  });

  test("is its default where it is undefined", () => {
    expect(resolved({ [name]: undefined })).toHaveProperty(name, byDefault);
  });
});

describe.each(times)("%s", (name, byDefault, min, max, beside) => {
  test(`may be ${min} and ${max} ms`, () => {
    for (const value of [min, max]) {
      expect(resolveLimits({ ...beside, [name]: value } as LimitOptions)).toHaveProperty(name, value);
    }
  });

  test("may be neither below nor above, nor anything but a whole number", () => {
    for (const value of [min - 1, max + 1, ...noNumbers]) {
      const message = `${name} must be a whole number from ${min} to ${max}, it is ${String(value)}`;
      expect(() => resolveLimits({ ...beside, [name]: value } as LimitOptions)).toThrow(
        new RangeError(message),
      );
    }
  });

  test("is its default where it is undefined", () => {
    expect(resolveLimits({ [name]: undefined } as LimitOptions)).toHaveProperty(name, byDefault);
  });
});

describe("limits.abuseRate", () => {
  test.each([
    { events: 1, perMs: 1 },
    { events: 2 ** 31 - 1, perMs: 86_400_000 },
  ])("may be %o", (abuseRate) => {
    expect(resolved({ abuseRate }).abuseRate).toEqual(abuseRate);
  });

  test.each([
    [{ events: 0, perMs: 1 }, "limits.abuseRate.events must be a whole number from 1 to 2147483647, it is 0"],
    [
      { events: 2 ** 31, perMs: 1 },
      "limits.abuseRate.events must be a whole number from 1 to 2147483647, it is 2147483648",
    ],
    [{ events: 1, perMs: 0 }, "limits.abuseRate.perMs must be a whole number from 1 to 86400000, it is 0"],
    [
      { events: 1, perMs: 86_400_001 },
      "limits.abuseRate.perMs must be a whole number from 1 to 86400000, it is 86400001",
    ],
    [{ events: 5 }, "limits.abuseRate.perMs must be a whole number from 1 to 86400000, it is undefined"],
  ])("may not be %o", (abuseRate, message) => {
    expect(() => resolved({ abuseRate })).toThrow(new RangeError(message));
  });
});

describe("resolveLimits refuses what contradicts", () => {
  test("a message of more than half of what is buffered", () => {
    expect(() => resolved({ maxMessage: 4 * MiB, maxBuffered: 8 * MiB })).not.toThrow();
    expect(() => resolved({ maxMessage: 4 * MiB + 1, maxBuffered: 8 * MiB })).toThrow(
      new RangeError("limits.maxMessage 4194305 needs limits.maxBuffered of at least 8388610, it is 8388608"),
    );
    expect(() => resolved({ maxBuffered: MiB })).toThrow(
      new RangeError("limits.maxMessage 4194304 needs limits.maxBuffered of at least 8388608, it is 1048576"),
    );
  });

  test("more calls than a quarter of what is buffered has floors for", () => {
    expect(() => resolved({ maxCalls: 2048 })).not.toThrow();
    expect(() => resolved({ maxCalls: 2049 })).toThrow(
      new RangeError("limits.maxCalls 2049 needs limits.maxBuffered of at least 8392704, it is 8388608"),
    );
  });

  test("a window above the most that it grows to", () => {
    expect(() => resolved({ window: MiB })).not.toThrow();
    expect(() => resolved({ window: MiB + 1 })).toThrow(
      new RangeError("limits.maxWindow 1048576 is below limits.window 1048577"),
    );
    expect(() => resolved({ maxWindow: 64 * KiB - 1 })).toThrow(RangeError);
  });

  test("a link that is dead before its heartbeat", () => {
    expect(() => resolveLimits({ heartbeat: 29_999 })).not.toThrow();
    expect(() => resolveLimits({ heartbeat: 30_000 })).toThrow(
      new RangeError("deadAfter 30000 must be above heartbeat 30000"),
    );
    expect(() => resolveLimits({ deadAfter: 15_000 })).toThrow(RangeError);
  });
});

describe("resolveLimits refuses what it does not know", () => {
  test.each(["maxMessages", "MaxMessage", "heartbeat", "toString", "constructor", ""])(
    "limits.%s",
    (name) => {
      expect(() => resolved({ [name]: 1 })).toThrow(new TypeError(`Unknown limit limits.${name}`));
    },
  );

  test("even if it is undefined", () => {
    expect(() => resolved({ maxMesage: undefined })).toThrow(TypeError);
  });

  test("but leaves other options to others", () => {
    expect(resolveLimits({ transport: {}, codec: "json" } as LimitOptions)).not.toHaveProperty("transport");
  });
});

test("the limits that the wire fixes are those of its page", () => {
  expect({
    maxFramePayload,
    maxFrameLength,
    messageOverhead,
    minPiece,
    minFloor,
    maxFloor,
    maxGrantAhead,
    maxMetadataEntries,
    maxErrorData,
  }).toEqual({
    maxFramePayload: 65_536,
    maxFrameLength: 81_920,
    messageOverhead: 64,
    minPiece: 1_024,
    minFloor: 1_024,
    maxFloor: 8_192,
    maxGrantAhead: 16_777_216,
    maxMetadataEntries: 64,
    maxErrorData: 16_384,
  });
});
