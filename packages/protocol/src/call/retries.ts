/**
 * What the repeated calls of one client share: how they are repeated, out of which budget, and that they end with it.
 */
import type { Clock } from "../clock.ts";
import type { ClientRetryOptions, RetryOptions } from "../definition/retry-options.ts";
import type { SluiceError } from "../errors/sluice-error.ts";
import { RetryBudget } from "./retry-budget.ts";
import { RetryPolicy } from "./retry-policy.ts";
import type { SessionWait } from "./session-wait.ts";

export class Retries {
  /** For calls that do not say otherwise; `undefined`: they are not repeated. */
  readonly policy: RetryPolicy | undefined;
  readonly #basis: RetryPolicy;
  readonly #budget: RetryBudget | undefined;
  readonly #clock: Clock;
  readonly #waiting = new Set<SessionWait>();
  #isClosed = false;

  /**
   * @param options as the client's option `retry`; `false`: only calls that ask for it are repeated
   * @param random from 0 to below 1, for the jitter
   * @throws {RangeError} for numbers that make no sense
   */
  constructor(
    options: false | ClientRetryOptions | undefined,
    clock: Clock,
    random: () => number = Math.random,
  ) {
    const { budget, ...basis } = options || {};
    this.#basis = new RetryPolicy(basis, random);
    this.policy = options === false ? undefined : this.#basis;
    this.#budget = budget === false ? undefined : new RetryBudget(budget ?? {}, clock.now());
    this.#clock = clock;
  }

  /** How a call is repeated that says `retry`; `undefined`: not at all. @throws {RangeError} for numbers that make no sense */
  policyOf(retry: false | RetryOptions | undefined): RetryPolicy | undefined {
    if (retry === undefined) return this.policy;
    return retry === false ? undefined : this.#basis.with(retry);
  }

  /** A call is made that may be repeated. */
  called(): void {
    this.#budget?.deposit();
  }

  /** Takes what a repetition costs. Returns whether there was enough. */
  pay(): boolean {
    return this.#budget === undefined || this.#budget.withdraw(this.#clock.now());
  }

  /** Whether no call is repeated any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many calls wait to be repeated. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** `wait` is for a call that is to be repeated. */
  add(wait: SessionWait): void {
    this.#waiting.add(wait);
  }

  /** Its wait is over. */
  remove(wait: SessionWait): void {
    this.#waiting.delete(wait);
  }

  /** No call is repeated any more; those that wait to be end with `error`. Idempotent. */
  close(error: SluiceError): void {
    this.#isClosed = true;
    for (const wait of this.#waiting) wait.end(error);
  }
}
