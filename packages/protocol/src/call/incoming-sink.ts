/**
 * Where a handler's items go: into its call, nowhere once the caller has said stop, and refused once the call is over.
 */
import type { Clock } from "../clock.ts";
import type { Slot } from "../codec/slot.ts";
import type { EncodedOnce } from "../definition/handed-items.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { IncomingCall } from "../session/incoming-call.ts";
import type { ItemSink } from "./call-writable.ts";
import { HandlerFault } from "./wire-error.ts";

/** Writes that go nowhere and cost nothing; the one after them waits a turn, so that a handler that writes on blocks nobody. */
const freeWrites = 64;

export class IncomingSink implements ItemSink<unknown> {
  readonly #call: IncomingCall;
  readonly #slot: Slot | undefined;
  readonly #clock: Clock;
  #end: SluiceError | undefined;
  #isClosed = false;
  #writesAfterStop = 0;
  #onEnd: ((error: unknown) => void) | undefined;

  /** @param slot what its items are; `undefined`: the procedure gives none */
  constructor(call: IncomingCall, slot: Slot | undefined, clock: Clock) {
    this.#call = call;
    this.#slot = slot;
    this.#clock = clock;
  }

  /** @param once as for {@link Slot.encode} */
  write(item: unknown, once?: EncodedOnce): Promise<void> | undefined {
    if (this.#end !== undefined) throw this.#end;
    if (this.#isClosed) throw ended("the sending side is closed");
    if (!this.#call.isWanted) {
      if (this.#call.abortReason === "stop") return this.#passOver();
      throw ended(`the call has ended: ${this.#call.abortReason}`);
    }
    if (this.#slot === undefined) throw new TypeError("Cannot write: the procedure gives no items");
    let message: ReturnType<Slot["encode"]>;
    try {
      message = this.#slot.encode(item, this.#call.outbox.memory, once);
    } catch (reason) {
      throw new HandlerFault("The handler wrote an item that cannot be sent", { cause: reason });
    }
    return this.#call.write(message) ? undefined : this.#call.outbox.accepted();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#call.closeOutbox();
  }

  #passOver(): Promise<void> | undefined {
    if (++this.#writesAfterStop % (freeWrites + 1) !== 0) return undefined;
    return new Promise((resolve) => this.#clock.setTimer(0, resolve));
  }

  abort(reason: unknown): void {
    this.#isClosed = true;
    this.#onAbort?.(reason);
  }

  /** Called when the handler gives its items up by `writable.abort(reason)`. */
  #onAbort: ((reason: unknown) => void) | undefined;
  set onAbort(listener: (reason: unknown) => void) {
    this.#onAbort = listener;
  }

  onEnd(onEnd: (error: unknown) => void): void {
    this.#onEnd = onEnd;
    if (this.#end !== undefined) onEnd(this.#end);
  }

  /** The handler has settled, or its caller is gone: nothing is taken any more. */
  finish(why: string): void {
    if (this.#end !== undefined) return;
    this.#end = ended(why);
    this.#onEnd?.(this.#end);
  }
}

function ended(why: string): SluiceError {
  return new SluiceError("CANCELLED", `Cannot write: ${why}`, { processed: "no" });
}
