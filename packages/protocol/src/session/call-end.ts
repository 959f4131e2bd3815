/**
 * How a call ends for whoever opened it.
 */
import { type Processed, SluiceError } from "../errors/sluice-error.ts";

/** How a call ended, for whoever opened it. Exactly one of them, once. */
export interface CallEnd {
  /** Whether it would be made again elsewhere, if it ended now and its handler may have run, or not. Absent: it would not. */
  mayMove?(processed: Processed): boolean;
  resolved(result: unknown): void;
  rejected(error: SluiceError): void;
}

/** The error for a call that its user gave up. */
export function cancelled(reason: unknown, processed: "no" | "maybe" = "maybe"): SluiceError {
  const why = typeof reason === "string" && reason !== "" ? `: ${reason}` : "";
  const cause = typeof reason === "string" ? undefined : reason;
  return new SluiceError("CANCELLED", `The call was cancelled${why}`, { processed, cause });
}
