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
