/**
 * What a user holds of a stream or channel: its items, its writer, its result, its two ways to end.
 *
 * It exists before the call is opened, and stays when that fails and is opened again: everything works at once and waits where it
 * must. Streams, signal and promise are made when they are first asked for.
 */
import type { Clock, Timer } from "../clock.ts";
import type { Call, CallStats } from "../definition/call-types.ts";
import type { Logger } from "../definition/handler-types.ts";
import { type Processed, SluiceError } from "../errors/sluice-error.ts";
import { cancelled } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import type { CallItems, CallObserver } from "./call-observer.ts";
import type { AnyCallOptions } from "./call-opener.ts";
import { CallWritable } from "./call-writable.ts";
import type { CompiledProcedure } from "./compiled-protocol.ts";
import { type Deferred, defer } from "./deferred.ts";
import { IdleWatch } from "./idle-watch.ts";
import { OutgoingSink } from "./outgoing-sink.ts";
import { pumpItems } from "./pump-items.ts";
import { ReceivingSide } from "./receiving-side.ts";
import type { SessionWait } from "./session-wait.ts";

/** When a call whose result is awaited, and whose items nobody takes, is reported, ms. */
const unreadWarningMs = 5_000;

type Outcome =
  | { readonly name: "pending" }
  | { readonly name: "resolved"; readonly result: unknown }
  | { readonly name: "rejected"; readonly error: SluiceError };

let lastId = 0;

