/**
 * What a callee sends back: items, then the call's last word. A result that can go out at once needs no outbox.
 *
 * Spec: docs/wire.md §2, §4.1 "Result", §4.6.
 */
import type { Message } from "../codec/slot.ts";
import type { SluiceError } from "../errors/sluice-error.ts";
import { FrameType } from "../frame/frame.ts";
import { messageOverhead } from "../limits.ts";
import type { Link } from "../link/link.ts";
import type { CallHost, SessionCall } from "./call-host.ts";
import { checkCredit } from "./credit-window.ts";
import { errorParts } from "./error-parts.ts";
import { Outbox } from "./outbox.ts";
import type { Final } from "./outbox-end.ts";
import { sendWhole } from "./send-whole.ts";
import { writeAfterEnd } from "./write-waiters.ts";

export class Reply {
  readonly #host: CallHost;
  readonly #call: SessionCall;
  /** How far the OPEN allows it to go. */
  #limit: number;
  #outbox: Outbox | undefined;
  /** The result, if it went out before there was an outbox; kept until the caller has it. */
  #sentResult: Message | undefined;
  /** Set when nothing goes out any more: how writers are told. */
  #disposed: (() => SluiceError) | undefined;
  /** Its link was lost, and its caller has not found it again. */
  #isHeld = false;

  constructor(host: CallHost, call: SessionCall, limit: number) {
    this.#host = host;
    this.#call = call;
    this.#limit = limit;
  }

  /** What was and will be sent; made when it is first needed. */
  get outbox(): Outbox {
    if (this.#outbox === undefined) {
      this.#outbox = new Outbox(this.#limit, this.#host.sending);
      if (this.#sentResult !== undefined) this.#outbox.finishedWith(this.#sentResult);
      if (this.#disposed !== undefined) this.#outbox.dispose(this.#disposed);
      if (this.#isHeld) this.#outbox.hold();
    }
    return this.#outbox;
  }

  get hasWork(): boolean {
    return this.#outbox?.hasWork === true;
  }

  /** Whether the call's last word, and all before it, was handed to a link. */
  get isFinished(): boolean {
    return this.#outbox === undefined ? this.#sentResult !== undefined : this.#outbox.isFinished;
  }

  /** Takes an item. Returns whether the writer may go on at once. @throws {SluiceError} as {@link Outbox.push} */
  write(message: Message): boolean {
    const mayGoOn = this.outbox.push(message, this.#host.freeLink, this.#call.id);
    this.#ask();
    return mayGoOn;
  }

  /** Ends it after what was written; the result may still follow. */
  close(): void {
    this.outbox.close();
    this.#ask();
  }

  /** Ends it, and the call, after what was written. */
  finish(final: Final): void {
    if (this.#outbox === undefined && "result" in final && this.#sendAtOnce(final.result)) return;
    this.outbox.finish(final);
    this.#ask();
  }

  /** Takes a CREDIT. @throws {SluiceError} as {@link Outbox.credited} */
  credited(received: number, limit: number): void {
    if (this.#disposed !== undefined) checkCredit(received, limit, this.#outbox?.sent ?? 0);
    else if (this.outbox.credited(received, limit)) this.#ask();
  }

  /** The link was lost: nothing goes out until {@link resume} says from where on. */
  hold(): void {
    this.#isHeld = true;
    this.#outbox?.hold();
  }

  /** Sends again what the caller, found over another link, has not received. @throws {SluiceError} as {@link Outbox.credited} */
  resume(received: number, limit: number): void {
    this.#isHeld = false;
    if (this.#disposed !== undefined) return;
    if (this.#outbox === undefined && this.#sentResult === undefined) {
      checkCredit(received, limit, 0);
      this.#limit = Math.max(this.#limit, limit);
      return;
    }
    this.outbox.resume(received, limit);
    this.#ask();
  }

  /** Drops what has not been sent. Waiting writers go on, if the call does; else they fail. */
  dropUnsent(call: "goes on" | "has ended"): void {
    this.#outbox?.dropUnsent(call === "has ended" ? writeAfterEnd() : undefined);
  }

  /** Keeps nothing any more; waiting writers fail with what `makeError` makes. */
  dispose(makeError: () => SluiceError = writeAfterEnd): void {
    this.#disposed = makeError;
    if (this.#outbox !== undefined) this.#outbox.dispose(makeError);
    else if (this.#sentResult !== undefined) {
      this.#host.sending.budget.free(messageOverhead + this.#sentResult.length);
    }
    this.#sentResult = undefined;
  }

  /** Tells a caller that has given the call up that it has ended. */
  sayCancelled(): void {
    const { id } = this.#call;
    if (id === 0) return;
    const parts = errorParts("CANCELLED", "The call was cancelled", { processed: "maybe" });
    this.#host.control({ ...parts, call: id, offset: this.outbox.sent });
  }

  /** Sends `result` if nothing waits and it fits: it is all that ever goes this way. Returns whether it did. */
  #sendAtOnce(result: Message): boolean {
    const { freeLink, sending } = this.#host;
    if (freeLink === undefined || this.#isHeld) return false;
    const limit = Math.max(this.#limit, sending.resultAllowance);
    result.start = 0;
    if (!sendWhole(FrameType.RESULT, result, limit, freeLink, this.#call.id, sending.isStructured))
      return false;
    sending.budget.keep(messageOverhead + result.length, true);
    sending.budget.sent(messageOverhead + result.length);
    this.#sentResult = result;
    return true;
  }

  /** Asks for a turn, if there is something to send. */
  #ask(): void {
    if (this.hasWork) this.#host.ready(this.#call);
  }

  takeTurn(link: Link, most: number): number {
    return this.outbox.takeTurn(link, this.#call.id, most);
  }
}
