/**
 * A WebSocket as a byte stream that a link can use. The only file of this package that listens to a socket's messages.
 *
 * Messages are of bytes, bounded, and cut wherever the sender likes. A socket that does not answer a close is cut off after 5 s where
 * the platform can do that, and left to itself elsewhere. Spec: docs/wire.md §3, docs/transports.md.
 */
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  type Clock,
  type LinkInfo,
  SluiceError,
  standardUtf8,
  systemClock,
  type Timer,
  type Utf8,
} from "@sluice/protocol/wire";
import { CloseCode, closeCodeOf, closeError, closeReason, ownCloseCode } from "./close-code.ts";
import { mostMessageBytes, packMessages } from "./pack-messages.ts";
import { UnsentWatch } from "./unsent-watch.ts";
import { bytesOf, isWs, ReadyState, type WebSocketEvent, type WebSocketLike } from "./websocket-like.ts";

/** Bytes that may wait in the socket: what is there cannot be overtaken. More where its drain shows only to who looks for it. */
const mostUnsentBytes = { told: 64 * 1024, looked: 256 * 1024 };
/** Bytes that may come before anybody reads. */
const mostEarlyBytes = 1024 * 1024;
/** How long a close may stay without an answer, ms. */
const closeMs = 5_000;

export interface WebSocketDuplexOptions {
  /** Default: `ws`, without an address. */
  readonly info?: LinkInfo;
  /** How texts become bytes. Default: the standard classes. */
  readonly utf8?: Utf8;
  /** As {@link ByteDuplex.defer}. Default: a microtask after those that are due. */
  readonly defer?: (flush: () => void) => void;
  /** How what is written becomes messages. Default: frames of Sluice, as many as fit, long chunks apart. */
  readonly pack?: (chunks: readonly Uint8Array[]) => readonly Uint8Array<ArrayBuffer>[];
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

export class WebSocketDuplex implements ByteDuplex {
  readonly info: LinkInfo;
  readonly utf8: Utf8;
  readonly defer: (flush: () => void) => void;
  readonly pause?: () => void;
  readonly resume?: () => void;
  readonly #socket: WebSocketLike;
  readonly #pack: (chunks: readonly Uint8Array[]) => readonly Uint8Array<ArrayBuffer>[];
  readonly #clock: Clock;
  /** Of a socket that was full once: most never are. */
  #unsent: UnsentWatch | undefined;
  #events: ByteDuplexEvents | undefined;
  /** What came before it was read, until that is handed over. */
  #early: Uint8Array[] | undefined = [];
  #earlyBytes = 0;
  /** `ending`: nothing more is sent · `over`: nothing more is told, once the end is. */
  #state: "open" | "ending" | "over" = "open";
  #error: SluiceError | undefined;
  #isEndTold = false;
  #closeTimer: Timer | undefined;
  #isPaused = false;
  /** Whether the socket says when bytes have left. */
  #isTold: boolean;
  #isSending = false;

