/**
 * How often, and after which pause, a call that failed is repeated; types only.
 *
 * Which calls may be repeated at all is in docs/retries.md.
 */

/** Of a call, or of all calls of a client. What a call leaves out is as its client says. */
export interface RetryOptions {
  /** How many times a call is repeated at most. Default 3. A call that never left is repeated in any case: that is no attempt. */
  readonly attempts?: number | undefined;
  /** Upper bound of the first pause, ms. Default 100. */
  readonly initial?: number | undefined;
  /** Upper bound of any pause, ms. Default 5,000. */
  readonly max?: number | undefined;
  /** By how much the bound grows per attempt. Default 2. */
  readonly factor?: number | undefined;
  /** `"full"`: anything from 0 to the bound, so that many calls do not come at once. `"none"`: the bound. Default `"full"`. */
  readonly jitter?: "full" | "none" | undefined;
}

/** Of a client. */
export interface ClientRetryOptions extends RetryOptions {
  /** What all calls of the client together may repeat; `false`: as much as each of them may. */
  readonly budget?: false | RetryBudgetOptions | undefined;
}

/** A token bucket: each repetition takes one token, and there is none without. */
export interface RetryBudgetOptions {
  /** Tokens that it holds at most, and at first. Default 300: a few more than the calls that run at once in a session. */
  readonly burst?: number | undefined;
  /** Tokens that each new call brings. Default 0.2: one call in five may be repeated. */
  readonly ratio?: number | undefined;
  /** Tokens that each second brings. Default 10, for clients that call seldom. */
  readonly perSecond?: number | undefined;
}
