/**
 * The states of a session and the moves between them, as data.
 *
 * Spec: docs/wire.md §4.7, §4.15, §6.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import { forgetFrames } from "./session-error.ts";

export type SessionState =
  | { readonly name: "open" }
  /** This side or the peer has sent DRAIN: `ours` takes no new calls, `theirs` gets none. `retry`: the peer's window for reconnects, ms. */
  | { readonly name: "draining"; readonly ours: boolean; readonly theirs: boolean; readonly retry: number }
  /** Its link is lost, and its peer is awaited over another one; `ours`: this side has sent DRAIN. */
  | { readonly name: "detached"; readonly ours: boolean; readonly error: SluiceError }
  | { readonly name: "closed"; readonly error: SluiceError };

export const legalMoves: Record<SessionState["name"], readonly SessionState["name"][]> = {
  open: ["draining", "detached", "closed"],
  draining: ["draining", "detached", "closed"],
  detached: ["open", "draining", "detached", "closed"],
  closed: [],
};

/** Where a session stands: one state at a time, left only as the table says. */
export class SessionStage {
  #state: SessionState = { name: "open" };

  get state(): SessionState {
    return this.#state;
  }

  /** Why there is no link; `undefined` while there is one. */
  get error(): SluiceError | undefined {
    return "error" in this.#state ? this.#state.error : undefined;
  }

  /** Whether that side has sent DRAIN. */
  isDrained(by: "ours" | "theirs"): boolean {
    const state = this.#state;
    if (state.name === "detached") return by === "ours" && state.ours;
    return state.name === "draining" && state[by];
  }

  /** One side has sent DRAIN; the peer's says over how many ms reconnects are to be spread. */
  drain(by: "ours" | "theirs", retry = 0): void {
    const state = this.#state;
    if (state.name === "detached") this.#moveTo({ ...state, ours: state.ours || by === "ours" });
    else {
      const none = { ours: false, theirs: false, retry: 0 };
      const { ours, theirs, retry: before } = state.name === "draining" ? state : none;
      const next = { ours: ours || by === "ours", theirs: theirs || by === "theirs" };
      this.#moveTo({ name: "draining", ...next, retry: Math.max(before, retry) });
    }
  }

  /** The link was lost by `error`. What the peer said of draining, it will say again. */
  detach(error: SluiceError): void {
    forgetFrames(error);
    this.#moveTo({ name: "detached", ours: this.isDrained("ours"), error });
  }

  /** There is a link again. */
  attach(): void {
    this.#moveTo(
      this.isDrained("ours") ? { name: "draining", ours: true, theirs: false, retry: 0 } : { name: "open" },
    );
  }

  close(error: SluiceError): void {
    this.#moveTo({ name: "closed", error });
  }

  #moveTo(state: SessionState): void {
    if (!legalMoves[this.#state.name].includes(state.name)) {
      throw new TypeError(`A session cannot go from ${this.#state.name} to ${state.name}`);
    }
    this.#state = state;
  }
}
