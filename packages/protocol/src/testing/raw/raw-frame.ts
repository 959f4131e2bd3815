/**
 * Frames as docs/wire.md lists them, for the raw peer: numbers of types, flags, and what bodies hold.
 *
 * Spec: docs/wire.md §3.
 */

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
