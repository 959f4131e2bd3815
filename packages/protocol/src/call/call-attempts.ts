/**
 * A call from its making to its end: it waits for a session, is opened, and is opened again where that may mend its failure.
 *
 * What may be repeated: docs/retries.md. Spec: docs/wire.md §4.13.
 */
import type { Clock } from "../clock.ts";
import type { ProcedureKind } from "../definition/kinds.ts";
import { type Processed, SluiceError } from "../errors/sluice-error.ts";
import { cancelled } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import type { Session } from "../session/session.ts";
import type { CallItems, CallObserver } from "./call-observer.ts";
import type { AnyCallOptions, CallOpener, FormerCall } from "./call-opener.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";
import type { Retries } from "./retries.ts";
import { isMendable, type RetryPolicy } from "./retry-policy.ts";
import { SessionWait, type Waiting } from "./session-wait.ts";

/** What the calls of one caller share. */
export interface CallTerms {
  readonly opener: CallOpener;
  readonly clock: Clock;
  /** Whether a call fails at once where there is no session, unless it says otherwise. */
  readonly failFast: boolean;
  /** `undefined`: no call is repeated. */
  readonly retries: Retries | undefined;
}

/** What has come of a call that has failed, and may be opened again. */
interface Failures {
  /** Attempts in a row that have failed, and brought the reader nothing. */
  count: number;
  processed: Processed;
  last: SluiceError;
  /** The session in which it last failed without having left. */
  neverLeftIn: Session | undefined;
  itemsTaken: number;
  /** The last call of a session that it was, and that session's encoding. */
  former: Omit<FormerCall, "cursor"> | undefined;
}

export class CallAttempts implements CallObserver, Waiting {
  readonly #terms: CallTerms;
  readonly #policy: RetryPolicy | undefined;
  readonly #name: string;
  readonly #kind: ProcedureKind;
  readonly #options: AnyCallOptions;
  readonly #param: unknown;
  readonly #timeout: number | undefined;
  readonly #startedAt: number;
  readonly #observer: CallObserver;
  #session: Session | undefined;
  #call: OutgoingCall | undefined;
  #wait: SessionWait | undefined;
  #failures: Failures | undefined;

  /**
   * @param policy how the call is repeated; `undefined`: it is not
   * @param timeout milliseconds for all of it; `undefined`: none
   * @param startedAt when they began, on the clock of `terms`
   */
  constructor(
    terms: CallTerms,
    policy: RetryPolicy | undefined,
    name: string,
    kind: ProcedureKind,
    options: AnyCallOptions,
    param: unknown,
    timeout: number | undefined,
    startedAt: number,
    observer: CallObserver,
  ) {
    this.#terms = terms;
    this.#policy = policy;
    this.#name = name;
    this.#kind = kind;
    this.#options = options;
    this.#param = param;
    this.#timeout = timeout;
    this.#startedAt = startedAt;
    this.#observer = observer;
  }

