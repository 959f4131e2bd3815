/**
 * A peer that knows nothing but docs/wire.md: its own encoder and decoder, over any pipe of bytes, in either role.
 *
 * The files of this folder import only each other, so that what they test cannot be wrong in the same way. The peer obeys no rule
 * unless told to: frames may be malformed, out of order, beyond every limit. Spec: docs/wire.md §3.
 */
import { decodeRaw, readRawData, readRawError, readRawJson } from "./decode-raw.ts";
import { encodeRaw, type RawOpenParts, rawFrames } from "./encode-raw.ts";
import { rawBytes, rawJoin, rawText } from "./raw-bytes.ts";
import { type RawFrame, rawType } from "./raw-frame.ts";

/** Where bytes go and come from. The peer takes it over. */
export interface BytePipe {
  write(bytes: Uint8Array): void;
  /** Calls `listener` for every chunk from now on. */
  onData(listener: (bytes: Uint8Array) => void): void;
  /** Calls `listener` once, when nothing comes any more, for whatever reason. */
  onClose(listener: () => void): void;
  /** Ends the pipe after what was written. */
  end(): void;
  /** Ends the pipe at once. */
  destroy(): void;
}

/** What arms a timer, such as a `Clock`. */
export interface RawTimers {
  setTimer(delayMs: number, callback: () => void): { cancel(): void };
}

export interface RawPeerOptions {
  /** `connector` opens odd call ids, `acceptor` even ones. */
  readonly role: "connector" | "acceptor";
  readonly timers: RawTimers;
  /** How long it waits for what is awaited, ms. Default 10,000. */
  readonly deadlineMs?: number;
  /** 16 hex digits. Default `00000000000000c1` for a connector, `…a1` for an acceptor. */
  readonly epoch?: string;
}

interface Waiting {
  readonly types: readonly number[];
  readonly wake: () => void;
}

export class RawPeer {
  readonly epoch: string;
  /** Every frame that came, in order. */
  readonly received: RawFrame[] = [];
  /** Bytes that came. */
  receivedBytes = 0;
  readonly #pipe: BytePipe;
  readonly #role: RawPeerOptions["role"];
  readonly #timers: RawTimers;
  readonly #deadlineMs: number;
  /** Frames that nobody has awaited yet. */
  readonly #unread: RawFrame[] = [];
  #waiting: Waiting[] = [];
  #rest = new Uint8Array();
  #isClosed = false;
  readonly #whenClosed: Promise<void>;
  #nextCall: number;
  #nextNumber = 1;

