/**
 * A pair of Node streams, one for each direction, as a byte stream that a link can use: the pipes of a process.
 */
import type { Readable, Writable } from "node:stream";
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  type Clock,
  type LinkInfo,
  SluiceError,
  systemClock,
  type Timer,
  type Utf8,
} from "@sluice/protocol/wire";
import { foreignError } from "./foreign-bytes.ts";
import { nodeUtf8 } from "./node-utf8.ts";
import { codeOf } from "./socket-duplex.ts";

/** Bytes that may wait in the stream: what is there cannot be overtaken. */
const mostUnsentBytes = 64 * 1024;
/** How long one direction may outlast the other, ms. */
const lingerMs = 5_000;

export interface StreamDuplexOptions {
  /** Who is at the other end, for messages: `The child process`. */
  readonly peer: string;
  readonly input: Readable;
  readonly output: Writable;
  /** Writes to `output`. Default: its `write`. */
  readonly write?: (chunk: Uint8Array) => boolean;
  /** Ends with a `PROTOCOL_ERROR` that says what came, if the first bytes are not ours. Default `false`. */
  readonly checksOpening?: boolean;
  /** Why it is over, if that is known beside the streams: asked once they are. */
  readonly ending?: () => Promise<SluiceError | undefined>;
  /** Told when it is over. */
  readonly onOver?: () => void;
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

export class StreamDuplex implements ByteDuplex {
  readonly utf8: Utf8 = nodeUtf8;
  readonly info: LinkInfo = { transport: "stdio" };
  readonly #options: StreamDuplexOptions;
  readonly #write: (chunk: Uint8Array) => boolean;
  #events: ByteDuplexEvents | undefined;
  #isOpening: boolean;
  /** `true` once this side has ended it: then an end is no failure. */
  #isEnded = false;
  #isInputOver = false;
  #isOutputOver = false;
  #isOver = false;
  #error: SluiceError | undefined;
  /** Ends what lingers. */
  #timer: Timer | undefined;

  /** Takes the streams over. */
  constructor(options: StreamDuplexOptions) {
    const { input, output, checksOpening = false, write } = options;
    this.#options = options;
    this.#isOpening = checksOpening;
    this.#write = write ?? ((chunk) => output.write(chunk));
    // Listeners for good: an error event without one ends the process.
    input.on("error", (error) => this.#failed(error));
    output.on("error", (error) => this.#failed(error));
    for (const event of ["end", "close"]) input.once(event, () => this.#inputOver());
    for (const event of ["finish", "close", "error"]) output.once(event, () => this.#outputOver());
    if (input.destroyed || input.readableEnded) queueMicrotask(() => this.#inputOver());
    if (output.destroyed || output.writableFinished) queueMicrotask(() => this.#outputOver());
  }

  defer(flush: () => void): void {
    // After the microtasks of this turn, so that what handlers answer in them goes out together.
    queueMicrotask(() => process.nextTick(flush));
  }

  start(events: ByteDuplexEvents): void {
    const { input, output } = this.#options;
    this.#events = events;
    output.on("drain", () => events.drained());
    input.on("data", (chunk: Uint8Array) => this.#read(chunk));
    if (this.#isOver) queueMicrotask(() => events.closed(this.#error));
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const { output } = this.#options;
    if (this.#isOutputOver || output.writableEnded) return true;
    if (chunks.length > 1) output.cork();
    for (const chunk of chunks) this.#write(chunk);
    if (chunks.length > 1) output.uncork();
    return !output.writableNeedDrain || output.writableLength < mostUnsentBytes;
  }

  end(): void {
    this.#isEnded = true;
    this.#options.output.end();
  }

  destroy(): void {
    const { input, output } = this.#options;
    this.#isEnded = true;
    input.destroy();
    output.destroy();
    // The standard streams of a process never say that they are destroyed.
    this.#isOutputOver = true;
    this.#inputOver();
  }

  #read(chunk: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#isOpening) {
      this.#isOpening = false;
      const error = foreignError(chunk, this.#options.peer);
      if (error !== undefined) {
        this.#error = error;
        this.destroy();
        return;
      }
    }
    this.#events?.data(chunk);
  }

  #failed(cause: Error): void {
    const message = `${this.#options.peer} was lost: ${codeOf(cause)}`;
    this.#error ??= new SluiceError("UNAVAILABLE", message, { cause });
  }

  #inputOver(): void {
    if (this.#isInputOver) return;
    this.#isInputOver = true;
    // As a socket does: who says nothing more is not spoken to, beyond what was written.
    if (!this.#isOutputOver) this.#options.output.end();
    this.#settle();
  }

  #outputOver(): void {
    if (this.#isOutputOver) return;
    this.#isOutputOver = true;
    this.#settle();
  }

  #settle(): void {
    if (this.#isOver) return;
    if (this.#isInputOver && this.#isOutputOver) {
      this.#over();
      return;
    }
    // What it still says is heard, for a moment, when it cannot be answered any more; and the other way round.
    if (this.#isEnded && this.#isOutputOver && this.#error === undefined) return;
    const { clock = systemClock, input, output } = this.#options;
    this.#timer = clock.setTimer(
      lingerMs,
      () => {
        input.destroy();
        output.destroy();
        this.#isInputOver = true;
        this.#isOutputOver = true;
        this.#over();
      },
      { background: true },
    );
  }

  #over(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    void this.#close();
  }

  async #close(): Promise<void> {
    const { ending, onOver } = this.#options;
    if (!this.#isEnded && ending !== undefined) {
      const error = await ending();
      // The end of the process explains a broken pipe, not the other way round.
      this.#error = error ?? this.#error;
    }
    onOver?.();
    this.#events?.closed(this.#error);
  }
}
