/**
 * How much of what fails a client repeats: a token bucket that calls and time fill, so that retries cannot become a storm.
 *
 * Pure: the time comes in. However long everything fails, a client opens at most `burst` + `ratio` × its calls + `perSecond` ×
 * seconds more. Methods: K. Oliver, "Retry Budgets", Finagle blog, 2016 (a share of the calls, and a rate besides); gRPC proposal A6,
 * "Throttling Retry Attempts and Hedged RPCs" (one bucket for all calls to a server).
 */
import type { RetryBudgetOptions } from "../definition/retry-options.ts";

export class RetryBudget {
  readonly #burst: number;
  readonly #ratio: number;
  readonly #perMs: number;
  #tokens: number;
  /** Until when time has brought its tokens, ms. */
  #filledAt: number;

  /**
   * @param nowMs as for {@link withdraw}
   * @throws {RangeError} for numbers that make no sense
   */
  constructor(options: RetryBudgetOptions, nowMs: number) {
    const { burst = 300, ratio = 0.2, perSecond = 10 } = options;
    if (!(burst >= 0 && ratio >= 0 && perSecond >= 0)) {
      const numbers = `burst ${burst}, ratio ${ratio}, perSecond ${perSecond}`;
      throw new RangeError(`retry.budget needs burst, ratio and perSecond of at least 0, it has ${numbers}`);
    }
    this.#burst = burst;
    this.#ratio = ratio;
    this.#perMs = perSecond / 1_000;
    this.#tokens = burst;
    this.#filledAt = nowMs;
  }

  /** Tokens that are there, as of the last {@link withdraw}. */
  get tokens(): number {
    return this.#tokens;
  }

  /** A call is made that is no repetition. */
  deposit(): void {
    if (this.#tokens < this.#burst) this.#tokens = Math.min(this.#burst, this.#tokens + this.#ratio);
  }

  /** Takes a token at `nowMs`, on any scale that does not go back. Returns whether there was one: if not, nothing is repeated. */
  withdraw(nowMs: number): boolean {
    const brought = (nowMs - this.#filledAt) * this.#perMs;
    this.#filledAt = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + brought);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
