/**
 * The half of a call's handle that its user reads from: the items of one call of the session, or of several in a row.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import type { Inbox } from "../session/inbox.ts";
import { CallReadable } from "./call-readable.ts";
import { CallSource } from "./call-source.ts";
import type { Cursor } from "./cursor.ts";
import { emptySource, type ItemSource, SourceIterator } from "./item-source.ts";

export abstract class ReceivingSide {
  readonly #mayFollow: boolean;
  /** Of the call that is there, or was. */
  #inbox: Inbox | undefined;
  #isOpened = false;
  /** It has failed, and another will follow. */
  #isAwaited = false;
  #cursor: Cursor | undefined;
  #isDrained = false;
  /** Of the calls before. */
  #receivedBefore = 0;
  #end: { readonly error: SluiceError | undefined } | undefined;
  /** What is read from, once somebody reads. */
  #source: ItemSource<unknown> | undefined;
  /** The same, where the first call is still to come or others may follow. */
  #callSource: CallSource<unknown> | undefined;
  #readable: CallReadable<unknown> | undefined;

  /** @param mayFollow whether other calls may follow the first, should it fail */
  constructor(mayFollow: boolean) {
    this.#mayFollow = mayFollow;
  }

  /** As the user's. */
  abstract close(): Promise<void>;

  get readable(): ReadableStream<unknown> & AsyncIterable<unknown> {
    this.#readable ??= new CallReadable(this.#getSource());
    return this.#readable;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined, unknown> {
    return new SourceIterator(this.#getSource());
  }

  /** Where the last item stood that was taken; `undefined`: none was that says so. */
  get lastCursor(): unknown {
    return this.#callSource?.lastCursor;
  }

  /** How many items were taken that may say where they stand. */
  get itemsTaken(): number {
    return this.#callSource?.itemsTaken ?? 0;
  }

  /** Items that have arrived, without those of failed calls that nobody took. */
  protected get itemsReceived(): number {
    const inbox = this.#inbox;
    return this.#receivedBefore + (inbox === undefined ? 0 : inbox.itemsTaken + inbox.length);
  }

  /** Whether another call could bring what follows the last item. */
  protected get canContinue(): boolean {
    return this.#cursor !== undefined;
  }

  protected get readerHasLeft(): boolean {
    return this.#callSource?.hasLeft === true;
  }

  /** Nobody will read: what is here and what comes is dropped. */
  protected dropItems(): void {
    this.#isDrained = true;
    this.#inbox?.drop();
  }

  /** A call is there. `inbox`: `undefined` if it brings no items. `cursor`: where those stand. */
  protected receive(inbox: Inbox | undefined, cursor: Cursor | undefined): void {
    this.#receivedBefore += this.#inbox?.itemsTaken ?? 0;
    this.#isOpened = true;
    this.#isAwaited = false;
    this.#inbox = inbox;
    this.#cursor = cursor;
    if (this.#isDrained || this.#callSource?.hasEnded === true) inbox?.drop();
    this.#callSource?.attach(inbox ?? emptySource, cursor, !this.#mayFollow);
  }

  /** The call has failed, and will be followed by another. */
  protected awaitNext(): void {
    this.#isAwaited = true;
    this.#callSource?.interrupt();
  }

  /** No call will follow. `error`: why, if not for a result. */
  protected endReceiving(error: SluiceError | undefined): void {
    this.#end = { error };
    this.#callSource?.finish(error);
  }

  #getSource(): ItemSource<unknown> {
    if (this.#source !== undefined) return this.#source;
    const inbox = this.#inbox ?? emptySource;
    if (this.#isOpened && !this.#mayFollow) {
      this.#source = inbox;
      return inbox;
    }
    const source = new CallSource<unknown>(this);
    this.#source = this.#callSource = source;
    if (this.#isOpened) source.attach(inbox, this.#cursor, false);
    if (this.#isAwaited) source.interrupt();
    if (this.#end !== undefined) source.finish(this.#end.error);
    return source;
  }
}
