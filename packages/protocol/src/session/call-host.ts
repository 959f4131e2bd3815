/**
 * What a call may use of its session, and nothing more.
 */
import type { Clock } from "../clock.ts";
import type { SluiceError } from "../errors/sluice-error.ts";
import type { Frame } from "../frame/frame.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { Link } from "../link/link.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { SendContext } from "./send-context.ts";
import type { TurnTaker } from "./turns.ts";

/** What the peer accepts. Spec: docs/wire.md §3.1. */
export interface PeerLimits {
  readonly maxMessage: number;
  readonly maxMetadata: number;
  readonly maxName: number;
  readonly maxCalls: number;
  readonly maxConcurrentHandlers: number;
  readonly maxDeadline: number;
  /** Allowance for a param, bytes. */
  readonly window: number;
  /** The window that each of its calls always has, bytes. */
  readonly floor: number;
}

/** A call as its session sees it. */
export interface SessionCall extends TurnTaker {
  /** Its id on the link, 0 while it has none. */
  readonly id: number;
  readonly hasWork: boolean;
  /** Sends about `most` bytes; returns how many it was. */
  takeTurn(link: Link, most: number): number;
  /** The session is over. `shutdown`: this side ended it. */
  lost(error: SluiceError, cause: "disconnected" | "shutdown"): void;
}

export interface CallHost {
  readonly clock: Clock;
  readonly limits: ResolvedLimits;
  readonly peerLimits: PeerLimits;
  readonly utf8: Utf8;
  readonly isStructured: boolean;
  readonly budget: MemoryBudget;
  readonly sending: SendContext;
  /** Whether there is no link. */
  readonly isDetached: boolean;
  /** The link while it has room and nobody waits for a turn: what is ready may go out at once. */
  readonly freeLink: Link | undefined;
  /** Sends a frame that overtakes data. */
  control(frame: Frame): void;
  /** `call` has something to send and waits for its turn. */
  ready(call: SessionCall): void;
  /** `call` has its id now. */
  register(call: SessionCall): void;
  /** The OPEN of `call` has gone, at its turn. */
  openSent(call: SessionCall): void;
  /** `call` is over: its id is forgotten. */
  over(call: SessionCall): void;
  /** The peer had no room for `call`, and no handler has seen it: it waits again. */
  putBack(call: SessionCall): void;
  /** No id is left for another call of this side. */
  idsUsedUp(): void;
  /** The end of this side's call `id` was seen. */
  owesDone(id: number): void;
  /** The peer did something that only broken or hostile ones do often. */
  abused(): void;
}