  constructor(pipe: BytePipe, { role, timers, deadlineMs = 10_000, epoch }: RawPeerOptions) {
    this.#pipe = pipe;
    this.#role = role;
    this.#timers = timers;
    this.#deadlineMs = deadlineMs;
    this.epoch = epoch ?? (role === "connector" ? "00000000000000c1" : "00000000000000a1");
    this.#nextCall = role === "connector" ? 1 : 2;
    this.#whenClosed = new Promise((resolve) => {
      pipe.onClose(() => {
        this.#isClosed = true;
        for (const { wake } of this.#waiting.splice(0)) wake();
        resolve();
      });
    });
    pipe.onData((bytes) => this.#read(bytes));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends frames in one write. */
  send(...frames: readonly RawFrame[]): void {
    this.sendBytes(rawJoin(...frames.map((one) => encodeRaw(one))));
  }

  /** Sends any bytes. */
  sendBytes(bytes: Uint8Array): void {
    if (!this.#isClosed) this.#pipe.write(bytes);
  }

  /** The HELLO or WELCOME of a well-behaved peer, with `changes`; a member that is `undefined` is left out. §3.1. */
  greeting(changes: Readonly<Record<string, unknown>> = {}): RawFrame {
    const limits = { maxMessage: 4_194_304, maxMetadata: 8_192, maxName: 255 };
    const counts = { maxCalls: 1_024, maxConcurrentHandlers: 256, maxDeadline: 86_400_000 };
    const said = {
      peer: "raw",
      epoch: this.epoch,
      limits: { ...limits, ...counts },
      window: 65_536,
      floor: 2_048,
    };
    return this.#role === "connector"
      ? rawFrames.json(rawType.HELLO, { versions: [1], codecs: ["json"], ...said, ...changes })
      : rawFrames.json(rawType.WELCOME, {
          version: 1,
          codec: "json",
          heartbeat: 15_000,
          ...said,
          ...changes,
        });
  }

  /** Shakes hands: as a connector says HELLO and awaits WELCOME, as an acceptor the other way round. Returns what the peer said. */
  async shakeHands(changes: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
    if (this.#role === "connector") {
      this.send(this.greeting(changes));
      return readRawJson(await this.next(rawType.WELCOME));
    }
    const hello = readRawJson(await this.next(rawType.HELLO));
    this.send(this.greeting(changes));
    return hello;
  }

  /** The next id for a call of its own, as it should be. */
  takeCall(): number {
    this.#nextCall += 2;
    return this.#nextCall - 2;
  }

  /** Opens a call of its own, its key and id as they should be unless `parts` says otherwise. Returns the id. */
  open(name: string, parts: RawOpenParts = {}): number {
    const call = this.takeCall();
    this.send(rawFrames.open(call, { origin: this.epoch, number: this.#nextNumber++, name, ...parts }));
    return call;
  }

  /** Opens a call without items that carries `param` as JSON, and awaits its end. */
  async request(name: string, param?: unknown, parts: RawOpenParts = {}): Promise<unknown> {
    const payload = param === undefined ? new Uint8Array() : rawBytes(JSON.stringify(param));
    const call = this.open(name, { payload, ...parts });
    const end = await this.next([rawType.RESULT, rawType.ERROR], call);
    if (end.type === rawType.ERROR) return { error: readRawError(end).json };
    const text = rawText(readRawData(end).payload);
    return { result: text === "" ? undefined : JSON.parse(text) };
  }

  /** Ends the pipe after what was written. */
  end(): void {
    this.#pipe.end();
  }

  /** Ends the pipe at once. */
  destroy(): void {
    this.#pipe.destroy();
  }

  /**
   * The first frame of `types` (and of `call`, if given) that nobody has awaited yet, or the next that comes. Other frames stay
   * for others. Rejects when the pipe ends, or after the deadline.
   */
  async next(types: number | readonly number[], call?: number): Promise<RawFrame> {
    const wanted = typeof types === "number" ? [types] : types;
    for (;;) {
      const at = this.#unread.findIndex(
        (one) => wanted.includes(one.type) && (call === undefined || one.call === call),
      );
      if (at >= 0) return this.#unread.splice(at, 1)[0] as RawFrame;
      if (this.#isClosed)
        throw new Error(
          `The pipe ended before a frame of type ${wanted.join(" or ")} came${this.#farewell()}`,
        );
      await this.#arrival(wanted);
    }
  }

  /** What a CLOSE said that came, for messages. */
  #farewell(): string {
    const close = this.received.find(({ type }) => type === rawType.CLOSE);
    return close === undefined ? "" : `, after CLOSE ${new TextDecoder().decode(close.body)}`;
  }

  /** The JSON of the CLOSE that comes, and that the pipe ends after it. */
  async closing(): Promise<Record<string, unknown>> {
    const said = readRawJson(await this.next(rawType.CLOSE));
    await this.closed();
    return said;
  }

  /** Resolves when the pipe has ended. Rejects after the deadline. */
  closed(): Promise<void> {
    return this.#within(this.#whenClosed, "the end of the pipe");
  }

  #arrival(types: readonly number[]): Promise<void> {
    const what = `a frame of type ${types.join(" or ")}`;
    const arrived = new Promise<void>((resolve) => {
      this.#waiting.push({ types, wake: resolve });
    });
    return this.#within(arrived, what);
  }

  #within<Value>(promise: Promise<Value>, what: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const timer = this.#timers.setTimer(this.#deadlineMs, () => {
        const came = this.received.map(({ type }) => type).join(", ");
        reject(new Error(`Waited ${this.#deadlineMs} ms for ${what}. Types that came: ${came || "none"}`));
      });
      promise.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #read(bytes: Uint8Array): void {
    this.receivedBytes += bytes.length;
    const { frames, rest } = decodeRaw(rawJoin(this.#rest, bytes));
    this.#rest = rest.slice();
    for (const one of frames) {
      this.received.push(one);
      this.#unread.push(one);
    }
    const isAwaited = ({ types }: Waiting): boolean => frames.some(({ type }) => types.includes(type));
    const awaited = this.#waiting.filter(isAwaited);
    this.#waiting = this.#waiting.filter((waiting) => !isAwaited(waiting));
    for (const { wake } of awaited) wake();
  }
}
