/** Items that are dropped behind an end that was said: who reads then does not take the end for all. Spec: docs/wire.md §4.4, §4.6. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { ReceiveWindow } from "../../src/session/credit-window.ts";
import { Inbox } from "../../src/session/inbox.ts";
import { MemoryBudget } from "../../src/session/memory-budget.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { sessionPair } from "./session-pair.ts";

const error = new SluiceError("CANCELLED", "The caller has left");
const done = { done: true, value: undefined };

function ended(items: number): Inbox<string> {
  const budget = new MemoryBudget({ maxBuffered: 8 * 1024 * 1024, maxCalls: 1024 });
  const window = new ReceiveWindow(budget, { window: 65_536, maxWindow: 65_536 }, new FakeClock());
  window.open();
  const inbox = new Inbox<string>(window, { creditRaised() {}, readerLeft() {}, itemsDropped() {} });
  for (let item = 0; item < items; item++) {
    window.arrive(window.received, window.received + 100);
    inbox.push(`item ${item}`, window.received);
  }
  inbox.end();
  return inbox;
}

describe("Inbox that is abandoned behind its end", () => {
  it("fails for a reader that has not taken all that came before the end", async () => {
    const inbox = ended(2);
    expect(await inbox.next()).toEqual({ done: false, value: "item 0" });
    inbox.abandon(error);
    await expect(inbox.next()).rejects.toBe(error);
    expect(inbox.bufferedBytes).toBe(0);
  });

  it("ends well for a reader that has", async () => {
    const inbox = ended(1);
    await inbox.next();
    inbox.abandon(error);
    expect(await inbox.next()).toEqual(done);
  });
});

describe("a call that is given up behind the end of its items", () => {
  it("its handler, which has not read them, reads no end", async () => {
    const pair = await sessionPair();
    const { call, write } = pair.connector.open({ procedure: "upload", kind: "upload" });
    write("an item");
    call.closeOutbox();
    await pair.run();
    const played = pair.acceptor.handlers.of("upload");
    call.abort("no more time");
    await pair.run();
    await expect(played.call.inbox?.next()).rejects.toMatchObject({ code: "CANCELLED" });
    played.fail();
    await pair.expectIdle();
  });

  it("its caller, whose time is over, reads no end either", async () => {
    const pair = await sessionPair();
    const { call, end } = pair.connector.open({ procedure: "list", kind: "stream", timeoutMs: 1_000 });
    await pair.run();
    const played = pair.acceptor.handlers.of("list");
    played.write("an item");
    played.call.closeOutbox();
    await pair.run();
    await pair.advance(1_000);
    expect(end.code).toBe("DEADLINE_EXCEEDED");
    await expect(call.inbox?.next()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    played.finish();
    await pair.expectIdle();
  });
});
