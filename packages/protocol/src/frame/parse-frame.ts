/**
 * One frame from its bytes, after its head has been judged.
 *
 * Spec: docs/wire.md §3.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import {
  checkPayload,
  flagAbort,
  flagAnswer,
  flagCircuit,
  flagHead,
  flagMore,
  flagRaw,
  flagRest,
  frameHeadBytes,
  frameName,
  malformed,
  openEvent,
  openFlags,
  openHalfClosed,
  openResume,
  openRouted,
  openStop,
} from "./check-frame.ts";
import {
  type CloseFrame,
  type DataFrame,
  type ErrorBody,
  type Frame,
  FrameType,
  type OpenFrame,
} from "./frame.ts";
import { readU16, readU32, readU48 } from "./integers.ts";
import type { Utf8 } from "./utf8.ts";

/**
 * Reads the frame that fills `bytes` from `from` to `end`.
 * @throws {SluiceError} `PROTOCOL_ERROR`, `FRAME_TOO_LARGE`, `DECODE_ERROR`
 */
export function parseFrame(bytes: Uint8Array, from: number, end: number, utf8: Utf8): Frame {
  const head = bytes[from + 4] as number;
  const call = readU32(bytes, from + 5);
  const at = from + frameHeadBytes;
  const type = head & 0x1f;
  switch (type) {
    case FrameType.DATA:
    case FrameType.RESULT:
      return parseData(type, head, call, bytes, at, end);
    case FrameType.OPEN:
      return parseOpen(head, call, bytes, at, end, utf8);
    case FrameType.CREDIT:
      return { type, call, received: readU48(bytes, at), limit: readU48(bytes, at + 6) };
    case FrameType.END:
      return { type, call, offset: readU48(bytes, at) };
    case FrameType.ERROR:
      return parseError(head, call, bytes, at, end, utf8);
    case FrameType.CANCEL:
      return { type, call, abort: (head & flagAbort) !== 0, reason: utf8.read(bytes, at, end) };
    case FrameType.DONE:
      return parseDone(head, bytes, at, end);
    case FrameType.PING:
      return { type, call: 0, answer: (head & flagAnswer) !== 0, nonce: readU32(bytes, at) };
    case FrameType.HELLO:
      return { type, call: 0, hello: parseJson(type, bytes, at, end, utf8) };
    case FrameType.WELCOME:
      return { type, call: 0, welcome: parseJson(type, bytes, at, end, utf8) };
    case FrameType.ACCEPT:
      return { type, call, body: parseJson(type, bytes, at, end, utf8) };
    case FrameType.DRAIN: {
      const body = parseJson(type, bytes, at, end, utf8);
      return { type, call: 0, grace: milliseconds(body.grace), retry: milliseconds(body.retry) };
    }
    case FrameType.CLOSE:
      return parseClose(parseJson(type, bytes, at, end, utf8));
    default:
      throw malformed(`frame type ${type} is not known`);
  }
}

function parseData(
  type: DataFrame["type"],
  head: number,
  call: number,
  bytes: Uint8Array,
  from: number,
  end: number,
): DataFrame {
  const more = (head & flagMore) !== 0;
  const isHead = (head & flagHead) !== 0;
  const start = from + (isHead ? 10 : 6);
  if (isHead && (!more || start > end))
    throw malformed(`${frameName(type)} is a head without more, or too short`);
  checkPayload(end - start);
  return {
    type,
    call,
    offset: readU48(bytes, from),
    head: isHead,
    more,
    raw: (head & flagRaw) !== 0,
    total: isHead ? readU32(bytes, from + 6) : end - start,
    payload: bytes,
    start,
    end,
  };
}

