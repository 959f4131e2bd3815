/**
 * The WritableStream of a call's items, whose writer hands them straight to the call.
 *
 * Differences from the standard, all on the writer: closing twice or after the end is fine, and a rejection that nobody handles is
 * quiet, because handlers write from timers and close in abort listeners. `pipeTo` goes through the standard sink.
 * Streams Standard: https://streams.spec.whatwg.org/#ws
 */

/** Where items go. */
export interface ItemSink<Item> {
  /** Takes an item. Returns a promise if the writer has to wait; throws or rejects if it was not taken. */
  write(item: Item): Promise<void> | undefined;
  /** No more items come. */
  close(): void;
  /** The writer gives up. */
  abort(reason: unknown): void;
  /** Calls `onEnd` once, when no item will be taken any more; with the error if the call failed. */
  onEnd(onEnd: (error: unknown) => void): void;
}

export class CallWritable<Item> extends WritableStream<Item> {
  readonly #sink: ItemSink<Item>;
  readonly #state: { isClosing: boolean };

  constructor(sink: ItemSink<Item>) {
    const state = { isClosing: false };
    super({
      start(controller) {
        sink.onEnd((error) => {
          if (!state.isClosing) controller.error(error);
        });
      },
      write: (item) => sink.write(item),
      close() {
        state.isClosing = true;
        sink.close();
      },
      abort: (reason) => sink.abort(reason),
    });
    this.#sink = sink;
    this.#state = state;
  }

  override getWriter(): WritableStreamDefaultWriter<Item> {
    // The standard writer is held for its lock only.
    return new CallWriter(super.getWriter(), this.#sink, this.#state);
  }

  override async close(): Promise<void> {
    if (this.#state.isClosing) return;
    await super.close();
  }
}

class CallWriter<Item> implements WritableStreamDefaultWriter<Item> {
  readonly #lock: WritableStreamDefaultWriter<Item>;
  readonly #sink: ItemSink<Item>;
  readonly #stream: { isClosing: boolean };
  #waiting: Promise<void> | undefined;
  #pending = 0;
  #isReleased = false;

  constructor(lock: WritableStreamDefaultWriter<Item>, sink: ItemSink<Item>, stream: { isClosing: boolean }) {
    this.#lock = lock;
    this.#sink = sink;
    this.#stream = stream;
    lock.closed.catch(ignore);
    lock.ready.catch(ignore);
  }

  get closed(): WritableStreamDefaultWriter<Item>["closed"] {
    return quiet(this.#lock.closed);
  }

  get ready(): WritableStreamDefaultWriter<Item>["ready"] {
    return quiet((this.#waiting ?? Promise.resolve()).then(ignore));
  }

  get desiredSize(): number | null {
    const standard = this.#lock.desiredSize;
    if (standard === null || standard === 0) return standard;
    return standard - this.#pending;
  }

  write(item: Item): Promise<void> {
    if (this.#isReleased)
      return quiet(Promise.reject(new TypeError("Cannot write: this writer was released")));
    if (this.#stream.isClosing)
      return quiet(Promise.reject(new TypeError("Cannot write: the stream is closed")));
    let waiting: Promise<void> | undefined;
    try {
      waiting = this.#sink.write(item);
    } catch (reason) {
      return quiet(Promise.reject(reason));
    }
    if (waiting === undefined) return Promise.resolve();
    this.#pending++;
    const settled = waiting.finally(() => {
      this.#pending--;
      if (this.#waiting === settled) this.#waiting = undefined;
    });
    this.#waiting = settled;
    return quiet(settled);
  }

  close(): Promise<void> {
    if (this.#isReleased || this.#stream.isClosing) return Promise.resolve();
    // Not only when the sink is told, which is a moment later: no item may come behind the end.
    this.#stream.isClosing = true;
    const waiting = this.#waiting;
    // What was written stands before the end in the call's own queue; the standard queue is empty here.
    return quiet(Promise.allSettled([waiting, this.#lock.close()]).then(ignore));
  }

  abort(reason?: unknown): Promise<void> {
    return this.#isReleased ? Promise.resolve() : quiet(this.#lock.abort(reason));
  }

  releaseLock(): void {
    this.#isReleased = true;
    this.#lock.releaseLock();
  }
}

function ignore(): undefined {
  return undefined;
}

/** `promise`, whose rejection harms nobody who does not look at it. */
function quiet<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(ignore);
  return promise;
}
