/** What an outbox hands to a link: texts as texts or as bytes, and in a turn as many frames as it and the link allow. Spec: docs/wire.md §3. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/codec/slot.ts";
import type { DataFrame } from "../../src/frame/frame.ts";
import { standardUtf8, type Utf8 } from "../../src/frame/utf8.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { SendBudget } from "../../src/session/send-budget.ts";
import { longText } from "../../src/session/send-whole.ts";
import { ScriptedLink } from "./scripted-link.ts";
import { bytesOf } from "./session-pair.ts";

const raw = (length: number): Message => ({ body: bytesOf(length), length, raw: true, start: 0 });
/** As a text codec makes it: nobody has measured it yet. */
const text = (body: string): Message => ({ body, length: -1, raw: false, start: 0 });

function setUp(
  utf8: Utf8 = standardUtf8,
  maxMessage = 4_194_304,
): { readonly outbox: Outbox; readonly link: ScriptedLink } {
  const budget = new SendBudget(1_000_000);
  const context = { budget, utf8, isStructured: false, resultAllowance: 2_048, maxMessage };
  return { outbox: new Outbox(65_536, context), link: new ScriptedLink() };
}

describe("Outbox, of a text that has waited", () => {
  it("sends it as a text, and one of more than 8,192 code units as bytes", () => {
    const { outbox, link } = setUp();
    for (const body of ["é", "x".repeat(longText), "x".repeat(longText + 1)]) {
      outbox.push(text(body), undefined, 1);
    }
    outbox.takeTurn(link, 1, Number.POSITIVE_INFINITY);
    const frames = link.frames as DataFrame[];
    expect(frames.map(({ payload }) => (typeof payload === "string" ? "text" : "bytes"))).toEqual([
      "text",
      "text",
      "bytes",
    ]);
    expect(frames.map(({ offset, end }) => [offset, end])).toEqual([
      [0, 2],
      [66, 8_192],
      [8_322, 8_193],
    ]);
  });

  it("measures it once, be it for the peer's maxMessage or for the budget", () => {
    const measured: string[] = [];
    const utf8: Utf8 = {
      ...standardUtf8,
      byteLength: (body) => {
        measured.push(body);
        return standardUtf8.byteLength(body);
      },
    };
    // The first surely fits the 30 bytes that the peer accepts, the second has to be measured for that.
    const { outbox, link } = setUp(utf8, 30);
    outbox.push(text("x".repeat(10)), undefined, 1);
    outbox.push(text("x".repeat(11)), undefined, 1);
    outbox.takeTurn(link, 1, Number.POSITIVE_INFINITY);
    expect(link.take()).toEqual(["DATA 0+10", "DATA 74+11"]);
    expect(measured).toEqual(["x".repeat(10), "x".repeat(11)]);
  });
});

describe("Outbox in a turn", () => {
  it("sends no further frame once it has spent exactly what the turn allows", () => {
    const { outbox, link } = setUp();
    for (let item = 0; item < 3; item++) outbox.push(raw(936), undefined, 1);
    expect(outbox.takeTurn(link, 1, 2_000)).toBe(2_000);
    expect(link.take()).toEqual(["DATA 0+936", "DATA 1000+936"]);
    expect([outbox.takeTurn(link, 1, 0), link.take()]).toEqual([0, []]);
  });

  it("sends nothing over a link without room, neither items nor END", () => {
    const { outbox, link } = setUp();
    outbox.push(raw(936), undefined, 1);
    outbox.close();
    link.room = 0;
    expect([outbox.takeTurn(link, 1, 16_384), link.take(), outbox.sent]).toEqual([0, [], 0]);
    link.room = 936;
    outbox.takeTurn(link, 1, 16_384);
    expect(link.take(), "which the item fills").toEqual(["DATA 0+936"]);
    link.room = 1;
    outbox.takeTurn(link, 1, 16_384);
    expect(link.take()).toEqual(["END 1000"]);
  });
});