  /** Opens the call, now or when there is a session. `leftMs`: of its time. */
  start(leftMs: number | undefined): void {
    const { opener, failFast, retries } = this.#terms;
    if (this.#policy !== undefined) retries?.called();
    const { session } = opener.route;
    if (session !== undefined) {
      this.#open(session, leftMs, undefined);
      return;
    }
    const { signal } = this.#options;
    if (this.#options.failFast ?? failFast) {
      const message = `Cannot call ${this.#name}: there is no connection, and failFast is set`;
      this.#observer.rejected(new SluiceError("UNAVAILABLE", message, { processed: "no" }));
    } else if (signal?.aborted === true) this.#observer.rejected(cancelled(signal.reason, "no"));
    else this.#waitFor(undefined);
  }

  // ── What the opener and the session tell ─────────────────────────────────────────────────────────────────────────

  get isOver(): boolean {
    return this.#observer.isOver;
  }

  get items(): CallItems | undefined {
    return this.#observer.items;
  }

  opened(call: OutgoingCall, procedure: CompiledProcedure): void {
    // One that has failed while it was opened, and is to be opened again, never was there.
    if (this.#wait !== undefined) return;
    this.#call = call;
    this.#observer.opened(call, procedure);
  }

  resolved(result: unknown): void {
    this.#observer.resolved(result);
  }

  mayMove(processed: Processed): boolean {
    return this.#policy !== undefined && this.#mayRunAgain(processed);
  }

  rejected(error: SluiceError): void {
    const pauseMs = this.#policy === undefined ? undefined : this.#pauseAfter(error, this.#policy);
    if (pauseMs === undefined) {
      this.#reject(error);
      return;
    }
    this.#observer.items?.interrupted();
    this.#waitFor(pauseMs);
  }

  // ── What the wait tells ──────────────────────────────────────────────────────────────────────────────────────────

  found(session: Session): void {
    this.#waitIsOver();
    const former = this.#failures?.former;
    const cursor = this.#observer.items?.lastCursor;
    this.#open(session, this.#leftMs, former && { ...former, cursor });
  }

  waitEnded(error: SluiceError): void {
    this.#waitIsOver();
    this.#reject(error);
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get #leftMs(): number | undefined {
    if (this.#timeout === undefined) return undefined;
    return Math.max(0, this.#timeout - (this.#terms.clock.now() - this.#startedAt));
  }

  #open(session: Session, leftMs: number | undefined, former: FormerCall | undefined): void {
    this.#session = session;
    this.#call = undefined;
    const { opener } = this.#terms;
    opener.open(session, this.#name, this.#kind, this.#options, this.#param, leftMs, this, former);
  }

  #waitFor(pauseMs: number | undefined): void {
    const { clock, opener, failFast, retries } = this.#terms;
    const { signal } = this.#options;
    const failures = this.#failures;
    const expiry =
      failures === undefined
        ? `${this.#name} was not opened within ${Math.round(this.#timeout ?? 0)} ms: there is no connection`
        : `${this.#name} did not end within ${this.#timeout} ms, and was to be repeated after: ${failures.last.message}`;
    this.#wait = new SessionWait(this, {
      clock,
      route: opener.route,
      signal,
      pauseMs,
      leftMs: this.#leftMs,
      processed: failures?.processed ?? "no",
      failFastWith: (this.#options.failFast ?? failFast) ? failures?.last : undefined,
      expiry,
    });
    if (failures !== undefined) retries?.add(this.#wait);
    this.#observer.items?.waits(this.#wait);
  }

  #waitIsOver(): void {
    if (this.#wait !== undefined) this.#terms.retries?.remove(this.#wait);
    this.#wait = undefined;
  }

  /** Fails with what is known of all attempts: if one may have run, so may the call. */
  #reject(error: SluiceError): void {
    if (this.#failures?.processed !== "maybe" || error.processed === "maybe") {
      this.#observer.rejected(error);
      return;
    }
    const { code, message, data, retryable, origin, cause } = error;
    const options = { data, retryable, origin, cause, processed: "maybe" } as const;
    this.#observer.rejected(new SluiceError(code, message, options));
  }

  /** Milliseconds after which the call is to be opened again, which failed with `error`; `undefined`: it is not. */
  #pauseAfter(error: SluiceError, policy: RetryPolicy): number | undefined {
    const failures = this.#noted(error);
    const { retries } = this.#terms;
    if (retries === undefined || retries.isClosed || this.isOver) return undefined;
    // One that is aborted would tell nobody any more.
    if (this.#options.signal?.aborted === true) return undefined;
    if (!isMendable(error) || !this.#mayRunAgain(error.processed)) return undefined;
    // What never left was no attempt, and costs nobody anything.
    const hasLeft = error.processed === "maybe" || this.#call?.state === "ended";
    if (!hasLeft && failures.neverLeftIn !== this.#session) {
      failures.neverLeftIn = this.#session;
      return 0;
    }
    const itemsTaken = this.items?.itemsTaken ?? 0;
    failures.count = itemsTaken > failures.itemsTaken ? 1 : failures.count + 1;
    failures.itemsTaken = itemsTaken;
    const pauseMs = policy.pause(failures.count);
    const leftMs = this.#leftMs;
    if (pauseMs === undefined || (leftMs !== undefined && pauseMs >= leftMs)) return undefined;
    return retries.pay() ? pauseMs : undefined;
  }

  #noted(error: SluiceError): Failures {
    this.#failures ??= {
      count: 0,
      processed: "no",
      last: error,
      neverLeftIn: undefined,
      itemsTaken: 0,
      former: undefined,
    };
    const failures = this.#failures;
    failures.last = error;
    if (error.processed === "maybe") failures.processed = "maybe";
    if (this.#call !== undefined && this.#session !== undefined) {
      failures.former = { param: this.#call.request.param, encoding: this.#session.encoding };
    }
    return failures;
  }

  #mayRunAgain(processed: Processed): boolean {
    const { items } = this;
    if (items !== undefined) return items.canGoOn(processed);
    return processed === "no" || this.#isIdempotent;
  }

  get #isIdempotent(): boolean {
    const { route } = this.#terms.opener;
    const definition = this.#session && route.procedures(this.#session).find(this.#name)?.definition;
    return definition?.type === "request" && definition.idempotent === true;
  }
}
