/**
 * A call that no session has: for a pause, then until there is a session, unless its time or its user ends it before.
 */
import type { Clock, Timer } from "../clock.ts";
import { type Processed, SluiceError } from "../errors/sluice-error.ts";
import { cancelled } from "../session/call-end.ts";
import type { Session } from "../session/session.ts";
import { type AbortListener, addAbortListener, removeAbortListener } from "./abort-listeners.ts";
import type { CallRoute } from "./call-opener.ts";

/** The call that waits. Exactly one of these is called, once. */
export interface Waiting {
  /** There is a session for it. */
  found(session: Session): void;
  /** There will be none for it. */
  waitEnded(error: SluiceError): void;
}

export interface SessionWaitOptions {
  readonly clock: Clock;
  readonly route: CallRoute;
  readonly signal: AbortSignal | undefined;
  /** Before a session is asked for, ms; also 0 is a turn of the event loop. `undefined`: it is asked for at once. */
  readonly pauseMs: number | undefined;
  /** Until the call's time is over, ms; `undefined`: for ever. */
  readonly leftMs: number | undefined;
  /** What is known of the call up to now. */
  readonly processed: Processed;
  /** What the call fails with if there is no session after the pause. Without it, it waits for one. */
  readonly failFastWith: SluiceError | undefined;
  /** What its time is over for: `orders/place was not opened within 100 ms`. */
  readonly expiry: string;
}

export class SessionWait {
  readonly #call: Waiting;
  readonly #options: SessionWaitOptions;
  readonly #onAbort: AbortListener | undefined;
  #deadline: Timer | undefined;
  #pause: Timer | undefined;
  #isOver = false;

  /** Begins, with a signal that is not aborted. `call` is told later, never before this returns. */
  constructor(call: Waiting, options: SessionWaitOptions) {
    this.#call = call;
    this.#options = options;
    const { clock, signal, leftMs, pauseMs } = options;
    if (signal !== undefined) {
      this.#onAbort = (reason) => this.cancel(reason);
      addAbortListener(signal, this.#onAbort);
    }
    if (leftMs !== undefined) this.#deadline = clock.setTimer(leftMs, () => this.#expire());
    if (pauseMs === undefined) void this.#ask();
    else this.#pause = clock.setTimer(pauseMs, () => void this.#ask());
  }

  /** The user gives the call up. */
  cancel(reason?: unknown): void {
    this.end(cancelled(reason, this.#options.processed));
  }

  /** Ends the wait, and the call with `error`. */
  end(error: SluiceError): void {
    if (this.#settle()) this.#call.waitEnded(error);
  }

  async #ask(): Promise<void> {
    const { route, failFastWith } = this.#options;
    if (failFastWith !== undefined && route.session === undefined) {
      this.end(failFastWith);
      return;
    }
    let session: Session;
    try {
      session = await route.waitForSession();
    } catch (reason) {
      this.end(SluiceError.from(reason, "UNAVAILABLE"));
      return;
    }
    if (this.#settle()) this.#call.found(session);
  }

  #expire(): void {
    const { expiry, route, processed } = this.#options;
    const cause = route.lastFailure;
    const why = cause === undefined ? "" : ` (${cause.message})`;
    this.end(new SluiceError("DEADLINE_EXCEEDED", `${expiry}${why}`, { cause, processed }));
  }

  /** Returns whether the wait was not over before. */
  #settle(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#deadline?.cancel();
    this.#pause?.cancel();
    const { signal } = this.#options;
    if (signal !== undefined && this.#onAbort !== undefined) removeAbortListener(signal, this.#onAbort);
    return true;
  }
}
