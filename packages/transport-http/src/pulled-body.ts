/**
 * A body that gives bytes to its one reader when that asks for them, with no stream of the standard between.
 *
 * Such a stream is most of what an idle link would hold: about 4.5 KiB on Node. Carriers of this package that do without one say so by
 * {@link takesBody}.
 */

/** Who reads a body. */
export interface BodyReader {
  /** The answer to one `pull()`, perhaps inside it. */
  take(bytes: Uint8Array): void;
  /** Nothing follows. */
  end(): void;
}

export interface PulledBody {
  /** Begins to read; called once. */
  read(reader: BodyReader): void;
  /** Asks for what there is, or will be next. Not to be called again before it was taken. */
  pull(): void;
  /** The reader has gone. */
  cancel(): void;
}

/** Key of {@link BodyTaker}. */
export const takesBody: unique symbol = Symbol("takesBody");

/** Who sends the body of a link. */
export interface LinkCarrier {
  /** Called before a response without a body comes back, whose body is this. */
  take(body: PulledBody): void;
  /** Runs `flush` when the work of this turn of the event loop is done. */
  defer(flush: () => void): void;
}

/** A caller of `fetch` who sends the very response that comes back, and the body of a link apart from it. */
export interface BodyTaker {
  readonly [takesBody]?: LinkCarrier | undefined;
}

/** `body` as the standard has it. Nothing is put into it before it is asked for. */
export function streamOfBody(body: PulledBody): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        body.read({
          take: (bytes) => controller.enqueue(bytes),
          end() {
            try {
              controller.close();
            } catch {
              // It was cancelled: that is why.
            }
          },
        });
      },
      pull: () => body.pull(),
      cancel: () => body.cancel(),
    },
    { highWaterMark: 0 },
  );
}
