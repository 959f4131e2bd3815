/**
 * The client's end of a link over HTTP: one response that brings events, and requests that take batches of frames to the server.
 *
 * Uplink batches are binary frames: a request's body is bytes anyway, so nothing is gained by text. Spec: docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  type Clock,
  type LinkInfo,
  standardUtf8,
  type Timer,
  type Utf8,
} from "@sluice/protocol/wire";
import { BufferingWatch } from "./buffering-watch.ts";
import { DownlinkReader, joinChunks } from "./downlink.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { errorOfResponse } from "./response-error.ts";
import { type BatchOutcome, Uplink } from "./uplink.ts";
import {
  batchHeader,
  eventsType,
  framesType,
  linkHeader,
  maxOpeningBytes,
  paddingHeader,
} from "./wire-headers.ts";

/** Sends a request of the transport: `POST` with these headers and body. */
export type Post = (
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
) => Promise<HttpAnswer>;

export interface ClientDuplexOptions {
  readonly info: LinkInfo;
  /** Where requests go, for messages. */
  readonly url: string;
  readonly post: Post;
  readonly clock: Clock;
  readonly random: () => number;
  /** Bytes that every write of the server shall have; 0: as they come. */
  readonly padding: number;
  /** Somebody on the way collects events; they are `lateMs` late. */
  onHeld(lateMs: number): void;
  /** The link is over. */
  onClosed(): void;
}

/** A link that nobody writes to is opened all the same, after so long, ms. */
const openingMs = 10;
/** How long what was written may take to arrive once the link is to end, ms. */
const endMs = 5_000;
/** Bytes of one batch: three of them are on their way at once, and each has 10 s, also over a slow line. */
const batchBytes = 64 * 1024;
const nothing = new Uint8Array(0);

export class ClientDuplex implements ByteDuplex {
  readonly info: LinkInfo;
  readonly utf8: Utf8 = standardUtf8;
  readonly #options: ClientDuplexOptions;
  readonly #downlink: DownlinkReader = new DownlinkReader(standardUtf8);
  readonly #uplink: Uplink;
  readonly #abort = new AbortController();
  #opening: Timer | undefined;
  #endTimer: Timer | undefined;
  #watch: BufferingWatch | undefined;
  #state: "new" | "opening" | "open" | "over" = "new";
  #token = "";
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #events: ByteDuplexEvents | undefined;
  #isReading = false;
  #isEnding = false;
  #error: SluiceError | undefined;

