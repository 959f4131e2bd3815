/**
 * Those who wait for a session to open calls in, until there is one or never will be.
 */
import { type Session, SluiceError } from "@sluice/protocol/wire";

interface Waiting {
  readonly resolve: (session: Session) => void;
  readonly reject: (error: SluiceError) => void;
}

export class SessionWaiters {
  readonly #waiting: Waiting[] = [];

  /** Whether somebody waits. */
  get hasAny(): boolean {
    return this.#waiting.length > 0;
  }

  wait(): Promise<Session> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** There is one, for all of them. */
  resolve(session: Session): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(session);
  }

  /** There will be none, because of `error`. */
  reject(error: SluiceError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(neverSent(error));
  }
}

/** What ended the connection, for calls that were never part of it. */
export function neverSent(error: SluiceError): SluiceError {
  if (error.processed === "no") return error;
  const { code, message, retryable } = error;
  return new SluiceError(code, message, { cause: error, processed: "no", retryable });
}
