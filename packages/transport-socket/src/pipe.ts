/**
 * A raw pipe: bytes both ways as web streams, in frames that also carry pings and the end of each direction.
 *
 * It stands on anything that moves bytes and can be paused ({@link PipeCarrier}), and joins two directions, what sends for them, and the
 * heartbeat. Spec: docs/pipes.md.
 */
import {
  type PipeCarrier,
  type PipeClose,
  type PipeFrame,
  PipeFrameDecoder,
  SluiceError,
  type Timer,
} from "@sluice/protocol/wire";
import { closeReason, pipeOver, remoteCloseError } from "./pipe-close.ts";
import { PipeHeartbeat } from "./pipe-heartbeat.ts";
import { checkPipeOptions, type PipeOptions } from "./pipe-options.ts";
import { PipeReadable } from "./pipe-readable.ts";
import { PipeSender } from "./pipe-sender.ts";
import { PipeWritable } from "./pipe-writable.ts";

/** Both directions of a pipe. One chunk that is written arrives as one chunk, up to `maxPayload`. */
export interface Pipe {
  /** What the peer writes. Ends when the peer closes its writable; fails if it aborts, or is lost. Cancelling tells the peer to stop. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Closing it ends the peer's readable, aborting it fails that. A write waits while the peer does not read. */
  readonly writable: WritableStream<Uint8Array>;
  /** The peer's address, if it has one. */
  readonly remote: string | undefined;
  /** Resolves when both directions are over, rejects with a SluiceError if the pipe was lost. */
  readonly closed: Promise<void>;
  /** Milliseconds until the peer has answered. Rejects when the pipe is over. */
  ping(): Promise<number>;
  /** Sends what was written, ends both directions and resolves when that is done. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How long the carrier may outlast the pipe, ms: the peer may be reading. */
const lingerMs = 5_000;

/**
 * A pipe over `carrier`, which it takes over.
 * @throws {RangeError} for an option out of its range
 */
export function makePipe(carrier: PipeCarrier, options: PipeOptions = {}): Pipe {
  return new FramePipe(carrier, checkPipeOptions(options));
}

class FramePipe implements Pipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly remote: string | undefined;
  readonly closed: Promise<void>;
  readonly #carrier: PipeCarrier;
  readonly #options: Required<PipeOptions>;
  readonly #decoder: PipeFrameDecoder;
  readonly #heartbeat: PipeHeartbeat;
  readonly #sender: PipeSender;
  readonly #reading: PipeReadable;
  readonly #writing: PipeWritable;
  #linger: Timer | undefined;
  #isOver = false;
  #settle!: { resolve(): void; reject(error: SluiceError): void };

  constructor(carrier: PipeCarrier, options: Required<PipeOptions>) {
    this.#carrier = carrier;
    this.#options = options;
    this.#decoder = new PipeFrameDecoder(options);
    this.remote = carrier.info.remote;
    this.closed = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Who reads or writes is told by the streams; nobody has to look here.
    this.closed.catch(() => {});
    this.#sender = new PipeSender(carrier);
    this.#heartbeat = new PipeHeartbeat(options, {
      ping: (id) => this.#sender.send({ type: "ping", id }),
      lost: (error) => this.#fail(error),
    });
    this.#reading = new PipeReadable({
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      cancelled: (reason) => this.#cancelled(reason),
    });
    this.#writing = new PipeWritable({
      sender: this.#sender,
      maxPayload: options.maxPayload,
      ended: () => this.#finish(),
    });
    this.readable = this.#reading.stream;
    this.writable = this.#writing.stream;
    carrier.start({
      data: (chunk) => this.#read(chunk),
      drained: () => this.#sender.drained(),
      closed: (error) => this.#lost(error),
    });
  }

  ping(): Promise<number> {
    return this.#isOver ? Promise.reject(pipeOver()) : this.#heartbeat.ping();
  }

  async close(): Promise<void> {
    const stops: Promise<unknown>[] = [];
    // A stream that somebody holds is theirs to end; what is left then ends with the carrier.
    if (this.#writing.isOpen) stops.push(this.#writing.close());
    if (this.#reading.isOpen) stops.push(this.#reading.close());
    await Promise.all(stops);
    await this.closed.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #read(chunk: Uint8Array): void {
    this.#heartbeat.heard();
    if (this.#isOver) return;
    try {
      // A Buffer's parts would be Buffers, whose slice() is another than that of bytes.
      this.#decoder.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length), this.#frame);
    } catch (reason) {
      const error = SluiceError.from(reason, "PROTOCOL_ERROR");
      this.#sender.send({ type: "close", side: "both", code: error.code, reason: error.message });
      this.#fail(error);
      return;
    }
    this.#reading.pauseIfFull();
  }

  readonly #frame = ({ metadata, payload }: PipeFrame): void => {
    if (this.#isOver) return;
    switch (metadata.type) {
      case "data":
        this.#reading.push(payload);
        break;
      case "ping":
        this.#sender.pong(metadata.id);
        break;
      case "pong":
        this.#heartbeat.answered(metadata.id);
        break;
      default:
        this.#peerClosed(metadata);
    }
  };

  #peerClosed({ side = "both", code, reason }: PipeClose): void {
    const error = code === undefined ? undefined : remoteCloseError(code, reason);
    if (side !== "readable") this.#reading.end(error);
    if (side !== "writable") {
      this.#writing.end(
        error ?? new SluiceError("CANCELLED", "The peer reads no more", { origin: "remote" }),
      );
    }
    this.#finish();
  }

  #pause(): void {
    this.#heartbeat.deaf = true;
    this.#carrier.pause();
  }

  #resume(): void {
    this.#heartbeat.deaf = false;
    this.#carrier.resume();
  }

  #cancelled(reason: unknown): void {
    const why = reason === undefined ? {} : closeReason(reason, "CANCELLED");
    this.#sender.send({ type: "close", side: "readable", ...why });
    this.#reading.resume();
    this.#finish();
  }

  /** Ends the carrier once both directions have ended. */
  #finish(): void {
    if (this.#reading.isOpen || this.#writing.isOpen || this.#linger !== undefined) return;
    this.#heartbeat.stop();
    this.#waitForEnd();
    this.#reading.resume();
    this.#carrier.end();
  }

  /** A slow reader gets all that was written; a peer that has it all and does not leave is left. */
  #waitForEnd(): void {
    const look = (): void => {
      if (this.#carrier.unsentBytes === 0) this.#carrier.destroy();
      else this.#waitForEnd();
    };
    this.#linger = this.#options.clock.setTimer(lingerMs, look, { background: true });
  }

  #lost(cause: SluiceError | undefined): void {
    this.#linger?.cancel();
    const isComplete = !this.#reading.isOpen && !this.#writing.isOpen;
    const error =
      cause ?? new SluiceError("UNAVAILABLE", "The pipe was lost: the peer left without closing it");
    this.#end(isComplete ? undefined : error);
  }

  #fail(error: SluiceError): void {
    this.#end(error);
    this.#carrier.destroy();
  }

  #end(error: SluiceError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#heartbeat.stop();
    this.#linger?.cancel();
    if (error !== undefined) {
      this.#reading.end(error);
      this.#writing.fail(error);
    }
    this.#sender.stop();
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }
}
