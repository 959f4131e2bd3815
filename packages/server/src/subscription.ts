/**
 * One subscriber of a broadcast: an async iterator over what is published from now on, until it leaves or there is no more.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { SluiceError } from "@sluice/protocol";
import type { EncodedOnce, HandedItems, ItemTaker } from "@sluice/protocol/wire";
import type { SubscriberQueue } from "./subscriber-queue.ts";

/**
 * The items for one subscriber, in the order in which they were published. It takes part from `subscribe()` on, read or not:
 * leave it by the end of a loop, `return()` or the signal.
 */
export interface Subscription<Item> extends HandedItems<Item> {
  /** Items that wait to be taken. At most the size, and with `"block"` one more for each publish that waits. */
  readonly buffered: number;
  /** Items that this subscriber did not get because it was slow. */
  readonly dropped: number;
  /** The next item. Rejects once, after the buffered items, if it overflowed or the broadcast was closed with an error; then it is done. */
  next(): Promise<IteratorResult<Item, undefined>>;
  /** Leaves, and frees what is buffered. */
  return(value?: undefined): Promise<IteratorReturnResult<undefined>>;
  [Symbol.asyncIterator](): Subscription<Item>;
  /** The same as {@link return}. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a subscription tells its broadcast. */
export interface SubscriptionHost<Item> {
  /** It has taken an item while it held up publishes: now it holds up the `excess` newest. */
  roomMade(excess: number): void;
  /** It takes no more items, and held up the `excess` newest publishes. */
  left(subscription: LiveSubscription<Item>, excess: number): void;
}

/** `ended`: no more items come, what is buffered is still to be taken, then `error` is to be thrown. */
type State =
  | { readonly name: "open" }
  | { readonly name: "ended"; readonly error: unknown }
  | { readonly name: "over" };

interface WaitingReader<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

export class LiveSubscription<Item> implements Subscription<Item> {
  readonly #queue: SubscriberQueue<Item>;
  readonly #host: SubscriptionHost<Item>;
  readonly #signal: AbortSignal | undefined;
  /** Readers that found nothing; usually one, or none. While there is one, nothing is buffered. */
  #readers: WaitingReader<Item>[] = [];
  /** Gets the items as they come, in place of readers. */
  #taker: ItemTaker<Item> | undefined;
  /** The taker has an item in hand, or has asked to wait: what comes is buffered. */
  #isTaking = false;
  #state: State = { name: "open" };

  /** Is over at once if `signal` has aborted; the host is not told of that. */
  constructor(queue: SubscriberQueue<Item>, host: SubscriptionHost<Item>, signal: AbortSignal | undefined) {
    this.#queue = queue;
    this.#host = host;
    this.#signal = signal;
    if (signal?.aborted) this.#state = { name: "over" };
    else signal?.addEventListener("abort", this.#leave, { once: true });
  }

  get isOpen(): boolean {
    return this.#state.name === "open";
  }

  get buffered(): number {
    return this.#queue.length;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  /**
   * Takes what was published; only while it is open. Returns whether the publisher has to wait for this subscriber.
   * @param once as for {@link ItemTaker.take}
   */
  offer(item: Item, once: EncodedOnce): boolean {
    const taker = this.#taker;
    if (taker !== undefined && !this.#isTaking) {
      this.#give(taker, item, once);
      // Encoding an item may run code that publishes another, or ends it all.
      if (this.#queue.length > 0 || !this.isOpen) this.#giveBuffered(taker);
      return false;
    }
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: item });
      return false;
    }
    if (this.#queue.push(item)) return this.#queue.excess > 0;
    const { length, size } = this.#queue;
    this.end(
      new SluiceError("RESOURCE_EXHAUSTED", `Cannot keep up: ${length} of ${size} items are buffered`),
    );
    this.#host.left(this, 0);
    return false;
  }

  /** No more items come, because of `error` if that is not `undefined`. What is buffered stays. */
  end(error: unknown): void {
    if (this.#state.name !== "open") return;
    this.#state = { name: "ended", error };
    if (this.#taker !== undefined && !this.#isTaking) this.#endTaker(this.#taker, error);
    if (this.#readers.length === 0) return;
    const [first, ...others] = this.#readers;
    this.#readers = [];
    this.#finish();
    if (error === undefined) first?.resolve({ done: true, value: undefined });
    else first?.reject(error);
    for (const { resolve } of others) resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#queue.length > 0) return Promise.resolve({ done: false, value: this.#take() });
    if (this.#state.name === "open") {
      return new Promise((resolve, reject) => {
        this.#readers.push({ resolve, reject });
      });
    }
    const error = this.#state.name === "ended" ? this.#state.error : undefined;
    if (this.#state.name === "ended") this.#finish();
    return error === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
  }

  /** As {@link HandedItems.handTo}. */
  handTo(taker: ItemTaker<Item>): void {
    if (this.#taker !== undefined || this.#readers.length > 0) {
      throw new TypeError(
        "Cannot hand over a subscription that somebody else reads: subscribe once for each call",
      );
    }
    this.#taker = taker;
    this.#giveBuffered(taker);
  }

  return(value?: undefined): Promise<IteratorReturnResult<undefined>> {
    this.#leave();
    // What a generator was told to return, and passes on by `yield*`, comes back to it.
    return Promise.resolve({ done: true, value });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    return Promise.resolve();
  }

  /** Gives what is buffered, until the taker asks to wait; then the end, if that has come. */
  #giveBuffered(taker: ItemTaker<Item>): void {
    while (!this.#isTaking && this.#queue.length > 0) this.#give(taker, this.#take(), undefined);
    if (this.#isTaking || this.#taker === undefined || this.#state.name === "open") return;
    this.#endTaker(taker, this.#state.name === "ended" ? this.#state.error : undefined);
  }

  #give(taker: ItemTaker<Item>, item: Item, once: EncodedOnce | undefined): void {
    this.#isTaking = true;
    let waiting: Promise<void> | undefined;
    try {
      waiting = taker.take(item, once);
    } catch (reason) {
      this.#refused(taker, reason);
      return;
    }
    if (waiting === undefined) this.#isTaking = false;
    else {
      waiting.then(
        () => this.#goOn(taker),
        (reason) => this.#refused(taker, reason),
      );
    }
  }

  #goOn(taker: ItemTaker<Item>): void {
    this.#isTaking = false;
    this.#giveBuffered(taker);
  }

  #refused(taker: ItemTaker<Item>, reason: unknown): void {
    if (this.#taker === undefined) return;
    this.#taker = undefined;
    this.#leave();
    taker.end(reason);
  }

  #endTaker(taker: ItemTaker<Item>, error: unknown): void {
    if (this.#taker === undefined) return;
    this.#taker = undefined;
    if (this.#state.name === "ended") this.#finish();
    taker.end(error);
  }

  #take(): Item {
    const isHolding = this.isOpen && this.#queue.excess > 0;
    const item = this.#queue.shift();
    if (isHolding) this.#host.roomMade(this.#queue.excess);
    return item;
  }

  readonly #leave = (): void => {
    if (this.#state.name === "over") return;
    const { isOpen } = this;
    const { excess } = this.#queue;
    const readers = this.#readers;
    this.#readers = [];
    this.#finish();
    for (const { resolve } of readers) resolve({ done: true, value: undefined });
    if (isOpen) this.#host.left(this, excess);
    if (this.#taker !== undefined) this.#endTaker(this.#taker, undefined);
  };

  #finish(): void {
    this.#state = { name: "over" };
    this.#queue.clear();
    this.#signal?.removeEventListener("abort", this.#leave);
  }
}
