/**
 * Connects a socket, within a time.
 */
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { type Clock, SluiceError, systemClock } from "@sluice/protocol/wire";
import { codeOf } from "./socket-duplex.ts";

export interface ConnectSocketOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. Default 10 s. */
  readonly connectTimeout?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * A connected socket, whose errors are heard until whoever takes it over hears them too. `where` names it in errors.
 *
 * Rejects with `UNAVAILABLE` if nobody answers in time, `CANCELLED` if `signal` aborts.
 */
export function connectSocket(
  target: NetConnectOpts,
  where: string,
  { signal, connectTimeout = 10_000, clock = systemClock }: ConnectSocketOptions = {},
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(new SluiceError("CANCELLED", `Gave up connecting to ${where}`, { processed: "no" }));
      return;
    }
    const socket = connect(target);
    // Errors may also come while it is handed over or torn down; one that nobody hears ends the process.
    socket.on("error", () => {});
    const settle = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
      socket.removeListener("connect", onConnect);
    };
    const fail = (code: "UNAVAILABLE" | "CANCELLED", message: string, cause?: Error): void => {
      settle();
      socket.destroy();
      reject(new SluiceError(code, message, { processed: "no", cause }));
    };
    const onAbort = (): void => fail("CANCELLED", `Gave up connecting to ${where}`);
    const onError = (error: Error): void =>
      fail("UNAVAILABLE", `Cannot connect to ${where}: ${codeOf(error)}`, error);
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    const timer = clock.setTimer(connectTimeout, () => {
      fail("UNAVAILABLE", `Cannot connect to ${where}: no answer within ${connectTimeout} ms`);
    });
    signal?.addEventListener("abort", onAbort);
    socket.once("error", onError);
    socket.once("connect", onConnect);
  });
}
