/**
 * Sends the items of an iterable, as fast as they are taken, and closes; or gives the call up with what the iterable throws.
 */
import type { ItemSink } from "./call-writable.ts";

/** A sink that is told of an item that it has refused itself, since nobody awaits its writes. */
export interface PumpedSink extends ItemSink<unknown> {
  fail(reason: unknown): void;
}

type Source = AsyncIterable<unknown> | ReadableStream<unknown>;

/** Takes over `source`: it is left (`return()`, `cancel()`) when the call ends first. Never rejects. */
export async function pumpItems(source: Source, sink: PumpedSink): Promise<void> {
  let isOver = false;
  try {
    const iterator = iterate(source);
    sink.onEnd(() => {
      if (isOver) return;
      isOver = true;
      void leave(iterator);
    });
    while (!isOver) {
      const { done, value } = await iterator.next();
      if (isOver) return;
      if (done === true) {
        isOver = true;
        sink.close();
        return;
      }
      try {
        await sink.write(value);
      } catch (reason) {
        if (isOver) return;
        isOver = true;
        void leave(iterator);
        sink.fail(reason);
        return;
      }
    }
  } catch (reason) {
    if (isOver) return;
    isOver = true;
    sink.abort(reason);
  }
}

/** The source may be waiting for something that never comes; whatever it says now concerns nobody. */
async function leave(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The call has ended: there is nobody to tell.
  }
}

/** @throws {TypeError} for what cannot be iterated, or is locked */
function iterate(source: Source): AsyncIterator<unknown> {
  // A stream is read by a reader: the return() of its iterator would wait for a read that may never end.
  if ("getReader" in source) return fromStream(source.getReader());
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  return fromSync((source as Iterable<unknown>)[Symbol.iterator]());
}

function fromStream(reader: ReadableStreamDefaultReader<unknown>): AsyncIterator<unknown> {
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    async return() {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

function fromSync(iterator: Iterator<unknown>): AsyncIterator<unknown> {
  return {
    next: async () => iterator.next(),
    async return() {
      iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}
