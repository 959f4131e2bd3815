/** What a session keeps of what it sends, bounded. Spec: docs/wire.md §2, §7. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SendBudget } from "../../src/session/send-budget.ts";

const exhausted = expect.objectContaining({ code: "RESOURCE_EXHAUSTED", processed: "no" });

/** A budget of which `bytes` were sent and not confirmed. */
function withSent(max: number, bytes: number): SendBudget {
  const budget = new SendBudget(max);
  budget.keep(bytes, true);
  budget.sent(bytes);
  return budget;
}

describe("SendBudget", () => {
  it("is full when so much was sent and not confirmed; what waits fills it not", () => {
    const budget = new SendBudget(1000);
    budget.keep(1500, false);
    expect([budget.bytes, budget.isFull]).toEqual([1500, false]);
    budget.sent(999);
    expect(budget.isFull).toBe(false);
    budget.sent(1);
    expect([budget.bytes, budget.isFull]).toEqual([1500, true]);
    budget.free(1);
    expect([budget.bytes, budget.isFull]).toEqual([1499, false]);
    budget.drop(500);
    expect(budget.bytes).toBe(999);
  });

  it("refuses a writer that does not wait beyond twice its bound, and counts nothing of it", () => {
    const budget = new SendBudget(1000);
    budget.keep(2000, false);
    expect(() => budget.keep(1, false)).toThrow(exhausted);
    expect(() => budget.keep(1, false)).toThrow(
      /^Cannot write: 2000 bytes wait to be sent, at most 2000 may/,
    );
    expect(budget.bytes).toBe(2000);
    budget.drop(1);
    budget.keep(1, false);
  });

  it("always lets a message through that waits alone in its call", () => {
    const budget = new SendBudget(1000);
    budget.keep(2000, false);
    budget.keep(5000, true);
    expect(budget.bytes).toBe(7000);
  });

  it("wakes those who wait once, when there is room, and not before", () => {
    const budget = withSent(1000, 1500);
    const woken: string[] = [];
    budget.wait(() => woken.push("a"));
    budget.wait(() => woken.push("b"));
    budget.free(500);
    expect(woken).toEqual([]);
    budget.free(1);
    expect(woken).toEqual(["a", "b"]);
    budget.free(999);
    expect(woken).toEqual(["a", "b"]);
  });

  it("wakes them also when what was sent will be sent again", () => {
    const budget = withSent(1000, 1500);
    const woken: string[] = [];
    budget.wait(() => woken.push("a"));
    budget.sent(-1000);
    expect([woken, budget.bytes]).toEqual([["a"], 1500]);
  });

  it("does not wake who has withdrawn, nor twice who asked twice", () => {
    const budget = withSent(10, 10);
    const woken: string[] = [];
    const [a, b] = [() => woken.push("a"), () => woken.push("b")] as const;
    budget.wait(a);
    budget.wait(a);
    budget.wait(b);
    budget.withdraw(b);
    budget.free(10);
    expect(woken).toEqual(["a"]);
  });

  it("forgets somebody who never waited", () => {
    const budget = withSent(10, 10);
    budget.withdraw(() => {});
    budget.free(10);
    expect(budget.isFull).toBe(false);
  });

  it("counts what was confirmed, and what was taken back to be sent again", () => {
    const budget = withSent(1000, 300);
    expect([budget.confirmed, budget.repeated]).toEqual([0, 0]);
    budget.free(100);
    budget.sent(-200);
    expect([budget.confirmed, budget.repeated, budget.bytes]).toEqual([100, 200, 200]);
    budget.sent(200);
    budget.sent(-50);
    budget.free(150);
    expect([budget.confirmed, budget.repeated, budget.bytes]).toEqual([250, 250, 50]);
  });

  it("who fills it again while being woken waits again", () => {
    const budget = new SendBudget(10);
    let turns = 0;
    const writer = (): void => {
      turns++;
      budget.keep(10, true);
      budget.sent(10);
      budget.wait(writer);
    };
    writer();
    budget.free(10);
    expect(turns).toBe(2);
    budget.free(10);
    expect(turns).toBe(3);
  });

  it("its count is what was kept and neither dropped nor freed", () => {
    const step = fc.record({
      what: fc.constantFrom("keep", "sent", "drop", "free"),
      bytes: fc.integer({ min: 1, max: 700 }),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
        const budget = new SendBudget(1000);
        const [unsent, sent]: [number[], number[]] = [[], []];
        const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
        const pickOf = (list: number[], pick: number): number =>
          list.splice(pick % list.length, 1)[0] as number;
        for (const { what, bytes, pick } of steps) {
          if (what === "keep") {
            try {
              budget.keep(bytes, false);
              unsent.push(bytes);
            } catch {
              expect(sum(unsent) + bytes).toBeGreaterThan(2000);
            }
          } else if (what === "sent" && unsent.length > 0) {
            sent.push(pickOf(unsent, pick));
            budget.sent(sent.at(-1) as number);
          } else if (what === "drop" && unsent.length > 0) budget.drop(pickOf(unsent, pick));
          else if (what === "free" && sent.length > 0) budget.free(pickOf(sent, pick));
          expect(budget.bytes).toBe(sum(unsent) + sum(sent));
          expect(budget.isFull).toBe(sum(sent) >= 1000);
        }
      }),
    );
  });
});
