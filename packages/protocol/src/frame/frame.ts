/**
 * The frames that peers exchange, as objects: one interface per type, and the union of them.
 *
 * Spec: docs/wire.md §3. Structured links carry these objects as they are; binary links encode them (encode-frame.ts).
 */

/** Frame types as they stand on the wire. */
export const FrameType = {
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
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

/** The lowest of the types that a peer ignores when it does not know them. */
export const firstExtensionType = 24;

/**
 * What a payload is while it moves:
 * a string is a text codec's output that the link still has to encode;
 * a `Uint8Array` counts from `start` to `end` of the frame that holds it;
 * on a structured link it is the value itself.
 */
export type Payload = unknown;

/** The part of a frame that carries a message, or a piece of one. */
export interface PayloadFields {
  /** Another piece follows. */
  more: boolean;
  /** The payload is the value itself, a byte string. */
  raw: boolean;
  /** Payload bytes of the whole message; said on the wire only by a first piece with `more`. */
  total: number;
  payload: Payload;
  /** Where the payload starts and ends, if it is a `Uint8Array`. */
  start: number;
  end: number;
}

export interface HelloFrame {
  readonly type: typeof FrameType.HELLO;
  readonly call: 0;
  readonly hello: unknown;
}

export interface WelcomeFrame {
  readonly type: typeof FrameType.WELCOME;
  readonly call: 0;
  readonly welcome: unknown;
}

/** A call's key: the epoch of its originator, as two halves, and a number. Spec: docs/wire.md §4.7. */
export interface CallKey {
  readonly originHigh: number;
  readonly originLow: number;
  readonly number: number;
}

/** How much of a direction has arrived, and how far its sender may go. */
export interface CreditFields {
  readonly received: number;
  readonly limit: number;
}

export interface OpenFrame extends PayloadFields {
  readonly type: typeof FrameType.OPEN;
  call: number;
  halfClosed: boolean;
  event: boolean;
  stop: boolean;
  key: CallKey;
  /** Remaining milliseconds, 0 for none. */
  timeoutMs: number;
  window: number;
  maxWindow: number;
  procedure: string;
  /** A JSON object as text, `""` for none. */
  metadata: string;
  resume: CreditFields | undefined;
  routed: boolean;
}

export interface AcceptFrame {
  readonly type: typeof FrameType.ACCEPT;
  call: number;
  readonly body: unknown;
}

/** DATA and RESULT have one layout. `offset` is where its first byte stands. */
export interface DataFrame extends PayloadFields {
  readonly type: typeof FrameType.DATA | typeof FrameType.RESULT;
  call: number;
  offset: number;
  /** A first piece of several. */
  head: boolean;
}

export interface CreditFrame extends CreditFields {
  readonly type: typeof FrameType.CREDIT;
  call: number;
}

export interface EndFrame {
  readonly type: typeof FrameType.END;
  call: number;
  readonly offset: number;
}

/** What ERROR says in JSON. Spec: docs/wire.md §6. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean;
  readonly processed?: string;
  readonly origin?: string;
}

export interface ErrorFrame {
  readonly type: typeof FrameType.ERROR;
  call: number;
  readonly offset: number;
  readonly circuit: boolean;
  readonly body: ErrorBody;
  readonly raw: boolean;
  readonly payload: Payload;
  readonly start: number;
  readonly end: number;
}

export interface CancelFrame {
  readonly type: typeof FrameType.CANCEL;
  call: number;
  readonly abort: boolean;
  readonly reason: string;
}

export interface DoneFrame {
  readonly type: typeof FrameType.DONE;
  readonly call: 0;
  readonly rest: boolean;
  readonly calls: readonly number[];
}

export interface PingFrame {
  readonly type: typeof FrameType.PING;
  readonly call: 0;
  readonly answer: boolean;
  readonly nonce: number;
}

export interface DrainFrame {
  readonly type: typeof FrameType.DRAIN;
  readonly call: 0;
  /** How long running calls may take, ms. */
  readonly grace: number;
  /** Over how long the peer shall spread its reconnects, ms. */
  readonly retry: number;
}

export interface CloseFrame {
  readonly type: typeof FrameType.CLOSE;
  readonly call: 0;
  readonly code: string;
  readonly reason: string;
  /** With VERSION_UNSUPPORTED: what would be understood. */
  readonly versions?: readonly number[];
}

export type Frame =
  | HelloFrame
  | WelcomeFrame
  | OpenFrame
  | AcceptFrame
  | DataFrame
  | CreditFrame
  | EndFrame
  | ErrorFrame
  | CancelFrame
  | DoneFrame
  | PingFrame
  | DrainFrame
  | CloseFrame;

/** A whole message in one DATA or RESULT. */
export function dataFrame(
  type: DataFrame["type"],
  call: number,
  offset: number,
  raw: boolean,
  total: number,
  payload: Payload,
  start: number,
  end: number,
): DataFrame {
  return { type, call, offset, head: false, more: false, raw, total, payload, start, end };
}
