/**
 * Error codes as statuses of HTTP, and back: one table.
 *
 * The codes of calls have the statuses that Connect gives them (https://connectrpc.com/docs/protocol#error-codes). Spec: docs/wire.md §6.
 */
import { type ErrorCode, isErrorCode } from "@sluice/protocol";

/** Every code: the compiler misses what is forgotten. */
const statusByCode: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
  PROTOCOL_ERROR: 400,
  FLOW_CONTROL_ERROR: 400,
  FRAME_TOO_LARGE: 413,
  DECODE_ERROR: 400,
  VERSION_UNSUPPORTED: 400,
  HANDSHAKE_TIMEOUT: 503,
  ENHANCE_YOUR_CALM: 429,
  SESSION_TAKEN_OVER: 409,
  SESSION_LOST: 410,
};

/** Of a code that the procedure declares: the request was understood, and what it asks for is refused. */
const declaredStatus = 422;

/** What a status says whose body names no code: mostly one of a proxy, or of another program. */
const codeByStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "UNIMPLEMENTED"],
  [405, "UNIMPLEMENTED"],
  [406, "UNIMPLEMENTED"],
  [408, "UNAVAILABLE"],
  [409, "ABORTED"],
  [410, "SESSION_LOST"],
  [413, "FRAME_TOO_LARGE"],
  [414, "FRAME_TOO_LARGE"],
  [415, "UNIMPLEMENTED"],
  [429, "RESOURCE_EXHAUSTED"],
  [431, "FRAME_TOO_LARGE"],
  [499, "CANCELLED"],
  [500, "INTERNAL"],
  [501, "UNIMPLEMENTED"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  // Of a gateway: it says nothing of the deadline of a call.
  [504, "UNAVAILABLE"],
]);

/** The status of an error with `code`; 422 for one that is not ours, but declared by its procedure. */
export function statusOfCode(code: string): number {
  return isErrorCode(code) ? statusByCode[code] : declaredStatus;
}

/** The code that `status` stands for, where nothing else says it; `UNKNOWN` if it is none of an error that has a meaning here. */
export function codeOfStatus(status: number): ErrorCode {
  return codeByStatus.get(status) ?? "UNKNOWN";
}
