/**
 * The ReadableStream of a call's items, with a short way for `for await`.
 *
 * Standard in all else: `getReader`, `pipeTo`, `tee` and transfer take one item per pull, and a pull happens only when a reader
 * waits, so that an item counts as taken exactly when somebody has it. Streams Standard: https://streams.spec.whatwg.org/#rs
 */
import type { ItemSource } from "./item-source.ts";

export class CallReadable<Item> extends ReadableStream<Item> {
  readonly #source: ItemSource<Item>;
  /** Whether the stream itself has ever asked for an item: one may then lie in its own queue. */
  readonly #state: { hasPulled: boolean };

  constructor(source: ItemSource<Item>) {
    const state = { hasPulled: false };
    super(
      {
        pull(controller) {
          state.hasPulled = true;
          if (source.length > 0) {
            controller.enqueue(source.shift());
            return undefined;
          }
          return source.next().then(({ done, value }) => {
            if (done === true) controller.close();
            else controller.enqueue(value as Item);
          });
        },
        cancel: (reason) => source.cancel(reason),
      },
      // No item is taken before somebody asks for it.
      { highWaterMark: 0 },
    );
    this.#source = source;
    this.#state = state;
  }

  override values(options?: ReadableStreamIteratorOptions): ReadableStreamAsyncIterator<Item> {
    if (this.#state.hasPulled) return super.values(options);
    // Locks the stream, as the standard iterator does, and throws the standard error if it is locked.
    return new ItemIterator(this.getReader(), this.#source, options?.preventCancel === true);
  }

  override [Symbol.asyncIterator](
    options?: ReadableStreamIteratorOptions,
  ): ReadableStreamAsyncIterator<Item> {
    return this.values(options);
  }
}

/** Takes items straight from the source while it holds the stream's lock. */
class ItemIterator<Item> implements ReadableStreamAsyncIterator<Item> {
  readonly #reader: ReadableStreamDefaultReader<Item>;
  readonly #source: ItemSource<Item>;
  readonly #preventCancel: boolean;
  #isOver = false;

  constructor(reader: ReadableStreamDefaultReader<Item>, source: ItemSource<Item>, preventCancel: boolean) {
    this.#reader = reader;
    this.#source = source;
    this.#preventCancel = preventCancel;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const source = this.#source;
    if (this.#isOver) return Promise.resolve({ done: true, value: undefined });
    // What is here is neither the end nor an error: nothing to look at on its way.
    if (source.length > 0) return Promise.resolve({ done: false, value: source.shift() });
    return source.next(this.#finish);
  }

  /** The stream is free for other readers, as it is at the end of the standard iterator. */
  readonly #finish = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader.releaseLock();
  };

  async return(value?: unknown): Promise<IteratorResult<Item, undefined>> {
    if (!this.#isOver) {
      this.#isOver = true;
      if (!this.#preventCancel) await this.#reader.cancel(value);
      this.#reader.releaseLock();
    }
    return { done: true, value: value as undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
