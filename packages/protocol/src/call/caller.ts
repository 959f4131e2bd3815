/**
 * Makes calls: their time, their middleware, and who is told how they go. How one is opened, and opened again, is elsewhere.
 *
 * Clients have one; so has every connection of a server, for the calls back to its peer.
 */
import type { Clock } from "../clock.ts";
import type { Logger } from "../definition/handler-types.ts";
import type { ProcedureKind } from "../definition/kinds.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { CallAttempts, type CallTerms } from "./call-attempts.ts";
import { CallHandle } from "./call-handle.ts";
import { type CallObserver, PromisedEnd } from "./call-observer.ts";
import { type AnyCallOptions, CallOpener, type CallRoute } from "./call-opener.ts";
import { type CallerMiddleware, type CallInfo, runMiddleware } from "./caller-middleware.ts";
import { refuseTimeout } from "./refuse-call.ts";
import type { Retries } from "./retries.ts";
import type { RetryPolicy } from "./retry-policy.ts";

/** What holds for every call unless it says otherwise. */
export interface CallerDefaults {
  /** Milliseconds; `undefined`: none. */
  readonly timeout: number | undefined;
  readonly idleTimeout: number | undefined;
  readonly failFast: boolean;
  /** Milliseconds that are left of the call on whose behalf this side calls. */
  readonly inherited?: () => number | undefined;
}

export class Caller {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #route: CallRoute;
  readonly #defaults: CallerDefaults;
  readonly #middleware: CallerMiddleware[];
  readonly #terms: CallTerms;

  /** @param retries what repeats calls that fail; `undefined`: none is repeated, whatever it asks for */
  constructor(
    route: CallRoute,
    defaults: CallerDefaults,
    clock: Clock,
    logger: Logger,
    middleware: CallerMiddleware[] = [],
    retries?: Retries,
  ) {
    this.#route = route;
    this.#defaults = defaults;
    this.clock = clock;
    this.logger = logger;
    this.#middleware = middleware;
    this.#terms = { opener: new CallOpener(route), clock, failFast: defaults.failFast, retries };
  }

  /** The same calls, through the same middleware, with other defaults. */
  with(defaults: Partial<CallerDefaults>): Caller {
    const changed = { ...this.#defaults, ...defaults };
    const { retries } = this.#terms;
    return new Caller(this.#route, changed, this.clock, this.logger, this.#middleware, retries);
  }

  /** Runs `middleware` around every call that is made from now on, outside of what is added later. */
  use(middleware: CallerMiddleware): void {
    this.#middleware.push(middleware);
  }

  request(name: string, options: AnyCallOptions = {}): Promise<unknown> {
    const end = new PromisedEnd();
    this.#start(name, "request", options, options.param, end);
    return end.promise;
  }

  event(name: string, options: AnyCallOptions = {}): Promise<void> {
    const end = new PromisedEnd();
    this.#start(name, "event", options, options.data, end);
    return end.promise as Promise<void>;
  }

  /** Opens a stream or a channel. */
  items(name: string, kind: "stream" | "channel", options: AnyCallOptions = {}): CallHandle {
    const idleMs = options.idleTimeout ?? this.#defaults.idleTimeout;
    const { retries } = this.#terms;
    const mayFollow = (options.retry ?? retries?.policy ?? false) !== false && retries !== undefined;
    const handle = new CallHandle(name, this.clock, this.logger, idleMs, options.send, mayFollow);
    this.#start(name, kind, options, options.param, handle);
    return handle;
  }

  #start(
    name: string,
    kind: ProcedureKind,
    options: AnyCallOptions,
    param: unknown,
    observer: CallObserver,
  ): void {
    const timeout = this.#timeout(options);
    const refusal = refuseTimeout(name, timeout);
    if (refusal !== undefined) {
      observer.rejected(refusal);
      return;
    }
    let policy: RetryPolicy | undefined;
    try {
      policy = this.#terms.retries?.policyOf(options.retry);
    } catch (cause) {
      const message = `Cannot call ${name}: ${cause instanceof Error ? cause.message : "invalid retry"}`;
      observer.rejected(new SluiceError("INVALID_ARGUMENT", message, { cause, processed: "no" }));
      return;
    }
    if (this.#middleware.length > 0) {
      this.#startThroughMiddleware(name, kind, options, param, timeout, policy, observer);
      return;
    }
    const { opener } = this.#terms;
    const { session } = this.#route;
    if (policy === undefined && session !== undefined) {
      opener.open(session, name, kind, options, param, timeout, observer);
      return;
    }
    const now = timeout === undefined ? 0 : this.clock.now();
    const attempts = new CallAttempts(
      this.#terms,
      policy,
      name,
      kind,
      options,
      param,
      timeout,
      now,
      observer,
    );
    attempts.start(timeout);
  }

  #startThroughMiddleware(
    name: string,
    kind: ProcedureKind,
    options: AnyCallOptions,
    param: unknown,
    timeout: number | undefined,
    policy: RetryPolicy | undefined,
    observer: CallObserver,
  ): void {
    const startedAt = timeout === undefined ? 0 : this.clock.now();
    const open = (info: CallInfo, innerObserver: CallObserver): void => {
      const left = timeout === undefined ? undefined : Math.max(0, timeout - (this.clock.now() - startedAt));
      const changed = { ...options, metadata: info.metadata };
      const attempts = new CallAttempts(
        this.#terms,
        policy,
        name,
        kind,
        changed,
        info.param,
        timeout,
        startedAt,
        innerObserver,
      );
      attempts.start(left);
    };
    const info: CallInfo = { procedure: name, kind, param, metadata: options.metadata };
    const bounds = { clock: this.clock, timeout, signal: options.signal };
    runMiddleware(this.#middleware, info, observer, bounds, open);
  }

  #timeout({ timeout = this.#defaults.timeout }: AnyCallOptions): number | undefined {
    const inherited = this.#defaults.inherited?.();
    if (inherited === undefined) return timeout;
    return timeout === undefined ? inherited : Math.min(timeout, inherited);
  }
}
