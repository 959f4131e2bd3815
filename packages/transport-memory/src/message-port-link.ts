/**
 * A link over a port: frames as objects, posted once a turn, never further than 64 KiB ahead of what the other side has taken.
 *
 * Spec: docs/wire.md §3.3, structured. The other side is not trusted: what it posts is judged as bytes are.
 */
import {
  checkStructuredFrame,
  type Frame,
  type Link,
  type LinkInfo,
  type LinkReceiver,
  type MeasureValue,
  measureReceived,
  messageOverhead,
  SluiceError,
  standardUtf8,
  type Utf8,
  type ValueLimits,
} from "@sluice/protocol/wire";
import { unsendable } from "./copied-frame.ts";
import {
  checkBatch,
  frameToPost,
  lostPort,
  mostFrames,
  type PortBatch,
  payloadBytesOf,
  unpostable,
  weightOf,
} from "./port-batch.ts";
import { listenToPort, type MessagePortLike, postTo } from "./port-like.ts";
import { PortRoom } from "./port-room.ts";

export class MessagePortLink implements Link {
  readonly kind = "structured";
  readonly utf8: Utf8 = standardUtf8;
  readonly info: LinkInfo = { transport: "message-port" };
  /** Messages that have come, whatever they are. No platform but Node says that the thread behind a port is gone. */
  inbound = 0;
  readonly #port: MessagePortLike;
  readonly #measure: MeasureValue;
  readonly #stopListening: () => void;
  #receiver: LinkReceiver | undefined;
  #state: "open" | "ending" | "closed" = "open";
  #endError: SluiceError | undefined;
  #isEndTold = false;
  #isPaused = false;
  /** What came cannot be relied on: nothing more is read. */
  #isDeaf = false;
  /** Batches: posted here, and come. */
  #posted = 0;
  #came = 0;
  /** What came before there was a receiver or while nobody reads, and those behind them until they are handed over. */
  #early: (PortBatch | SluiceError)[] | undefined = [];
  /** Frames that wait for the end of the turn, and buffers that move with them. */
  #sending: Frame[] = [];
  #moved: ArrayBuffer[] = [];
  #isFlushDue = false;
  readonly #room = new PortRoom();

