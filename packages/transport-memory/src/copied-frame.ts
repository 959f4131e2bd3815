/**
 * Frames as copies that share nothing with their senders, for links that copy what they send.
 *
 * Spec: docs/wire.md §3.3, structured.
 */
import { type Frame, FrameType, SluiceError } from "@sluice/protocol/wire";
import { portableCopy } from "./portable-copy.ts";

/**
 * A copy of `frame` that can be handed over later, whatever becomes of its values.
 * @param moved is given the buffers that may be transferred to another thread
 * @throws {TypeError} for what is no plain data; what reading it throws
 */
export function copyFrame(frame: Frame, moved: ArrayBuffer[]): Frame {
  if ("hello" in frame) return { ...frame, hello: asJson(frame.hello) };
  if ("welcome" in frame) return { ...frame, welcome: asJson(frame.welcome) };
  if (!("payload" in frame) || frame.payload === undefined) return { ...frame };
  return { ...frame, payload: portableCopy(frame.payload, moved) };
}

/** What a body is once it has been JSON, as it is on links of bytes. */
function asJson(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body));
}

/**
 * Why there is no copy of `frame`. Its value was measured when it was written: it was changed since, while it waited to be sent.
 * What a handshake says is not measured before.
 */
export function unsendable(frame: Frame, cause: unknown): SluiceError {
  const why = cause instanceof Error ? cause.message : "it cannot be copied";
  if (!("payload" in frame)) return new SluiceError("INTERNAL", `Cannot send a frame: ${why}`, { cause });
  return new SluiceError(
    "FAILED_PRECONDITION",
    `Cannot send ${payloadName(frame)}: it was changed between being written and being sent (${why}). Pass a copy of a value that goes on changing`,
    { cause },
  );
}

/** What the payload of `frame` is to whoever wrote it. */
function payloadName(frame: Frame): string {
  if (frame.type === FrameType.OPEN) return `the param of ${frame.procedure}`;
  return `${frame.type === FrameType.RESULT ? "the result" : "a message"} of call ${frame.call}`;
}
