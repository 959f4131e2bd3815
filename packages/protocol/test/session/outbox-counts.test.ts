/** What an outbox counts in its session's budget, over refusals and lost links: bytes that wait, that were sent, that arrived. Spec: docs/wire.md §2, §4.3, §4.8. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/codec/slot.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { SendBudget } from "../../src/session/send-budget.ts";
import { ScriptedLink } from "./scripted-link.ts";
import { bytesOf } from "./session-pair.ts";

const floor = 2_048;
const raw = (length: number): Message => ({ body: bytesOf(length), length, raw: true, start: 0 });

function setUp(
  limit = 65_536,
  budget: SendBudget = new SendBudget(1_000_000),
): {
  readonly outbox: Outbox;
  readonly budget: SendBudget;
  readonly link: ScriptedLink;
} {
  const context = {
    budget,
    utf8: standardUtf8,
    isStructured: false,
    resultAllowance: floor,
    maxMessage: 4_194_304,
  };
  return { outbox: new Outbox(limit, context), budget, link: new ScriptedLink("binary") };
}

const countsOf = ({ bytes, confirmed, repeated }: SendBudget): unknown => ({ bytes, confirmed, repeated });

describe("Outbox, in the budget of its session", () => {
  it("a param whose call was refused counts as not sent, and not at all until it goes again", () => {
    const { outbox, budget } = setUp(0);
    const param = raw(5_000);
    outbox.startInside(param, floor);
    expect(countsOf(budget)).toEqual({ bytes: 5_064, confirmed: 0, repeated: 0 });
    outbox.restart(param);
    expect(countsOf(budget)).toEqual({ bytes: 0, confirmed: 0, repeated: floor });
    outbox.startInside(param, floor);
    expect(outbox.firstPiece(param)).toBe(floor);
    expect(countsOf(budget)).toEqual({ bytes: 5_064, confirmed: 0, repeated: floor });
  });

  it("what goes at once counts as sent, and as arrived once the peer says so", () => {
    const { outbox, budget, link } = setUp();
    outbox.push(raw(100), link, 1);
    outbox.push(raw(36), link, 1);
    expect(countsOf(budget)).toEqual({ bytes: 264, confirmed: 0, repeated: 0 });
    outbox.credited(164, 65_536);
    expect(countsOf(budget)).toEqual({ bytes: 100, confirmed: 164, repeated: 0 });
  });

  it("what a lost link may have taken is sent again, counted once", () => {
    const { outbox, budget, link } = setUp();
    for (let item = 0; item < 4; item++) outbox.push(raw(36), link, 1);
    outbox.hold();
    outbox.resume(200, 65_536);
    expect([outbox.sent, outbox.end, countsOf(budget)]).toEqual([
      200,
      400,
      { bytes: 200, confirmed: 200, repeated: 200 },
    ]);
    outbox.takeTurn(link, 2, Number.POSITIVE_INFINITY);
    outbox.credited(400, 65_536);
    expect([outbox.sent, countsOf(budget)]).toEqual([400, { bytes: 0, confirmed: 400, repeated: 200 }]);
  });

  it("a peer that takes back what it confirmed gets what comes behind that, since nothing else is kept", () => {
    const { outbox, budget, link } = setUp();
    outbox.push(raw(1_000), link, 1);
    outbox.push(raw(200), link, 1);
    outbox.credited(1_064, 65_536);
    outbox.hold();
    outbox.resume(0, 65_536);
    expect([outbox.sent, countsOf(budget)]).toEqual([1_064, { bytes: 264, confirmed: 1_064, repeated: 264 }]);
    const before = link.frames.length;
    outbox.takeTurn(link, 2, Number.POSITIVE_INFINITY);
    expect(link.frames.slice(before)).toMatchObject([{ call: 2, offset: 1_064, start: 0, end: 200 }]);

    outbox.credited(1_328, 65_536);
    outbox.hold();
    outbox.resume(64, 65_536);
    expect([outbox.hasWork, outbox.takeTurn(link, 3, 1_000_000)]).toEqual([false, 0]);
    expect(countsOf(budget)).toEqual({ bytes: 0, confirmed: 1_328, repeated: 264 });
  });

  it("the gap that a message leaves whose rest was dropped is closed by the next link, if its beginning was lost", () => {
    const { outbox, budget, link } = setUp(3_000);
    outbox.push(raw(36), link, 1);
    outbox.push(raw(10_000), undefined, 1);
    outbox.takeTurn(link, 1, Number.POSITIVE_INFINITY);
    expect([outbox.sent, outbox.end]).toEqual([3_000, 10_164]);
    outbox.dropUnsent();
    expect([outbox.sent, outbox.end, budget.bytes]).toEqual([3_000, 3_000, 3_000]);
    outbox.hold();
    // The first message has arrived, nothing of the second has.
    outbox.resume(100, 3_000);
    expect([outbox.sent, outbox.end, budget.bytes, outbox.hasWork]).toEqual([100, 100, 0, false]);
    expect(countsOf(budget), "what is gone is not repeated").toEqual({
      bytes: 0,
      confirmed: 3_000,
      repeated: 0,
    });
  });

  it("gives everything back when it is disposed of, whatever waits and whatever was sent", () => {
    const { outbox, budget, link } = setUp(1_000);
    outbox.push(raw(436), link, 1);
    outbox.push(raw(10_000), undefined, 1);
    expect(budget.bytes).toBe(10_564);
    outbox.dispose();
    expect(budget.bytes).toBe(0);
  });

  it("lets a param and a last word pass, however much of other calls waits to be sent", () => {
    const budget = new SendBudget(1_000);
    budget.keep(2_000, false);
    const { outbox } = setUp(0, budget);
    const param = raw(5_000);
    expect(outbox.startInside(param, floor)).toBe(floor);
    outbox.finish({ result: raw(100) });
    expect(budget.bytes).toBe(2_000 + 5_064 + 164);
  });

  it("what goes at once is let through, however much of other calls waits to be sent", () => {
    const budget = new SendBudget(1_000);
    budget.keep(2_000, true);
    const { outbox, link } = setUp(65_536, budget);
    expect(outbox.push(raw(100), link, 1)).toBe(true);
    expect([link.take(), outbox.sent, budget.bytes]).toEqual([["DATA 0+100"], 164, 2_164]);
  });

  it("a result that went whole, without waiting, is kept until it has arrived", () => {
    const { outbox, budget } = setUp();
    const result = raw(100);
    budget.keep(164, true);
    budget.sent(164);
    outbox.finishedWith(result);
    expect([outbox.isFinished, outbox.isClosed, outbox.hasWork]).toEqual([true, true, false]);
    expect([outbox.sent, outbox.end]).toEqual([164, 164]);
    outbox.credited(164, 65_536);
    expect(countsOf(budget)).toEqual({ bytes: 0, confirmed: 164, repeated: 0 });
  });

  it("such a result is sent again over the next link, if it was lost", () => {
    const { outbox, budget, link } = setUp();
    budget.keep(164, true);
    budget.sent(164);
    outbox.finishedWith(raw(100));
    outbox.hold();
    outbox.resume(0, 65_536);
    expect(outbox.hasWork).toBe(true);
    outbox.takeTurn(link, 2, Number.POSITIVE_INFINITY);
    expect([link.take(), countsOf(budget)]).toEqual([
      ["RESULT 0+100"],
      { bytes: 164, confirmed: 0, repeated: 164 },
    ]);
    expect([outbox.isFinished, outbox.hasWork]).toEqual([true, false]);
  });
});
