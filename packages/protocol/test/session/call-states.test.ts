/** The two tables of docs/wire.md §8, written out a second time from the page and compared cell by cell. */
import { describe, expect, it } from "vitest";
import {
  type CalleeEvent,
  type CalleeState,
  type CallerEvent,
  type CallerState,
  calleeMoves,
  callerMoves,
} from "../../src/session/call-states.ts";

// The page's words: "—" is refuse, "·" is ignore; a cell is what is done, then where it leads if not back.
const callerPage: Record<Exclude<CallerState, "over">, Record<CallerEvent, string>> = {
  // | **queued** | — | — | — | over, `no` | over, `no` | — link lost: it waits for the next one
  queued: {
    credit: "refuse",
    data: "refuse",
    end: "refuse",
    result: "refuse",
    error: "refuse",
    stop: "act over",
    abort: "act over",
    lost: "ignore",
  },
  // | **opened** | → running | → running | → ended | CANCEL → stopping | CANCEL{abort} → aborted |
  opened: {
    credit: "act running",
    data: "act running",
    end: "act running",
    result: "act ended",
    error: "act ended",
    stop: "act stopping",
    abort: "act aborted",
    lost: "act over",
  },
  // | **running** | raise limit | deliver | deliver after the data → ended | CANCEL → stopping | CANCEL{abort} → aborted |
  running: {
    credit: "act",
    data: "act",
    end: "act",
    result: "act ended",
    error: "act ended",
    stop: "act stopping",
    abort: "act aborted",
    lost: "act over",
  },
  // | **stopping** | raise limit | deliver, or drop and grant if the reader has left | → ended | · | CANCEL{abort} → aborted |
  stopping: {
    credit: "act",
    data: "act",
    end: "act",
    result: "act ended",
    error: "act ended",
    stop: "ignore",
    abort: "act aborted",
    lost: "act over",
  },
  // | **aborted** | · | drop | DONE → over | · | · | — "ended" is the state in which DONE is owed
  aborted: {
    credit: "ignore",
    data: "drop",
    end: "drop",
    result: "drop ended",
    error: "drop ended",
    stop: "ignore",
    abort: "ignore",
    lost: "ignore over",
  },
  // | **ended** (DONE owed) | · | · | · | · | · |
  ended: {
    credit: "ignore",
    data: "ignore",
    end: "ignore",
    result: "ignore",
    error: "ignore",
    stop: "ignore",
    abort: "ignore",
    lost: "ignore over",
  },
};

const calleePage: Record<Exclude<CalleeState, "over">, Record<CalleeEvent, string>> = {
  // | **running** | deliver | raise limit, free what is received | signal `stop` → stopped | signal `cancelled` → aborting
  // | flush; RESULT or ERROR → ended | → aborting | signal `disconnected` → aborting |
  running: {
    data: "act",
    end: "act",
    credit: "act",
    stop: "act stopped",
    abort: "act aborting",
    settled: "act ended",
    done: "act aborting",
    lost: "act aborting",
  },
  // | **stopped** | deliver | as running | · | → aborting | RESULT or ERROR → ended | → aborting | → aborting |
  stopped: {
    data: "act",
    end: "act",
    credit: "act",
    stop: "ignore",
    abort: "act aborting",
    settled: "act ended",
    done: "act aborting",
    lost: "act aborting",
  },
  // | **aborting** (slot held) | drop | · | · | · | ERROR{CANCELLED} → over | · | · |
  aborting: {
    data: "drop",
    end: "drop",
    credit: "ignore",
    stop: "ignore",
    abort: "ignore",
    settled: "act over",
    done: "ignore",
    lost: "ignore",
  },
  // | **ended** (data and end kept) | · | as running | · | → over | (cannot be) | → over | → over |
  ended: {
    data: "ignore",
    end: "ignore",
    credit: "act",
    stop: "ignore",
    abort: "act over",
    settled: "refuse",
    done: "act over",
    lost: "act over",
  },
};

/** A cell of the page, as a move. */
function cell<State>(text: string, from: State): { action: string; to: State } {
  const [action, to] = text.split(" ") as [string, State | undefined];
  return { action, to: to ?? from };
}

describe("docs/wire.md §8, the caller", () => {
  const cells = Object.entries(callerPage).flatMap(([state, row]) =>
    Object.entries(row).map(([event, text]) => ({
      state: state as CallerState,
      event: event as CallerEvent,
      text,
    })),
  );

  it.each(cells)("$state, $event: $text", ({ state, event, text }) => {
    expect(callerMoves[state][event]).toEqual(cell(text, state));
  });

  it("a call that is over stays over, whatever comes", () => {
    for (const move of Object.values(callerMoves.over))
      expect(move).toEqual({ action: "ignore", to: "over" });
  });

  it("the table has the page's states and events, and no others", () => {
    expect(Object.keys(callerMoves).sort()).toEqual([...Object.keys(callerPage), "over"].sort());
    for (const row of Object.values(callerMoves))
      expect(Object.keys(row)).toEqual(Object.keys(callerPage.queued));
  });
});

describe("docs/wire.md §8, the callee", () => {
  const cells = Object.entries(calleePage).flatMap(([state, row]) =>
    Object.entries(row).map(([event, text]) => ({
      state: state as CalleeState,
      event: event as CalleeEvent,
      text,
    })),
  );

  it.each(cells)("$state, $event: $text", ({ state, event, text }) => {
    expect(calleeMoves[state][event]).toEqual(cell(text, state));
  });

  it("a call that is over stays over, whatever comes", () => {
    for (const move of Object.values(calleeMoves.over))
      expect(move).toEqual({ action: "ignore", to: "over" });
  });

  it("the table has the page's states and events, and no others", () => {
    expect(Object.keys(calleeMoves).sort()).toEqual([...Object.keys(calleePage), "over"].sort());
    for (const row of Object.values(calleeMoves))
      expect(Object.keys(row)).toEqual(Object.keys(calleePage.running));
  });
});
