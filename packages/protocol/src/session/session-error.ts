/** The errors with which sessions end. Spec: docs/wire.md §3.2 "CLOSE", §6. */
import { remoteError, SluiceError } from "../errors/sluice-error.ts";
import type { CloseFrame } from "../frame/frame.ts";

/** What ended the session, as the peer may know it: faults of this side's own code stay home. */
export function asSessionEnd(reason: unknown): SluiceError {
  if (SluiceError.is(reason)) return reason;
  return new SluiceError("INTERNAL", "A fault in this peer ended the session", { cause: reason });
}

/** What a CLOSE of the peer called `name` means here. One that simply leaves cancels nothing. */
export function closedByPeer(name: string, { code, reason }: CloseFrame): SluiceError {
  const known = code === "CANCELLED" ? "UNAVAILABLE" : code;
  return remoteError(known, `${name} closed the session: ${reason || code}`, {}, false);
}

/** The link to the peer called `name` was lost, by `cause` if that is known. */
export function linkLost(name: string, cause: SluiceError | undefined): SluiceError {
  return new SluiceError("UNAVAILABLE", `The link to ${name} was lost`, cause === undefined ? {} : { cause });
}

/** Another link has taken the place of this one. Spec: docs/wire.md §4.7. */
export function takenOver(): SluiceError {
  return new SluiceError("SESSION_TAKEN_OVER", "The session goes on over a newer link");
}

/** The session with the peer called `name` was not found again; `cause` had ended its last link. */
export function sessionLost(name: string, cause?: SluiceError): SluiceError {
  const lost = new SluiceError(
    "SESSION_LOST",
    `The session with ${name} was lost`,
    cause === undefined ? {} : { cause },
  );
  return new SluiceError("UNAVAILABLE", lost.message, { cause: lost });
}

/**
 * Lets go of what was on the stack when `error` and its causes were made. V8 keeps the objects whose methods ran, a link and all that it
 * holds among them, until somebody reads `stack`; an error that is kept for long would keep them as long.
 */
export function forgetFrames(error: Error): void {
  for (let one: unknown = error; one instanceof Error; one = one.cause) void one.stack;
}
