/** Why a call is refused before anything of it is sent. */
import { SluiceError } from "../errors/sluice-error.ts";
import type { Session } from "../session/session.ts";

/** Why a call with this timeout cannot be made, if so. One that has passed ends the call before it is made. */
export function refuseTimeout(name: string, timeout: number | undefined): SluiceError | undefined {
  if (timeout === undefined || (Number.isFinite(timeout) && timeout > 0)) return undefined;
  if (timeout === 0) {
    return new SluiceError("DEADLINE_EXCEEDED", `Cannot call ${name}: no time is left`, { processed: "no" });
  }
  const message = `Invalid timeout ${timeout}: must be milliseconds, at least 0`;
  return new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}

/** Why a call of this name cannot be made, if so: it would break the wire. */
export function refuseName(name: string, { utf8, peerLimits }: Session): SluiceError | undefined {
  const { maxName } = peerLimits;
  if (name !== "" && (3 * name.length <= maxName || utf8.byteLength(name) <= maxName)) return undefined;
  const bytes = utf8.byteLength(name);
  const message = `Invalid procedure name of ${bytes} bytes: must have 1 to ${maxName}`;
  return new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
}
