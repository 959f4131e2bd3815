/**
 * Waits until a WebSocket is open, within a time, and says why it is not if the platform knows.
 */
import { type Clock, SluiceError } from "@sluice/protocol/wire";
import type { WebSocketEvent, WebSocketLike } from "./websocket-like.ts";

export interface OpenWebSocketOptions {
  /** Names it in errors; holds no secret. */
  readonly where: string;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds, with the TLS handshake. */
  readonly connectTimeout: number;
  readonly clock: Clock;
}

/**
 * What `opened` makes of the socket that `make` has made, in the moment in which it opens: not a turn later, for then it may have lost
 * what came with the answer. Rejects with `CANCELLED` if `signal` aborts, `UNAVAILABLE` if nobody answers in time or the
 * platform does not say why not; with `UNAUTHENTICATED`, `PERMISSION_DENIED`, `NOT_FOUND` or `PROTOCOL_ERROR` if it does;
 * `INVALID_ARGUMENT` if the platform takes no such address.
 */
export function openWebSocket<Opened>(
  make: () => WebSocketLike,
  opened: (socket: WebSocketLike) => Opened,
  options: OpenWebSocketOptions,
): Promise<Opened> {
  const { where, signal, connectTimeout, clock } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(unopened("CANCELLED", `Gave up connecting to ${where}`));
      return;
    }
    const socket = made(make, where);
    const settle = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      socket.removeEventListener("open", onOpen);
      socket.removeEventListener("close", onEnd);
      socket.removeEventListener("error", onEnd);
    };
    const fail = (error: SluiceError): void => {
      settle();
      giveUp(socket);
      reject(error);
    };
    const onOpen = (): void => {
      settle();
      resolve(opened(socket));
    };
    const onEnd = (event: WebSocketEvent): void => fail(refusalOf(event, where));
    const onAbort = (): void => fail(unopened("CANCELLED", `Gave up connecting to ${where}`));
    const timer = clock.setTimer(connectTimeout, () =>
      fail(unopened("UNAVAILABLE", `Cannot connect to ${where}: no answer within ${connectTimeout} ms`)),
    );
    signal?.addEventListener("abort", onAbort);
    socket.addEventListener("open", onOpen);
    socket.addEventListener("close", onEnd);
    socket.addEventListener("error", onEnd);
  });
}

/** @throws {SluiceError} `INVALID_ARGUMENT` */
function made(make: () => WebSocketLike, where: string): WebSocketLike {
  try {
    return make();
  } catch (cause) {
    // Its message may quote the address, and what is secret in that.
    throw unopened(
      "INVALID_ARGUMENT",
      `Cannot connect to ${where}: the platform takes no such address`,
      cause,
    );
  }
}

/** Lets go of a socket that nobody wants any more, whatever state it is in. */
function giveUp(socket: WebSocketLike): void {
  // An error event of `ws` that nobody hears ends the process.
  socket.addEventListener("error", () => {});
  try {
    socket.close();
  } catch {
    // It is no longer one that can be closed.
  }
}

const codeByStatus: Readonly<
  Record<string, "UNAUTHENTICATED" | "PERMISSION_DENIED" | "NOT_FOUND" | "PROTOCOL_ERROR">
> = {
  400: "PROTOCOL_ERROR",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "PROTOCOL_ERROR",
  426: "PROTOCOL_ERROR",
};

/** Node's codes of certificates that no repetition makes acceptable. One that has expired may be renewed. */
const untrusted: ReadonlySet<string> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

function refusalOf({ error, message, code }: WebSocketEvent, where: string): SluiceError {
  const text = error instanceof Error ? error.message : (message ?? "");
  const cause = error instanceof Error ? error : undefined;
  const status = /^Unexpected server response: (\d{3})/.exec(text)?.[1];
  if (status !== undefined) {
    const said = `Cannot connect to ${where}: it answered ${status}`;
    return unopened(codeByStatus[status] ?? "UNAVAILABLE", said, cause);
  }
  const systemCode = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof systemCode === "string") {
    const kind = untrusted.has(systemCode) ? "UNAUTHENTICATED" : "UNAVAILABLE";
    return unopened(kind, `Cannot connect to ${where}: ${systemCode}`, cause);
  }
  if (/^Invalid (Upgrade|Sec-WebSocket)|^Server (sent|indicated)/.test(text)) {
    return unopened("PROTOCOL_ERROR", `Cannot connect to ${where}: ${text}`, cause);
  }
  const why = code === undefined ? "the platform does not say why" : `closed with ${code}`;
  return unopened("UNAVAILABLE", `Cannot connect to ${where}: ${why}`, cause);
}

function unopened(code: string, message: string, cause?: unknown): SluiceError {
  return new SluiceError(code, message, { processed: "no", cause });
}
