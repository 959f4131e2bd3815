/**
 * One direction of a call as its sender sees it: messages accepted, cut where the limit says, kept until they have arrived.
 *
 * Spec: docs/wire.md §2, §3, §4.1.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { FrameType } from "../frame/frame.ts";
import { messageOverhead } from "../limits.ts";
import type { Link } from "../link/link.ts";
import { SendWindow } from "./credit-window.ts";
import { KeptMessages } from "./kept-messages.ts";
import { type Final, OutboxEnd } from "./outbox-end.ts";
import { pieceEnd, pieceFrame } from "./piece.ts";
import { checkLength, encodeText, type SendContext } from "./send-context.ts";
import { longText, sendWhole } from "./send-whole.ts";
import { SpareMemory } from "./spare-memory.ts";
import { mostAhead, WriteWaiters, writeAfterEnd } from "./write-waiters.ts";

export class Outbox {
  readonly window: SendWindow;
  /** Where the next message starts. */
  end = 0;
  /** Up to here bytes were handed to a link. */
  sent = 0;
  /** For the copies of byte strings that are written here. */
  readonly memory: SpareMemory = new SpareMemory();
  readonly #context: SendContext;
  readonly #kept = new KeptMessages();
  readonly #end = new OutboxEnd();
  #waiters: WriteWaiters | undefined;
  #isHeld = false;

  constructor(limit: number, context: SendContext) {
    this.window = new SendWindow(limit);
    this.#context = context;
  }

  /** The param went whole, up to `offset`; what follows it may go up to `limit`. */
  startAt(offset: number, limit: number): void {
    this.#shift(offset);
    this.sent += offset;
    this.window.limit = limit;
    this.#waiters?.wake();
  }

  /** The param goes in pieces. Accepts it before all else and returns up to where its first piece goes. */
  startInside(param: Message, limit: number): number {
    const bytes = messageOverhead + param.length;
    this.#shift(bytes);
    param.start = 0;
    this.#kept.addParam(param);
    this.#context.budget.keep(bytes, true);
    this.window.limit = limit;
    this.sent = this.#nextPiece(param);
    this.#context.budget.sent(this.sent);
    return this.sent;
  }

  /** The call was not taken: what was accepted waits for another OPEN, whose param takes `bytes` again. */
  restart(param: Message): void {
    const bytes = messageOverhead + param.length;
    const { budget } = this.#context;
    budget.sent(-this.#sentBytes);
    if (this.#kept.restart(param)) budget.drop(bytes);
    this.#shift(-bytes);
    this.sent = 0;
    this.window.limit = 0;
    this.#isHeld = false;
    this.#end.restart();
  }

  /** Up to where the first piece of `param` goes, when it is sent once more. */
  firstPiece(param: Message): number {
    return this.#nextPiece(param, 0);
  }

  /** Moves all that was accepted by `bytes`, since a param comes before it, or does so no more. */
  #shift(bytes: number): void {
    this.#kept.shift(bytes);
    this.#waiters?.shift(bytes);
    this.end += bytes;
  }

  /** Bytes that may be accepted beyond what is; negative if accepted ones wait. */
  get credit(): number {
    return this.window.limit - this.end;
  }

  /** Whether nothing can be added. */
  get isClosed(): boolean {
    return !this.#end.isOpen;
  }

  /** Whether the final, and all before it, was handed to a link. */
  get isFinished(): boolean {
    return this.sent === this.end && this.#end.isFinal;
  }

  /**
   * Takes `message` as the next one and sends it at once if nothing stands before it. Returns whether the writer may go on;
   * if not, it waits by {@link accepted}.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED` from the budget, or for more than the peer accepts; `FAILED_PRECONDITION` after the end
   */
  push(message: Message, link: Link | undefined, call: number): boolean {
    if (this.isClosed) {
      throw new SluiceError("FAILED_PRECONDITION", "Cannot send: the sending side is closed", {
        processed: "no",
      });
    }
    checkLength(message, this.#context);
    const { budget, isStructured } = this.#context;
    message.start = this.end;
    const isAlone = this.sent === this.end;
    if (
      isAlone &&
      !this.#isHeld &&
      link !== undefined &&
      sendWhole(FrameType.DATA, message, this.window.limit, link, call, isStructured)
    ) {
      this.#addSent(message);
      budget.keep(messageOverhead + message.length, true);
      budget.sent(messageOverhead + message.length);
    } else {
      this.#measure(message);
      budget.keep(messageOverhead + message.length, isAlone || this.#mayWrite);
      this.#kept.add(message);
      this.end += messageOverhead + message.length;
    }
    return this.#mayWrite && !budget.isFull;
  }

  /** Whether nothing of this direction's own makes a writer wait. */
  get #mayWrite(): boolean {
    return this.end <= this.window.limit && this.end - this.sent <= mostAhead;
  }

  /**
   * Resolves when all that was accepted so far is within the limit, most of it was sent, and the budget has room. Rejects when the
   * call ends before.
   */
  accepted(): Promise<void> {
    this.#waiters ??= new WriteWaiters(this, this.#context.budget);
    return this.#waiters.wait(this.end);
  }

  /** Ends this direction after what was accepted. */
  close(): void {
    this.#end.close();
  }

  /** Ends this direction, and the call, after what was accepted. */
  finish(final: Final): void {
    if ("error" in final) {
      this.#end.fail(final.error);
      return;
    }
    const { result } = final;
    this.#measure(result);
    result.start = this.end;
    this.#kept.add(result);
    this.#context.budget.keep(messageOverhead + result.length, true);
    this.end += messageOverhead + result.length;
    this.#end.result = result;
  }

  /** The call has ended with `result`, which {@link sendWhole} has sent from offset 0 on, and the budget counts already. */
  finishedWith(result: Message): void {
    this.#addSent(result);
    this.#end.result = result;
    this.#end.closed();
  }

  #addSent(message: Message): void {
    this.#kept.add(message);
    this.#kept.nextIsSent();
    this.sent = this.end = message.start + messageOverhead + message.length;
  }

  /** Finds out how long a text is; a long one becomes bytes. */
  #measure(message: Message): void {
    const { body } = message;
    if (typeof body !== "string" || this.#context.isStructured) return;
    if (body.length > longText) encodeText(message, this.#context.utf8);
    else if (message.length < 0) message.length = this.#context.utf8.byteLength(body);
  }

  /**
   * Takes a CREDIT. Returns whether anything changed.
   * @throws {SluiceError} as {@link SendWindow.credit}
   */
  credited(received: number, limit: number): boolean {
    const changed = this.window.credit(received, limit, this.sent);
    if (changed) {
      const freed = this.#kept.arrived(received, this.memory);
      if (freed > 0) this.#context.budget.free(freed);
      this.#waiters?.wake();
    }
    return changed;
  }

  /** The link was lost: nothing goes out until {@link resume} says from where on. */
  hold(): void {
    this.#isHeld = true;
  }

  /**
   * Sends again from `received` on, over the next link, also END and the call's last word. What was confirmed is kept no more, and is not sent again.
   * @throws {SluiceError} as {@link SendWindow.credit} and {@link KeptMessages.rewind}
   */
  resume(received: number, limit: number): void {
    this.#isHeld = false;
    this.credited(received, limit);
    const { budget } = this.#context;
    const from = this.window.received;
    const lost = this.#kept.closeGap(from);
    this.end -= lost;
    this.sent -= lost;
    budget.free(lost);
    budget.sent(from - this.sent);
    this.sent = from;
    this.#kept.rewind(from, this.end);
    this.#end.restart();
  }

  /**
   * Drops what has not been sent; a message that is half sent stays unfinished. Waiting writers go on or, with `error`, fail.
   * Spec: docs/wire.md §4.4.
   */
  dropUnsent(error?: SluiceError): void {
    const dropped = this.end - this.sent;
    this.#kept.dropUnsent(this.sent, dropped);
    this.end = this.sent;
    this.#context.budget.drop(dropped);
    this.#waiters?.settle(error);
  }

  /** Keeps nothing any more; waiting writers fail with what `makeError` makes. */
  dispose(makeError: () => SluiceError = writeAfterEnd): void {
    const { budget } = this.#context;
    const sentBytes = this.#sentBytes;
    budget.drop(this.#kept.bytes - sentBytes);
    this.#kept.clear();
    this.end = this.sent;
    this.#end.closed();
    // Before the bytes are freed: that would wake writers as if their items had been accepted.
    this.#waiters?.settle(makeError());
    budget.free(sentBytes);
  }

  /** Bytes of what is kept that were sent. */
  get #sentBytes(): number {
    return this.#kept.bytes - (this.end - this.sent);
  }

  /** Whether a turn would send anything. */
  get hasWork(): boolean {
    if (this.#isHeld) return false;
    if (this.sent < this.end) return this.#nextPiece(this.#kept.next as Message) > this.sent;
    return this.#end.isDue;
  }

  /** Sends about `most` bytes, whole frames only. Returns how many it was. */
  takeTurn(link: Link, call: number, most: number): number {
    let spent = 0;
    while (spent < most && link.room > 0 && this.hasWork) {
      const { next } = this.#kept;
      if (next !== undefined) spent += this.#sendPiece(next, link, call);
      else this.#end.send(link, call, this.end);
    }
    if (spent > 0) this.#waiters?.wake();
    return spent;
  }

  /** Up to which offset the next piece of `message` may go, from `sent` on; `sent` if nothing may. */
  #nextPiece(message: Message, sent: number = this.sent): number {
    const { isStructured, resultAllowance } = this.#context;
    const { limit } = this.window;
    const isResult = message === this.#end.result;
    return pieceEnd(
      message,
      sent,
      isResult ? Math.max(limit, message.start + resultAllowance) : limit,
      isStructured,
    );
  }

  #sendPiece(message: Message, link: Link, call: number): number {
    const until = this.#nextPiece(message);
    const isResult = message === this.#end.result;
    const type = isResult ? FrameType.RESULT : FrameType.DATA;
    const frame = pieceFrame(type, call, message, this.sent, until, this.#context);
    link.send(frame);
    const spent = until - this.sent;
    this.#context.budget.sent(spent);
    this.sent = until;
    if (!frame.more) this.#kept.nextIsSent();
    return spent;
  }
}
