/**
 * The server's end of a link over HTTP: events for the body of one response, made as that is read, and batches from many requests.
 *
 * Spec: docs/wire.md §5.
 */
import type { SluiceError } from "@sluice/protocol";
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  ByteLink,
  type Clock,
  type LinkInfo,
  type LinkReceiver,
  standardUtf8,
  type Timer,
  type Utf8,
} from "@sluice/protocol/wire";
import { DownlinkWriter, joinChunks, keepAliveComment, paddingComment } from "./downlink.ts";
import type { BodyReader, PulledBody } from "./pulled-body.ts";

export interface ServerDuplexOptions {
  readonly info: LinkInfo;
  readonly clock: Clock;
  /** Milliseconds without an event after which a comment is sent. */
  readonly keepAlive: number;
  /** Bytes that every write shall have at least; 0: as they come. */
  readonly padding: number;
  /** As {@link ByteDuplex.defer}. Default: behind the microtasks that are due. */
  readonly defer?: ((flush: () => void) => void) | undefined;
  /** The link is over. */
  onClosed(): void;
}

/** Bytes of events that wait to be read before the session is told to wait. */
const mostUnreadBytes = 64 * 1024;

/** It is the body of the response itself. */
export class ServerDuplex implements ByteDuplex, PulledBody {
  readonly info: LinkInfo;
  readonly utf8: Utf8 = standardUtf8;
  readonly #options: ServerDuplexOptions;
  readonly #writer: DownlinkWriter = new DownlinkWriter(standardUtf8);
  #reader: BodyReader | undefined;
  /** Events that nobody has asked for yet. */
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  /** Somebody waits for something to read. */
  #isAwaited = false;
  #isFull = false;
  #keepAlive: Timer | undefined;
  #lastAt: number;
  #events: ByteDuplexEvents | undefined;
  /** What came before anybody took it, and what is behind it. */
  #early: Uint8Array[] | undefined = [];
  #state: "open" | "ending" | "over" = "open";

  constructor(options: ServerDuplexOptions) {
    this.#options = options;
    this.info = options.info;
    this.#lastAt = options.clock.now();
    // At once, so that whoever waits sees that nobody holds events back.
    this.#put(paddingComment(Math.max(16, options.padding)));
    this.#watchSilence(options.keepAlive);
  }

  /** The number of the last event that was made. */
  get lastEvent(): number {
    return this.#writer.number;
  }

  get isOver(): boolean {
    return this.#state === "over";
  }

  /** Takes what came from the client, in order. */
  receive(bytes: Uint8Array): void {
    if (this.#early !== undefined) this.#early.push(bytes);
    else if (this.#state !== "over") this.#events?.data(bytes);
  }

  defer(flush: () => void): void {
    const { defer = afterMicrotasks } = this.#options;
    defer(flush);
  }

  start(events: ByteDuplexEvents): void {
    this.#events = events;
    queueMicrotask(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const bytes of early) events.data(bytes);
      if (this.#state === "over") events.closed(undefined);
    });
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== "open") return true;
    const event = this.#writer.write(chunks);
    const missing = this.#options.padding - event.length;
    this.#put(missing > 0 ? joinChunks([event, paddingComment(missing)]) : event);
    if (this.#unreadBytes < mostUnreadBytes) return true;
    this.#isFull = true;
    return false;
  }

  /** Ends the body behind what was written. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    if (this.#unread.length === 0) this.#finish();
  }

  destroy(): void {
    this.#finish();
  }

  #put(bytes: Uint8Array): void {
    this.#lastAt = this.#options.clock.now();
    if (this.#isAwaited) {
      this.#isAwaited = false;
      this.#reader?.take(bytes);
      return;
    }
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
    if (this.#state === "over") reader.end();
  }

  cancel(): void {
    this.#finish();
  }

  pull(): void {
    if (this.#unread.length === 0) {
      this.#isAwaited = true;
      return;
    }
    const bytes = joinChunks(this.#unread);
    this.#unread = [];
    this.#unreadBytes = 0;
    this.#reader?.take(bytes);
    if (this.#state === "ending") this.#finish();
    else if (this.#isFull) {
      this.#isFull = false;
      this.#events?.drained();
    }
  }

  /** A comment after `ms` of silence; none where nobody reads. */
  #watchSilence(ms: number): void {
    const { clock, keepAlive } = this.#options;
    const due = (): void => {
      const silentMs = clock.now() - this.#lastAt;
      if (silentMs >= keepAlive && this.#isAwaited) this.#put(keepAliveComment);
      this.#watchSilence(silentMs >= keepAlive ? keepAlive : keepAlive - silentMs);
    };
    this.#keepAlive = clock.setTimer(Math.max(1, ms), due, { background: true });
  }

  #finish(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#keepAlive?.cancel();
    this.#unread = [];
    this.#unreadBytes = 0;
    this.#reader?.end();
    this.#options.onClosed();
    // What came early comes before the end.
    if (this.#early === undefined) this.#events?.closed(undefined);
  }
}

/** So that what handlers answer in them goes along. */
function afterMicrotasks(flush: () => void): void {
  queueMicrotask(() => queueMicrotask(flush));
}

/** A link whose transport learns when what came was malformed, so that the request that brought it is refused. */
export class WatchedLink extends ByteLink {
  malformed: SluiceError | undefined;

  override receive(receiver: LinkReceiver): void {
    super.receive({
      frame: (frame) => receiver.frame(frame),
      arrived: () => receiver.arrived?.(),
      malformed: (error) => {
        this.malformed = error;
        receiver.malformed(error);
      },
      flushing: () => receiver.flushing(),
      writable: () => receiver.writable(),
      closed: (error) => receiver.closed(error),
    });
  }
}
