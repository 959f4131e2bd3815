/**
 * Why a request is refused, or has failed: an error, with what HTTP says of it beyond the code.
 */
import { SluiceError } from "@sluice/protocol";
import { statusOfCode } from "./http-status.ts";

export class HttpRefusal extends Error {
  override readonly name = "HttpRefusal";
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
export function badRequest(message: string): HttpRefusal {
  return new HttpRefusal(new SluiceError("INVALID_ARGUMENT", message, { processed: "no" }));
}

/** A method that does not fit; `allow`: those that do. */
export function wrongMethod(message: string, allow: string): HttpRefusal {
  const error = new SluiceError("UNIMPLEMENTED", message, { processed: "no" });
  return new HttpRefusal(error, 405, { allow });
}

/** A param of more than `most` bytes. */
export function tooLarge(most: number): HttpRefusal {
  const message = `Cannot take a body of more than ${most} bytes`;
  return new HttpRefusal(new SluiceError("FRAME_TOO_LARGE", message, { processed: "no" }));
}
