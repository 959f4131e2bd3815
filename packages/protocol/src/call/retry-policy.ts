/**
 * When a call is repeated that failed: exponential backoff with full jitter, a few times.
 *
 * Pure: failures and randomness come in, milliseconds go out. Method: M. Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015.
 */
import type { RetryOptions } from "../definition/retry-options.ts";
import type { SluiceError } from "../errors/sluice-error.ts";

export class RetryPolicy {
  readonly #options: RetryOptions;
  readonly #random: () => number;
  readonly #attempts: number;
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #hasJitter: boolean;

  /** @throws {RangeError} for numbers that make no sense */
  constructor(options: RetryOptions = {}, random: () => number = Math.random) {
    const {
      attempts = 3,
      initial = 100,
      max = Math.max(initial, 5_000),
      factor = 2,
      jitter = "full",
    } = options;
    const isInRange =
      initial >= 0 && max >= initial && max < Number.POSITIVE_INFINITY && factor >= 1 && attempts >= 0;
    if (!isInRange || (jitter !== "full" && jitter !== "none")) {
      throw new RangeError(
        'retry needs attempts >= 0, 0 <= initial <= max < Infinity, factor >= 1 and jitter "full" or "none", ' +
          `it has ${describe(options)}`,
      );
    }
    this.#options = options;
    this.#random = random;
    this.#attempts = attempts;
    this.#initialMs = initial;
    this.#maxMs = max;
    this.#factor = factor;
    this.#hasJitter = jitter === "full";
  }

  /** The same with what `options` say otherwise. @throws {RangeError} as the constructor */
  with(options: RetryOptions): RetryPolicy {
    const said = Object.entries(options).filter(([, value]) => value !== undefined);
    return new RetryPolicy({ ...this.#options, ...Object.fromEntries(said) }, this.#random);
  }

  /** Milliseconds to wait after `failures` failures in a row (from 1) before the call is repeated; `undefined`: not again. */
  pause(failures: number): number | undefined {
    if (failures > this.#attempts) return undefined;
    // 0 stays 0, also where the factor's power is past all numbers.
    const bound =
      this.#initialMs === 0 ? 0 : Math.min(this.#maxMs, this.#initialMs * this.#factor ** (failures - 1));
    return this.#hasJitter ? bound * this.#random() : bound;
  }
}

/**
 * Whether repeating a call can help that failed with `error`. Whether it may be repeated is another question.
 *
 * A bound of this side's own does not count: its program has to call less, and what waits has waited in a queue already.
 */
export function isMendable({ retryable, code, origin }: SluiceError): boolean {
  return retryable && !(code === "RESOURCE_EXHAUSTED" && origin === "local");
}

/** As text; JSON has neither NaN nor Infinity. */
function describe(options: RetryOptions): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
