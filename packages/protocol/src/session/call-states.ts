/**
 * What a call does with each frame and event in each of its states: two tables, one per end.
 *
 * The session looks every frame up here, and a test walks all pairs. Spec: docs/wire.md §8.
 */

export type CallerState = "queued" | "opened" | "running" | "stopping" | "aborted" | "ended" | "over";
export type CallerEvent = "credit" | "data" | "end" | "result" | "error" | "stop" | "abort" | "lost";

export type CalleeState = "running" | "stopped" | "aborting" | "ended" | "over";
export type CalleeEvent = "data" | "end" | "credit" | "stop" | "abort" | "settled" | "done" | "lost";

/**
 * What to do: `act` carries the event out, `drop` forgets its content and keeps offsets true, `ignore` does nothing,
 * `refuse` is PROTOCOL_ERROR.
 */
export type Action = "act" | "drop" | "ignore" | "refuse";

export interface Move<State> {
  readonly action: Action;
  readonly to: State;
}

const act = <State>(to: State): Move<State> => ({ action: "act", to });
const drop = <State>(to: State): Move<State> => ({ action: "drop", to });
const ignore = <State>(to: State): Move<State> => ({ action: "ignore", to });
const refuse = <State>(to: State): Move<State> => ({ action: "refuse", to });

type Table<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]: Move<State> };
};

export const callerMoves: Table<CallerState, CallerEvent> = {
  queued: {
    credit: refuse("queued"),
    data: refuse("queued"),
    end: refuse("queued"),
    result: refuse("queued"),
    error: refuse("queued"),
    stop: act("over"),
    abort: act("over"),
    lost: ignore("queued"),
  },
  opened: {
    credit: act("running"),
    data: act("running"),
    end: act("running"),
    result: act("ended"),
    error: act("ended"),
    stop: act("stopping"),
    abort: act("aborted"),
    lost: act("over"),
  },
  running: {
    credit: act("running"),
    data: act("running"),
    end: act("running"),
    result: act("ended"),
    error: act("ended"),
    stop: act("stopping"),
    abort: act("aborted"),
    lost: act("over"),
  },
  stopping: {
    credit: act("stopping"),
    data: act("stopping"),
    end: act("stopping"),
    result: act("ended"),
    error: act("ended"),
    stop: ignore("stopping"),
    abort: act("aborted"),
    lost: act("over"),
  },
  aborted: {
    credit: ignore("aborted"),
    data: drop("aborted"),
    end: drop("aborted"),
    result: drop("ended"),
    error: drop("ended"),
    stop: ignore("aborted"),
    abort: ignore("aborted"),
    lost: ignore("over"),
  },
  ended: {
    credit: ignore("ended"),
    data: ignore("ended"),
    end: ignore("ended"),
    result: ignore("ended"),
    error: ignore("ended"),
    stop: ignore("ended"),
    abort: ignore("ended"),
    lost: ignore("over"),
  },
  over: {
    credit: ignore("over"),
    data: ignore("over"),
    end: ignore("over"),
    result: ignore("over"),
    error: ignore("over"),
    stop: ignore("over"),
    abort: ignore("over"),
    lost: ignore("over"),
  },
};

export const calleeMoves: Table<CalleeState, CalleeEvent> = {
  running: {
    data: act("running"),
    end: act("running"),
    credit: act("running"),
    stop: act("stopped"),
    abort: act("aborting"),
    settled: act("ended"),
    done: act("aborting"),
    lost: act("aborting"),
  },
  stopped: {
    data: act("stopped"),
    end: act("stopped"),
    credit: act("stopped"),
    stop: ignore("stopped"),
    abort: act("aborting"),
    settled: act("ended"),
    done: act("aborting"),
    lost: act("aborting"),
  },
  aborting: {
    data: drop("aborting"),
    end: drop("aborting"),
    credit: ignore("aborting"),
    stop: ignore("aborting"),
    abort: ignore("aborting"),
    settled: act("over"),
    done: ignore("aborting"),
    lost: ignore("aborting"),
  },
  ended: {
    data: ignore("ended"),
    end: ignore("ended"),
    credit: act("ended"),
    stop: ignore("ended"),
    abort: act("over"),
    settled: refuse("ended"),
    done: act("over"),
    lost: act("over"),
  },
  over: {
    data: ignore("over"),
    end: ignore("over"),
    credit: ignore("over"),
    stop: ignore("over"),
    abort: ignore("over"),
    settled: ignore("over"),
    done: ignore("over"),
    lost: ignore("over"),
  },
};
