/** The states of a session: every move, legal or not, and who has said that it drains. Spec: docs/wire.md §4.7, §4.15, §6. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { legalMoves, SessionStage, type SessionState } from "../../src/session/session-state.ts";

type Name = SessionState["name"];

const lost = new SluiceError("UNAVAILABLE", "The link is lost");
const closed = new SluiceError("CANCELLED", "The session is closed");

function stageAt(name: Name): SessionStage {
  const stage = new SessionStage();
  if (name === "draining") stage.drain("theirs");
  if (name === "detached") stage.detach(lost);
  if (name === "closed") stage.close(closed);
  return stage;
}

/** What brings a session into a state. */
const moves: { readonly [N in Name]: (stage: SessionStage) => void } = {
  open: (stage) => stage.attach(),
  draining: (stage) => {
    stage.drain("ours");
    // While there is no link, that is noted only.
    if (stage.state.name === "detached") stage.attach();
  },
  detached: (stage) => stage.detach(lost),
  closed: (stage) => stage.close(closed),
};

const names = Object.keys(legalMoves) as Name[];

describe("SessionStage moves", () => {
  it("are those of the table", () => {
    expect(legalMoves).toEqual({
      open: ["draining", "detached", "closed"],
      draining: ["draining", "detached", "closed"],
      detached: ["open", "draining", "detached", "closed"],
      closed: [],
    });
  });

  for (const from of names) {
    for (const to of names) {
      it(`${from} -> ${to}`, () => {
        const stage = stageAt(from);
        expect(stage.state.name).toBe(from);
        if (legalMoves[from].includes(to)) {
          moves[to](stage);
          expect(stage.state.name).toBe(to);
        } else {
          const before = stage.state;
          expect(() => moves[to](stage)).toThrow(new TypeError(`A session cannot go from ${from} to ${to}`));
          expect(stage.state).toBe(before);
        }
      });
    }
  }
});

describe("SessionStage", () => {
  it("says why there is no link, while there is none", () => {
    const stage = new SessionStage();
    expect(stage.error).toBeUndefined();
    stage.detach(lost);
    expect(stage.error).toBe(lost);
    stage.attach();
    expect(stage.error).toBeUndefined();
    stage.drain("ours");
    expect(stage.error).toBeUndefined();
    stage.close(closed);
    expect(stage.error).toBe(closed);
  });

  it("knows which side drains, and both when both do", () => {
    const drained = (stage: SessionStage): boolean[] => [stage.isDrained("ours"), stage.isDrained("theirs")];
    const stage = new SessionStage();
    expect(drained(stage)).toEqual([false, false]);
    stage.drain("ours");
    expect(drained(stage)).toEqual([true, false]);
    stage.drain("theirs");
    expect(drained(stage)).toEqual([true, true]);
    const other = new SessionStage();
    other.drain("theirs");
    expect(drained(other)).toEqual([false, true]);
    other.drain("ours");
    expect(drained(other)).toEqual([true, true]);
  });

  it("keeps the longest time over which reconnects are to be spread", () => {
    const stage = new SessionStage();
    stage.drain("ours");
    expect(stage.state).toEqual({ name: "draining", ours: true, theirs: false, retry: 0 });
    stage.drain("theirs", 500);
    expect(stage.state).toEqual({ name: "draining", ours: true, theirs: true, retry: 500 });
    stage.drain("theirs", 200);
    expect(stage.state).toEqual({ name: "draining", ours: true, theirs: true, retry: 500 });
    stage.drain("theirs", 700);
    expect(stage.state).toMatchObject({ retry: 700 });
  });

  it("goes on draining over the next link where this side does, and forgets what the peer has said", () => {
    const ours = new SessionStage();
    ours.drain("ours");
    ours.drain("theirs", 500);
    ours.detach(lost);
    expect(ours.state).toEqual({ name: "detached", ours: true, error: lost });
    expect([ours.isDrained("ours"), ours.isDrained("theirs")]).toEqual([true, false]);
    ours.attach();
    expect(ours.state).toEqual({ name: "draining", ours: true, theirs: false, retry: 0 });
    const theirs = new SessionStage();
    theirs.drain("theirs", 500);
    theirs.detach(lost);
    expect(theirs.state).toEqual({ name: "detached", ours: false, error: lost });
    expect(theirs.isDrained("ours")).toBe(false);
    theirs.attach();
    expect(theirs.state).toEqual({ name: "open" });
  });

  it("notes while it has no link that this side drains, and that it did", () => {
    const stage = new SessionStage();
    stage.detach(lost);
    stage.drain("theirs");
    expect(stage.state).toEqual({ name: "detached", ours: false, error: lost });
    stage.drain("ours");
    expect(stage.state).toEqual({ name: "detached", ours: true, error: lost });
    stage.drain("theirs");
    expect(stage.state).toEqual({ name: "detached", ours: true, error: lost });
    const again = new SluiceError("UNAVAILABLE", "Lost again");
    stage.detach(again);
    expect(stage.state).toEqual({ name: "detached", ours: true, error: again });
  });
});
