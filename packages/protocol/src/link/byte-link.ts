/**
 * A link over anything that moves bytes in order: encodes, coalesces the frames of one turn into one write, decodes.
 *
 * A transport brings the {@link ByteDuplex}; everything else is here. Spec: docs/wire.md §3.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { FrameDecoder } from "../frame/decode-frames.ts";
import { FrameWriter } from "../frame/encode-frame.ts";
import type { Frame } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { Link, LinkInfo, LinkReceiver } from "./link.ts";

/** What a byte link needs of its carrier. */
export interface ByteDuplex {
  readonly info: LinkInfo;
  readonly utf8: Utf8;
  /** Runs `flush` once, when the work of this turn of the event loop is done. */
  defer(flush: () => void): void;
  /** Starts reading; called once. */
  start(events: ByteDuplexEvents): void;
  /** Writes `chunks` in order, as one write where possible. Returns whether more may follow at once; else `drained` comes. */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Ends the writing side after what was written, and the whole when the peer has ended too. */
  end(): void;
  /** Ends everything at once. */
  destroy(): void;
  /** Reads no more until `resume`. Absent: it cannot stop reading. */
  pause?(): void;
  resume?(): void;
}

export interface ByteDuplexEvents {
  data(chunk: Uint8Array): void;
  drained(): void;
  /** The carrier is over: exactly once, nothing follows. */
  closed(error: SluiceError | undefined): void;
}

/** Payload bytes that wait in a link at most; what is behind them can still be overtaken by control frames. */
const roomBytes = 64 * 1024;
/** Control frames have no credit. A peer that makes us answer and never reads is cut off here. */
const maxUnsentBytes = 1024 * 1024;

export class ByteLink implements Link {
  readonly kind = "binary";
  readonly info: LinkInfo;
  readonly utf8: Utf8;
  /** Chunks that have arrived. */
  inbound = 0;
  readonly #duplex: ByteDuplex;
  readonly #writer: FrameWriter;
  readonly #decoder: FrameDecoder;
  #receiver: LinkReceiver | undefined;
  #state: "open" | "closing" | "closed" = "open";
  /** Frames are waiting for the end of this turn. */
  #isFlushDue = false;
  /** The carrier has asked to wait. */
  #isFull = false;
  /** The session was told that there is no room. */
  #isWaitedFor = false;
  #isMalformed = false;
  #error: SluiceError | undefined;

  constructor(duplex: ByteDuplex) {
    this.info = duplex.info;
    this.utf8 = duplex.utf8;
    this.#duplex = duplex;
    this.#writer = new FrameWriter(duplex.utf8);
    this.#decoder = new FrameDecoder(duplex.utf8);
  }

  get unfinished(): number {
    return this.#decoder.unfinished;
  }

  get room(): number {
    if (this.#state !== "open") return 0;
    const room = this.#isFull ? 0 : roomBytes - this.#writer.bytes;
    if (room <= 0) this.#isWaitedFor = true;
    return room;
  }

  receive(receiver: LinkReceiver): void {
    const isFirst = this.#receiver === undefined;
    this.#receiver = receiver;
    if (!isFirst) return;
    if (this.#state === "closed") {
      this.#duplex.defer(() => receiver.closed(this.#error));
      return;
    }
    this.#start();
  }

  /** Apart from `receive()`, so that the first receiver is not kept by what is made here. */
  #start(): void {
    this.#duplex.start({
      data: (chunk) => this.#read(chunk),
      drained: () => this.#drained(),
      closed: (error) => this.#closed(error),
    });
  }

  send(frame: Frame): number {
    if (this.#state !== "open") return 0;
    const payloadBytes = this.#writer.write(frame);
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#duplex.defer(this.#flushTurn);
    }
    return payloadBytes;
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (this.#writer.bytes > 0) this.#duplex.write(this.#writer.take());
    this.#duplex.end();
  }

  destroy(error?: SluiceError): void {
    if (this.#state === "closed") return;
    // Told first: a carrier may say at once that it is over, and does not know why.
    this.#closed(error);
    this.#duplex.destroy();
  }

  pause(): void {
    this.#duplex.pause?.();
  }

  resume(): void {
    this.#duplex.resume?.();
  }

  readonly #flushTurn = (): void => {
    if (this.#state === "open") this.#receiver?.flushing();
    this.#flush();
    if (this.#isWaitedFor && !this.#isFull && this.#state === "open") {
      this.#isWaitedFor = false;
      this.#receiver?.writable();
    }
  };

  #flush(): void {
    this.#isFlushDue = false;
    if (this.#state !== "open" || this.#writer.bytes === 0) return;
    if (this.#isFull) {
      // Only control frames gather here, since there is no room for others.
      if (this.#writer.bytes > maxUnsentBytes) {
        this.destroy(
          new SluiceError(
            "RESOURCE_EXHAUSTED",
            `Cannot send: the peer leaves ${maxUnsentBytes} bytes unread`,
          ),
        );
      }
      return;
    }
    if (!this.#duplex.write(this.#writer.take())) this.#isFull = true;
  }

  #drained(): void {
    this.#isFull = false;
    if (this.#state !== "open") return;
    this.#flush();
    if (this.#isWaitedFor && !this.#isFull) {
      this.#isWaitedFor = false;
      this.#receiver?.writable();
    }
  }

  readonly #sink = (frame: Frame): void => {
    if (this.#state !== "closed") this.#receiver?.frame(frame);
  };

  #read(chunk: Uint8Array): void {
    this.inbound++;
    this.#receiver?.arrived?.();
    if (this.#isMalformed || this.#state === "closed") return;
    try {
      this.#decoder.push(chunk, this.#sink);
    } catch (reason) {
      this.#isMalformed = true;
      this.#receiver?.malformed(SluiceError.from(reason, "PROTOCOL_ERROR"));
    }
  }

  #closed(error: SluiceError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#error = error;
    this.#writer.take();
    this.#receiver?.closed(error);
  }
}
