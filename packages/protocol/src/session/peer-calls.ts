/**
 * The calls that the peer opens, as their session sees them; who takes none needs nothing of what serves them.
 *
 * Two kinds: incoming-calls.ts, and refused-calls.ts.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import type { OpenFrame } from "../frame/frame.ts";
import type { CallHost } from "./call-host.ts";
import type { CallTable } from "./call-table.ts";
import type { HandlerSlot } from "./handler-slot.ts";
import type { IncomingCall } from "./incoming-call.ts";

export interface PeerCalls {
  /** Calls that were taken, since the session was made. */
  readonly opened: number;
  /** Handlers that have not settled. */
  readonly running: number;
  /** Those handlers, also of calls that are over. */
  readonly handlers: readonly HandlerSlot[];
  /** Calls whose link was lost and that wait for their caller. */
  readonly detached: number;
  /** Those calls. */
  readonly detachedCalls: Iterable<IncomingCall>;
  /** From now on calls are refused: this side drains. */
  refuse(): void;
  /** Whether call `id` was refused when its caller may have sent more of it already. */
  wasRefused(id: number): boolean;
  /** An OPEN arrived; `add` takes its call into the table. @throws {SluiceError} for what ends the session */
  onOpen(open: OpenFrame, add: (call: IncomingCall) => void): void;
  /** The caller of `id` has seen its end. */
  onDone(id: number): void;
  /** The caller has opened again all that it still wants. */
  onRest(): void;
  /** The link of `calls` was lost. */
  detach(calls: readonly IncomingCall[]): void;
  /** Nobody comes back for those that wait. */
  lost(error: SluiceError, cause: "disconnected" | "shutdown"): void;
  /** Nothing of `call` is needed any more. */
  over(call: IncomingCall): void;
}

/** Makes those of one session. `onIdle`: no handler runs any more. */
export type MakePeerCalls = (
  host: CallHost,
  table: CallTable<{ readonly id: number }>,
  peerEpoch: string,
  onIdle: () => void,
) => PeerCalls;
