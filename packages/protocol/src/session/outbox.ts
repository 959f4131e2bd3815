/**
 * One direction of a call as its sender sees it: messages accepted, cut where the limit says, kept until they have arrived.
 *
 * There is one queue: what is kept, what is unsent and what waits for credit are parts of it. Spec: docs/wire.md §2, §3, §4.1.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { dataFrame, type ErrorFrame, FrameType } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { maxFramePayload, messageOverhead, minPiece } from "../limits.ts";
import type { Link } from "../link/link.ts";
import { SendWindow } from "./credit-window.ts";
import type { SendBudget } from "./send-budget.ts";

/** What all outboxes of a session share. */
export interface SendContext {
  readonly budget: SendBudget;
  readonly utf8: Utf8;
  /** Messages are values and cannot be cut. */
  readonly isStructured: boolean;
  /** How far beyond the limit a result may go: the peer's floor. */
  readonly resultAllowance: number;
  /** Payload bytes of a message that the peer accepts. */
  readonly maxMessage: number;
}

/**
 * Judges a message that the peer shall get.
 * @throws {SluiceError} `RESOURCE_EXHAUSTED`; it would end the session there
 */
export function checkLength(message: Message, { maxMessage, utf8 }: SendContext): void {
  if (message.length < 0) {
    const text = message.body as string;
    if (3 * text.length <= maxMessage) return;
    message.length = utf8.byteLength(text);
  }
  if (message.length <= maxMessage) return;
  throw new SluiceError(
    "RESOURCE_EXHAUSTED",
    `Cannot send ${message.length} bytes: the peer accepts ${maxMessage} (its limits.maxMessage)`,
    { processed: "no", retryable: false },
  );
}

/** A call's last word. */
export type Final = { readonly result: Message } | { readonly error: Omit<ErrorFrame, "call" | "offset"> };

/** A text of more code units is turned into bytes before it is sent, so that its size is known. */
const longText = 8 * 1024;

interface Waiter {
  offset: number;
  readonly resolve: () => void;
  readonly reject: (error: SluiceError) => void;
}

export class Outbox {
  readonly window: SendWindow;
  /** Where the next message starts. */
  end = 0;
  /** Up to here bytes were handed to a link. */
  sent = 0;
  readonly #context: SendContext;
  /** Messages from the first that has not arrived whole; `#next` is the first that is not sent whole. */
  #kept: Message[] = [];
  #first = 0;
  #next = 0;
  #keptBytes = 0;
  /** END: not wanted, due, said (or implied by the final). */
  #half: "open" | "closing" | "closed" = "open";
  #result: Message | undefined;
  #error: Omit<ErrorFrame, "call" | "offset"> | undefined;
  #isErrorSent = false;
  #waiters: Waiter[] | undefined;

  constructor(limit: number, context: SendContext) {
    this.window = new SendWindow(limit);
    this.#context = context;
  }

  /** The param went whole, up to `offset`; what follows it may go up to `limit`. */
  startAt(offset: number, limit: number): void {
    this.#shift(offset);
    this.sent += offset;
    this.window.limit = limit;
    this.#wake();
  }

