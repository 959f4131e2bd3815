/** First come, first served, bounded. Spec: docs/wire.md §4.3. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallQueue } from "../../src/session/call-queue.ts";

interface Call {
  readonly name: string;
}

const [a, b, c, d] = ["a", "b", "c", "d"].map((name): Call => ({ name })) as [Call, Call, Call, Call];

function names(calls: readonly (Call | undefined)[]): (string | undefined)[] {
  return calls.map((call) => call?.name);
}

describe("CallQueue", () => {
  it("takes calls in the order in which they came", () => {
    const queue = new CallQueue<Call>(10);
    for (const call of [a, b, c]) queue.add(call);
    expect(queue.length).toBe(3);
    expect(names([queue.take(), queue.take(), queue.take(), queue.take()])).toEqual([
      "a",
      "b",
      "c",
      undefined,
    ]);
  });

  it("puts refused calls before all that wait, in the order in which they were refused", () => {
    const queue = new CallQueue<Call>(10);
    queue.add(c);
    queue.putBack(a);
    queue.putBack(b);
    queue.add(d);
    expect(names(queue.all())).toEqual(["a", "b", "c", "d"]);
    expect(names([queue.take(), queue.take(), queue.take(), queue.take()])).toEqual(["a", "b", "c", "d"]);
  });

  it("a call that is refused again keeps its place", () => {
    const queue = new CallQueue<Call>(10);
    for (const call of [a, b, c]) queue.putBack(call);
    for (let again = 0; again < 3; again++) queue.putBack(queue.take() as Call);
    expect(names(queue.all())).toEqual(["a", "b", "c"]);
    const [first, second] = [queue.take() as Call, queue.take() as Call];
    queue.putBack(first);
    queue.putBack(second);
    expect(names(queue.all())).toEqual(["a", "b", "c"]);
  });

  it("refuses with RESOURCE_EXHAUSTED{no} when it is full, but takes back what it had given out", () => {
    const queue = new CallQueue<Call>(2);
    queue.checkRoom();
    queue.add(a);
    queue.checkRoom();
    queue.add(b);
    const exhausted = expect.objectContaining({ code: "RESOURCE_EXHAUSTED", processed: "no" });
    expect(() => queue.checkRoom()).toThrow(exhausted);
    queue.putBack(c);
    expect(queue.length).toBe(3);
    expect(() => queue.checkRoom()).toThrow(exhausted);
  });

  it("of no places lets nobody wait", () => {
    expect(() => new CallQueue<Call>(0).checkRoom()).toThrow(
      expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }),
    );
  });

  it("forgets a call that was given up, and says whether it waited", () => {
    const queue = new CallQueue<Call>(10);
    queue.add(a);
    queue.add(b);
    queue.putBack(c);
    expect([queue.remove(a), queue.remove(a), queue.remove(c), queue.take(), queue.remove(b)]).toEqual([
      true,
      false,
      true,
      b,
      false,
    ]);
  });

  it("does what two arrays do, one of them sorted by first refusal", () => {
    const step = fc.record({
      what: fc.constantFrom("add", "putBack", "again", "take", "remove"),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
        const queue = new CallQueue<Call>(1000);
        const ranks = new Map<Call, number>();
        const returned: Call[] = [];
        const waiting: Call[] = [];
        const taken: Call[] = [];
        steps.forEach(({ what, pick }, at) => {
          const call = { name: `${at}` };
          if (what === "add") {
            queue.add(call);
            waiting.push(call);
          } else if (what === "putBack" || (what === "again" && taken.length > 0)) {
            const back = what === "putBack" ? call : (taken.splice(pick % taken.length, 1)[0] as Call);
            if (!ranks.has(back)) ranks.set(back, at);
            queue.putBack(back);
            returned.push(back);
            returned.sort((one, other) => (ranks.get(one) as number) - (ranks.get(other) as number));
          } else if (what === "take") {
            const next = returned.shift() ?? waiting.shift();
            expect(queue.take()).toBe(next);
            if (next !== undefined) taken.push(next);
          } else if (what === "remove") {
            const all = [...returned, ...waiting];
            const gone = all[pick % Math.max(1, all.length)] ?? call;
            expect(queue.remove(gone)).toBe(all.length > 0);
            for (const model of [returned, waiting]) {
              if (model.includes(gone)) model.splice(model.indexOf(gone), 1);
            }
          }
          expect(names(queue.all())).toEqual(names([...returned, ...waiting]));
          expect(queue.length).toBe(returned.length + waiting.length);
        });
      }),
    );
  });
});
