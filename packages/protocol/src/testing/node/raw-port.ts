/**
 * A peer on a port that obeys no rule: posts what it is told to, and keeps what comes.
 *
 * It imports nothing of ours, so that what it tests cannot be wrong in the same way. Spec: docs/wire.md §3, docs/transports.md.
 */
import { once } from "node:events";
import type { MessagePort } from "node:worker_threads";

/** A frame as it stands in a message. */
export interface RawPortFrame {
  readonly type: number;
  readonly call: number;
  readonly [field: string]: unknown;
}

/** A message on a port. */
export interface RawBatch {
  readonly number: number;
  readonly frames: readonly RawPortFrame[];
  readonly taken: number;
  readonly end: boolean;
}

const epoch = "00000000000000e1";
const limits = {
  maxMessage: 4_194_304,
  maxMetadata: 8_192,
  maxName: 255,
  maxCalls: 1_024,
  maxConcurrentHandlers: 256,
  maxDeadline: 86_400_000,
};
const about = { peer: "raw", epoch, limits, window: 65_536, floor: 2_048 };

/** Frames of a peer that behaves. What `changes` says stands in them instead. */
export const portFrames = {
  hello: (changes: object = {}): RawPortFrame => ({
    type: 1,
    call: 0,
    hello: { versions: [1], codecs: ["json"], ...about, ...changes },
  }),
  welcome: (changes: object = {}): RawPortFrame => ({
    type: 2,
    call: 0,
    welcome: { version: 1, codec: "structured", heartbeat: 15_000, ...about, ...changes },
  }),
  open: (call: number, procedure: string, changes: object = {}): RawPortFrame => ({
    type: 3,
    call,
    halfClosed: true,
    event: false,
    stop: false,
    key: { originHigh: 0, originLow: 0xe1, number: call },
    timeoutMs: 0,
    window: 65_536,
    maxWindow: 1_048_576,
    procedure,
    metadata: "",
    routed: false,
    more: false,
    raw: false,
    total: 0,
    ...changes,
  }),
  data: (call: number, offset: number, changes: object = {}): RawPortFrame => ({
    type: 5,
    call,
    offset,
    head: false,
    more: false,
    raw: false,
    total: 0,
    ...changes,
  }),
  ping: (nonce: number): RawPortFrame => ({ type: 12, call: 0, answer: false, nonce }),
};

export class RawPort {
  /** Every frame that came. */
  readonly frames: RawPortFrame[] = [];
  /** Messages that came. */
  batches = 0;
  /** Whether it says what it has taken. */
  confirms = true;
  isEnded = false;
  readonly closed: Promise<unknown>;
  readonly #port: MessagePort;
  #taken = 0;
  #sent = 0;
  #wake: () => void = () => {};

  constructor(port: MessagePort) {
    this.#port = port;
    this.closed = once(port, "close");
    port.on("message", (batch: RawBatch) => {
      this.batches++;
      this.frames.push(...batch.frames);
      for (const { total, more } of batch.frames) {
        this.#taken += 64 + (typeof total === "number" && more !== true ? total : 0);
      }
      this.isEnded ||= batch.end;
      this.#wake();
    });
    port.on("close", () => this.#wake());
  }

  /** Posts anything. */
  post(message: unknown): void {
    this.#port.postMessage(message);
  }

  send(...frames: readonly unknown[]): void {
    this.post(this.batch({ frames }));
  }

  /** The next message, without frames. What `changes` says stands in it instead. */
  batch(changes: object = {}): RawBatch {
    const taken = this.confirms ? this.#taken : 0;
    return { number: ++this.#sent, frames: [], taken, end: false, ...changes };
  }

  /** Ends the port without a word. */
  cut(): void {
    this.#port.close();
  }

  /** The first frame that came, or will come, for which `isMeant` holds. Rejects at the end of the link. */
  async next(isMeant: (frame: RawPortFrame) => boolean): Promise<RawPortFrame> {
    for (;;) {
      const found = this.frames.find(isMeant);
      if (found !== undefined) return found;
      if (this.isEnded) throw new Error("The link ended before the frame came");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The code of the CLOSE that comes; the link has ended then. */
  async closing(): Promise<unknown> {
    const { code } = await this.next(({ type }) => type === 14);
    await this.closed;
    return code;
  }
}
