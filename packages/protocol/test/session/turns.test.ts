/** Byte-fair turns: nobody gets ahead by more than a turn and a frame, nobody starves. Spec: docs/wire.md §4.11. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxFramePayload } from "../../src/limits.ts";
import { Turns, type TurnTaker, turnBytes } from "../../src/session/turns.ts";

class Taker implements TurnTaker {
  turnCredit = 0;
  readonly name: string;
  /** Bytes of each frame that waits. */
  readonly frames: number[];
  sent = 0;

  constructor(name: string, frames: number[]) {
    this.name = name;
    this.frames = frames;
  }

  /** Sends as a call does: whole frames, until the credit of the turn is used up. */
  take(most: number, frameAllowance: number): number {
    let spent = 0;
    for (let sent = 0; spent < most && this.frames.length > 0 && sent < frameAllowance; sent++) {
      spent += this.frames.shift() as number;
    }
    this.sent += spent;
    return spent;
  }
}

/** One visit of the pump. Returns who sent. */
function turn(turns: Turns<Taker>, frameAllowance = Number.POSITIVE_INFINITY): Taker | undefined {
  const taker = turns.next();
  if (taker === undefined) return undefined;
  expect(taker.turnCredit).toBeGreaterThan(0);
  const spent = taker.take(taker.turnCredit, frameAllowance);
  turns.spent(taker, spent, taker.frames.length > 0);
  return taker;
}

describe("Turns", () => {
  it("is empty at first and after the last one is done", () => {
    const turns = new Turns<Taker>();
    expect([turns.isEmpty, turns.next()]).toEqual([true, undefined]);
    turns.add(new Taker("a", [10]));
    expect(turns.isEmpty).toBe(false);
    turn(turns);
    expect([turns.isEmpty, turns.next()]).toEqual([true, undefined]);
  });

  it("goes round in the order in which they came", () => {
    const turns = new Turns<Taker>();
    for (const name of ["a", "b", "c"]) turns.add(new Taker(name, Array(4).fill(turnBytes)));
    expect(Array.from({ length: 7 }, () => turn(turns)?.name)).toEqual(["a", "b", "c", "a", "b", "c", "a"]);
  });

  it("adding one that waits already keeps its place", () => {
    const turns = new Turns<Taker>();
    const [a, b] = [new Taker("a", [turnBytes]), new Taker("b", [turnBytes])] as const;
    turns.add(a);
    turns.add(b);
    turns.add(a);
    expect([turn(turns), turn(turns), turn(turns)]).toEqual([a, b, undefined]);
  });

  it("a large frame overdraws its turn and the next turns pay for it", () => {
    const turns = new Turns<Taker>();
    const [large, small] = [
      new Taker("large", [4 * turnBytes, 1]),
      new Taker("small", Array(9).fill(turnBytes)),
    ] as const;
    turns.add(large);
    turns.add(small);
    turn(turns);
    const order = Array.from({ length: 5 }, () => turn(turns)?.name);
    expect(order).toEqual(["small", "small", "small", "small", "large"]);
  });

  it("one that stopped in the middle of its turn goes on with it", () => {
    const turns = new Turns<Taker>();
    const [a, b] = [new Taker("a", [1000, 1000, 1000]), new Taker("b", [1000])] as const;
    turns.add(a);
    turns.add(b);
    // The link was full after one frame.
    expect([turn(turns, 1), turn(turns, 1), turn(turns, 1), turn(turns, 1)]).toEqual([a, a, a, b]);
  });

  it("one that left and came back has neither saved up credit nor lost its debt", () => {
    const turns = new Turns<Taker>();
    const saver = new Taker("saver", [1]);
    turns.add(saver);
    turn(turns);
    expect(saver.turnCredit).toBeLessThanOrEqual(0);
    const debtor = new Taker("debtor", [3 * turnBytes, 1]);
    turns.add(debtor);
    turn(turns);
    turns.remove(debtor);
    expect(debtor.turnCredit).toBe(-2 * turnBytes);
    turns.add(debtor);
    expect(debtor.turnCredit).toBe(-2 * turnBytes);
  });

  it("removing one that is not there, and clearing, leave the others alone", () => {
    const turns = new Turns<Taker>();
    const a = new Taker("a", [1]);
    turns.remove(a);
    turns.add(a);
    turns.remove(new Taker("b", []));
    expect(turn(turns)).toBe(a);
    turns.add(a);
    turns.clear();
    expect(turns.isEmpty).toBe(true);
  });

  it("at any time two that always have something differ by at most a turn and a frame each", () => {
    const frame = fc.oneof(
      fc.integer({ min: 64, max: 2048 }),
      fc.integer({ min: 64, max: maxFramePayload + 64 }),
    );
    const sizes = fc.array(fc.array(frame, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 10, max: 300 }), (mixes, visits) => {
        const turns = new Turns<Taker>();
        const takers = mixes.map((mix, at) => {
          // Frames without end: the mix again and again.
          const frames: number[] = [];
          for (let i = 0; i < 400; i++) frames.push(mix[i % mix.length] as number);
          return new Taker(`${at}`, frames);
        });
        for (const taker of takers) turns.add(taker);
        for (let visit = 0; visit < visits; visit++) {
          turn(turns);
          if (takers.some(({ frames }) => frames.length < 300)) break;
          const sent = takers.map((taker) => taker.sent);
          const largest = Math.max(...mixes.flat());
          expect(Math.max(...sent) - Math.min(...sent)).toBeLessThanOrEqual(turnBytes + largest);
        }
      }),
    );
  });

  it("everybody's frames go out in the end, in any order of adding, leaving and coming back", () => {
    const taker = fc.array(fc.integer({ min: 64, max: 70_000 }), { minLength: 1, maxLength: 8 });
    const event = fc.record({
      what: fc.constantFrom("turn", "leave", "back"),
      pick: fc.nat(),
      frames: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(taker, { minLength: 1, maxLength: 6 }),
        fc.array(event, { maxLength: 60, size: "max" }),
        (mixes, events) => {
          const turns = new Turns<Taker>();
          const takers = mixes.map((frames, at) => new Taker(`${at}`, [...frames]));
          for (const one of takers) turns.add(one);
          for (const { what, pick, frames } of events) {
            const one = takers[pick % takers.length] as Taker;
            if (what === "turn") turn(turns, frames);
            else if (what === "leave") turns.remove(one);
            else if (one.frames.length > 0) turns.add(one);
          }
          for (const one of takers) if (one.frames.length > 0) turns.add(one);
          let left = 1000;
          while (turn(turns) !== undefined && left-- > 0);
          expect(takers.map(({ frames }) => frames.length)).toEqual(takers.map(() => 0));
          expect(takers.map(({ sent }) => sent)).toEqual(mixes.map((mix) => mix.reduce((a, b) => a + b, 0)));
        },
      ),
    );
  });
});