  /** Takes over the socket, which is open. */
  constructor(socket: WebSocketLike, options: WebSocketDuplexOptions = {}) {
    const {
      info = { transport: "ws" },
      utf8 = standardUtf8,
      clock = systemClock,
      defer = afterTurn,
      pack = packMessages,
    } = options;
    this.info = info;
    this.utf8 = utf8;
    this.defer = defer;
    this.#socket = socket;
    this.#pack = pack;
    this.#clock = clock;
    this.#isTold = isWs(socket);
    if (isWs(socket)) {
      this.pause = () => {
        this.#isPaused = true;
        socket.pause();
      };
      this.resume = () => {
        this.#isPaused = false;
        socket.resume();
      };
      // Nobody reads yet.
      socket.pause();
    }
    // Of `ws` the bytes as they came, without a copy; every other platform knows this one kind besides blobs.
    socket.binaryType = isWs(socket) ? "nodebuffer" : "arraybuffer";
    // Listeners for good: an error event of `ws` that nobody hears ends the process.
    socket.addEventListener("message", (event) => this.#onMessage(event));
    socket.addEventListener("error", (event) => this.#onError(event));
    socket.addEventListener("close", (event) => this.#onClose(event));
    if (socket.readyState === ReadyState.closed) this.#over(undefined);
  }

  start(events: ByteDuplexEvents): void {
    this.#events = events;
    queueMicrotask(this.#handEarlyOver);
    if (!this.#isPaused && isWs(this.#socket)) this.#socket.resume();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    // A socket that is closing takes everything, sends nothing, and counts it for ever.
    if (this.#state !== "open" || socket.readyState !== ReadyState.open) return true;
    this.#isSending = true;
    try {
      for (const message of this.#pack(chunks)) {
        if (isWs(socket)) socket.send(message, this.#sent);
        else socket.send(message);
      }
    } catch (cause) {
      this.#fail(new SluiceError("UNAVAILABLE", "The WebSocket takes no message", { cause }));
      return true;
    } finally {
      this.#isSending = false;
    }
    return !this.#isFull();
  }

  #isFull(): boolean {
    const socket = this.#socket;
    const mostBytes = isWs(socket) ? mostUnsentBytes.told : mostUnsentBytes.looked;
    if (this.#unsent === undefined && (socket.bufferedAmount ?? 0) < mostBytes) return false;
    this.#unsent ??= new UnsentWatch(
      socket,
      mostBytes,
      this.#clock,
      () => this.#isTold,
      () => this.#events?.drained(),
    );
    return this.#unsent.isFull();
  }

  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ending";
    this.#close(CloseCode.normal, "");
  }

  destroy(): void {
    const wasOver = this.#state === "over";
    this.#early = this.#early === undefined ? undefined : [];
    this.#over(undefined);
    const socket = this.#socket;
    this.#closeTimer?.cancel();
    if (isWs(socket)) socket.terminate();
    else if (!wasOver) this.#closeOnly(ownCloseCode("UNAVAILABLE"), "");
  }

  /** Ends the link because of what the peer does, and tells it why, as far as the platform lets it. */
  refuse(error: SluiceError, code: number = closeCodeOf(error.code)): void {
    this.#fail(error, code);
  }

  #onMessage({ data }: WebSocketEvent): void {
    if (this.#state === "over") return;
    const bytes = bytesOf(data);
    if (bytes === undefined) {
      const error = new SluiceError("PROTOCOL_ERROR", "The peer sent text: messages of Sluice are of bytes");
      this.#fail(error, CloseCode.unsupportedData);
    } else if (bytes.length > mostMessageBytes) {
      const size = `a message of ${bytes.length} bytes, at most ${mostMessageBytes} are taken`;
      this.#fail(new SluiceError("FRAME_TOO_LARGE", `The peer sent ${size}`));
    } else if (this.#early !== undefined) {
      this.#keep(this.#early, bytes);
    } else {
      this.#events?.data(bytes);
    }
  }

  #keep(early: Uint8Array[], bytes: Uint8Array): void {
    early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes <= mostEarlyBytes) return;
    this.#early = [];
    this.#fail(new SluiceError("RESOURCE_EXHAUSTED", `The peer sent ${mostEarlyBytes} bytes unasked`));
  }

  readonly #handEarlyOver = (): void => {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const bytes of early) if (!this.#isEndTold) this.#events?.data(bytes);
    if (this.#state === "over") this.#tellEnd();
  };

  /** Bytes have left; a socket that says so before `send()` is over does not know it. */
  readonly #sent = (): void => {
    if (this.#isSending) this.#isTold = false;
    else this.#unsent?.look();
  };

  #onError(event: WebSocketEvent): void {
    // Where the platform says what it was. Else the close code may, which follows.
    if (event.error instanceof Error) this.#over(failure(event.error));
    this.#lingerOnly();
  }

  #onClose({ code = CloseCode.noStatus, reason = "" }: WebSocketEvent): void {
    this.#closeTimer?.cancel();
    const isMeant = this.#state === "ending" && code !== CloseCode.abnormal;
    this.#over(isMeant ? undefined : closeError(code, reason));
  }

  #fail(error: SluiceError, code: number = closeCodeOf(error.code)): void {
    if (this.#state === "over") return;
    this.#error ??= error;
    this.#over(error);
    this.#close(code, error.message);
  }

  /** Closes the socket, and waits for the answer no longer than its time. */
  #close(code: number, reason: string): void {
    // The answer stands behind whatever was not read.
    if (isWs(this.#socket)) this.#socket.resume();
    this.#closeOnly(code, reason);
    this.#lingerOnly();
  }

  #closeOnly(code: number, reason: string): void {
    const text = closeReason(reason);
    try {
      this.#socket.close(code, text);
    } catch {
      // Browsers let a page send 1000 and codes of its own only.
      this.#closeWithOwn(text);
    }
  }

  #closeWithOwn(reason: string): void {
    try {
      this.#socket.close(ownCloseCode(this.#error?.code ?? "UNAVAILABLE"), reason);
    } catch {
      // It cannot be closed any more: the end comes, or is told when its time is over.
    }
  }

  #lingerOnly(): void {
    if (this.#closeTimer !== undefined || this.#socket.readyState === ReadyState.closed) return;
    const cut = (): void => {
      if (isWs(this.#socket)) this.#socket.terminate();
      this.#over(undefined);
    };
    this.#closeTimer = this.#clock.setTimer(closeMs, cut, { background: true });
  }

  /** Nothing more is sent or read. The end is told soon: whoever caused it does not expect it inside. */
  #over(error: SluiceError | undefined): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#error ??= error;
    this.#unsent?.stop();
    queueMicrotask(() => this.#tellEnd());
  }

  #tellEnd(): void {
    if (this.#isEndTold || this.#events === undefined || this.#early !== undefined) return;
    this.#isEndTold = true;
    this.#events.closed(this.#error);
  }
}

function afterTurn(flush: () => void): void {
  // After the microtasks that are due already, so that what several handlers answer goes out together.
  queueMicrotask(() => queueMicrotask(flush));
}

/** The error for a socket that failed while it was in use, by what `ws` or Node says. */
function failure(cause: Error): SluiceError {
  const { code = "" } = cause as Error & { readonly code?: string };
  const what = `The WebSocket failed: ${code === "" ? cause.message : code}`;
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH")
    return new SluiceError("FRAME_TOO_LARGE", what, { cause });
  return new SluiceError(code.startsWith("WS_ERR_") ? "PROTOCOL_ERROR" : "UNAVAILABLE", what, { cause });
}
