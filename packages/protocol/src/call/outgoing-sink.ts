/**
 * Where a caller's items go: into its call, or to wait until that has been opened.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import type { PumpedSink } from "./pump-items.ts";

/** An item that was written before the call was there. */
interface EarlyWrite {
  readonly item: unknown;
  readonly resolve: (accepted: Promise<void> | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

export class OutgoingSink implements PumpedSink {
  readonly #name: string;
  readonly #abort: (reason: unknown) => void;
  readonly #fail: (error: SluiceError) => void;
  #call: OutgoingCall | undefined;
  #early: EarlyWrite[] = [];
  #end: SluiceError | undefined;
  readonly #onEnd: ((error: unknown) => void)[] = [];
  #isClosed = false;
  /** Items accepted, for `stats`. */
  itemsSent = 0;

  /** @param abort gives the call up; @param fail as well, with an error of this side's own */
  constructor(name: string, abort: (reason: unknown) => void, fail: (error: SluiceError) => void) {
    this.#name = name;
    this.#abort = abort;
    this.#fail = fail;
  }

  /** The call is there: what was written goes first, then the end, if that was said. */
  bind(call: OutgoingCall): void {
    this.#call = call;
    const early = this.#early;
    this.#early = [];
    for (const { item, resolve, reject } of early) {
      try {
        resolve(this.#write(call, item));
      } catch (reason) {
        reject(reason);
      }
    }
    if (this.#isClosed) call.closeOutbox();
  }

  /** The call has failed, before it took an item, and will be followed by another. */
  unbind(): void {
    this.#call = undefined;
  }

  /** The call has ended, with `error` or (without one) well. */
  ended(error: SluiceError | undefined): void {
    if (this.#end !== undefined) return;
    const end = error ?? this.#refusal(`${this.#name} has ended`);
    this.#end = end;
    const early = this.#early;
    this.#early = [];
    for (const { reject } of early) reject(end);
    for (const onEnd of this.#onEnd) onEnd(end);
  }

  write(item: unknown): Promise<void> | undefined {
    if (this.#end !== undefined) throw this.#end;
    if (this.#isClosed) throw this.#refusal("the sending side is closed");
    const call = this.#call;
    if (call !== undefined) return this.#write(call, item);
    return new Promise((resolve, reject) => this.#early.push({ item, resolve, reject }));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#call?.closeOutbox();
  }

  abort(reason: unknown): void {
    this.#abort(reason);
  }

  fail(reason: unknown): void {
    // A call that was stopped takes no items, and has a result all the same.
    if (this.#call?.outbox?.isClosed === true) return;
    this.#fail(SluiceError.from(reason, "INTERNAL"));
  }

  onEnd(onEnd: (error: unknown) => void): void {
    this.#onEnd.push(onEnd);
    if (this.#end !== undefined) onEnd(this.#end);
  }

  #write(call: OutgoingCall, item: unknown): Promise<void> | undefined {
    const { send } = call.request;
    if (send === undefined) throw this.#refusal(`${this.#name} takes no items`);
    const mayGoOn = call.write(send.encode(item, call.outbox?.memory));
    this.itemsSent++;
    return mayGoOn ? undefined : call.outbox?.accepted();
  }

  #refusal(why: string): SluiceError {
    return new SluiceError("FAILED_PRECONDITION", `Cannot send: ${why}`, { processed: "no" });
  }
}
