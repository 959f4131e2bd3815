/**
 * A raw pipe: bytes both ways as web streams, in frames that also carry pings and the end of each direction.
 *
 * It stands on anything that moves bytes and can be paused ({@link PipeCarrier}). Spec: docs/pipes.md.
 */
import { isErrorCode } from "@sluice/protocol";
import {
  type ByteDuplex,
  encodePipeFrame,
  type PipeClose,
  type PipeFrame,
  PipeFrameDecoder,
  SluiceError,
  type Timer,
} from "@sluice/protocol/wire";
import { PipeHeartbeat } from "./pipe-heartbeat.ts";
import { checkPipeOptions, type PipeOptions } from "./pipe-options.ts";

/** What moves the bytes of a pipe. */
export interface PipeCarrier extends ByteDuplex {
  /** Bytes that were written and have not gone out. */
  readonly unsentBytes: number;
  /** Reads no more until `resume()`. */
  pause(): void;
  resume(): void;
}

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

/** Bytes that wait in each stream before its other end has to. */
const queueBytes = 64 * 1024;
/** What a chunk costs beyond its bytes, so that empty ones are not free. */
const chunkOverhead = 64;
/** How long the carrier may outlast the pipe, ms: the peer may be reading. */
const lingerMs = 5_000;

const size = (chunk: Uint8Array): number => (chunk?.byteLength ?? 0) + chunkOverhead;

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
  #reader!: ReadableStreamDefaultController<Uint8Array>;
  #writer!: WritableStreamDefaultController;
  /** Whether a direction is still going: what we read, what we write. */
  #isReading = true;
  #isWriting = true;
  #isPaused = false;
  /** The carrier has asked to wait; these are told when it needs no more. */
  #isFull = false;
  #drained: (() => void)[] = [];
  /** A pong that waits for room: only the latest, however many pings come. */
  #owedPong: { readonly id: number | undefined } | undefined;
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
    this.#heartbeat = new PipeHeartbeat(options, {
      ping: (id) => this.#send({ type: "ping", id }),
      lost: (error) => this.#fail(error),
    });
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#reader = controller;
        },
        pull: () => this.#resume(),
        cancel: (reason) => this.#cancelled(reason),
      },
      { highWaterMark: queueBytes, size },
    );
    this.writable = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#writer = controller;
          // An abort waits for the write that is going on, and that for a peer that may never read.
          controller.signal.addEventListener("abort", () => this.#release());
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#endWriting({ type: "close", side: "writable" }),
        abort: (reason) =>
          this.#endWriting({ type: "close", side: "writable", ...failure(reason, "ABORTED") }),
      },
      { highWaterMark: queueBytes, size },
    );
    carrier.start({
      data: (chunk) => this.#read(chunk),
      drained: () => this.#drain(),
      closed: (error) => this.#lost(error),
    });
  }

  ping(): Promise<number> {
    if (this.#isOver) return Promise.reject(over());
    return this.#heartbeat.ping();
  }

  async close(): Promise<void> {
    const stops: Promise<unknown>[] = [];
    // A stream that somebody holds is theirs to end; what is left then ends with the carrier.
    if (this.#isWriting) stops.push(this.#closeWritable());
    if (this.#isReading) stops.push(this.#closeReadable());
    await Promise.all(stops);
    await this.closed.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeWritable(): Promise<void> {
    if (!this.writable.locked) await this.writable.close().catch(() => {});
    if (this.#isWriting) {
      this.#writer.error(over());
      this.#endWriting({ type: "close", side: "writable" });
    }
  }

  async #closeReadable(): Promise<void> {
    if (!this.readable.locked) await this.readable.cancel().catch(() => {});
    if (this.#isReading) {
      this.#reader.close();
      this.#cancelled(undefined);
    }
  }

  #read(chunk: Uint8Array): void {
    this.#heartbeat.heard();
    if (this.#isOver) return;
    try {
      // A Buffer's parts would be Buffers, whose slice() is another than that of bytes.
      this.#decoder.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length), this.#frame);
    } catch (reason) {
      const error = SluiceError.from(reason, "PROTOCOL_ERROR");
      this.#send({ type: "close", side: "both", code: error.code, reason: error.message });
      this.#fail(error);
      return;
    }
    if (this.#isReading && (this.#reader.desiredSize ?? 0) <= 0) this.#pause();
  }

  readonly #frame = ({ metadata, payload }: PipeFrame): void => {
    if (this.#isOver) return;
    switch (metadata.type) {
      case "data":
        // After a cancel the peer may not know yet: what still comes is dropped.
        if (this.#isReading) this.#reader.enqueue(payload);
        break;
      case "ping":
        this.#pong(metadata.id);
        break;
      case "pong":
        this.#heartbeat.answered(metadata.id);
        break;
      default:
        this.#peerClosed(metadata);
    }
  };

  #peerClosed({ side = "both", code, reason }: PipeClose): void {
    const error = code === undefined ? undefined : remoteError(code, reason);
    if (side !== "readable" && this.#isReading) {
      this.#isReading = false;
      if (error === undefined) this.#reader.close();
      else this.#reader.error(error);
    }
    if (side !== "writable" && this.#isWriting) {
      this.#writer.error(
        error ?? new SluiceError("CANCELLED", "The peer reads no more", { origin: "remote" }),
      );
      this.#endWriting({ type: "close", side: "writable" });
    }
    this.#finish();
  }

  #write(chunk: Uint8Array): void | Promise<void> {
    if (!(chunk instanceof Uint8Array)) {
      const error = new TypeError(
        "A pipe carries bytes: write a Uint8Array, for text new TextEncoder().encode(text)",
      );
      // What a sink throws fails its stream; nobody else tells the peer.
      this.#endWriting({ type: "close", side: "writable", ...failure(error, "ABORTED") });
      throw error;
    }
    const { maxPayload } = this.#options;
    if (chunk.length <= maxPayload) {
      this.#put(encodePipeFrame({ type: "data" }, chunk));
      return this.#isFull ? this.#whenDrained() : undefined;
    }
    return this.#writePieces(chunk, maxPayload);
  }

  async #writePieces(chunk: Uint8Array, maxPayload: number): Promise<void> {
    for (let at = 0; at < chunk.length && this.#isWriting; at += maxPayload) {
      this.#put(encodePipeFrame({ type: "data" }, chunk.subarray(at, at + maxPayload)));
      if (this.#isFull) await this.#whenDrained();
    }
  }

  #whenDrained(): Promise<void> {
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  #drain(): void {
    this.#isFull = false;
    const owed = this.#owedPong;
    this.#owedPong = undefined;
    if (owed !== undefined) this.#pong(owed.id);
    this.#release();
  }

  #release(): void {
    const drained = this.#drained;
    this.#drained = [];
    for (const resolve of drained) resolve();
  }

  #pong(id: number | undefined): void {
    if (this.#isFull) this.#owedPong = { id };
    else this.#send(id === undefined ? { type: "pong" } : { type: "pong", id });
  }

  #send(metadata: PipeFrame["metadata"]): void {
    this.#put(encodePipeFrame(metadata));
  }

  #put(bytes: Uint8Array): void {
    if (!this.#isOver && !this.#carrier.write([bytes])) this.#isFull = true;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#heartbeat.deaf = true;
    this.#carrier.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#heartbeat.deaf = false;
    this.#carrier.resume();
  }

  #cancelled(reason: unknown): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    const close = { type: "close", side: "readable" } as const;
    this.#send(reason === undefined ? close : { ...close, ...failure(reason, "CANCELLED") });
    this.#resume();
    this.#finish();
  }

  #endWriting(close: PipeClose): void {
    if (!this.#isWriting) return;
    this.#isWriting = false;
    this.#send(close);
    this.#release();
    this.#finish();
  }

  /** Ends the carrier once both directions have ended. */
  #finish(): void {
    if (this.#isReading || this.#isWriting || this.#linger !== undefined) return;
    this.#heartbeat.stop();
    this.#waitForEnd();
    this.#resume();
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
    const isComplete = !this.#isReading && !this.#isWriting;
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
    if (this.#isReading) this.#reader.error(error);
    if (this.#isWriting) this.#writer.error(error);
    this.#isReading = false;
    this.#isWriting = false;
    this.#release();
    if (error === undefined) this.#settle.resolve();
    else this.#settle.reject(error);
  }
}

/** What a reason tells the peer: a SluiceError its code and text, anything else that it is one. */
function failure(reason: unknown, code: string): { readonly code: string; readonly reason: string } {
  if (SluiceError.is(reason)) return { code: reason.code, reason: reason.message.slice(0, 1000) };
  return { code, reason: typeof reason === "string" ? reason.slice(0, 1000) : "The peer gave up" };
}

function remoteError(code: string, reason = ""): SluiceError {
  const known = isErrorCode(code) ? code : "UNKNOWN";
  return new SluiceError(known, reason === "" ? `The peer closed the pipe: ${code.slice(0, 40)}` : reason, {
    origin: "remote",
  });
}

function over(): SluiceError {
  return new SluiceError("CANCELLED", "The pipe is closed");
}
