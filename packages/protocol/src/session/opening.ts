/**
 * What a caller sends: the OPEN with the param, then what follows it. After a lost link the OPEN goes again: whole while nobody has
 * answered it, else as one that finds the call again.
 *
 * The counterpart of reply.ts. Spec: docs/wire.md §3.2, §4.1 "Initial limits", §4.8.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { CallKey, OpenFrame } from "../frame/frame.ts";
import { messageOverhead } from "../limits.ts";
import type { Link } from "../link/link.ts";
import type { CallHost } from "./call-host.ts";
import type { ReceiveWindow } from "./credit-window.ts";
import { type OpenRequest, openFrame, paramFits } from "./open-frame.ts";
import { Outbox } from "./outbox.ts";

export class Opening {
  /** What follows the param; `undefined` if nothing does and the param went whole. */
  outbox: Outbox | undefined;
  readonly #host: CallHost;
  readonly #request: OpenRequest;
  #key: CallKey | undefined;
  /** Until it has gone. */
  #frame: OpenFrame | undefined;
  /** One was handed to a link: the peer may know of the call. */
  #hasLeft = false;
  /** The callee has said that it has the call. */
  #isAnswered = false;
  /** Where it was sent again, it is not known yet what the callee has received. */
  #isUnknown = false;

  constructor(host: CallHost, request: OpenRequest) {
    this.#host = host;
    this.#request = request;
    if (request.send !== undefined) this.outbox = new Outbox(0, host.sending);
  }

  /** Whether an OPEN waits to be handed to a link. */
  get isDue(): boolean {
    return this.#frame !== undefined;
  }

  /** Whether the peer may know of the call. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get hasWork(): boolean {
    return this.#frame !== undefined || this.outbox?.hasWork === true;
  }

  /** Up to here its direction was handed to a link; without an outbox the OPEN is all of it. */
  get sent(): number {
    if (this.outbox !== undefined) return this.outbox.sent;
    return this.#hasLeft ? messageOverhead + this.#request.param.length : 0;
  }

  /** Makes the OPEN for the call's first link. `limit`: how far the callee's direction may go. */
  prepare(call: number, key: CallKey, limit: number): void {
    this.#key = key;
    this.#frame = openFrame(this.#request, call, key, limit, this.#host.limits.maxWindow);
  }

  /** Makes the OPEN for the next link of a call whose key and receiving side go on. */
  prepareAgain(call: number, { received, limit }: ReceiveWindow, wasStopped: boolean): void {
    const isAnswered = this.#isAnswered || received > 0;
    const { maxWindow } = this.#host.limits;
    const frame = openFrame(this.#request, call, this.#key as CallKey, isAnswered ? 0 : limit, maxWindow);
    frame.stop = wasStopped;
    if (isAnswered) {
      frame.resume = { received, limit };
      frame.raw = false;
      frame.total = frame.end = 0;
      frame.payload = this.#host.isStructured ? undefined : "";
    }
    this.#frame = frame;
    if (!this.#hasLeft) return;
    this.outbox?.hold();
    this.#isUnknown = this.outbox !== undefined;
  }

  /** The link was lost: nothing is sent until the next one. */
  detach(): void {
    this.#frame = undefined;
    if (this.#hasLeft) this.outbox?.hold();
  }

  /** Sends the OPEN. Returns how many bytes of a turn it takes. `remainingMs`: to the deadline, if there is one. */
  send(link: Link, remainingMs: number | undefined): number {
    const frame = this.#frame as OpenFrame;
    this.#frame = undefined;
    if (remainingMs !== undefined) frame.timeoutMs = Math.max(1, Math.ceil(remainingMs));
    const isAgain = this.#hasLeft;
    this.#hasLeft = true;
    if (frame.resume !== undefined) {
      link.send(frame);
      return messageOverhead;
    }
    const { param } = this.#request;
    if (!paramFits(param, frame, this.#host)) return this.#sendFirstPiece(frame, link, isAgain);
    const length = link.send(frame);
    if (param.length < 0) param.length = length;
    const end = messageOverhead + param.length;
    if (!isAgain) this.outbox?.startAt(end, end + this.#host.peerLimits.floor);
    return end;
  }

  /**
   * Writes an item. Returns whether the writer may go on at once; else it waits for `outbox.accepted()`.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED`; `FAILED_PRECONDITION` if this direction is closed, or the call takes no items
   */
  write(message: Message, call: number): boolean {
    const { outbox } = this;
    const { procedure, send } = this.#request;
    if (outbox === undefined || send === undefined) {
      const message = `Cannot send: ${procedure} takes no items`;
      throw new SluiceError("FAILED_PRECONDITION", message, { processed: "no" });
    }
    const link = call === 0 || this.isDue ? undefined : this.#host.freeLink;
    return outbox.push(message, link, call);
  }

  /** Takes a CREDIT. Returns whether there is more to send. @throws {SluiceError} as {@link Outbox.credited} */
  credited(received: number, limit: number): boolean {
    const { outbox } = this;
    this.#isAnswered = true;
    if (outbox === undefined) return false;
    if (!this.#isUnknown) return outbox.credited(received, limit) && outbox.hasWork;
    this.#isUnknown = false;
    outbox.resume(received, limit);
    return outbox.hasWork;
  }

  /** The peer had no room, and nothing of the call has happened there: it will be opened under another key. */
  putBack(): void {
    this.#hasLeft = this.#isAnswered = this.#isUnknown = false;
    this.outbox?.restart(this.#request.param);
  }

  /** The caller says "stop" before its OPEN has gone: it says so itself. */
  stop(): void {
    if (this.#frame !== undefined) this.#frame.stop = true;
  }

  /** The OPEN is not wanted any more. */
  discard(): void {
    this.#frame = undefined;
  }

  #sendFirstPiece(frame: OpenFrame, link: Link, isAgain: boolean): number {
    const { param } = this.#request;
    this.outbox ??= new Outbox(0, this.#host.sending);
    const until = isAgain
      ? this.outbox.firstPiece(param)
      : this.outbox.startInside(param, this.#host.peerLimits.floor);
    frame.more = true;
    frame.end = until - messageOverhead;
    if (this.#host.isStructured) frame.payload = undefined;
    link.send(frame);
    return until;
  }
}