function parseOpen(
  head: number,
  call: number,
  bytes: Uint8Array,
  from: number,
  end: number,
  utf8: Utf8,
): OpenFrame {
  const flags = bytes[from] as number;
  if ((flags & ~openFlags) !== 0) throw malformed(`OPEN has flags 0x${flags.toString(16)} in its body`);
  let at = from + 25;
  const nameBytes = bytes[at] as number;
  if (nameBytes === 0) throw malformed("OPEN names no procedure");
  at += 1;
  if (at + nameBytes + 2 > end) throw tooShort("OPEN");
  const procedure = utf8.read(bytes, at, at + nameBytes);
  at += nameBytes;
  const metadataBytes = readU16(bytes, at);
  at += 2;
  if (at + metadataBytes > end) throw tooShort("OPEN");
  const metadata = metadataBytes === 0 ? "" : utf8.read(bytes, at, at + metadataBytes);
  at += metadataBytes;
  let resume: OpenFrame["resume"];
  if ((flags & openResume) !== 0) {
    if (at + 12 > end) throw tooShort("OPEN");
    resume = { received: readU48(bytes, at), limit: readU48(bytes, at + 6) };
    at += 12;
  }
  const more = (head & flagMore) !== 0;
  let total = 0;
  if (more) {
    if (at + 4 > end) throw tooShort("OPEN");
    total = readU32(bytes, at);
    at += 4;
  }
  checkPayload(end - at);
  return {
    type: FrameType.OPEN,
    call,
    more,
    raw: (head & flagRaw) !== 0,
    halfClosed: (flags & openHalfClosed) !== 0,
    event: (flags & openEvent) !== 0,
    stop: (flags & openStop) !== 0,
    key: {
      originHigh: readU32(bytes, from + 1),
      originLow: readU32(bytes, from + 5),
      number: readU32(bytes, from + 9),
    },
    timeoutMs: readU32(bytes, from + 13),
    window: readU32(bytes, from + 17),
    maxWindow: readU32(bytes, from + 21),
    procedure,
    metadata,
    resume,
    routed: (flags & openRouted) !== 0,
    total: more ? total : end - at,
    payload: bytes,
    start: at,
    end,
  };
}

function parseError(
  head: number,
  call: number,
  bytes: Uint8Array,
  from: number,
  end: number,
  utf8: Utf8,
): Frame {
  const start = from + 8 + readU16(bytes, from + 6);
  if (start > end) throw tooShort("ERROR");
  checkPayload(end - start);
  const { code, message, retryable, processed, origin } = parseJson(
    FrameType.ERROR,
    bytes,
    from + 8,
    start,
    utf8,
  );
  if (typeof code !== "string") throw malformed("ERROR has no code");
  const body: ErrorBody = {
    code,
    message: typeof message === "string" ? message : "",
    ...(typeof retryable === "boolean" ? { retryable } : {}),
    ...(typeof processed === "string" ? { processed } : {}),
    ...(typeof origin === "string" ? { origin } : {}),
  };
  return {
    type: FrameType.ERROR,
    call,
    offset: readU48(bytes, from),
    circuit: (head & flagCircuit) !== 0,
    body,
    raw: (head & flagRaw) !== 0,
    payload: bytes,
    start,
    end,
  };
}

function parseDone(head: number, bytes: Uint8Array, from: number, end: number): Frame {
  if ((end - from) % 4 !== 0) throw malformed(`DONE has a body of ${end - from} bytes, not a multiple of 4`);
  const calls: number[] = [];
  for (let at = from; at < end; at += 4) calls.push(readU32(bytes, at));
  return { type: FrameType.DONE, call: 0, rest: (head & flagRest) !== 0, calls };
}

function parseClose(body: Record<string, unknown>): CloseFrame {
  const { code, reason, versions } = body;
  return {
    type: FrameType.CLOSE,
    call: 0,
    code: typeof code === "string" ? code : "UNKNOWN",
    reason: typeof reason === "string" ? reason : "",
    ...(Array.isArray(versions) ? { versions: versions.filter((v) => typeof v === "number") } : {}),
  };
}

function parseJson(
  type: FrameType,
  bytes: Uint8Array,
  from: number,
  end: number,
  utf8: Utf8,
): Record<string, unknown> {
  let value: unknown;
  const text = utf8.read(bytes, from, end);
  try {
    value = JSON.parse(text);
  } catch {
    // JSON.parse quotes the text in its message; what a peer sent, credentials too, stays out of errors and logs.
    throw new SluiceError("DECODE_ERROR", `Cannot decode ${frameName(type)}: its body is not JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed(`${frameName(type)} is no JSON object`);
  }
  return value as Record<string, unknown>;
}

function milliseconds(value: unknown): number {
  return typeof value === "number" && value >= 0 && value < 2 ** 31 ? value : 0;
}

function tooShort(name: string): SluiceError {
  return malformed(`${name} is shorter than what it announces`);
}
