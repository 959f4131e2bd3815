/** How fast a series grows: the Theil–Sen slope, and an interval of it by drawing the samples again. */
import { Dice } from "@sluice/protocol/testing";

export interface Sample {
  /** Minutes. */
  readonly at: number;
  readonly value: number;
}

export interface Slope {
  /** The value's unit a minute. */
  readonly slope: number;
  /** 95 of 100 slopes of series that were drawn from this one lie in it. */
  readonly interval: readonly [low: number, high: number];
}

/** The middle one, or the mean of both. @throws {RangeError} for none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, two) => one - two);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new RangeError("There is no value");
  return (low + high) / 2;
}

function theilSen(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((one, at) =>
    samples
      .slice(at + 1)
      .filter((two) => two.at !== one.at)
      .map((two) => (two.value - one.value) / (two.at - one.at)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

/** The median of the slopes between any two samples; of which one that is far off changes little. At least two samples. */
export function slopeOf(samples: readonly Sample[], seed: number): Slope {
  const dice = Dice.seeded(seed);
  const drawn = Array.from({ length: 400 }, () => theilSen(samples.map(() => dice.pick(samples)))).sort(
    (one, two) => one - two,
  );
  return { slope: theilSen(samples), interval: [drawn[9] ?? 0, drawn[389] ?? 0] };
}
