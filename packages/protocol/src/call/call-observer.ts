/** Who is told how a call goes: a promise, or whoever made it; and the signal that may end it before. */
import type { SluiceError } from "../errors/sluice-error.ts";
import type { CallEnd } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import { type AbortListener, addAbortListener, removeAbortListener } from "./abort-listeners.ts";

/** Who is told how a call goes. */
export interface CallObserver extends CallEnd {
  /** The call has been opened, or waits in its session for the peer's room. */
  opened(call: OutgoingCall): void;
  /** Whether its user gave up before it was opened. */
  readonly isOver: boolean;
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

  resolved(result: unknown): void {
    removeAbortListener(this.#signal, this.#abort);
    this.#end.resolved(result);
  }

  rejected(error: SluiceError): void {
    removeAbortListener(this.#signal, this.#abort);
    this.#end.rejected(error);
  }
}
