/**
 * The closed set of codes that an error of Sluice can carry, and what a caller may do about each.
 *
 * Spec: docs/wire.md §6. The first sixteen are those of gRPC and Connect; the rest end a link or a session.
 */

/** `true`: the same call may succeed later, and repeating it is safe if it says `processed: "no"`. */
const retryableByCode = {
  /** The caller gave the call up. */
  CANCELLED: false,
  /** A code that this peer does not know; the text is in the message. */
  UNKNOWN: false,
  /** A value does not satisfy its schema, or an argument makes no sense. */
  INVALID_ARGUMENT: false,
  /** The deadline passed before the end. */
  DEADLINE_EXCEEDED: false,
  /** The thing asked for does not exist. */
  NOT_FOUND: false,
  /** The thing to create exists. */
  ALREADY_EXISTS: false,
  /** The identity is known and may not do this. */
  PERMISSION_DENIED: false,
  /** A limit is reached: calls, handlers, queue, memory. */
  RESOURCE_EXHAUSTED: true,
  /** The system is not in the state that the call needs. */
  FAILED_PRECONDITION: false,
  /** A conflict with another call. */
  ABORTED: true,
  /** Past the end of what exists. */
  OUT_OF_RANGE: false,
  /** The peer serves no such procedure. */
  UNIMPLEMENTED: false,
  /** A fault inside the handler; the reference in the message is in the server's log. */
  INTERNAL: false,
  /** The peer cannot be reached, is draining, or was lost. */
  UNAVAILABLE: true,
  /** Data is lost for good. */
  DATA_LOSS: false,
  /** No valid credentials. */
  UNAUTHENTICATED: false,
  /** The peer broke the wire's rules. */
  PROTOCOL_ERROR: false,
  /** The peer sent data without credit. */
  FLOW_CONTROL_ERROR: false,
  /** A frame or message above the limit. */
  FRAME_TOO_LARGE: false,
  /** Bytes that are no value of the codec. */
  DECODE_ERROR: false,
  /** No version in common. */
  VERSION_UNSUPPORTED: false,
  /** No handshake within its time. */
  HANDSHAKE_TIMEOUT: true,
  /** Too many calls refused or aborted, frames without effect, or resumes in vain. */
  ENHANCE_YOUR_CALM: false,
  /** A newer link continues this session. */
  SESSION_TAKEN_OVER: false,
  /** The peer no longer knows this session. */
  SESSION_LOST: true,
} as const;

/** One of the codes of docs/wire.md §6. Procedures may declare more, see `errors` in a definition. */
export type ErrorCode = keyof typeof retryableByCode;

/** Every code, in the order of the specification. */
export const errorCodes: readonly ErrorCode[] = Object.keys(retryableByCode) as ErrorCode[];

/** Whether `code` is one of ours (and not one that a procedure declares). */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(retryableByCode, code);
}

/** Whether a call that failed with `code` may be repeated by default; declared codes say so themselves. */
export function isRetryableCode(code: string): boolean {
  return isErrorCode(code) && retryableByCode[code];
}
