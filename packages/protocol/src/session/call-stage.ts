/**
 * Where a call stands in its table of moves: one state at a time, left only as the table says.
 *
 * Spec: docs/wire.md §8; the tables are in call-states.ts.
 */
import type { SluiceError } from "../errors/sluice-error.ts";
import { malformed } from "../frame/check-frame.ts";
import type { Action, Move } from "./call-states.ts";

type Moves<State, Event extends string> = { readonly [E in Event]: Move<State> };

export class CallStage<State extends string, Event extends string> {
  readonly #table: { readonly [S in State]: Moves<State, Event> };
  #name: State;
  /** The row of the state, since every frame looks there. */
  #moves: Moves<State, Event>;

  constructor(table: { readonly [S in State]: Moves<State, Event> }, first: State) {
    this.#table = table;
    this.#name = first;
    this.#moves = table[first];
  }

  get name(): State {
    return this.#name;
  }

  /** What the table says of each event now. */
  get moves(): Moves<State, Event> {
    return this.#moves;
  }

  /** Goes to `state`, whatever the table says. */
  enter(state: State): void {
    if (state === this.#name) return;
    this.#name = state;
    this.#moves = this.#table[state];
  }

  /** What the table says of `event` now, for call `id`. @throws {SluiceError} `PROTOCOL_ERROR` where it does not fit */
  look(event: Event, id: number): Move<State> {
    const move = this.#moves[event];
    if (move.action === "refuse") throw this.refusal(event, id);
    return move;
  }

  /** The error for an `event` that does not fit. */
  refusal(event: Event, id: number): SluiceError {
    return malformed(`call ${id} is ${this.#name}: ${event} does not fit`);
  }

  /** Moves as the table says. Returns what is to be done. @throws {SluiceError} as {@link look} */
  move(event: Event, id: number): Action {
    const { action, to } = this.look(event, id);
    this.enter(to);
    return action;
  }
}
