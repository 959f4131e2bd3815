/** Frames of calls as tests write them: what matters is said, the rest has its usual value. */
import {
  type CancelFrame,
  type CreditFrame,
  type DataFrame,
  type EndFrame,
  type ErrorBody,
  type ErrorFrame,
  FrameType,
  type OpenFrame,
} from "../../src/frame/frame.ts";

const encoder = new TextEncoder();

/** DATA, or RESULT, with these bytes. Without `total` it is a whole message, or a later piece. */
export function data(offset: number, bytes: Uint8Array, fields: Partial<DataFrame> = {}): DataFrame {
  return {
    type: FrameType.DATA,
    call: 1,
    offset,
    head: fields.total !== undefined,
    more: fields.total !== undefined,
    raw: true,
    total: bytes.length,
    payload: bytes,
    start: 0,
    end: bytes.length,
    ...fields,
  };
}

/** As {@link data}, on a structured link; `total` is what the value counts, `more` announces it. */
export function value(offset: number, item: unknown, total: number, more = false): DataFrame {
  return {
    type: FrameType.DATA,
    call: 1,
    offset,
    head: more,
    more,
    raw: false,
    total,
    payload: more ? undefined : item,
    start: 0,
    end: total,
  };
}

export function json(text: string): Uint8Array {
  return encoder.encode(text);
}

export function open(fields: Partial<OpenFrame> = {}): OpenFrame {
  return {
    type: FrameType.OPEN,
    call: 1,
    more: false,
    raw: false,
    halfClosed: true,
    event: false,
    stop: false,
    key: { originHigh: 0x01234567, originLow: 0x89abcdef, number: 1 },
    timeoutMs: 0,
    window: 65_536,
    maxWindow: 1_048_576,
    procedure: "test",
    metadata: "",
    resume: undefined,
    routed: false,
    total: 0,
    payload: new Uint8Array(0),
    start: 0,
    end: 0,
    ...fields,
  };
}

export function credit(received: number, limit: number, call = 1): CreditFrame {
  return { type: FrameType.CREDIT, call, received, limit };
}

export function end(offset: number, call = 1): EndFrame {
  return { type: FrameType.END, call, offset };
}

export function error(offset: number, body: Partial<ErrorBody> = {}, call = 1): ErrorFrame {
  return {
    type: FrameType.ERROR,
    call,
    offset,
    circuit: false,
    body: { code: "ABORTED", message: "", retryable: false, processed: "maybe", origin: "remote", ...body },
    raw: false,
    payload: new Uint8Array(0),
    start: 0,
    end: 0,
  };
}

export function cancel(abort: boolean, call = 1): CancelFrame {
  return { type: FrameType.CANCEL, call, abort, reason: "" };
}
