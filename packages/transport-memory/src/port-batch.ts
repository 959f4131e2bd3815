/**
 * What crosses a port: the frames of one turn, and how much of what came was taken.
 *
 * A port tells nobody whether the other side reads. So each side says what it has taken, and neither posts much beyond that.
 */
import {
  type Frame,
  measureReceived,
  messageOverhead,
  SluiceError,
  type ValueLimits,
} from "@sluice/protocol/wire";
import { portableCopy } from "./portable-copy.ts";

/** One posted message. */
export interface PortBatch {
  /** In order; at most {@link mostFrames}. */
  readonly frames: readonly unknown[];
  /** Weight of all frames that the sender of this batch has taken so far. */
  readonly taken: number;
  /** Whether the sender has ended the link: nothing follows. */
  readonly end: boolean;
}

/** Frames in one batch. */
export const mostFrames = 1024;

/** How large a value may be is for its sender's limits, which have judged it, and its receiver's. */
const unlimited: ValueLimits = { maxDepth: Number.POSITIVE_INFINITY, maxNodes: Number.POSITIVE_INFINITY };

/** How much of the link's room a frame uses: 64, and the payload bytes of the message that it completes. Both sides count alike. */
export function weightOf(frame: Frame): number {
  return messageOverhead + payloadBytesOf(frame);
}

/** The payload bytes that a frame carries. */
export function payloadBytesOf(frame: Frame): number {
  return "total" in frame && !frame.more ? frame.total : 0;
}

/**
 * A copy of `frame` that can be posted later, whatever becomes of its values.
 * @param moved is given the buffers that shall be transferred
 * @throws {TypeError} for what is no plain data, or has changed since it was written
 */
export function frameToPost(frame: Frame, moved: ArrayBuffer[]): Frame {
  if ("hello" in frame) return { ...frame, hello: asJson(frame.hello) };
  if ("welcome" in frame) return { ...frame, welcome: asJson(frame.welcome) };
  if (!("payload" in frame) || frame.payload === undefined) return { ...frame };
  const payload = portableCopy(frame.payload, moved);
  // The other side takes no message that counts differently than it says.
  if ("total" in frame && measureReceived(payload, unlimited) !== frame.total) {
    throw new TypeError("it was changed after it was written");
  }
  return { ...frame, payload };
}

/** What a body is once it has been JSON, as it is on links of bytes. */
function asJson(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body));
}

/**
 * Judges the outside of what a port brought; the frames in it are judged one by one, by `checkStructuredFrame`.
 * @param taken what the last batch said
 * @param sent weight of all that this side has sent
 * @throws {SluiceError} `PROTOCOL_ERROR`
 */
export function checkBatch(message: unknown, taken: number, sent: number): PortBatch {
  if (typeof message !== "object" || message === null) throw malformed("it is no object");
  const batch = message as Readonly<Record<keyof PortBatch, unknown>>;
  if (!Array.isArray(batch.frames)) throw malformed("it has no list of frames");
  if (batch.frames.length > mostFrames) throw malformed(`it has more than ${mostFrames} frames`);
  if (typeof batch.taken !== "number" || !(batch.taken >= taken && batch.taken <= sent)) {
    throw malformed("it has taken less than before, or more than was sent");
  }
  if (typeof batch.end !== "boolean") throw malformed("it does not say whether it is the last");
  return { frames: batch.frames, taken: batch.taken, end: batch.end };
}

function malformed(what: string): SluiceError {
  return new SluiceError("PROTOCOL_ERROR", `Malformed message on a port: ${what}`);
}
