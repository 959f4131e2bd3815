/**
 * The calls that this side opens: how many at once, in which order, under which number.
 *
 * Spec: docs/wire.md §4.3, §4.7.
 */
import type { Timer } from "../clock.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { FrameType } from "../frame/frame.ts";
import type { CallEnd } from "./call-end.ts";
import type { CallHost } from "./call-host.ts";
import { CallQueue } from "./call-queue.ts";
import type { CallTable } from "./call-table.ts";
import type { OpenRequest } from "./open-frame.ts";
import { OutgoingCall } from "./outgoing-call.ts";
import { checkLength } from "./send-context.ts";

/** How long a call waits that the peer had no room for, when no end of another would wake it, ms. */
const retryMs = 100;

export class OutgoingCalls {
  readonly #host: CallHost;
  readonly #table: CallTable<{ readonly id: number }>;
  readonly #queue: CallQueue<OutgoingCall>;
  /** This side's epoch, the origin of its calls' keys. */
  readonly #originHigh: number;
  readonly #originLow: number;
  /** Calls that the peer may run handlers for. */
  #outstanding = 0;
  readonly #mostOutstanding: number;
  /** As many as seem to fit: fewer than the peer allows after it had no room, one more after each end. */
  #room: number;
  #retry: Timer | undefined;
  #lastNumber = 0;
  #refusal: SluiceError | undefined;
  /** Calls that go on, while there is no link; by ascending number. */
  #detached: OutgoingCall[] = [];
  /** Those of them whose OPEN has not gone over the new link; absent while the peer need not be told that it was all. */
  #reopening: Set<OutgoingCall> | undefined;

  constructor(host: CallHost, table: CallTable<{ readonly id: number }>, epoch: string) {
    this.#host = host;
    this.#table = table;
    this.#queue = new CallQueue(host.limits.maxQueue);
    this.#originHigh = Number.parseInt(epoch.slice(0, 8), 16);
    this.#originLow = Number.parseInt(epoch.slice(8), 16);
    const { maxCalls, maxConcurrentHandlers } = host.peerLimits;
    this.#mostOutstanding = Math.min(maxCalls, maxConcurrentHandlers);
    this.#room = this.#mostOutstanding;
  }

  /** Calls that go on, while there is no link. */
  get detached(): number {
    return this.#detached.length;
  }

  get detachedCalls(): readonly OutgoingCall[] {
    return this.#detached;
  }

  /** Calls that were opened, since the session was made. */
  get opened(): number {
    return this.#lastNumber;
  }

  /** Whether no call runs or waits. */
  get isIdle(): boolean {
    return this.#outstanding === 0 && this.#queue.length === 0;
  }

  /**
   * Opens a call, or queues it until the peer has room.
   * @throws {SluiceError} `RESOURCE_EXHAUSTED` if the queue is full or the param is more than the peer accepts; what
   * {@link refuse} was told, after it
   */
  open(request: OpenRequest, end: CallEnd): OutgoingCall {
    if (this.#refusal !== undefined) throw this.#refusal;
    checkLength(request.param, this.#host.sending);
    const mustWait = this.#outstanding >= this.#room || this.#queue.length > 0 || this.#host.isDetached;
    if (mustWait) this.#queue.checkRoom();
    const call = new OutgoingCall(this.#host, request, end);
    if (mustWait) this.#queue.add(call);
    else this.#open(call);
    return call;
  }

  /** `call` has ended, by whatever end. */
  over(call: OutgoingCall): void {
    if (this.#queue.remove(call)) return;
    this.#outstanding--;
    if (this.#host.isDetached) this.#detached = this.#detached.filter((one) => one !== call);
    else this.sent(call);
    if (this.#room < this.#mostOutstanding) this.#room++;
    this.#openNext();
  }

  /** The peer had no room for `call`: it waits before all others, and what waits is tried one by one. It ends if none is opened any more. */
  putBack(call: OutgoingCall): void {
    this.#outstanding--;
    this.#room = Math.max(1, this.#outstanding);
    this.#queue.putBack(call);
    if (this.#refusal !== undefined) {
      call.lost(this.#refusal);
      return;
    }
    if (this.#outstanding > 0 || this.#retry !== undefined) return;
    this.#retry = this.#host.clock.setTimer(retryMs, this.#onRetry, { background: true });
  }

  /** The link of `calls`, by ascending id, was lost. */
  detach(calls: readonly OutgoingCall[]): void {
    this.#reopening = undefined;
    this.#detached = calls.filter((call) => call.detach());
  }

  /** There is a link again: the calls that go on are opened over it. Spec: docs/wire.md §4.8. */
  attach(): void {
    const calls = this.#detached;
    this.#detached = [];
    this.#reopening = new Set(calls);
    for (const call of calls) call.reopen(this.#table.takeId());
    this.#sayRest();
    this.#openNext();
  }

  /** The OPEN of `call` has gone, or never will. */
  sent(call: OutgoingCall): void {
    if (this.#reopening?.delete(call) === true) this.#sayRest();
  }

  /** What was opened here before and not again is over. */
  #sayRest(): void {
    if (this.#reopening === undefined || this.#reopening.size > 0) return;
    this.#reopening = undefined;
    this.#host.control({ type: FrameType.DONE, call: 0, rest: true, calls: [] });
  }

  /** Ends those that wait for a link, with `error`. */
  lost(error: SluiceError): void {
    const calls = this.#detached;
    this.#detached = [];
    for (const call of calls) call.lost(error);
  }

  /** Ends those that wait for a link and may be made elsewhere, with `error`. */
  handOver(error: SluiceError): void {
    for (const call of this.#detached) if (call.end.mayMove?.("maybe") === true) call.lost(error);
    for (const call of this.#queue.all()) if (call.end.mayMove?.("no") === true) call.lost(error);
  }

  /** Cancels the calls that wait, and those that go on without a link. */
  cancelWaiting(): void {
    for (const call of this.#detached) call.stop();
    for (const call of this.#queue.all()) call.stop();
  }

  /** No call is opened any more; those that wait end with `error`. */
  refuse(error: SluiceError): void {
    const { code, message, origin, cause } = error;
    this.#refusal = new SluiceError(code, message, { origin, cause, processed: "no" });
    this.#retry?.cancel();
    for (const call of this.#queue.all()) call.lost(error);
  }

  #open(call: OutgoingCall): void {
    this.#outstanding++;
    this.#lastNumber++;
    const key = { originHigh: this.#originHigh, originLow: this.#originLow, number: this.#lastNumber };
    call.open(this.#table.takeId(), key);
    if (this.#table.hasId) return;
    this.refuse(new SluiceError("UNAVAILABLE", "All call ids of the link are used"));
    this.#host.idsUsedUp();
  }

  readonly #onRetry = (): void => {
    this.#retry = undefined;
    this.#openNext();
  };

  #openNext(): void {
    while (this.#outstanding < this.#room && !this.#host.isDetached) {
      const call = this.#queue.take();
      if (call === undefined) return;
      this.#open(call);
    }
  }
}
