/**
 * What a client runs around its calls: functions that see a call on its way out and its result on its way back.
 */
import type { Clock, Timer } from "../clock.ts";
import type { ProcedureKind } from "../definition/kinds.ts";
import { type Processed, SluiceError } from "../errors/sluice-error.ts";
import { cancelled } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import { type AbortListener, addAbortListener, removeAbortListener } from "./abort-listeners.ts";
import type { CallItems, CallObserver } from "./call-observer.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";
import type { Metadata } from "./metadata.ts";

/** A call before it is opened. */
export interface CallInfo {
  readonly procedure: string;
  readonly kind: ProcedureKind;
  /** Of an event: its data. */
  readonly param: unknown;
  readonly metadata: Metadata | undefined;
}

/**
 * Runs around a call. `next()` opens it and gives its result (of a stream or channel: when its items have ended); passing
 * another {@link CallInfo} changes param or metadata. What the function returns becomes the result.
 */
export type CallerMiddleware = (
  call: CallInfo,
  next: (call?: Pick<CallInfo, "param" | "metadata">) => Promise<unknown>,
) => Promise<unknown>;

/** What ends a call whatever its middleware does. */
export interface ChainBounds {
  readonly clock: Clock;
  /** Milliseconds for the whole chain; `undefined`: none. */
  readonly timeout: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Runs the chain; its outcome is the call's, unless time or user end it before. */
export function runMiddleware(
  chain: readonly CallerMiddleware[],
  info: CallInfo,
  observer: CallObserver,
  bounds: ChainBounds,
  open: (info: CallInfo, observer: CallObserver) => void,
): void {
  if (bounds.signal?.aborted === true) {
    observer.rejected(cancelled(bounds.signal.reason, "no"));
    return;
  }
  const guard = new ChainGuard(info.procedure, observer, bounds);
  // Each step is a promise, also where a middleware throws at once.
  const step = async (at: number, current: CallInfo): Promise<unknown> => {
    const middleware = chain[at];
    if (middleware !== undefined) {
      return middleware(current, (changed) => step(at + 1, { ...current, ...changed }));
    }
    return new Promise((resolve, reject) => {
      guard.hasOpened = true;
      open(current, new InnerEnd(observer, resolve, reject));
    });
  };
  step(0, info).then(
    (result) => {
      guard.release();
      observer.resolved(result);
    },
    (reason) => {
      guard.release();
      observer.rejected(SluiceError.from(reason, "INTERNAL"));
    },
  );
}

/** Ends the call when its time is over or its signal aborts, also while a middleware thinks. */
class ChainGuard {
  /** The innermost step was reached. */
  hasOpened = false;
  readonly #signal: AbortSignal | undefined;
  readonly #timer: Timer | undefined;
  readonly #onAbort: AbortListener;

  constructor(procedure: string, observer: CallObserver, { clock, timeout, signal }: ChainBounds) {
    const end = (makeError: (processed: Processed) => SluiceError): void => {
      this.release();
      observer.rejected(makeError(this.hasOpened ? "maybe" : "no"));
    };
    this.#signal = signal;
    this.#onAbort = (reason) => end((processed) => cancelled(reason, processed));
    if (signal !== undefined) addAbortListener(signal, this.#onAbort);
    if (timeout === undefined) return;
    const message = `${procedure} did not end within ${timeout} ms`;
    this.#timer = clock.setTimer(timeout, () => {
      end((processed) => new SluiceError("DEADLINE_EXCEEDED", message, { processed }));
    });
  }

  release(): void {
    this.#timer?.cancel();
    if (this.#signal !== undefined) removeAbortListener(this.#signal, this.#onAbort);
  }
}

/** Gives the outcome to the chain instead of the user. */
class InnerEnd implements CallObserver {
  readonly #observer: CallObserver;
  readonly resolved: (result: unknown) => void;
  readonly rejected: (error: SluiceError) => void;

  constructor(
    observer: CallObserver,
    resolve: (result: unknown) => void,
    reject: (error: SluiceError) => void,
  ) {
    this.#observer = observer;
    this.resolved = resolve;
    this.rejected = reject;
  }

  get isOver(): boolean {
    return this.#observer.isOver;
  }

  get items(): CallItems | undefined {
    return this.#observer.items;
  }

  opened(call: OutgoingCall, procedure: CompiledProcedure): void {
    this.#observer.opened(call, procedure);
  }
}
