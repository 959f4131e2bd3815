/**
 * What a user holds of a stream or channel: its items, its writer, its result, its two ways to end.
 *
 * It exists before the call is opened, so everything works at once and waits where it must. Streams, signal and promise are made
 * when they are first asked for.
 */
import type { Clock, Timer } from "../clock.ts";
import type { Call, CallStats } from "../definition/call-types.ts";
import type { Logger } from "../definition/handler-types.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { cancelled } from "../session/call-end.ts";
import type { OutgoingCall } from "../session/outgoing-call.ts";
import type { CallObserver } from "./call-observer.ts";
import { CallReadable } from "./call-readable.ts";
import { CallWritable } from "./call-writable.ts";
import type { AnyCallOptions } from "./caller.ts";
import { type Deferred, defer } from "./deferred.ts";
import { emptySource, type ItemSource, LateSource, SourceIterator } from "./item-source.ts";
import { OutgoingSink } from "./outgoing-sink.ts";
import { pumpItems } from "./pump-items.ts";

/** When a call whose result is awaited, and whose items nobody takes, is reported, ms. */
const unreadWarningMs = 5_000;

type Outcome =
  | { readonly name: "pending" }
  | { readonly name: "resolved"; readonly result: unknown }
  | { readonly name: "rejected"; readonly error: SluiceError };

let lastId = 0;

export class CallHandle implements Call<unknown, unknown, unknown>, CallObserver {
  readonly id: string;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #idleMs: number | undefined;
  #call: OutgoingCall | undefined;
  #outcome: Outcome = { name: "pending" };
  /** What was asked for before the call was there. */
  #opening: Deferred<OutgoingCall> | undefined;
  #isDrained = false;
  #items: ItemSource<unknown> | undefined;
  #readable: CallReadable<unknown> | undefined;
  #sink: OutgoingSink | undefined;
  #writable: CallWritable<unknown> | undefined;
  #controller: AbortController | undefined;
  #result: Deferred<unknown> | undefined;
  #idleTimer: Timer | undefined;
  #unreadTimer: Timer | undefined;

  /**
   * @param idleMs milliseconds without an item after which the call fails
   * @param upload where the items to send come from, if not from `writable`
   */
  constructor(
    name: string,
    clock: Clock,
    logger: Logger,
    idleMs: number | undefined,
    upload: AnyCallOptions["send"],
  ) {
    this.id = `${name}#${++lastId}`;
    this.#name = name;
    this.#clock = clock;
    this.#logger = logger;
    this.#idleMs = idleMs;
    if (upload !== undefined) void pumpItems(upload, this.#getSink());
  }

  // ── What the user does ───────────────────────────────────────────────────────────────────────────────────────────

  get readable(): ReadableStream<unknown> & AsyncIterable<unknown> {
    this.#readable ??= new CallReadable(this.#getItems());
    return this.#readable;
  }

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
      received: inbox === undefined ? 0 : inbox.itemsTaken + inbox.length,
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
    // What nobody else knows of cannot finish: it is over.
    if (this.#call === undefined) this.rejected(cancelled(undefined, "no"));
    else this.#call.stop();
  }

  abort(reason?: unknown): void {
    if (this.isOver) return;
    if (this.#call === undefined) this.rejected(cancelled(reason, "no"));
    else this.#call.abort(reason);
  }

  drain(): Promise<unknown> {
    this.#isDrained = true;
    this.#call?.inbox?.drop();
    return this.result;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined, unknown> {
    return new SourceIterator(this.#getItems());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
    await this.result.catch(ignore);
  }

  // ── Call observer ────────────────────────────────────────────────────────────────────────────────────────────────

  get isOver(): boolean {
    return this.#outcome.name !== "pending";
  }

  opened(call: OutgoingCall): void {
    if (this.isOver) {
      // Given up, or failed, while it was opened.
      call.abort();
      return;
    }
    this.#call = call;
    if (this.#isDrained) call.inbox?.drop();
    this.#sink?.bind(call);
    this.#opening?.resolve(call);
    if (this.#idleMs !== undefined && call.inbox !== undefined) this.#watchIdle(call, this.#idleMs);
  }

  resolved(result: unknown): void {
    if (this.isOver) return;
    this.#outcome = { name: "resolved", result };
    this.#opening?.reject(this.#neverOpened());
    this.#result?.resolve(result);
    this.#sink?.ended(undefined);
    this.#letGo();
  }

  rejected(error: SluiceError): void {
    if (this.isOver) return;
    this.#outcome = { name: "rejected", error };
    this.#opening?.reject(error);
    this.#result?.reject(error);
    this.#controller?.abort(error);
    this.#sink?.ended(error);
    this.#letGo();
  }

  // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #getItems(): ItemSource<unknown> {
    this.#items ??=
      this.#call === undefined ? new LateSource(this.#whenInbox()) : (this.#call.inbox ?? emptySource);
    return this.#items;
  }

  async #whenInbox(): Promise<ItemSource<unknown>> {
    try {
      const call = await this.#whenOpened();
      return call.inbox ?? emptySource;
    } catch (reason) {
      // A middleware gave the result, and nothing was opened.
      if (this.#outcome.name === "resolved") return emptySource;
      throw reason;
    }
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
    if (this.#call === undefined) this.rejected(error);
    else this.#call.fail(new SluiceError(error.code, error.message, { cause: error }));
  }

  #whenOpened(): Promise<OutgoingCall> {
    if (this.#opening === undefined) {
      this.#opening = defer();
      this.#opening.promise.catch(ignore);
      if (this.#call !== undefined) this.#opening.resolve(this.#call);
      else if (this.#outcome.name === "rejected") this.#opening.reject(this.#outcome.error);
      else if (this.#outcome.name === "resolved") this.#opening.reject(this.#neverOpened());
    }
    return this.#opening.promise;
  }

  #neverOpened(): SluiceError {
    return new SluiceError("FAILED_PRECONDITION", `${this.#name} has ended`, { processed: "no" });
  }

  #letGo(): void {
    this.#idleTimer?.cancel();
    this.#unreadTimer?.cancel();
  }

  #watchIdle(call: OutgoingCall, idleMs: number): void {
    let lastItemAt = this.#clock.now();
    if (call.inbox !== undefined) {
      call.inbox.onItem = () => {
        lastItemAt = this.#clock.now();
      };
    }
    const arm = (delayMs: number): void => {
      this.#idleTimer = this.#clock.setTimer(delayMs, () => {
        const left = lastItemAt + idleMs - this.#clock.now();
        if (left > 0) arm(left);
        else call.fail(new SluiceError("DEADLINE_EXCEEDED", `${this.#name} gave no item for ${idleMs} ms`));
      });
    };
    arm(idleMs);
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
