/**
 * Who decides about the calls that a peer opens, and what serves one of them.
 */
import type { Slot } from "../codec/slot.ts";
import type { OpenFrame } from "../frame/frame.ts";
import type { IncomingCall } from "./incoming-call.ts";

/** What serves a call, found when its OPEN has been read. */
export interface CallPlan {
  readonly param: Slot;
  /** Items come from the caller. */
  readonly send: Slot | undefined;
  /** Runs the handler: once, when the param is there. It ends in {@link IncomingCall.settled}. */
  start(call: IncomingCall, param: unknown): void;
}

/** Decides about calls that arrive. */
export interface CallAcceptor {
  /**
   * Finds what serves the call. Keeps nothing of `open`, whose payload is a part of what the link has read.
   * @throws {SluiceError} to refuse it before any handler; sent with `processed: "no"`
   */
  accept(open: OpenFrame): CallPlan;
}
