/**
 * Every bound of a frame that can be judged without a session: length, type, flags, shape of the body.
 *
 * The first nine bytes are judged before a byte of the body is kept. Spec: docs/wire.md §3.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { maxFrameLength, maxFramePayload } from "../limits.ts";
import { firstExtensionType } from "./frame.ts";

/** Bytes before the body: length, head, call. */
export const frameHeadBytes = 9;
/** What the length field counts besides the body. */
export const lengthOverhead = 5;

/** Flags, the high three bits of a frame's head. */
export const flagMore = 0x20;
export const flagRaw = 0x40;
export const flagHead = 0x80;
export const flagCircuit = 0x80;
export const flagAbort = 0x20;
export const flagRest = 0x20;
export const flagAnswer = 0x20;

/** Flags in the body of an OPEN. */
export const openHalfClosed = 1;
export const openEvent = 2;
export const openStop = 4;
export const openResume = 8;
export const openRouted = 16;
export const openFlags = 31;

const jsonBytes = 65_536;

interface Shape {
  readonly name: string;
  readonly flags: number;
  readonly min: number;
  readonly max: number;
  /** Whether the frame belongs to a call (and names it) or to the link (and names 0). */
  readonly ofCall: boolean;
}

const shape = (name: string, flags: number, min: number, max: number, ofCall = true): Shape => ({
  name,
  flags,
  min,
  max,
  ofCall,
});

const longestBody = maxFrameLength - lengthOverhead;

const shapes: readonly (Shape | undefined)[] = [
  undefined,
  shape("HELLO", 0, 2, jsonBytes, false),
  shape("WELCOME", 0, 2, jsonBytes, false),
  shape("OPEN", flagMore | flagRaw, 29, longestBody),
  shape("ACCEPT", 0, 2, 1024),
  shape("DATA", flagMore | flagRaw | flagHead, 6, longestBody),
  shape("CREDIT", 0, 12, 12),
  shape("END", 0, 6, 6),
  shape("RESULT", flagMore | flagRaw | flagHead, 6, longestBody),
  shape("ERROR", flagRaw | flagCircuit, 8, longestBody),
  shape("CANCEL", flagAbort, 0, 1024),
  shape("DONE", flagRest, 0, longestBody, false),
  shape("PING", flagAnswer, 4, 4, false),
  shape("DRAIN", 0, 2, 4096, false),
  shape("CLOSE", 0, 2, 4096, false),
];

/** The name of a type for messages, such as `DATA`. */
export function frameName(type: number): string {
  return shapes[type]?.name ?? `type ${type}`;
}

/** Whether `type` is one that is skipped when it is not known. */
export function isExtension(type: number): boolean {
  return type >= firstExtensionType;
}

/**
 * Judges the length field alone.
 * @throws {SluiceError} `FRAME_TOO_LARGE`, `PROTOCOL_ERROR`
 */
export function checkLength(length: number): void {
  if (length > maxFrameLength) {
    throw new SluiceError(
      "FRAME_TOO_LARGE",
      `Cannot accept a frame of ${length} bytes: at most ${maxFrameLength}`,
    );
  }
  if (length < lengthOverhead)
    throw malformed(`a frame's length is at least ${lengthOverhead}, not ${length}`);
}

/**
 * Judges type, flags, call and body length of a frame whose length is in bounds.
 * @throws {SluiceError} `PROTOCOL_ERROR`
 */
export function checkHead(length: number, head: number, call: number): void {
  const type = head & 0x1f;
  if (isExtension(type)) return;
  const expected = shapes[type];
  if (expected === undefined) throw malformed(`frame type ${type} is not known`);
  const flags = head & 0xe0;
  if ((flags & ~expected.flags) !== 0) throw malformed(`${expected.name} has flags 0x${flags.toString(16)}`);
  const body = length - lengthOverhead;
  if (body < expected.min || body > expected.max) {
    throw malformed(
      `${expected.name} has a body of ${body} bytes, ${expected.min} to ${expected.max} are allowed`,
    );
  }
  if ((call !== 0) !== expected.ofCall) {
    throw malformed(
      expected.ofCall ? `${expected.name} names no call` : `${expected.name} names call ${call}`,
    );
  }
}

/** Judges the payload of a frame, once its place is known. @throws {SluiceError} `FRAME_TOO_LARGE` */
export function checkPayload(bytes: number): void {
  if (bytes > maxFramePayload) {
    throw new SluiceError(
      "FRAME_TOO_LARGE",
      `Cannot accept a payload of ${bytes} bytes: at most ${maxFramePayload}`,
    );
  }
}

/** The error for a frame that breaks the wire's rules; ends link and session. */
export function malformed(what: string): SluiceError {
  return new SluiceError("PROTOCOL_ERROR", `Malformed frame: ${what}`);
}