  constructor(options: ClientDuplexOptions) {
    this.#options = options;
    this.info = options.info;
    const { clock, random } = options;
    this.#uplink = new Uplink({
      clock,
      random,
      post: (number, batch, signal) => this.#post(number, batch, signal),
      onRoom: () => this.#events?.drained(),
      onIdle: () => {
        if (this.#isEnding) this.#finish(undefined);
      },
      onFailed: (error) => this.#finish(error),
    });
    this.#opening = clock.setTimer(openingMs, () => void this.#open(nothing));
  }

  defer(flush: () => void): void {
    // Behind the microtasks that are due now, so that what is called in them goes along.
    queueMicrotask(() => queueMicrotask(flush));
  }

  start(events: ByteDuplexEvents): void {
    this.#events = events;
    if (this.#state === "over") queueMicrotask(() => events.closed(this.#error));
    else void this.#read();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state === "over") return true;
    // A copy of its own: it may have to be sent again, long after its memory was given back.
    const bytes = joinChunks([...chunks, nothing]);
    let at = 0;
    if (this.#state === "new") {
      at = Math.min(bytes.length, maxOpeningBytes);
      void this.#open(bytes.subarray(0, at));
    }
    for (; at < bytes.length; at += batchBytes) this.#uplink.push(bytes.subarray(at, at + batchBytes));
    return this.#uplink.askForRoom() || this.#events === undefined;
  }

  /** Ends the link when all that was written has arrived. */
  end(): void {
    this.#isEnding = true;
    if (this.#state === "new" || (this.#state === "open" && this.#uplink.isIdle)) this.#finish(undefined);
    else if (this.#state !== "over")
      this.#endTimer ??= this.#options.clock.setTimer(endMs, () => this.#finish(undefined));
  }

  destroy(): void {
    this.#finish(undefined);
  }

  async #open(body: Uint8Array): Promise<void> {
    this.#opening?.cancel();
    if (this.#state !== "new") return;
    this.#state = "opening";
    const { clock, padding, url } = this.#options;
    this.#watch = new BufferingWatch({
      clock,
      probe: () => this.#probe(),
      onHeld: (lateMs) => this.#options.onHeld(lateMs),
    });
    try {
      const response = await this.#options.post(
        {
          accept: eventsType,
          "content-type": framesType,
          ...(padding > 0 ? { [paddingHeader]: String(padding) } : {}),
        },
        body,
        this.#abort.signal,
      );
      const token = response.headers.get(linkHeader);
      const isStream = response.headers.get("content-type")?.startsWith(eventsType) === true;
      if (response.status !== 200) this.#finish(await errorOfResponse(response, url));
      else if (token === null || !isStream || response.body === null) this.#finish(noServer(url));
      else this.#opened(token, response.body.getReader());
    } catch (cause) {
      this.#finish(unreachable(url, cause));
    }
  }

  #opened(token: string, reader: ReadableStreamDefaultReader<Uint8Array>): void {
    if (this.#isOver) {
      reader.cancel().catch(ignore);
      return;
    }
    this.#state = "open";
    this.#token = token;
    this.#reader = reader;
    this.#uplink.open();
    if (this.#isEnding && this.#uplink.isIdle) this.#finish(undefined);
    else void this.#read();
  }

  async #read(): Promise<void> {
    const [reader, events] = [this.#reader, this.#events];
    if (reader === undefined || events === undefined || this.#isReading) return;
    this.#isReading = true;
    const sink = (frame: Uint8Array): void => {
      if (!this.#isOver) events.data(frame);
    };
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        this.#downlink.push(next.value, sink);
        this.#watch?.came(this.#downlink.number);
      }
      this.#finish(undefined);
    } catch (reason) {
      const message = "The event stream was cut";
      this.#finish(SluiceError.from(reason, "UNAVAILABLE", { message }));
    }
  }

  async #post(number: number, batch: Uint8Array, signal: AbortSignal): Promise<BatchOutcome> {
    const headers = {
      "content-type": framesType,
      [linkHeader]: this.#token,
      [batchHeader]: String(number),
    };
    const response = await this.#options.post(headers, batch, signal);
    const { status } = response;
    if (status === 200) {
      const left = await response.text();
      // Others answer 200 to anything, as portals do that want a sign-in.
      if (!/^\d{1,15}$/.test(left)) return "again";
      this.#watch?.left(Number(left));
      return "arrived";
    }
    const error = await errorOfResponse(response, this.#options.url);
    if (status === 404) {
      return new SluiceError("UNAVAILABLE", `The server has no such link any more: ${error.message}`);
    }
    const mayHelp = status >= 500 || status === 408 || status === 409 || status === 425 || status === 429;
    return mayHelp ? "again" : error;
  }

  /** Asks for anything, with a link that is none: whatever comes shows that the server answers. */
  async #probe(): Promise<void> {
    const headers = { "content-type": framesType, [linkHeader]: "none", [batchHeader]: "1" };
    const response = await this.#options.post(headers, nothing, this.#abort.signal);
    await response.body?.cancel();
    if (response.status >= 500) throw new Error("Nobody answers");
  }

  /** For reasons that {@link #state} alone would make the compiler sure of. */
  get #isOver(): boolean {
    return this.#state === "over";
  }

  #finish(error: SluiceError | undefined): void {
    if (this.#isOver) return;
    this.#state = "over";
    this.#error = error;
    this.#opening?.cancel();
    this.#endTimer?.cancel();
    this.#watch?.stop();
    this.#uplink.stop();
    this.#abort.abort();
    this.#options.onClosed();
    this.#events?.closed(error);
  }

  /** Ends the link by `error`. */
  fail(error: SluiceError): void {
    this.#finish(error);
  }
}

function noServer(url: string): SluiceError {
  const message = `${url} answered with something else than an event stream: is it a server of Sluice?`;
  return new SluiceError("UNAVAILABLE", message, { processed: "no" });
}

function unreachable(url: string, cause: unknown): SluiceError {
  return SluiceError.from(cause, "UNAVAILABLE", { message: `Cannot reach ${url}`, processed: "no" });
}

function ignore(): void {}
