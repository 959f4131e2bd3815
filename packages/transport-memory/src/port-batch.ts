/**
 * What crosses a port: the frames of one turn, which batch this is, and how much of what came was taken.
 *
 * A port tells nobody whether the other side reads. So each side says what it has taken, and neither posts much beyond that. Who
 * stands between may lose, double or swap messages. So they are numbered, and one that is not the next ends the link.
 */
import {
  type Frame,
  measureReceived,
  messageOverhead,
  SluiceError,
  type ValueLimits,
} from "@sluice/protocol/wire";
import { copyFrame } from "./copied-frame.ts";

/** One posted message. */
export interface PortBatch {
  /** 1 for the first that this side posts, and 1 more each time. */
  readonly number: number;
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
  const copy = copyFrame(frame, moved);
  // The other side takes no message that counts differently than it says.
  if ("total" in copy && copy.payload !== undefined) {
    const length = measureReceived(copy.payload, unlimited);
    if (length !== copy.total) throw new TypeError(`it counts ${length} bytes instead of ${copy.total}`);
  }
  return copy;
}

/**
 * Judges the outside of what a port brought; the frames in it are judged one by one, by `checkStructuredFrame`.
 * @param last number of the batch before
 * @param taken what that said
 * @param sent weight of all that this side has sent
 * @throws {SluiceError} `UNAVAILABLE` for a batch that is not the next, `PROTOCOL_ERROR` for what is none
 */
export function checkBatch(message: unknown, last: number, taken: number, sent: number): PortBatch {
  if (typeof message !== "object" || message === null) throw malformed("it is no object");
  const batch = message as Readonly<Record<keyof PortBatch, unknown>>;
  if (!Number.isSafeInteger(batch.number)) throw malformed("it has no number");
  // Before all that follows from the batch before.
  if (batch.number !== last + 1) throw lostBatch(batch.number as number, last + 1);
  if (!Array.isArray(batch.frames)) throw malformed("it has no list of frames");
  if (batch.frames.length > mostFrames) throw malformed(`it has more than ${mostFrames} frames`);
  if (typeof batch.taken !== "number" || !(batch.taken >= taken && batch.taken <= sent)) {
    throw malformed("it has taken less than before, or more than was sent");
  }
  if (typeof batch.end !== "boolean") throw malformed("it does not say whether it is the last");
  return { number: batch.number, frames: batch.frames, taken: batch.taken, end: batch.end };
}

function malformed(what: string): SluiceError {
  return new SluiceError("PROTOCOL_ERROR", `Malformed message on a port: ${what}`);
}

function lostBatch(number: number, expected: number): SluiceError {
  return new SluiceError(
    "UNAVAILABLE",
    `The port does not deliver every message once and in order: message ${number} came where ${expected} is next`,
  );
}

/** The failure of a post: what stands in a frame cannot cross. */
export function unpostable(cause: unknown): SluiceError {
  const why = cause instanceof Error ? cause.message : "it cannot be copied";
  return new SluiceError("INTERNAL", `Cannot post a frame: ${why}`, { cause });
}

/** The end of a port that was not by the will of either side. */
export function lostPort(cause: unknown): SluiceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SluiceError("UNAVAILABLE", `The port was closed: ${why}`, { cause });
}
