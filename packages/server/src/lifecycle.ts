/**
 * What a server tells those who watch it.
 */
import type { Logger } from "@sluice/protocol";
import type { EventEmitter, ServedCall, SluiceError } from "@sluice/protocol/wire";
import type { ServerConnection } from "./server-connection.ts";

/** Events of a server by name. */
export interface ServerEvents {
  /** A peer was let in. */
  connected: { readonly connection: ServerConnection };
  /** A connection has lost its link; its calls go on if the peer comes back within `graceMs`. */
  detached: {
    readonly connection: ServerConnection;
    /** For people. */
    readonly reason: string;
    readonly error: SluiceError;
  };
  /** A peer has come back, over another link. */
  resumed: { readonly connection: ServerConnection };
  /** A connection is over. */
  disconnected: {
    readonly connection: ServerConnection;
    /** For people. */
    readonly reason: string;
    readonly error: SluiceError;
  };
  /** A peer was not let in. */
  refused: { readonly transport: string; readonly remote: string | undefined; readonly error: SluiceError };
  /** A handler starts. */
  "call:start": { readonly call: ServedCall };
  /** A handler has returned. */
  "call:end": { readonly call: ServedCall; readonly durationMs: number };
  /** A handler has thrown, or what it returned cannot be sent. */
  "call:error": { readonly call: ServedCall; readonly durationMs: number; readonly error: unknown };
}

/** Emits, and keeps what a listener throws from whom it does not concern. */
export function tell<Name extends keyof ServerEvents>(
  events: EventEmitter<ServerEvents>,
  logger: Logger,
  name: Name,
  data: ServerEvents[Name],
): void {
  try {
    events.emit(name, data);
  } catch (error) {
    logger.error(`A listener of ${name} failed`, { error });
  }
}

/** For people: what ended a connection, and what had ended its link. */
export function reasonOf({ message, cause }: SluiceError): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
