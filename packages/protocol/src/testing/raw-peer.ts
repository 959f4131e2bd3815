/**
 * A peer that knows nothing but docs/wire.md: its own encoder and decoder, over any pipe of bytes, in either role.
 *
 * It imports nothing of ours, so that what it tests cannot be wrong in the same way. It obeys no rule unless told to: frames may be
 * malformed, out of order, beyond every limit. Spec: docs/wire.md §3.
 */

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
  /** How long it waits for what is awaited, ms. Default 2,000. */
  readonly deadlineMs?: number;
  /** 16 hex digits. Default `00000000000000c1` for a connector, `…a1` for an acceptor. */
  readonly epoch?: string;
}

// ── Frames ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** §3: frame types. */
export const rawType = {
  HELLO: 1,
  WELCOME: 2,
  OPEN: 3,
  ACCEPT: 4,
  DATA: 5,
  CREDIT: 6,
  END: 7,
  RESULT: 8,
  ERROR: 9,
  CANCEL: 10,
  DONE: 11,
  PING: 12,
  DRAIN: 13,
  CLOSE: 14,
} as const;

/** §3: flags, each with its meaning by type. */
export const rawFlag = {
  more: 0x20,
  raw: 0x40,
  head: 0x80,
  circuit: 0x80,
  abort: 0x20,
  rest: 0x20,
  answer: 0x20,
} as const;

/** §3.2: flags of an OPEN's body. */
export const rawOpenFlag = { halfClosed: 1, event: 2, stop: 4, resume: 8, routed: 16 } as const;

/** A frame as it stands on the wire, its body unread. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly call: number;
  readonly body: Uint8Array;
}

/** Credit as two absolute offsets. */
export interface RawCredit {
  readonly received: number;
  readonly limit: number;
}

/** §3.2. */
export interface RawOpen {
  /** Flags of the body, {@link rawOpenFlag}. */
  readonly openFlags: number;
  /** 16 hex digits. */
  readonly origin: string;
  readonly number: number;
  readonly timeout: number;
  readonly window: number;
  readonly maxWindow: number;
  readonly name: string;
  /** JSON text, `""` for none. */
  readonly metadata: string;
  readonly resume: RawCredit | undefined;
  /** With *more*. */
  readonly total: number | undefined;
  readonly payload: Uint8Array;
}

/** A DATA or a RESULT. */
export interface RawData {
  readonly offset: number;
  /** With *head*. */
  readonly total: number | undefined;
  readonly payload: Uint8Array;
}

export interface RawError {
  readonly offset: number;
  readonly json: { readonly code?: string; readonly message?: string; readonly [member: string]: unknown };
  readonly payload: Uint8Array;
}

const utf8 = new TextEncoder();
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a text, or of a value as JSON. */
export function rawBytes(value: unknown): Uint8Array {
  return utf8.encode(typeof value === "string" ? value : JSON.stringify(value));
}

/** Text that must be UTF-8. @throws {TypeError} if it is not */
export function rawText(bytes: Uint8Array): string {
  return strictUtf8.decode(bytes);
}

