/**
 * The interfaces of a transport: it makes links, by connecting, by accepting, or both.
 *
 * Clients connect, servers accept; who moves frames of its own implements these and runs `transportSuite()`.
 */
import type { MovedMessages } from "../definition/message-types.ts";
import type { ProcedureDefinition } from "../definition/protocol-definition.ts";
import type { Link } from "./link.ts";

export interface ConnectOptions {
  /** Aborting it gives the attempt up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The definition of the procedure that a server serves under `name` at the moment; `undefined`: none. For those that speak another
 * protocol on its behalf: what a peer may know is for the server to say.
 */
export type FindProcedure = (name: string) => ProcedureDefinition | undefined;

/** Makes links to one peer. The type parameters carry the protocol for the compiler, see {@link MovedMessages}. */
export interface Transport<Incoming = never, Outgoing = never> extends MovedMessages<Incoming, Outgoing> {
  /** For logs: `unix`, `tcp`, `memory`… */
  readonly name: string;
  /**
   * Makes a new link. Rejects with a SluiceError: `UNAVAILABLE` if the peer cannot be reached, `INVALID_ARGUMENT` if it could
   * never be.
   */
  connect(options?: ConnectOptions): Promise<Link>;
  /** Hands over every link that the peer makes, from now on until {@link dispose}. Absent where only `connect` makes sense. */
  accept?(onLink: (link: Link) => void, find?: FindProcedure): void;
  /** Makes no more links. Those that were made are their owners'. */
  dispose(): Promise<void>;
}

/** Waits for links of many peers at one address. */
export interface Listener {
  /** Starts listening. Resolves with the address, as address.ts writes it, with the real port. */
  listen(onLink: (link: Link) => void, find?: FindProcedure): Promise<string>;
  /** Takes no more links. Resolves when the address is free. Links that were made stay. */
  close(): Promise<void>;
}
