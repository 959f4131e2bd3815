/**
 * An OPEN as its caller makes it: what it says, and whether the param goes whole in it.
 *
 * Spec: docs/wire.md §3.2, §4.1 "Initial limits".
 */
import type { Message, Slot } from "../codec/slot.ts";
import { type CallKey, FrameType, type OpenFrame } from "../frame/frame.ts";
import { maxFramePayload, messageOverhead } from "../limits.ts";
import type { CallHost } from "./call-host.ts";
import { encodeText } from "./send-context.ts";

/** What a caller wants. */
export interface OpenRequest {
  readonly procedure: string;
  readonly param: Message;
  /** Items come back. */
  readonly receive: Slot | undefined;
  /** Items follow the param. */
  readonly send: Slot | undefined;
  readonly isEvent: boolean;
  readonly result: Slot;
  /** The codes that the procedure declares, with the slots of their data. */
  readonly errors: ReadonlyMap<string, Slot>;
  /** Milliseconds until the deadline, from now; 0 for none. */
  readonly timeoutMs: number;
  /** A JSON object as text, `""` for none. */
  readonly metadata: string;
}

/** The OPEN of `request` under an id and a key. `window`: how far the callee's direction may go. */
export function openFrame(
  { procedure, metadata, send, isEvent, param }: OpenRequest,
  call: number,
  key: CallKey,
  window: number,
  maxWindow: number,
): OpenFrame {
  return {
    type: FrameType.OPEN,
    call,
    more: false,
    raw: param.raw,
    halfClosed: send === undefined,
    event: isEvent,
    stop: false,
    key,
    timeoutMs: 0,
    window,
    maxWindow,
    procedure,
    metadata,
    resume: undefined,
    routed: false,
    total: param.length,
    payload: param.body,
    start: 0,
    end: param.length,
  };
}

/**
 * Whether `param` goes whole in its OPEN, `frame`. If that is not sure without it, the param is measured and encoded, and `frame` says
 * what came of it.
 */
export function paramFits(
  param: Message,
  frame: OpenFrame,
  { utf8, isStructured, peerLimits: { window } }: CallHost,
): boolean {
  // A short text surely fits; its length is known when it has been encoded.
  if (param.length < 0 && messageOverhead + 3 * (param.body as string).length <= window) return true;
  if (param.length < 0) encodeText(param, utf8);
  frame.payload = param.body;
  frame.total = frame.end = param.length;
  return messageOverhead + param.length <= window && (isStructured || param.length <= maxFramePayload);
}