export function rawJoin(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** An unsigned big-endian integer of `size` bytes. */
export function rawInteger(size: 1 | 2 | 4 | 6 | 8, value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = BigInt(value);
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Reads the parts of a body one after the other. */
class BodyReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(size: number): Uint8Array {
    if (this.#at + size > this.#bytes.length) throw new RangeError(`A frame's body ends before its parts do`);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  integer(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at);
  }
}

function frame(type: number, flags: number, call: number, ...body: readonly Uint8Array[]): RawFrame {
  return { type, flags, call, body: rawJoin(...body) };
}

export interface RawDataParts {
  readonly offset?: number;
  readonly payload?: Uint8Array;
  readonly more?: boolean;
  readonly raw?: boolean;
  /** Says the total, and sets *head*. */
  readonly total?: number | undefined;
}

function dataLike(
  type: number,
  call: number,
  { offset = 0, payload, more, raw, total }: RawDataParts,
): RawFrame {
  const flags =
    (more ? rawFlag.more : 0) | (raw ? rawFlag.raw : 0) | (total === undefined ? 0 : rawFlag.head);
  const head = total === undefined ? new Uint8Array() : rawInteger(4, total);
  return frame(type, flags, call, rawInteger(6, offset), head, payload ?? new Uint8Array());
}

export interface RawErrorParts {
  readonly offset?: number;
  readonly payload?: Uint8Array;
  readonly raw?: boolean;
  readonly circuit?: boolean;
}

export interface RawCancelParts {
  readonly abort?: boolean;
  readonly reason?: string;
}

export type RawOpenParts = Partial<Omit<RawOpen, "total">> & {
  /** Says the total, and sets *more*. */
  readonly total?: number | undefined;
  readonly raw?: boolean;
};

/** Makes frames; what is left out gets a value that fits. §3, §3.1, §3.2. */
export const rawFrames = {
  json(type: number, value: unknown, call = 0): RawFrame {
    return frame(type, 0, call, rawBytes(value));
  },
  open(call: number, parts: RawOpenParts = {}): RawFrame {
    const {
      origin = "00000000000000c1",
      number = 1,
      timeout = 0,
      window = 65_536,
      maxWindow = 1_048_576,
    } = parts;
    const { name = "", metadata = "", resume, total, raw = false, payload = new Uint8Array() } = parts;
    const resumeFlag = resume === undefined ? 0 : rawOpenFlag.resume;
    const flags = (total === undefined ? 0 : rawFlag.more) | (raw ? rawFlag.raw : 0);
    const nameBytes = rawBytes(name);
    const metadataBytes = rawBytes(metadata);
    return frame(
      rawType.OPEN,
      flags,
      call,
      rawInteger(1, (parts.openFlags ?? rawOpenFlag.halfClosed) | resumeFlag),
      rawInteger(8, BigInt(`0x${origin}`)),
      rawInteger(4, number),
      rawInteger(4, timeout),
      rawInteger(4, window),
      rawInteger(4, maxWindow),
      rawInteger(1, nameBytes.length),
      nameBytes,
      rawInteger(2, metadataBytes.length),
      metadataBytes,
      resume === undefined
        ? new Uint8Array()
        : rawJoin(rawInteger(6, resume.received), rawInteger(6, resume.limit)),
      total === undefined ? new Uint8Array() : rawInteger(4, total),
      payload,
    );
  },
  data(call: number, parts: RawDataParts = {}): RawFrame {
    return dataLike(rawType.DATA, call, parts);
  },
  result(call: number, parts: RawDataParts = {}): RawFrame {
    return dataLike(rawType.RESULT, call, parts);
  },
  credit(call: number, { received, limit }: RawCredit): RawFrame {
    return frame(rawType.CREDIT, 0, call, rawInteger(6, received), rawInteger(6, limit));
  },
  end(call: number, offset: number): RawFrame {
    return frame(rawType.END, 0, call, rawInteger(6, offset));
  },
  error(call: number, json: RawError["json"], parts: RawErrorParts = {}): RawFrame {
    const { offset = 0, payload = new Uint8Array(), raw = false, circuit = false } = parts;
    const flags = (raw ? rawFlag.raw : 0) | (circuit ? rawFlag.circuit : 0);
    const text = rawBytes(json);
    return frame(
      rawType.ERROR,
      flags,
      call,
      rawInteger(6, offset),
      rawInteger(2, text.length),
      text,
      payload,
    );
  },
  cancel(call: number, { abort = false, reason = "" }: RawCancelParts = {}): RawFrame {
    return frame(rawType.CANCEL, abort ? rawFlag.abort : 0, call, rawBytes(reason));
  },
  done(calls: readonly number[], { rest = false }: { readonly rest?: boolean } = {}): RawFrame {
    return frame(rawType.DONE, rest ? rawFlag.rest : 0, 0, ...calls.map((call) => rawInteger(4, call)));
  },
  ping(nonce: number, { answer = false }: { readonly answer?: boolean } = {}): RawFrame {
    return frame(rawType.PING, answer ? rawFlag.answer : 0, 0, rawInteger(4, nonce));
  },
};

/** A frame's bytes. `length` lies when it is given. */
export function encodeRaw(
  { type, flags, call, body }: RawFrame,
  length: number = 5 + body.length,
): Uint8Array {
  return rawJoin(rawInteger(4, length), rawInteger(1, type | flags), rawInteger(4, call), body);
}

/** Cuts `bytes` into frames. Returns them, and what is left of an unfinished one. */
export function decodeRaw(bytes: Uint8Array): {
  readonly frames: readonly RawFrame[];
  readonly rest: Uint8Array;
} {
  const frames: RawFrame[] = [];
  let rest = bytes;
  for (;;) {
    if (rest.length < 4) break;
    const length = new BodyReader(rest).integer(4);
    if (length < 5 || length > 81_920) throw new RangeError(`A frame says ${length} bytes`);
    if (rest.length < 4 + length) break;
    const head = rest[4] as number;
    const call = new BodyReader(rest.subarray(5)).integer(4);
    frames.push({ type: head & 0x1f, flags: head & 0xe0, call, body: rest.slice(9, 4 + length) });
    rest = rest.subarray(4 + length);
  }
  return { frames, rest };
}

/** The JSON of a HELLO, WELCOME, ACCEPT, DRAIN or CLOSE. */
export function readRawJson({ body }: RawFrame): Record<string, unknown> {
  return JSON.parse(rawText(body)) as Record<string, unknown>;
}

export function readRawOpen({ flags, body }: RawFrame): RawOpen {
  const reader = new BodyReader(body);
  const openFlags = reader.integer(1);
  const origin = Array.from(reader.take(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const number = reader.integer(4);
  const timeout = reader.integer(4);
  const window = reader.integer(4);
  const maxWindow = reader.integer(4);
  const name = rawText(reader.take(reader.integer(1)));
  const metadata = rawText(reader.take(reader.integer(2)));
  const hasResume = (openFlags & rawOpenFlag.resume) !== 0;
  const resume = hasResume ? { received: reader.integer(6), limit: reader.integer(6) } : undefined;
  const total = (flags & rawFlag.more) === 0 ? undefined : reader.integer(4);
  const payload = reader.rest();
  return { openFlags, origin, number, timeout, window, maxWindow, name, metadata, resume, total, payload };
}

export function readRawData({ flags, body }: RawFrame): RawData {
  const reader = new BodyReader(body);
  const offset = reader.integer(6);
  const total = (flags & rawFlag.head) === 0 ? undefined : reader.integer(4);
  return { offset, total, payload: reader.rest() };
}

export function readRawCredit({ body }: RawFrame): RawCredit {
  const reader = new BodyReader(body);
  return { received: reader.integer(6), limit: reader.integer(6) };
}

/** The offset of an END. */
export function readRawEnd({ body }: RawFrame): number {
  return new BodyReader(body).integer(6);
}

export function readRawError({ body }: RawFrame): RawError {
  const reader = new BodyReader(body);
  const offset = reader.integer(6);
  const json = JSON.parse(rawText(reader.take(reader.integer(2)))) as RawError["json"];
  return { offset, json, payload: reader.rest() };
}

/** The ids of a DONE. */
export function readRawDone({ body }: RawFrame): number[] {
  const reader = new BodyReader(body);
  return Array.from({ length: body.length / 4 }, () => reader.integer(4));
}

/** The nonce of a PING. */
export function readRawPing({ body }: RawFrame): number {
  return new BodyReader(body).integer(4);
}

// ── The peer ─────────────────────────────────────────────────────────────────────────────────────────────────────────

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

  constructor(pipe: BytePipe, { role, timers, deadlineMs = 2_000, epoch }: RawPeerOptions) {
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

  // ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────────

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

  // ── Receiving ────────────────────────────────────────────────────────────────────────────────────────────────────

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
        throw new Error(`The pipe ended before a frame of type ${wanted.join(" or ")} came`);
      await this.#arrival(wanted);
    }
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
