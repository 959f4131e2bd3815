/**
 * Where items are read from: a call's inbox, or what stands for the inboxes of calls that are still to be opened.
 */

export interface ItemSource<Item> {
  /** Items that are here. */
  readonly length: number;
  /** Takes the first of them; only while there is one. */
  shift(): Item;
  /**
   * Takes the next item; one call at a time sees each. Rejects with the call's error after the last item.
   * @param atEnd called just before the answer is settled that there is no item
   */
  next(atEnd?: () => void): Promise<IteratorResult<Item, undefined>>;
  /** The reader leaves. */
  cancel(reason: unknown): void;
}

/** A source without items. */
export const emptySource: ItemSource<never> = {
  length: 0,
  shift() {
    throw new TypeError("There is no item");
  },
  next(atEnd) {
    atEnd?.();
    return Promise.resolve({ done: true, value: undefined });
  },
  cancel() {},
};

/** Reads a source for `for await` over the call itself; leaving the loop leaves the source. */
export class SourceIterator<Item> implements AsyncIterator<Item, undefined, unknown> {
  readonly #source: ItemSource<Item>;
  #isOver = false;

  constructor(source: ItemSource<Item>) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const source = this.#source;
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    return source.length > 0 ? Promise.resolve({ done: false, value: source.shift() }) : source.next();
  }

  /** Gives `value` back, as the iterators of streams and generators do: a generator that delegates to this ends with it. */
  return(value?: unknown): Promise<IteratorResult<Item, undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#source.cancel(undefined);
    }
    return Promise.resolve({ done: true, value: value as undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
