/**
 * The states of a session and the moves between them, as data.
 *
 * Spec: docs/wire.md §4.7, §4.15, §6.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import { forgetFrames } from "./session-error.ts";

export type SessionState =
  | { readonly name: "open" }
  /** This side or the peer has sent DRAIN: `ours` takes no new calls, `theirs` gets none. */
  | { readonly name: "draining"; readonly ours: boolean; readonly theirs: boolean }
  /** Its link is lost, and its peer is awaited over another one; `ours`: this side has sent DRAIN. */
  | { readonly name: "detached"; readonly ours: boolean; readonly error: SluiceError }
  | { readonly name: "closed"; readonly error: SluiceError };

export const legalMoves: Record<SessionState["name"], readonly SessionState["name"][]> = {
  open: ["draining", "detached", "closed"],
  draining: ["draining", "detached", "closed"],
  detached: ["open", "draining", "detached", "closed"],
  closed: [],
};

/** `state`, when one side has sent DRAIN. */
export function drained(state: SessionState, by: "ours" | "theirs"): SessionState {
  if (state.name === "detached") return { ...state, ours: state.ours || by === "ours" };
  const { ours, theirs } = state.name === "draining" ? state : { ours: false, theirs: false };
  return { name: "draining", ours: ours || by === "ours", theirs: theirs || by === "theirs" };
}

/** Whether that side has sent DRAIN. */
export function isDrained(state: SessionState, by: "ours" | "theirs"): boolean {
  if (state.name === "detached") return by === "ours" && state.ours;
  return state.name === "draining" && state[by];
}

/** `state`, whose link was lost by `error`. What the peer said of draining, it will say again. */
export function detached(state: SessionState, error: SluiceError): SessionState {
  forgetFrames(error);
  return { name: "detached", ours: isDrained(state, "ours"), error };
}

/** The state of a detached session that has a link again. */
export function attached(state: SessionState): SessionState {
  return isDrained(state, "ours") ? { name: "draining", ours: true, theirs: false } : { name: "open" };
}
