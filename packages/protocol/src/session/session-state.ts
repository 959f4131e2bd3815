/**
 * The states of a session and the moves between them, as data.
 *
 * Spec: docs/wire.md §4.15, §6. A detached session (its link is lost, its peer awaited) will be a state here.
 */
import type { SluiceError } from "../errors/sluice-error.ts";

export type SessionState =
  | { readonly name: "open" }
  /** This side or the peer has sent DRAIN: `ours` takes no new calls, `theirs` gets none. */
  | { readonly name: "draining"; readonly ours: boolean; readonly theirs: boolean }
  | { readonly name: "closed"; readonly error: SluiceError };

export const legalMoves: Record<SessionState["name"], readonly SessionState["name"][]> = {
  open: ["draining", "closed"],
  draining: ["draining", "closed"],
  closed: [],
};

/** `state`, when one side has sent DRAIN. */
export function drained(state: SessionState, by: "ours" | "theirs"): SessionState {
  const { ours, theirs } = state.name === "draining" ? state : { ours: false, theirs: false };
  return { name: "draining", ours: ours || by === "ours", theirs: theirs || by === "theirs" };
}

/** Whether that side has sent DRAIN. */
export function isDrained(state: SessionState, by: "ours" | "theirs"): boolean {
  return state.name === "draining" && state[by];
}
