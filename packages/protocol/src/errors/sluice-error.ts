/**
 * The one error class of Sluice: what crosses a door is always a `SluiceError`.
 *
 * Spec: docs/wire.md §6.
 */
import { type ErrorCode, isErrorCode, isRetryableCode } from "./error-code.ts";

/** Whether a failed call may have reached a handler: `"no"` is a proof, `"maybe"` is not. Spec: docs/wire.md §4.13. */
export type Processed = "no" | "maybe";

/** Where an error arose: in this process, at the peer, or at a relay between them. */
export type ErrorOrigin = "local" | "remote" | "relay";

export interface SluiceErrorOptions {
  /** What caused it; never travels. */
  readonly cause?: unknown;
  /** Typed data of a declared error. */
  readonly data?: unknown;
  /** Default: by code. */
  readonly retryable?: boolean;
  /** Default `"maybe"`. */
  readonly processed?: Processed;
  /** Default `"local"`. */
  readonly origin?: ErrorOrigin;
}

const brand = Symbol.for("@sluice/error");

/** An error with a code that programs branch on. `message` says action, value and bound, for people. */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  /** An {@link ErrorCode}, or a code that the called procedure declares. */
  readonly code: ErrorCode | (string & {});
  /** Data of a declared error, as its schema says. */
  readonly data: unknown;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  readonly processed: Processed;
  readonly origin: ErrorOrigin;

  constructor(code: ErrorCode | (string & {}), message: string, options: SluiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data;
    this.retryable = options.retryable ?? isRetryableCode(code);
    this.processed = options.processed ?? "maybe";
    this.origin = options.origin ?? "local";
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `value` is a SluiceError, also one of another copy of this package. */
  static is(value: unknown): value is SluiceError {
    return typeof value === "object" && value !== null && brand in value;
  }

  /** `reason` itself if it is a SluiceError, else one with `code` that keeps `reason` as its cause. */
  static from(
    reason: unknown,
    code: ErrorCode = "UNKNOWN",
    options: SluiceErrorOptions & { readonly message?: string } = {},
  ): SluiceError {
    if (SluiceError.is(reason)) return reason;
    const message = options.message ?? (reason instanceof Error ? reason.message : describe(reason));
    return new SluiceError(code, message, { ...options, cause: reason });
  }

  /** What may be logged or printed as JSON; without cause and stack. */
  toJSON(): Record<string, unknown> {
    const { code, message, data, retryable, processed, origin } = this;
    return { code, message, ...(data === undefined ? {} : { data }), retryable, processed, origin };
  }
}

function describe(reason: unknown): string {
  if (typeof reason === "string" && reason !== "") return reason;
  return `Failed with ${reason === null ? "null" : typeof reason} instead of an error`;
}

/** The error that a peer reported, with a code that this side knows. Spec: docs/wire.md §6. */
export function remoteError(
  code: string,
  message: string,
  options: SluiceErrorOptions,
  declared: boolean,
): SluiceError {
  if (declared || isErrorCode(code)) return new SluiceError(code, message, { origin: "remote", ...options });
  return new SluiceError("UNKNOWN", `${code}: ${message}`, { origin: "remote", ...options });
}