  /** Takes the port over. `limits` bound every value that comes. */
  constructor(port: MessagePortLike, limits: ValueLimits) {
    this.#port = port;
    this.#measure = (value) => measureReceived(value, limits);
    this.#stopListening = listenToPort(port, {
      message: (data) => this.#onMessage(data),
      unreadable: () => this.#onUnreadable(),
      closed: (cause) => this.#end(cause === undefined ? undefined : lostPort(cause)),
    });
    port.start?.();
  }

  /** Why the link has ended, if it was not by the will of one side. */
  get endError(): SluiceError | undefined {
    return this.#endError;
  }

  get room(): number {
    return this.#state === "open" ? this.#room.left : 0;
  }

  receive(receiver: LinkReceiver): void {
    const isFirst = this.#receiver === undefined;
    this.#receiver = receiver;
    if (isFirst) queueMicrotask(this.#takeEarly);
  }

  /** What comes is kept and not told as taken, so that the peer's room runs out. */
  pause(): void {
    if (this.#state !== "open") return;
    this.#isPaused = true;
    this.#early ??= [];
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    queueMicrotask(this.#takeEarly);
  }

  send(frame: Frame): number {
    if (this.#state !== "open") return 0;
    try {
      this.#sending.push(frameToPost(frame, this.#moved));
    } catch (cause) {
      this.#fail(unsendable(frame, cause));
      return 0;
    }
    this.#count(weightOf(frame));
    if (this.#sending.length >= mostFrames) this.#post(false);
    this.#flushSoon();
    return payloadBytesOf(frame);
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#leave();
    queueMicrotask(() => this.#end(undefined));
    this.resume();
  }

  destroy(error?: SluiceError): void {
    if (this.#state === "closed") return;
    const hasLeft = this.#state === "ending";
    this.#sending = [];
    this.#moved = [];
    this.#early = this.#early === undefined ? undefined : [];
    if (!hasLeft) this.#leave();
    this.#end(error);
    this.resume();
  }

  // ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #count(weight: number): void {
    try {
      this.#room.send(weight);
    } catch (reason) {
      this.#fail(SluiceError.from(reason, "RESOURCE_EXHAUSTED"));
    }
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    // After the microtasks that are due already, so that what several handlers answer goes out together.
    queueMicrotask(() => queueMicrotask(this.#flush));
  }

  readonly #flush = (): void => {
    this.#isFlushDue = false;
    if (this.#state !== "open") return;
    this.#receiver?.flushing();
    this.#post(false);
  };

  #post(end: boolean): void {
    const frames = this.#sending;
    const moved = this.#moved;
    this.#sending = [];
    this.#moved = [];
    try {
      postTo(this.#port, { number: this.#posted + 1, frames, taken: this.#room.tell(), end }, moved);
      this.#posted++;
    } catch (cause) {
      this.#fail(unpostable(cause));
    }
  }

  /** Posts what waits and that it is the last, and lets go of the port. */
  #leave(): void {
    this.#post(true);
    this.#letGo();
  }

  /** Ends the link because this side cannot go on. Soon: whoever is sending does not expect its end inside. */
  #fail(error: SluiceError): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#sending = [];
    this.#moved = [];
    this.#leave();
    queueMicrotask(() => this.#end(error));
    this.resume();
  }

  // ── In ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether frames are handed over: what came before the first receiver is, even when the port is over. */
  get #isReading(): boolean {
    return !this.#isEndTold && this.#state !== "ending";
  }

  readonly #takeEarly = (): void => {
    if (this.#isPaused) return;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (let next = early.shift(); next !== undefined; next = early.shift()) {
      this.#handOver(next);
      if (this.#early === undefined) continue;
      this.#early = early;
      return;
    }
    if (this.#state === "closed") this.#tellEnd();
  };

  /** What is said of this side's own frames counts at once, also while nobody receives. */
  #onMessage(message: unknown): void {
    this.#countArrival();
    if (this.#isDeaf) return;
    let batch: PortBatch;
    try {
      batch = checkBatch(message, this.#came, this.#room.confirmed, this.#room.sent);
    } catch (reason) {
      this.#readNoMore(SluiceError.from(reason, "PROTOCOL_ERROR"));
      return;
    }
    this.#came = batch.number;
    if (this.#room.confirm(batch.taken)) this.#receiver?.writable();
    this.#arrive(batch);
  }

  #onUnreadable(): void {
    this.#countArrival();
    this.#readNoMore(
      new SluiceError("DECODE_ERROR", "Cannot read a message on a port: it cannot be deserialized"),
    );
  }

  #countArrival(): void {
    this.inbound++;
    this.#receiver?.arrived?.();
  }

  #readNoMore(error: SluiceError): void {
    this.#isDeaf = true;
    this.#arrive(error);
  }

  #arrive(arrival: PortBatch | SluiceError): void {
    if (this.#early === undefined) this.#handOver(arrival);
    else this.#early.push(arrival);
  }

  #handOver(arrival: PortBatch | SluiceError): void {
    if (!this.#isReading) return;
    if (!SluiceError.is(arrival)) this.#takeBatch(arrival);
    // The peer has done nothing wrong: what is between loses, doubles or swaps messages.
    else if (arrival.code === "UNAVAILABLE") this.#fail(arrival);
    else this.#receiver?.malformed(arrival);
  }

  #takeBatch({ frames, end }: PortBatch): void {
    for (const entry of frames) {
      let frame: Frame | undefined;
      try {
        frame = checkStructuredFrame(entry, this.#measure);
      } catch (reason) {
        this.#isDeaf = true;
        this.#receiver?.malformed(SluiceError.from(reason, "PROTOCOL_ERROR"));
        return;
      }
      this.#take(frame);
      if (!this.#isReading) return;
    }
    if (end) {
      if (this.#state === "open") this.#letGo();
      this.#end(undefined);
    } else if (this.#room.isTellingDue) this.#flushSoon();
  }

  #take(frame: Frame | undefined): void {
    this.#room.take(frame === undefined ? messageOverhead : weightOf(frame));
    if (frame !== undefined) this.#receiver?.frame(frame);
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #letGo(): void {
    this.#stopListening();
    // Only a MessagePort is started: close() of a worker's global scope would end the worker.
    if (this.#port.start !== undefined) this.#port.close?.();
  }

  #end(error: SluiceError | undefined): void {
    if (this.#state === "closed") return;
    if (this.#state === "open") this.#letGo();
    this.#state = "closed";
    this.#endError = error;
    // What came early comes before the end.
    if (this.#early === undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    this.#receiver?.closed(this.#endError);
  }
}