export class CallHandle
  extends ReceivingSide
  implements Call<unknown, unknown, unknown>, CallObserver, CallItems
{
  readonly id: string;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #idleMs: number | undefined;
  #call: OutgoingCall | undefined;
  /** By which it waits while there is no call. */
  #wait: SessionWait | undefined;
  #outcome: Outcome = { name: "pending" };
  #wasClosed = false;
  #sink: OutgoingSink | undefined;
  #writable: CallWritable<unknown> | undefined;
  #controller: AbortController | undefined;
  #result: Deferred<unknown> | undefined;
  #idle: IdleWatch | undefined;
  #unreadTimer: Timer | undefined;

  /**
   * @param idleMs milliseconds without an item after which the call fails
   * @param upload where the items to send come from, if not from `writable`
   * @param mayFollow whether the call may be opened again when it has failed
   */
  constructor(
    name: string,
    clock: Clock,
    logger: Logger,
    idleMs: number | undefined,
    upload: AnyCallOptions["send"],
    mayFollow: boolean,
  ) {
    super(mayFollow);
    this.id = `${name}#${++lastId}`;
    this.#name = name;
    this.#clock = clock;
    this.#logger = logger;
    this.#idleMs = idleMs;
    if (upload !== undefined) void pumpItems(upload, this.#getSink());
  }

  // ── What the user does ───────────────────────────────────────────────────────────────────────────────────────────

  get writable(): WritableStream<unknown> {
    this.#writable ??= new CallWritable(this.#getSink());
    return this.#writable;
  }

  get result(): Promise<unknown> {
    if (this.#result === undefined) {
      this.#result = defer();
      // Whoever reads the items, or awaits this, is told; nobody else has to be.
      this.#result.promise.catch(ignore);
      const outcome = this.#outcome;
      if (outcome.name === "resolved") this.#result.resolve(outcome.result);
      else if (outcome.name === "rejected") this.#result.reject(outcome.error);
      else
        this.#unreadTimer = this.#clock.setTimer(unreadWarningMs, () => this.#warnIfUnread(), {
          background: true,
        });
    }
    return this.#result.promise;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#outcome.name === "rejected") this.#controller.abort(this.#outcome.error);
    }
    return this.#controller.signal;
  }

  get stats(): CallStats {
    const { inbox, outbox } = this.#call ?? {};
    return {
      credit: Math.max(0, outbox?.credit ?? 0),
      buffered: inbox?.bufferedBytes ?? 0,
      received: this.itemsReceived,
      sent: this.#sink?.itemsSent ?? 0,
    };
  }

  // biome-ignore lint/suspicious/noThenProperty: a call is awaitable, that is its interface
  then<Result = unknown, Failure = never>(
    onResolved?: ((result: unknown) => Result | PromiseLike<Result>) | null,
    onRejected?: ((reason: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    return this.result.then(onResolved, onRejected);
  }

  send(item: unknown): Promise<void> {
    const sent = this.#send(item);
    // Whoever awaits the call is told why it failed; nobody has to look at every item.
    sent.catch(ignore);
    return sent;
  }

  async close(): Promise<void> {
    if (this.isOver) return;
    this.#wasClosed = true;
    // What nobody else knows of cannot finish: it is over.
    if (this.#call === undefined) this.#giveUp(undefined);
    else this.#call.stop();
  }

  abort(reason?: unknown): void {
    if (this.isOver) return;
    if (this.#call === undefined) this.#giveUp(reason);
    else this.#call.abort(reason);
  }

  drain(): Promise<unknown> {
    this.dropItems();
    return this.result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.result.catch(ignore);
  }

  // ── Call observer ────────────────────────────────────────────────────────────────────────────────────────────────

  get isOver(): boolean {
    return this.#outcome.name !== "pending";
  }

  get items(): CallItems {
    return this;
  }

  opened(call: OutgoingCall, { cursor }: CompiledProcedure): void {
    if (this.isOver) {
      // Given up, or failed, while it was opened.
      call.abort();
      return;
    }
    const { inbox } = call;
    this.#call = call;
    this.#wait = undefined;
    this.#sink?.bind(call);
    this.receive(inbox, cursor);
    if (this.#idleMs === undefined || inbox === undefined) return;
    this.#idle ??= new IdleWatch(this.#clock, this.#idleMs, () => this.#expire());
    inbox.onItem = this.#idle.itemCame;
  }

  resolved(result: unknown): void {
    if (this.isOver) return;
    this.#outcome = { name: "resolved", result };
    this.#result?.resolve(result);
    this.endReceiving(undefined);
    this.#sink?.ended(undefined);
    this.#letGo();
  }

  rejected(error: SluiceError): void {
    if (this.isOver) return;
    this.#outcome = { name: "rejected", error };
    this.#result?.reject(error);
    this.#controller?.abort(error);
    this.endReceiving(error);
    this.#sink?.ended(error);
    this.#letGo();
  }

  // ── Call items ───────────────────────────────────────────────────────────────────────────────────────────────────

  canGoOn(processed: Processed): boolean {
    // What was sent is gone with the call that took it.
    const hasSent = this.#sink !== undefined && this.#sink.itemsSent > 0;
    if (this.#wasClosed || hasSent || this.readerHasLeft) return false;
    return processed === "no" || this.canContinue;
  }

  waits(wait: SessionWait): void {
    this.#wait = wait;
  }

  interrupted(): void {
    this.#call = undefined;
    this.#sink?.unbind();
    this.awaitNext();
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #giveUp(reason: unknown): void {
    if (this.#wait === undefined) this.rejected(cancelled(reason, "no"));
    else this.#wait.cancel(reason);
  }

  async #send(item: unknown): Promise<void> {
    await this.#getSink().write(item);
  }

  #getSink(): OutgoingSink {
    if (this.#sink === undefined) {
      this.#sink = new OutgoingSink(
        this.#name,
        (reason) => this.abort(reason),
        (error) => this.#fail(error),
      );
      if (this.#call !== undefined) this.#sink.bind(this.#call);
      if (this.isOver) this.#sink.ended(this.#outcome.name === "rejected" ? this.#outcome.error : undefined);
    }
    return this.#sink;
  }

  /** Ends the call with an error of one of its items, which says nothing of what the peer has done with those before. */
  #fail(error: SluiceError): void {
    if (this.isOver) return;
    if (this.#call !== undefined) {
      this.#call.fail(new SluiceError(error.code, error.message, { cause: error }));
    } else if (this.#wait !== undefined) this.#wait.end(error);
    else this.rejected(error);
  }

  #letGo(): void {
    this.#idle?.stop();
    this.#unreadTimer?.cancel();
    this.#wait = undefined;
  }

  #expire(): void {
    const error = new SluiceError("DEADLINE_EXCEEDED", `${this.#name} gave no item for ${this.#idleMs} ms`);
    if (this.#call !== undefined) this.#call.fail(error);
    else this.#wait?.end(error);
  }

  #warnIfUnread(): void {
    const { inbox } = this.#call ?? {};
    if (inbox === undefined || inbox.length === 0 || inbox.itemsTaken > 0) return;
    this.#logger.warn(
      `${this.#name} is awaited, but nobody reads its items: its handler waits. Read them, or await call.drain()`,
      { call: this.id, unread: inbox.length },
    );
  }
}

function ignore(): void {}
