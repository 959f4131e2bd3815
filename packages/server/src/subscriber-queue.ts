/**
 * The items that wait for one subscriber of a broadcast, and what becomes of those that do not fit.
 *
 * Pure: no promise, no I/O. subscription.ts hands the items out.
 */
import { Ring } from "@sluice/protocol/wire";

/**
 * What happens when an item is published for whom the buffer of a subscriber is full. `"block"`: the publisher waits.
 * `"drop-oldest"`: the oldest item makes room. `"latest"`: the same, in a buffer of one item. `"error"`: the subscriber
 * gets what is buffered, then RESOURCE_EXHAUSTED.
 */
export type Overflow = "block" | "drop-oldest" | "latest" | "error";

/** Every policy. */
export const overflows: readonly Overflow[] = ["block", "drop-oldest", "latest", "error"];

export class SubscriberQueue<Item> {
  /** Items that fit. A queue that blocks may hold more, one for each publish that waits. */
  readonly size: number;
  readonly #overflow: Overflow;
  readonly #ring = new Ring<Item>();
  #dropped = 0;

  constructor(overflow: Overflow, size: number) {
    this.#overflow = overflow;
    this.size = overflow === "latest" ? 1 : size;
  }

  get length(): number {
    return this.#ring.length;
  }

  /** Items that were published for the subscriber, and that it will not get. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Items beyond the size: the newest ones, whose publishers wait. 0 unless the queue blocks. */
  get excess(): number {
    return Math.max(0, this.#ring.length - this.size);
  }

  /** Adds an item; an older one may have to make room. Returns `false` if the item does not fit, and was not added. */
  push(item: Item): boolean {
    const isFull = this.#ring.length >= this.size;
    if (isFull && this.#overflow !== "block") {
      this.#dropped++;
      if (this.#overflow === "error") return false;
      this.#ring.shift();
    }
    this.#ring.push(item, 0); // a ring also notes where an item ends, which means nothing here
    return true;
  }

  /** Takes the oldest item; only while there is one. */
  shift(): Item {
    return this.#ring.shift();
  }

  clear(): void {
    this.#ring.clear();
  }
}
