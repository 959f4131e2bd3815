/**
 * Why a WebSocket is closed, as a number: which code stands for which error, and what a code that came means.
 *
 * Each error has a number of its own from 4000 on, which every platform may send: 4000 and gRPC's number, 4100 and on for the others.
 * Some also have one of the standard, which servers send. Spec: RFC 6455 §7.4, docs/transports.md.
 */
import type { ErrorCode } from "@sluice/protocol";
import { SluiceError } from "@sluice/protocol/wire";

/** Close codes of the standard that this package sends or names. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  noStatus: 1005,
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  internalError: 1011,
  tryAgainLater: 1013,
} as const;

const ownCodes: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 4001,
  UNKNOWN: 4002,
  INVALID_ARGUMENT: 4003,
  DEADLINE_EXCEEDED: 4004,
  NOT_FOUND: 4005,
  ALREADY_EXISTS: 4006,
  PERMISSION_DENIED: 4007,
  RESOURCE_EXHAUSTED: 4008,
  FAILED_PRECONDITION: 4009,
  ABORTED: 4010,
  OUT_OF_RANGE: 4011,
  UNIMPLEMENTED: 4012,
  INTERNAL: 4013,
  UNAVAILABLE: 4014,
  DATA_LOSS: 4015,
  UNAUTHENTICATED: 4016,
  PROTOCOL_ERROR: 4101,
  FLOW_CONTROL_ERROR: 4102,
  FRAME_TOO_LARGE: 4103,
  DECODE_ERROR: 4104,
  VERSION_UNSUPPORTED: 4105,
  HANDSHAKE_TIMEOUT: 4106,
  ENHANCE_YOUR_CALM: 4107,
  SESSION_TAKEN_OVER: 4108,
  SESSION_LOST: 4109,
};

/** What the standard has a code for. */
const standardCodes: Partial<Record<ErrorCode, number>> = {
  UNAVAILABLE: CloseCode.goingAway,
  PROTOCOL_ERROR: CloseCode.protocolError,
  PERMISSION_DENIED: CloseCode.policyViolation,
  ENHANCE_YOUR_CALM: CloseCode.policyViolation,
  FRAME_TOO_LARGE: CloseCode.messageTooBig,
  INTERNAL: CloseCode.internalError,
  RESOURCE_EXHAUSTED: CloseCode.tryAgainLater,
};

const meanings: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  ...(Object.entries(ownCodes) as [ErrorCode, number][]).map(([error, code]): [number, ErrorCode] => [
    code,
    error,
  ]),
  [CloseCode.goingAway, "UNAVAILABLE"],
  [CloseCode.protocolError, "PROTOCOL_ERROR"],
  [CloseCode.unsupportedData, "PROTOCOL_ERROR"],
  [CloseCode.invalidPayload, "PROTOCOL_ERROR"],
  [CloseCode.policyViolation, "PERMISSION_DENIED"],
  [CloseCode.messageTooBig, "FRAME_TOO_LARGE"],
  [CloseCode.internalError, "INTERNAL"],
  [CloseCode.tryAgainLater, "RESOURCE_EXHAUSTED"],
]);

/** The code for `error` that every platform may send. Codes that a procedure declares are UNKNOWN here. */
export function ownCloseCode(error: string): number {
  return Object.hasOwn(ownCodes, error) ? ownCodes[error as ErrorCode] : ownCodes.UNKNOWN;
}

/** The code for `error` that a server sends: the standard's if there is one. */
export function closeCodeOf(error: string): number {
  const standard = Object.hasOwn(standardCodes, error) ? standardCodes[error as ErrorCode] : undefined;
  return standard ?? ownCloseCode(error);
}

/** The error for a WebSocket that ended with `code`; `undefined` if nothing went wrong. What the peer says is quoted. */
export function closeError(code: number, reason: string): SluiceError | undefined {
  if (code === CloseCode.normal || code === CloseCode.noStatus) return undefined;
  const said = reason === "" ? "" : `: ${JSON.stringify(reason)}`;
  if (code === CloseCode.abnormal) {
    return new SluiceError("UNAVAILABLE", `The WebSocket was lost without a close${said}`);
  }
  const error = meanings.get(code) ?? "UNAVAILABLE";
  return new SluiceError(error, `The peer closed the WebSocket with ${code}${said}`, { origin: "remote" });
}

/** Bytes of a close frame that are the reason's. */
const mostReasonBytes = 123;

/** `text`, cut between two characters so that it fits into a close frame. */
export function closeReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(mostReasonBytes));
  return text.slice(0, read);
}
