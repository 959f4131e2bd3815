/**
 * Why a direct call is not made, or has failed: an error, with what HTTP says of it beyond the code.
 */
import { SluiceError } from "@sluice/protocol";
import { statusOfCode } from "./http-status.ts";

export class DirectRefusal extends Error {
  override readonly name = "DirectRefusal";
  readonly error: SluiceError;
  readonly status: number;
  /** Beyond those of every error. */
  readonly headers: Readonly<Record<string, string>>;

  /** `status`: default by the code of `error`. */
  constructor(
    error: SluiceError,
    status: number = statusOfCode(error.code),
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(error.message);
    this.error = error;
    this.status = status;
    this.headers = headers;
  }
}

/** A request that was not understood: no handler has run. */
export function badRequest(message: string): DirectRefusal {
  return new DirectRefusal(new SluiceError("INVALID_ARGUMENT", message, { processed: "no" }));
}

/** A method that does not fit; `allow`: those that do. */
export function wrongMethod(message: string, allow: string): DirectRefusal {
  const error = new SluiceError("UNIMPLEMENTED", message, { processed: "no" });
  return new DirectRefusal(error, 405, { allow });
}

/** A param of more than `most` bytes. */
export function tooLarge(most: number): DirectRefusal {
  const message = `Cannot take a body of more than ${most} bytes`;
  return new DirectRefusal(new SluiceError("FRAME_TOO_LARGE", message, { processed: "no" }));
}
