/**
 * A sign of life, asked of the server over a connection that may still be made.
 */
import type { CallOptions, Processed } from "@sluice/protocol";
import { type Clock, cancelled, SluiceError, within } from "@sluice/protocol/wire";
import type { ClientConnection } from "./connection.ts";

export type PingOptions = Pick<CallOptions, "timeout" | "signal">;

/** As the client's method. `timeout`: the default, ms. */
export async function ping(
  connection: ClientConnection,
  clock: Clock,
  defaultMs: number,
  { timeout = defaultMs, signal }: PingOptions,
): Promise<number> {
  if (!(Number.isFinite(timeout) && timeout >= 0)) {
    const message = `Invalid timeout ${timeout}: must be milliseconds, at least 0`;
    throw new SluiceError("INVALID_ARGUMENT", message, { processed: "no" });
  }
  if (signal?.aborted) throw cancelled(signal.reason, "no");
  if (timeout === 0) throw unanswered(0, "no", undefined);
  let processed: Processed = "no";
  const answer = connection.waitForSession().then((session) => {
    processed = "maybe";
    return session.ping();
  });
  let giveUp = (): void => {};
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = () => reject(cancelled(signal?.reason, processed));
  });
  signal?.addEventListener("abort", giveUp);
  try {
    return await within(clock, timeout, Promise.race([answer, givenUp]), () => {
      throw unanswered(timeout, processed, connection.lastFailure);
    });
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

function unanswered(ms: number, processed: Processed, cause: SluiceError | undefined): SluiceError {
  const why =
    processed === "maybe"
      ? ""
      : `: there is no connection${cause === undefined ? "" : ` (${cause.message})`}`;
  return new SluiceError("DEADLINE_EXCEEDED", `A ping was not answered within ${ms} ms${why}`, {
    processed,
    cause,
  });
}
