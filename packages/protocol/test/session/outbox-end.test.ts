/** How a direction ends: what of END, RESULT and ERROR is due, and that each is said once per link. Spec: docs/wire.md §4.6, §4.8. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/codec/slot.ts";
import { errorParts } from "../../src/session/error-parts.ts";
import { OutboxEnd } from "../../src/session/outbox-end.ts";
import { ScriptedLink } from "./scripted-link.ts";

const result: Message = { body: new Uint8Array(5), length: 5, raw: true, start: 74 };
const error = errorParts("ABORTED", "no", { processed: "maybe" });

/** What `end` says at offset 74, as long as something is due. */
function saidBy(end: OutboxEnd): string[] {
  const link = new ScriptedLink();
  for (let said = 0; end.isDue && said < 5; said++) end.send(link, 1, 74);
  return link.take();
}

describe("OutboxEnd", () => {
  it("says END once, however often it is closed, also after it was said", () => {
    const end = new OutboxEnd();
    expect(saidBy(end)).toEqual([]);
    end.close();
    end.close();
    expect(saidBy(end)).toEqual(["END 74"]);
    end.close();
    expect([end.isOpen, saidBy(end)]).toEqual([false, []]);
  });

  it("says END and ERROR again when they may have gone nowhere", () => {
    const closed = new OutboxEnd();
    closed.close();
    const failed = new OutboxEnd();
    failed.fail(error);
    for (const [end, word] of [
      [closed, "END 74"],
      [failed, "ERROR 74 ABORTED"],
    ] as const) {
      expect(saidBy(end)).toEqual([word]);
      end.restart();
      expect(saidBy(end), "over the next link").toEqual([word]);
    }
  });

  it("says an ERROR over the next link that did not get over the one before", () => {
    const end = new OutboxEnd();
    end.fail(error);
    end.restart();
    expect([end.isFinal, saidBy(end), end.isFinal]).toEqual([false, ["ERROR 74 ABORTED"], true]);
  });

  it("is final with RESULT, and with ERROR once it was said, not with END", () => {
    const end = new OutboxEnd();
    expect(end.isFinal).toBe(false);
    end.close();
    expect([saidBy(end), end.isFinal]).toEqual([["END 74"], false]);
    end.result = result;
    expect(end.isFinal).toBe(true);
  });

  it("says no END beside a RESULT, which stands for it: neither one that was due nor, over the next link, one that was said", () => {
    const due = new OutboxEnd();
    due.close();
    due.result = result;
    expect(saidBy(due)).toEqual([]);
    const said = new OutboxEnd();
    said.close();
    expect(saidBy(said)).toEqual(["END 74"]);
    said.result = result;
    said.restart();
    expect(saidBy(said)).toEqual([]);
  });
});
