/** Who is told how a call goes: a promise, or whoever made it; and the signal that may end it before. */
import type { Processed, SluiceError } from "../errors/sluice-error.ts";
import type { CallEnd } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import { type AbortListener, addAbortListener, removeAbortListener } from "./abort-listeners.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";
import type { SessionWait } from "./session-wait.ts";

/** Who is told how a call goes. */
export interface CallObserver extends CallEnd {
  /** The call has been opened, or waits in its session for the peer's room. Again, if one has failed and was {@link CallItems.interrupted}. */
  opened(call: OutgoingCall, procedure: CompiledProcedure): void;
  /** Whether its user gave up before it was opened. */
  readonly isOver: boolean;
  /** Of a call with items. */
  readonly items?: CallItems | undefined;
}

/** The items of a call that may be opened again. */
export interface CallItems {
  /** Whether reader and writer can go on with another call, where `processed` is known of the one that failed. */
  canGoOn(processed: Processed): boolean;
  /** Where the last item stood that the reader took; `undefined`: it took none that said it. */
  readonly lastCursor: unknown;
  /** How many items the reader has taken, of those of a stream with cursor. */
  readonly itemsTaken: number;
  /** No call of the session is there. `wait` is what it waits by, and is to be ended for a call that is given up. */
  waits(wait: SessionWait): void;
  /** The call has failed, and will be opened again. */
  interrupted(): void;
}

/** The end of a call without items: a promise. */
export class PromisedEnd implements CallObserver {
  readonly promise: Promise<unknown>;
  isOver = false;
  #resolve!: (value: unknown) => void;
  #reject!: (error: SluiceError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  opened(): void {}

  resolved(result: unknown): void {
    this.isOver = true;
    this.#resolve(result);
  }

  rejected(error: SluiceError): void {
    this.isOver = true;
    this.#reject(error);
  }
}

/** An end that the signal brings about, and that lets go of it. */
export class SignalledEnd implements CallEnd {
  readonly #end: CallEnd;
  readonly #signal: AbortSignal;
  readonly #abort: AbortListener;

  constructor(end: CallEnd, signal: AbortSignal, abort: AbortListener) {
    this.#end = end;
    this.#signal = signal;
    this.#abort = abort;
    addAbortListener(signal, abort);
  }

  mayMove(processed: Processed): boolean {
    return this.#end.mayMove?.(processed) === true;
  }

  resolved(result: unknown): void {
    removeAbortListener(this.#signal, this.#abort);
    this.#end.resolved(result);
  }

  rejected(error: SluiceError): void {
    removeAbortListener(this.#signal, this.#abort);
    this.#end.rejected(error);
  }
}
