/**
 * Connects a socket, within a time, and over TLS to nobody but whom it was told to.
 */
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { type Clock, SluiceError, systemClock } from "@sluice/protocol/wire";
import { codeOf } from "./socket-duplex.ts";
import { type TlsProblem, tlsProblem } from "./tls-errors.ts";

export interface ConnectSocketOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, with the TLS handshake. Default 10 s. */
  readonly connectTimeout?: number | undefined;
  readonly clock?: Clock | undefined;
  /** Present: over TLS, with a peer that has proved who it is. */
  readonly tls?: ConnectionOptions | undefined;
}

/**
 * A connected socket, whose errors are heard until whoever takes it over hears them too. `where` names it in errors.
 *
 * Rejects with `UNAVAILABLE` if nobody answers in time, `CANCELLED` if `signal` aborts; over TLS also with `UNAUTHENTICATED` if the
 * peer is not who it should be, `PROTOCOL_ERROR` and `FAILED_PRECONDITION` if it speaks something else.
 */
export function connectSocket(
  target: NetConnectOpts,
  where: string,
  { signal, connectTimeout = 10_000, clock = systemClock, tls }: ConnectSocketOptions = {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new SluiceError("CANCELLED", `Gave up connecting to ${where}`, { processed: "no" }));
      return;
    }
    const socket = tls === undefined ? connect(target) : connectTls({ ...target, ...tls });
    const ready = tls === undefined ? "connect" : "secureConnect";
    // Errors may also come while it is handed over or torn down; one that nobody hears ends the process.
    socket.on("error", () => {});
    const settle = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
      socket.removeListener(ready, onReady);
    };
    const fail = (code: TlsProblem["code"] | "CANCELLED", message: string, cause?: Error): void => {
      settle();
      socket.destroy();
      reject(new SluiceError(code, message, { processed: "no", cause }));
    };
    const onAbort = (): void => fail("CANCELLED", `Gave up connecting to ${where}`);
    const onError = (error: Error): void => {
      const { code = "UNAVAILABLE", text = failure(error, tls !== undefined) } = tlsProblem(error) ?? {};
      fail(code, `Cannot connect to ${where}: ${text}`, error);
    };
    const onReady = (): void => {
      settle();
      resolve(socket);
    };
    const timer = clock.setTimer(connectTimeout, () => {
      fail("UNAVAILABLE", `Cannot connect to ${where}: no answer within ${connectTimeout} ms`);
    });
    signal?.addEventListener("abort", onAbort);
    socket.once("error", onError);
    socket.once(ready, onReady);
  });
}

function failure(error: Error, isTls: boolean): string {
  const code = codeOf(error);
  return isTls && code === "ECONNRESET" ? "ECONNRESET before the TLS handshake was over" : code;
}
