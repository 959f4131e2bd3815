/**
 * The direction of a pipe that is read: what the peer writes as a stream, which pauses the carrier while nobody takes it.
 */
import type { SluiceError } from "@sluice/protocol/wire";
import { pipeQueue } from "./pipe-queue.ts";

export interface PipeReadableEvents {
  /** The stream holds enough: let nothing more arrive. */
  pause(): void;
  resume(): void;
  /** This side takes no more; the direction is over. */
  cancelled(reason: unknown): void;
}

export class PipeReadable {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #events: PipeReadableEvents;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #isOpen = true;
  #isPaused = false;

  constructor(events: PipeReadableEvents) {
    this.#events = events;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.resume(),
        cancel: (reason) => this.#cancel(reason),
      },
      pipeQueue,
    );
  }

  /** Whether the direction is still going. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Takes a chunk that has arrived. After a cancel the peer may not know yet: what still comes is dropped. */
  push(chunk: Uint8Array): void {
    if (this.#isOpen) this.#controller.enqueue(chunk);
  }

  /** Pauses if nobody takes what has arrived. */
  pauseIfFull(): void {
    if (!this.#isOpen || this.#isPaused || (this.#controller.desiredSize ?? 0) > 0) return;
    this.#isPaused = true;
    this.#events.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#events.resume();
  }

  /** Nothing more comes: the stream ends after what it holds, or fails with `error` at once. */
  end(error?: SluiceError): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (error === undefined) this.#controller.close();
    else this.#controller.error(error);
  }

  /** Ends it from this side. A reader that holds the stream gets what it holds. */
  async close(): Promise<void> {
    if (!this.stream.locked) await this.stream.cancel().catch(() => {});
    if (!this.#isOpen) return;
    this.#controller.close();
    this.#cancel(undefined);
  }

  #cancel(reason: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#events.cancelled(reason);
  }
}
