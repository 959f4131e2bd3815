/**
 * The direction of a pipe that is written: a stream whose chunks become data frames, and whose writes wait for the carrier.
 */
import type { PipeClose, SluiceError } from "@sluice/protocol/wire";
import { closeReason, pipeOver } from "./pipe-close.ts";
import { pipeQueue } from "./pipe-queue.ts";
import type { PipeSender } from "./pipe-sender.ts";

export interface PipeWritableOptions {
  readonly sender: PipeSender;
  /** Bytes of a frame's payload; what is longer is cut. */
  readonly maxPayload: number;
  /** The direction is over, and the peer was told. */
  ended(): void;
}

export class PipeWritable {
  readonly stream: WritableStream<Uint8Array>;
  readonly #options: PipeWritableOptions;
  #controller!: WritableStreamDefaultController;
  #isOpen = true;

  constructor(options: PipeWritableOptions) {
    this.#options = options;
    this.stream = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          // An abort waits for the write that is going on, and that for a peer that may never read.
          controller.signal.addEventListener("abort", () => options.sender.release());
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#tell({}),
        abort: (reason) => this.#tell(closeReason(reason, "ABORTED")),
      },
      pipeQueue,
    );
  }

  /** Whether the direction is still going. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Fails the stream and tells the peer that nothing more comes. */
  end(error: SluiceError): void {
    if (!this.#isOpen) return;
    this.#controller.error(error);
    this.#tell({});
  }

  /** Fails the stream; there is nobody to tell. */
  fail(error: SluiceError): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#controller.error(error);
  }

  /** Ends it from this side, after what was written; for a writer that holds the stream by failure. */
  async close(): Promise<void> {
    if (!this.stream.locked) await this.stream.close().catch(() => {});
    this.end(pipeOver());
  }

  #write(chunk: Uint8Array): void | Promise<void> {
    if (!(chunk instanceof Uint8Array)) {
      const error = new TypeError(
        "A pipe carries bytes: write a Uint8Array, for text new TextEncoder().encode(text)",
      );
      // What a sink throws fails its stream; nobody else tells the peer.
      this.#tell(closeReason(error, "ABORTED"));
      throw error;
    }
    const { sender, maxPayload } = this.#options;
    if (chunk.length > maxPayload) return this.#writePieces(chunk);
    sender.send({ type: "data" }, chunk);
    return sender.room();
  }

  async #writePieces(chunk: Uint8Array): Promise<void> {
    const { sender, maxPayload } = this.#options;
    for (let at = 0; at < chunk.length && this.#isOpen; at += maxPayload) {
      sender.send({ type: "data" }, chunk.subarray(at, at + maxPayload));
      const room = sender.room();
      if (room !== undefined) await room;
    }
  }

  #tell(why: Pick<PipeClose, "code" | "reason">): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { sender, ended } = this.#options;
    sender.send({ type: "close", side: "writable", ...why });
    sender.release();
    ended();
  }
}
