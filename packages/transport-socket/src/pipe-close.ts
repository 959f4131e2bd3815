/**
 * Reasons for an end, as a close frame says them and as a user sees them. Spec: docs/pipes.md, "The bytes".
 */
import { isErrorCode } from "@sluice/protocol";
import { SluiceError } from "@sluice/protocol/wire";

/** Characters of a reason; the rest is cut. */
const longestReason = 1000;

/** What a reason tells the peer: a SluiceError its code and text, anything else `code` and, if it is one, its text. */
export function closeReason(
  reason: unknown,
  code: string,
): { readonly code: string; readonly reason: string } {
  if (SluiceError.is(reason)) return { code: reason.code, reason: reason.message.slice(0, longestReason) };
  return { code, reason: typeof reason === "string" ? reason.slice(0, longestReason) : "The peer gave up" };
}

/** The error for a code and text that the peer has sent. A code that is none of ours is `UNKNOWN`. */
export function remoteCloseError(code: string, reason = ""): SluiceError {
  const known = isErrorCode(code) ? code : "UNKNOWN";
  return new SluiceError(known, reason === "" ? `The peer closed the pipe: ${code.slice(0, 40)}` : reason, {
    origin: "remote",
  });
}

/** For what is asked of a pipe that has ended. */
export function pipeOver(): SluiceError {
  return new SluiceError("CANCELLED", "The pipe is closed");
}
