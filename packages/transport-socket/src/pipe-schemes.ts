/**
 * Which addresses pipes go to.
 */
import { type AddressScheme, SluiceError } from "@sluice/protocol/wire";

/** What pipes are called in the handshake of TLS (ALPN). */
export const pipeProtocol = "sluice-pipe/1";

/** The scheme of an address that a pipe may go to. */
export type PipeScheme = Extract<AddressScheme, "unix" | "tcp" | "tls" | "ws" | "wss">;

const pipeSchemes: readonly PipeScheme[] = ["unix", "tcp", "tls", "ws", "wss"];

/** The error for a scheme without pipes. */
export function noPipe(scheme: string): SluiceError {
  return new SluiceError("UNIMPLEMENTED", `Cannot pipe over ${scheme}: only over ${pipeSchemes.join(", ")}`, {
    processed: "no",
  });
}
