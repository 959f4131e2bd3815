/** ReconnectPolicy in a crowd: a thousand clients lose one server at the same moment, and do not come back as one when it is there again. */
import { Dice } from "@sluice/protocol/testing";
import { describe, expect, test } from "vitest";
import { type ReconnectOptions, ReconnectPolicy } from "../src/reconnect-policy.ts";

const clients = 1_000;
const windowMs = 250;
const seeds = Array.from({ length: 20 }, (_, at) => at + 1);

interface Outage {
  readonly downMs: number;
  /** What bounds every delay beside the policy. */
  readonly mostMs: number;
  readonly options?: ReconnectOptions;
}

/** When each client is back, ms after its server is: at its first attempt that finds it. */
function returns({ downMs, mostMs }: Outage, options: ReconnectOptions, seed: number): number[] {
  const dice = Dice.seeded(seed);
  const policy = new ReconnectPolicy(options, () => dice.below(2 ** 24) / 2 ** 24);
  return Array.from({ length: clients }, () => {
    let at = 0;
    for (let failures = 1; at < downMs; failures++) at += policy.delay(failures, { mostMs }) ?? Number.NaN;
    return at - downMs;
  });
}

/** The most that are back within any 250 ms. */
function mostAtOnce(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  let first = 0;
  return sorted.reduce((most, at, last) => {
    while (at - (sorted[first] as number) > windowMs) first++;
    return Math.max(most, last - first + 1);
  }, 0);
}

describe.each<Outage>([
  { downMs: 5_000, mostMs: Number.POSITIVE_INFINITY },
  // With sessions that wait for 30 s, every delay is at most a quarter of that.
  { downMs: 5_000, mostMs: 7_500 },
  { downMs: 25_000, mostMs: 7_500 },
  { downMs: 5_000, mostMs: 7_500, options: { initial: 60_000, max: 60_000 } },
])(
  "X39 a thousand clients whose server was away for $downMs ms, with delays up to $mostMs ms and of $options",
  (outage) => {
    test("come back by at most 20 % in any 250 ms, and none after more than 60 s", () => {
      for (const seed of seeds) {
        const times = returns(outage, outage.options ?? {}, seed);
        expect(mostAtOnce(times), `seed ${seed}`).toBeLessThanOrEqual(0.2 * clients);
        expect(Math.max(...times), `seed ${seed}`).toBeLessThanOrEqual(60_000);
      }
    });

    test("would all come at once without jitter", () => {
      expect(mostAtOnce(returns(outage, { ...outage.options, jitter: "none" }, 1))).toBe(clients);
    });
  },
);
