/**
 * A hub: what is published once, many subscribers get, each as fast as it reads, with a rule for those who are slow.
 *
 * Handlers return a subscription, whose items then go straight to the caller, or yield them: `yield* hub.subscribe({ signal })`.
 */
import { SluiceError } from "@sluice/protocol";
import type { EncodedOnce } from "@sluice/protocol/wire";
import { type Overflow, overflows, SubscriberQueue } from "./subscriber-queue.ts";
import { LiveSubscription, type Subscription, type SubscriptionHost } from "./subscription.ts";
import { WaitingPublishes } from "./waiting-publishes.ts";

export interface BroadcastOptions {
  /** What happens when a subscriber's buffer is full, unless the subscriber says otherwise. */
  readonly overflow: Overflow;
  /** Items that are buffered for each subscriber. Default 256, at most 2^24; of `"latest"` always 1. */
  readonly size?: number;
  /** Publishes that may wait for blocking subscribers at once. Default 256, at most 2^24. */
  readonly maxWaiting?: number;
}

export interface SubscribeOptions {
  /** Default: that of the broadcast. */
  readonly overflow?: Overflow | undefined;
  /** Items that are buffered. Default: that of the broadcast. */
  readonly size?: number | undefined;
  /** Its abort ends the iteration, without an error, and frees what is buffered. */
  readonly signal?: AbortSignal | undefined;
}

/** Publish once, subscribe many times. All subscribers see the same order; each sees what is published after it came. */
export interface Broadcast<Item> {
  /** Those who would get an item that is published now. */
  readonly subscribers: number;
  /**
   * Gives an item to every subscriber, at once. Resolves when every blocking subscriber has room for it: await it, and the
   * slowest of them sets the pace; without one it has resolved already.
   *
   * Rejects with `RESOURCE_EXHAUSTED` if `maxWaiting` publishes wait, with `FAILED_PRECONDITION` after the end; nobody gets
   * the item then, and a rejection that nobody handles is quiet.
   */
  publish(item: Item): Promise<void>;
  /**
   * Adds a subscriber. After the end: one that is done, or gets the error.
   * @throws {TypeError} for a policy that is none; {@link RangeError} for a size out of its range
   */
  subscribe(options?: SubscribeOptions): Subscription<Item>;
  /** The end: subscribers get what is buffered, then `error` if there is one. Who waits to publish goes on. Only the first call counts. */
  close(error?: unknown): void;
}

/**
 * Makes a broadcast without subscribers.
 * @throws {TypeError} for a policy that is none; {@link RangeError} for a number out of its range
 */
export function broadcast<Item>(options: BroadcastOptions): Broadcast<Item> {
  return new Hub(options);
}

const mostItems = 2 ** 24;
const resolved = Promise.resolve();

class Hub<Item> implements Broadcast<Item> {
  readonly #overflow: Overflow;
  readonly #size: number;
  readonly #maxWaiting: number;
  readonly #subscribers = new Set<LiveSubscription<Item>>();
  readonly #publishes = new WaitingPublishes();
  #end: { readonly error: unknown } | undefined;

  constructor({ overflow, size = 256, maxWaiting = 256 }: BroadcastOptions) {
    this.#overflow = checkOverflow(overflow);
    this.#size = checkCount("size", size);
    this.#maxWaiting = checkCount("maxWaiting", maxWaiting);
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  publish(item: Item): Promise<void> {
    if (this.#end !== undefined) {
      const cause = this.#end.error;
      return refuse(
        new SluiceError("FAILED_PRECONDITION", "Cannot publish: the broadcast is closed", { cause }),
      );
    }
    const waiting = this.#publishes.length;
    if (waiting >= this.#maxWaiting) {
      const message = `Cannot publish: ${waiting} of ${this.#maxWaiting} publishes wait for a slow subscriber (maxWaiting)`;
      return refuse(new SluiceError("RESOURCE_EXHAUSTED", message));
    }
    let holders = 0;
    const once: EncodedOnce = new Map();
    for (const subscriber of this.#subscribers) {
      if (subscriber.offer(item, once)) holders++;
    }
    return holders === 0 ? resolved : this.#publishes.add(holders);
  }

  subscribe({
    overflow = this.#overflow,
    size = this.#size,
    signal,
  }: SubscribeOptions = {}): Subscription<Item> {
    const queue = new SubscriberQueue<Item>(checkOverflow(overflow), checkCount("size", size));
    const subscription = new LiveSubscription(queue, this.#host, signal);
    if (this.#end !== undefined) subscription.end(this.#end.error);
    else if (subscription.isOpen) this.#subscribers.add(subscription);
    return subscription;
  }

  close(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    const subscribers = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of subscribers) subscriber.end(error);
    this.#publishes.settle();
  }

  readonly #host: SubscriptionHost<Item> = {
    roomMade: (excess) => this.#publishes.roomMade(excess),
    left: (subscription, excess) => {
      this.#subscribers.delete(subscription);
      this.#publishes.holderLeft(excess);
    },
  };
}

/** A publisher that does not wait need not handle it either: many publish from timers and listeners. */
function refuse(error: SluiceError): Promise<void> {
  const refusal = Promise.reject(error);
  refusal.catch(() => {});
  return refusal;
}

function checkOverflow(overflow: Overflow): Overflow {
  if (overflows.includes(overflow)) return overflow;
  throw new TypeError(`overflow must be one of ${overflows.join(", ")}, it is ${String(overflow)}`);
}

function checkCount(name: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= mostItems) return count;
  throw new RangeError(`${name} must be a whole number from 1 to ${mostItems}, it is ${String(count)}`);
}
