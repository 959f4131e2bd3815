/**
 * What an ERROR of the peer becomes for the caller.
 *
 * Spec: docs/wire.md §6, §4.13.
 */
import type { Slot } from "../codec/slot.ts";
import { remoteError, type SluiceError } from "../errors/sluice-error.ts";
import type { ErrorFrame } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import { cancelled } from "./call-end.ts";

/**
 * The error that `frame` reports.
 * @param request whose procedure declares codes, with the slots of their data
 * @param wasStopped whether the caller wanted no more of the call: that there was no room for it is none of its concern then
 */
export function reportedError(
  frame: ErrorFrame,
  { errors }: { readonly errors: ReadonlyMap<string, Slot> },
  utf8: Utf8,
  wasStopped: boolean,
): SluiceError {
  if (wasStopped && isNoRoom(frame)) return cancelled("", "no");
  const { body, payload, start, end, raw } = frame;
  const slot = errors.get(body.code);
  const details = {
    retryable: body.retryable === true,
    processed: body.processed === "no" ? "no" : "maybe",
    origin: body.origin === "relay" ? "relay" : "remote",
  } as const;
  if (slot === undefined) return remoteError(body.code, body.message, details, false);
  try {
    const data = slot.decode({ payload, start, end, raw }, utf8);
    return remoteError(body.code, body.message, { ...details, data }, true);
  } catch (cause) {
    return remoteError(body.code, body.message, { ...details, cause }, true);
  }
}

/** Whether the peer had no slot for the call: it may be opened again. Spec: docs/wire.md §4.3. */
export function isNoRoom({ body }: ErrorFrame): boolean {
  return body.code === "RESOURCE_EXHAUSTED" && body.processed === "no" && body.retryable !== false;
}
