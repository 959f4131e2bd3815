/**
 * Raw pipes where a WebSocket cannot be told to stop reading: says so instead.
 *
 * What cannot stop reading has to hold all that a peer sends, without a bound: a pipe has no credit of its own.
 */
import { type PipeCarrier, type PipeListener, SluiceError } from "@sluice/protocol/wire";

/** Rejects with `UNIMPLEMENTED`. On Node it connects. */
export async function connectPipe(): Promise<PipeCarrier> {
  throw unpausable();
}

/** A listener whose `listen()` rejects with `UNIMPLEMENTED`. On Node it listens. */
export function listenForPipes(): PipeListener {
  return {
    async listen() {
      throw unpausable();
    },
    close() {},
  };
}

/** The error for a WebSocket that goes on reading, whoever is slow. */
export function unpausable(): SluiceError {
  const message =
    "Cannot pipe over a WebSocket here: this platform's cannot stop reading, so a slow reader could not hold its writer back. Use a Client, whose streams have credit";
  return new SluiceError("UNIMPLEMENTED", message, { processed: "no" });
}
