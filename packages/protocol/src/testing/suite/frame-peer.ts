/**
 * A peer without a session: sends single frames over a link, obeys no rule, and takes what comes one by one.
 *
 * What the raw peer is for bytes, on links of any kind. Payloads are byte strings. Spec: docs/wire.md §3.
 */

import type { Codec } from "../../codec/codec.ts";
import {
  type CallKey,
  type DataFrame,
  type Frame,
  FrameType,
  type OpenFrame,
  type PayloadFields,
} from "../../frame/frame.ts";
import { type LimitOptions, resolveLimits } from "../../limits.ts";
import type { Link } from "../../link/link.ts";
import { makeHello, makeWelcome } from "../../session/handshake.ts";
import { MemoryBudget } from "../../session/memory-budget.ts";
import { until } from "./expect.ts";

type FrameOf<Type extends number> = Extract<Frame, { readonly type: Type }>;

/** On structured links a byte string has this many payload bytes more than bytes. Spec: docs/wire.md §3.3. */
export const structuredOverhead = 256;

const epoch = "00000000000000f1";

export class FramePeer {
  /** Every frame that came, in order; payloads are copies. */
  readonly received: Frame[] = [];
  isClosed = false;
  readonly #link: Link;
  readonly #codecs: readonly Codec[];
  readonly #unread: Frame[] = [];
  #lastNumber = 0;

  /** Takes `link` over. */
  constructor(link: Link, codecs: readonly Codec[]) {
    this.#link = link;
    this.#codecs = codecs;
    link.receive({
      frame: (frame) => {
        const copy = copied(frame, link.kind);
        this.received.push(copy);
        this.#unread.push(copy);
      },
      malformed: () => {},
      flushing: () => {},
      writable: () => {},
      closed: () => {
        this.isClosed = true;
      },
    });
  }

  /** Sends frames as they are. */
  send(...frames: readonly Frame[]): void {
    for (const frame of frames) this.#link.send(frame);
  }

  /** The HELLO of a well-behaved connector, with `changes`. */
  hello(changes: Readonly<Record<string, unknown>> = {}): Frame {
    const limits = resolveLimits();
    const { floor } = new MemoryBudget(limits);
    const hello = makeHello({ name: "frames", epoch }, limits, floor, this.#codecs, undefined);
    return { type: FrameType.HELLO, call: 0, hello: { ...hello, ...changes } };
  }

  /** The WELCOME of a well-behaved acceptor, with `changes`. */
  welcome(changes: Readonly<Record<string, unknown>> = {}, options: LimitOptions = {}): Frame {
    const limits = resolveLimits(options);
    const { floor } = new MemoryBudget(limits);
    const codec = this.#link.kind === "structured" ? "structured" : (this.#codecs[0]?.name ?? "json");
    const welcome = makeWelcome({ name: "frames", epoch }, limits, floor, codec);
    return { type: FrameType.WELCOME, call: 0, welcome: { ...welcome, ...changes } };
  }

  /** An OPEN of a call of its own, its key as it should be unless `changes` says otherwise. */
  open(call: number, procedure: string, changes: Partial<OpenFrame> = {}): OpenFrame {
    const key: CallKey = { originHigh: 0, originLow: 0xf1, number: ++this.#lastNumber };
    return {
      type: FrameType.OPEN,
      call,
      halfClosed: true,
      event: false,
      stop: false,
      key,
      timeoutMs: 0,
      window: 65_536,
      maxWindow: 1_048_576,
      procedure,
      metadata: "",
      resume: undefined,
      routed: false,
      ...this.message(0),
      ...changes,
    };
  }

  /** A DATA that carries a whole message of `payloadBytes`, at `offset`. */
  data(call: number, offset: number, payloadBytes: number, changes: Partial<DataFrame> = {}): DataFrame {
    return { ...dataFrameOf(this.#link.kind, call, offset, payloadBytes), ...changes };
  }

  /** A message of exactly `payloadBytes`: a byte string, or nothing. */
  message(payloadBytes: number): PayloadFields {
    return messageOf(this.#link.kind, payloadBytes);
  }

  /** The first frame of `type` that nobody has awaited yet, or the next that comes; other frames stay for others. */
  async next<Type extends FrameType>(type: Type, call?: number): Promise<FrameOf<Type>> {
    const find = (): number =>
      this.#unread.findIndex((frame) => frame.type === type && (call === undefined || frame.call === call));
    await until(() => find() >= 0 || this.isClosed, `a frame of type ${type} has come`);
    const at = find();
    if (at < 0) throw new Error(`The link ended before a frame of type ${type} came`);
    return this.#unread.splice(at, 1)[0] as FrameOf<Type>;
  }

  /** The code of the CLOSE that comes, and that the link ends after it. */
  async closing(): Promise<string> {
    const { code } = await this.next(FrameType.CLOSE);
    await until(() => this.isClosed, "the link has ended");
    return code;
  }

  /** Sends a PING and awaits the answer: all that was sent before was taken without offence. */
  async proveLife(): Promise<void> {
    const nonce = this.received.length;
    this.send({ type: FrameType.PING, call: 0, answer: false, nonce });
    for (;;) {
      const ping = await this.next(FrameType.PING);
      if (ping.answer && ping.nonce === nonce) return;
    }
  }

  close(): void {
    this.#link.close();
  }

  destroy(): void {
    this.#link.destroy();
  }
}

/** A message of exactly `payloadBytes` on a link of `kind`: a byte string, or (0) no value. */
export function messageOf(kind: Link["kind"], payloadBytes: number): PayloadFields {
  const whole = { more: false, raw: false, total: payloadBytes, start: 0, end: 0 };
  if (payloadBytes === 0) return { ...whole, payload: kind === "structured" ? undefined : "" };
  if (kind === "structured") return { ...whole, payload: new Uint8Array(payloadBytes - structuredOverhead) };
  return { ...whole, raw: true, payload: new Uint8Array(payloadBytes), end: payloadBytes };
}

/** A DATA that carries a whole message of `payloadBytes`, at `offset`. */
export function dataFrameOf(
  kind: Link["kind"],
  call: number,
  offset: number,
  payloadBytes: number,
): DataFrame {
  return { type: FrameType.DATA, call, offset, head: false, ...messageOf(kind, payloadBytes) };
}

function copied(frame: Frame, kind: Link["kind"]): Frame {
  if (kind === "structured" || !("payload" in frame) || !(frame.payload instanceof Uint8Array))
    return { ...frame };
  const payload = frame.payload.slice(frame.start, frame.end);
  return { ...frame, payload, start: 0, end: payload.length };
}