  /** The param goes in pieces. Accepts it before all else and returns up to where its first piece goes. */
  startInside(param: Message, limit: number): number {
    const bytes = messageOverhead + param.length;
    this.#shift(bytes);
    param.start = 0;
    this.#kept.unshift(param);
    this.#context.budget.keep(bytes, true);
    this.#keptBytes += bytes;
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
    if (this.#kept[0] === param) {
      this.#kept.shift();
      this.#keptBytes -= bytes;
      budget.drop(bytes);
    }
    this.#shift(-bytes);
    this.sent = 0;
    this.#next = 0;
    this.window.limit = 0;
    if (this.#half === "closed") this.#half = "closing";
  }

  /** Moves all that was accepted by `bytes`, since a param comes before it, or does so no more. */
  #shift(bytes: number): void {
    for (const message of this.#kept) message.start += bytes;
    for (const waiter of this.#waiters ?? []) waiter.offset += bytes;
    this.end += bytes;
  }

  /** Sends again from `offset` on, over the next link. */
  rewind(offset: number): void {
    this.#context.budget.sent(offset - this.sent);
    this.sent = offset;
    this.#next = this.#first;
    while (this.#next < this.#kept.length) {
      const message = this.#kept[this.#next] as Message;
      if (message.start + messageOverhead + message.length > offset) break;
      this.#next++;
    }
  }

  /** Bytes that may be accepted beyond what is; negative if accepted ones wait. */
  get credit(): number {
    return this.window.limit - this.end;
  }

  /** Whether nothing can be added. */
  get isClosed(): boolean {
    return this.#half !== "open" || this.#result !== undefined || this.#error !== undefined;
  }

  /** Whether the final, and all before it, was handed to a link. */
  get isFinished(): boolean {
    return this.sent === this.end && (this.#result !== undefined || this.#isErrorSent);
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
    const { budget } = this.#context;
    message.start = this.end;
    const isAlone = this.sent === this.end;
    const isSent = isAlone && link !== undefined && this.#sendsAtOnce(message, link, call);
    if (!isSent) {
      this.#measure(message);
      budget.keep(messageOverhead + message.length, isAlone);
      this.end = message.start + messageOverhead + message.length;
    } else {
      budget.keep(this.end - message.start, true);
      budget.sent(this.end - message.start);
      this.#next++;
    }
    this.#keptBytes += this.end - message.start;
    this.#kept.push(message);
    return this.end <= this.window.limit && !budget.isFull;
  }

  /** Resolves when all that was accepted so far is within the limit and the budget. Rejects when the call ends before. */
  accepted(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters ??= [];
      this.#waiters.push({ offset: this.end, resolve, reject });
      this.#wake();
    });
  }

  /** Ends this direction after what was accepted. */
  close(): void {
    if (this.#half === "open") this.#half = "closing";
  }

  /** Ends this direction, and the call, after what was accepted. */
  finish(final: Final): void {
    if ("error" in final) {
      this.#error = final.error;
      return;
    }
    const { result } = final;
    this.#measure(result);
    const bytes = messageOverhead + result.length;
    result.start = this.end;
    this.#context.budget.keep(bytes, true);
    this.#keptBytes += bytes;
    this.end += bytes;
    this.#result = result;
    this.#kept.push(result);
  }

  /**
   * Takes a CREDIT. Returns whether anything changed.
   * @throws {SluiceError} as {@link SendWindow.credit}
   */
  credited(received: number, limit: number): boolean {
    const changed = this.window.credit(received, limit, this.sent);
    if (changed) {
      this.#forget(received);
      this.#wake();
    }
    return changed;
  }

  /** Whether a turn would send anything. */
  get hasWork(): boolean {
    if (this.sent < this.end) return this.#nextPiece(this.#kept[this.#next] as Message) > this.sent;
    if (this.#error !== undefined) return !this.#isErrorSent;
    return this.#half === "closing" && this.#result === undefined;
  }

  /** Sends about `most` bytes, whole frames only. Returns how many it was. */
  takeTurn(link: Link, call: number, most: number): number {
    let spent = 0;
    while (spent < most && link.room > 0 && this.hasWork) {
      const message = this.#kept[this.#next];
      if (message !== undefined) spent += this.#sendPiece(message, link, call);
      else this.#sendEnd(link, call);
    }
    return spent;
  }

  /**
   * Drops what has not been sent; a message that is half sent stays unfinished. Waiting writers go on.
   * Spec: docs/wire.md §4.4.
   */
  dropUnsent(): void {
    const dropped = this.end - this.sent;
    this.#kept.length = this.#next;
    this.end = this.sent;
    this.#keptBytes -= dropped;
    this.#context.budget.drop(dropped);
    this.#settle((waiter) => waiter.resolve());
  }

  /** Keeps nothing any more; waiting writers fail with what `makeError` makes for them. */
  dispose(makeError: () => SluiceError): void {
    const { budget } = this.#context;
    const sentBytes = this.#sentBytes;
    budget.drop(this.#keptBytes - sentBytes);
    this.#kept = [];
    this.#keptBytes = this.#first = this.#next = 0;
    this.end = this.sent;
    this.#half = "closed";
    // Before the bytes are freed: that would wake writers as if their items had been accepted.
    if (this.#waiters !== undefined) {
      const error = makeError();
      this.#settle((waiter) => waiter.reject(error));
    }
    budget.free(sentBytes);
  }

  /** Bytes of what is kept that were sent. */
  get #sentBytes(): number {
    return this.#keptBytes - (this.end - this.sent);
  }

  #sendsAtOnce(message: Message, link: Link, call: number): boolean {
    const { body, start } = message;
    if (message.length < 0) {
      const { length } = body as string;
      const most = 3 * length;
      if (length > longText || start + messageOverhead + most > this.window.limit || link.room <= 0)
        return false;
      message.length = link.send(dataFrame(FrameType.DATA, call, start, message.raw, 0, body, 0, 0));
    } else {
      const { length } = message;
      if (length > maxFramePayload && !this.#context.isStructured) return false;
      if (start + messageOverhead + length > this.window.limit || link.room <= 0) return false;
      link.send(dataFrame(FrameType.DATA, call, start, message.raw, length, body, 0, length));
    }
    this.sent = this.end = start + messageOverhead + message.length;
    return true;
  }

  /** Finds out how long a text is; a long one becomes bytes. */
  #measure(message: Message): void {
    const { body } = message;
    if (typeof body !== "string" || this.#context.isStructured) return;
    if (message.length < 0) message.length = this.#context.utf8.byteLength(body);
    if (body.length > longText) this.#toBytes(message);
  }

  #toBytes(message: Message): Uint8Array {
    const { utf8 } = this.#context;
    const bytes = utf8.allocate(message.length);
    utf8.write(message.body as string, bytes, 0);
    message.body = bytes;
    return bytes;
  }

  /** Up to which offset the next piece of `message` may go; `sent` if nothing may. */
  #nextPiece(message: Message): number {
    const payloadStart = message.start + messageOverhead;
    const end = payloadStart + message.length;
    let { limit } = this.window;
    if (message === this.#result) {
      limit = Math.max(limit, message.start + this.#context.resultAllowance);
    }
    const isFirst = this.sent === message.start;
    if (this.#context.isStructured) {
      if (limit >= end) return end;
      return isFirst && limit >= payloadStart ? payloadStart : this.sent;
    }
    const until = Math.min(end, limit, (isFirst ? payloadStart : this.sent) + maxFramePayload);
    return until === end || until - this.sent >= minPiece ? until : this.sent;
  }

  #sendPiece(message: Message, link: Link, call: number): number {
    const payloadStart = message.start + messageOverhead;
    const until = this.#nextPiece(message);
    const isFirst = this.sent === message.start;
    const more = until < payloadStart + message.length;
    const isWhole = isFirst && !more;
    const frame = dataFrame(
      message === this.#result ? FrameType.RESULT : FrameType.DATA,
      call,
      this.sent,
      message.raw,
      message.length,
      message.body,
      isFirst ? 0 : this.sent - payloadStart,
      until - payloadStart,
    );
    frame.more = more;
    frame.head = more && isFirst;
    if (this.#context.isStructured) {
      if (more) frame.payload = undefined;
    } else if (!isWhole && typeof message.body === "string") {
      frame.payload = this.#toBytes(message);
    }
    link.send(frame);
    const spent = until - this.sent;
    this.#context.budget.sent(spent);
    this.sent = until;
    if (!more) this.#next++;
    // The result implies that no more items come.
    if (message === this.#result) this.#half = "closed";
    return spent;
  }

  #sendEnd(link: Link, call: number): void {
    this.#half = "closed";
    if (this.#error === undefined) {
      link.send({ type: FrameType.END, call, offset: this.end });
      return;
    }
    this.#isErrorSent = true;
    link.send({ ...this.#error, call, offset: this.end });
  }

  /** Frees the messages that have arrived whole. */
  #forget(received: number): void {
    let freed = 0;
    while (this.#first < this.#next) {
      const message = this.#kept[this.#first] as Message;
      const bytes = messageOverhead + message.length;
      if (message.start + bytes > received) break;
      freed += bytes;
      this.#kept[this.#first] = undefined as unknown as Message;
      this.#first++;
    }
    if (this.#first === this.#kept.length) {
      this.#kept.length = 0;
      this.#first = this.#next = 0;
    } else if (this.#first >= 256 && 2 * this.#first >= this.#kept.length) {
      this.#kept = this.#kept.slice(this.#first);
      this.#next -= this.#first;
      this.#first = 0;
    }
    this.#keptBytes -= freed;
    if (freed > 0) this.#context.budget.free(freed);
  }

  readonly #wake = (): void => {
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    const { budget } = this.#context;
    let woken = 0;
    for (const waiter of waiters) {
      if (waiter.offset > this.window.limit) break;
      if (budget.isFull) {
        budget.wait(this.#wake);
        break;
      }
      woken++;
      waiter.resolve();
    }
    if (woken === waiters.length) this.#waiters = undefined;
    else waiters.splice(0, woken);
  };

  #settle(settle: (waiter: Waiter) => void): void {
    const waiters = this.#waiters;
    this.#waiters = undefined;
    this.#context.budget.withdraw(this.#wake);
    if (waiters !== undefined) for (const waiter of waiters) settle(waiter);
  }
}
