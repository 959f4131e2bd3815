/** What goes back to a caller: the short way of a result, and that it is kept and judged as on the long one. */
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/codec/slot.ts";
import type { CallHost, SessionCall } from "../../src/session/call-host.ts";
import { Reply } from "../../src/session/reply.ts";
import { FakeHost } from "./fake-host.ts";
import { bytesOf } from "./session-pair.ts";

const bytes = (length: number): Message => ({ body: bytesOf(length), length, raw: true, start: 0 });
const text = (length: number): Message => ({ body: "x".repeat(length), length: -1, raw: false, start: 0 });

interface Setup {
  readonly host: FakeHost;
  readonly reply: Reply;
}

function setUp(limit = 65_536): Setup {
  const host = new FakeHost();
  const call: SessionCall = {
    id: 1,
    turnCredit: 0,
    get hasWork() {
      return reply.hasWork;
    },
    takeTurn: (link, most) => reply.takeTurn(link, most),
    lost() {},
  };
  const reply = new Reply(host as CallHost, call, limit);
  return { host, reply };
}

describe("Reply with nothing but a result", () => {
  it.each([
    { name: "bytes", result: bytes(100) },
    { name: "a text of unknown length", result: text(100) },
  ])("sends $name at once, and keeps it until the caller has it", ({ result }) => {
    const { host, reply } = setUp();
    reply.finish({ result });
    expect([host.link.take(), reply.isFinished, reply.hasWork]).toEqual([["RESULT 0+100"], true, false]);
    expect(host.sending.budget.bytes).toBe(164);
    reply.dispose();
    expect(host.sending.budget.bytes).toBe(0);
  });

  it("a CREDIT for it frees it, once, and says nothing new to the caller", () => {
    const { host, reply } = setUp();
    reply.finish({ result: bytes(100) });
    host.link.take();
    reply.credited(100, 70_000);
    expect(host.sending.budget.bytes).toBe(164);
    reply.credited(164, 70_000);
    expect([host.sending.budget.bytes, reply.isFinished, host.link.take()]).toEqual([0, true, []]);
    reply.dispose();
    expect(host.sending.budget.bytes).toBe(0);
  });

  it("a CREDIT for more than it is PROTOCOL_ERROR", () => {
    const { reply } = setUp();
    reply.finish({ result: bytes(100) });
    expect(() => reply.credited(165, 70_000)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });

  it("goes a floor beyond the limit, and no further", () => {
    const fits = setUp(0);
    fits.reply.finish({ result: bytes(2048 - 64) });
    expect(fits.host.link.take()).toEqual(["RESULT 0+1984"]);
    const large = setUp(0);
    large.reply.finish({ result: bytes(2048 - 63) });
    expect([large.host.link.take(), large.reply.isFinished]).toEqual([
      ["RESULT 0+1984 more head 1985"],
      false,
    ]);
    large.reply.credited(2048, 2049);
    expect([large.host.link.take(), large.reply.isFinished]).toEqual([["RESULT 2048+1"], true]);
  });

  it("waits for its turn while the link is not free", () => {
    const { host, reply } = setUp();
    host.hasFreeLink = false;
    reply.finish({ result: bytes(100) });
    expect([host.link.take(), reply.hasWork, reply.isFinished]).toEqual([[], true, false]);
    reply.takeTurn(host.link, 1000);
    expect([host.link.take(), reply.isFinished]).toEqual([["RESULT 0+100"], true]);
  });
});

describe("Reply that is disposed", () => {
  it("takes nothing more, also if nothing was ever written", () => {
    const { host, reply } = setUp();
    reply.dispose();
    expect(() => reply.write(bytes(1))).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
    expect([host.link.take(), host.sending.budget.bytes]).toEqual([[], 0]);
  });
});
