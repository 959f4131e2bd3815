/**
 * One direction of a call as its receiver sees it: items in a ring until the reader takes them, which is what grants credit.
 *
 * Spec: docs/wire.md §2, §4.1. The streams that users see (call-streams.ts) and the call's own iterator read from here.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import type { ReceiveWindow } from "./credit-window.ts";
import { Ring } from "./ring.ts";

/** What an inbox asks of its call. */
export interface InboxHost {
  /** The limit was raised: tell the peer. */
  creditRaised(): void;
  /** The reader has left before the end. */
  readerLeft(reason: unknown): void;
  /** What is here was dropped, and so is what comes. */
  itemsDropped(): void;
}

interface Waiting<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: SluiceError) => void;
  readonly atEnd: (() => void) | undefined;
}

export class Inbox<Item = unknown> {
  readonly window: ReceiveWindow;
  readonly #host: InboxHost;
  readonly #ring = new Ring<Item>();
  /** Readers that found nothing; usually one, or none. */
  #waiting: Waiting<Item>[] = [];
  /** Where the message that is arriving in pieces ends. */
  #unfinishedEnd: number | undefined;
  #state: "open" | "ended" | "failed" = "open";
  #error: SluiceError | undefined;
  #isDropping = false;
  /** Where the newest item ends. */
  #lastEnd = 0;
  /** Items handed to the reader, for `stats`. */
  itemsTaken = 0;
  /** Called for every item that arrives. */
  onItem: (() => void) | undefined;

  constructor(window: ReceiveWindow, host: InboxHost) {
    this.window = window;
    this.#host = host;
  }

  /** Items that nobody has taken. */
  get length(): number {
    return this.#ring.length;
  }

  /** Offset bytes of items, and of pieces of one, that nobody has taken. */
  get bufferedBytes(): number {
    const end = this.isOpen ? this.window.received : this.#lastEnd;
    return Math.max(0, end - this.window.taken);
  }

  /** Whether somebody waits for an item. */
  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Whether nobody will read what comes: it is passed over by {@link skip}. */
  get isDropping(): boolean {
    return this.#isDropping;
  }

  /** Adds an item that ends at `end`. */
  push(item: Item, end: number): void {
    this.#unfinishedEnd = undefined;
    this.#lastEnd = end;
    this.onItem?.();
    if (this.#waiting.length > 0) {
      const waiting = this.#waiting.shift() as Waiting<Item>;
      waiting.resolve({ done: false, value: item });
      // Who waits for the first item waits for its sender, not for room.
      if (this.itemsTaken++ > 0) this.window.hasWaited = true;
      this.#take(end);
      return;
    }
    this.#ring.push(item, end);
  }

  /** A piece of a message arrived that will end at `end`. */
  expect(end: number): void {
    this.#unfinishedEnd = end;
    if (this.isWaitedFor) this.#reserve();
  }

  /** Something arrived that nobody will read: it counts as taken. */
  skip(): void {
    this.onItem?.();
    this.#take(this.window.received);
  }

  /** No more items come. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#settleWaiting();
  }

  /** No more items come, because of `error`; those that are here are still delivered. */
  fail(error: SluiceError): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#error = error;
    this.#settleWaiting();
  }

  /** No more items come, because of `error`; those that are here are dropped. */
  abandon(error: SluiceError): void {
    // Also after the end was said: who has not read all that came before it must not take the end for all.
    if (this.#state === "ended" && this.length > 0) this.#state = "open";
    this.#ring.clear();
    this.fail(error);
    this.#take(this.window.received);
  }

  /** Takes the first item; only while {@link length} is not 0. */
  shift(): Item {
    const item = this.#ring.shift();
    this.itemsTaken++;
    this.#take(this.#ring.takenEnd);
    return item;
  }

  /**
   * Takes the next item, or waits for it. Rejects with the call's error after the last one.
   * @param atEnd called just before the answer is settled that there is no item
   */
  next(atEnd?: () => void): Promise<IteratorResult<Item, undefined>> {
    if (this.#ring.length > 0) return Promise.resolve({ done: false, value: this.shift() });
    if (this.#state !== "open" || this.#isDropping) {
      atEnd?.();
      return this.#atEnd();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject, atEnd });
      if (this.#unfinishedEnd !== undefined) this.#reserve();
    });
  }

  /** The reader leaves: what is here and what comes is dropped, and counts as taken. */
  cancel(reason: unknown): void {
    if (this.#isDropping) return;
    const wasOpen = this.#state === "open";
    this.drop();
    if (wasOpen) this.#host.readerLeft(reason);
  }

  /** As {@link cancel}, without telling the call. */
  drop(): void {
    this.#isDropping = true;
    this.#ring.clear();
    this.#take(this.window.received);
    this.#host.itemsDropped();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, atEnd } of waiting) {
      atEnd?.();
      resolve({ done: true, value: undefined });
    }
  }

  #take(end: number): void {
    if (this.window.take(end) && this.#state === "open") this.#host.creditRaised();
  }

  #reserve(): void {
    const raised = this.window.reserve(this.#unfinishedEnd as number, () => this.#host.creditRaised());
    if (raised) this.#host.creditRaised();
  }

  #atEnd(): Promise<IteratorResult<Item, undefined>> {
    if (this.#error !== undefined && !this.#isDropping) return Promise.reject(this.#error);
    return Promise.resolve({ done: true, value: undefined });
  }

  #settleWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { resolve, reject, atEnd } of waiting) {
      atEnd?.();
      if (this.#error === undefined) resolve({ done: true, value: undefined });
      else reject(this.#error);
    }
  }
}
