/**
 * When to try again: exponential backoff with full jitter.
 *
 * Pure: attempts and randomness come in, milliseconds go out. Method: M. Brooker,
 * "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */

export interface ReconnectOptions {
  /** Upper bound of the first delay, ms. Default 100. */
  readonly initial?: number;
  /** Upper bound of any delay, ms. Default 30,000. */
  readonly max?: number;
  /** By how much the bound grows per attempt. Default 2. */
  readonly factor?: number;
  /** `"full"`: anything from 0 to the bound, so that many clients do not come at once. `"none"`: the bound. Default `"full"`. */
  readonly jitter?: "full" | "none";
  /** How many times to try again before giving up; a connection that is lost within 10 s is a try in vain. Default `Infinity`. */
  readonly attempts?: number;
}

/** What else bounds a delay. */
export interface DelayBounds {
  /** No delay is longer, ms. */
  readonly mostMs?: number;
  /** Over how long a server that goes asks its clients to come back, ms; not heeded beyond `max`, nor without jitter. Default 0. */
  readonly spreadMs?: number;
}

export class ReconnectPolicy {
  readonly #options: Required<ReconnectOptions>;
  readonly #random: () => number;

  /** @throws {RangeError} for numbers that make no sense */
  constructor(options: ReconnectOptions = {}, random: () => number = Math.random) {
    const {
      initial = 100,
      max = 30_000,
      factor = 2,
      jitter = "full",
      attempts = Number.POSITIVE_INFINITY,
    } = options;
    if (!(initial >= 0 && max >= initial && max < Number.POSITIVE_INFINITY && factor >= 1 && attempts >= 0)) {
      throw new RangeError(
        `reconnect needs 0 <= initial <= max < Infinity, factor >= 1 and attempts >= 0, it has ${describe(options)}`,
      );
    }
    this.#options = { initial, max, factor, jitter, attempts };
    this.#random = random;
  }

  /** Milliseconds to wait after `failures` failures in a row (from 1); `undefined`: give up. */
  delay(
    failures: number,
    { mostMs = Number.POSITIVE_INFINITY, spreadMs = 0 }: DelayBounds = {},
  ): number | undefined {
    const { initial, max, factor, jitter, attempts } = this.#options;
    if (failures > attempts) return undefined;
    // 0 stays 0, also where the factor's power is past all numbers.
    const bound = initial === 0 ? 0 : Math.min(max, mostMs, initial * factor ** (failures - 1));
    return jitter === "none" ? bound : Math.max(bound, Math.min(max, spreadMs)) * this.#random();
  }
}

/** As text; JSON has neither NaN nor Infinity. */
function describe(options: ReconnectOptions): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
