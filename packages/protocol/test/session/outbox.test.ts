/** One direction as its sender sees it: cut at the limit, kept until it has arrived, in order to the last word. Spec: docs/wire.md §2, §3, §4. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "../../src/codec/slot.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type DataFrame, FrameType } from "../../src/frame/frame.ts";
import { standardUtf8 } from "../../src/frame/utf8.ts";
import { errorParts } from "../../src/session/error-parts.ts";
import { Outbox } from "../../src/session/outbox.ts";
import { SendBudget } from "../../src/session/send-budget.ts";
import type { SendContext } from "../../src/session/send-context.ts";
import { ScriptedLink } from "./scripted-link.ts";
import { bytesOf } from "./session-pair.ts";
import { settle } from "./settle.ts";

const floor = 2048;

function raw(length: number, seed = 0): Message {
  return { body: bytesOf(length, seed), length, raw: true, start: 0 };
}

/** As a text codec makes it: nobody has measured it yet. */
function text(body: string): Message {
  return { body, length: -1, raw: false, start: 0 };
}

function structured(item: unknown, length: number): Message {
  return { body: item, length, raw: false, start: 0 };
}

interface Setup {
  readonly outbox: Outbox;
  readonly link: ScriptedLink;
  readonly budget: SendBudget;
  /** Writes, and lets a turn send what may go. Returns whether the writer may go on. */
  write(message: Message): boolean;
  /** As much as may go. */
  send(): string[];
  credit(received: number, limit: number): string[];
}

function setUp({
  limit = 65_536,
  kind = "binary" as "binary" | "structured",
  maxBuffered = 1_000_000,
  maxMessage = 4_194_304,
} = {}): Setup {
  const budget = new SendBudget(maxBuffered);
  const context: SendContext = {
    budget,
    utf8: standardUtf8,
    isStructured: kind === "structured",
    resultAllowance: floor,
    maxMessage,
  };
  const outbox = new Outbox(limit, context);
  const link = new ScriptedLink(kind);
  const send = (): string[] => {
    outbox.takeTurn(link, 1, Number.POSITIVE_INFINITY);
    return link.take();
  };
  return {
    outbox,
    link,
    budget,
    write: (message) => outbox.push(message, undefined, 1),
    send,
    credit: (received, newLimit) => {
      outbox.credited(received, newLimit);
      return send();
    },
  };
}

/** Waits, and notes when it was woken. */
function waitFor(outbox: Outbox, name: string, log: string[]): void {
  outbox.accepted().then(
    () => log.push(name),
    (error: SluiceError) => log.push(`${name} ${error.code}`),
  );
}

const lost = (): SluiceError => new SluiceError("CANCELLED", "gone");

describe("Outbox within the limit", () => {
  it("sends messages whole, at their offsets, also empty ones", () => {
    const { outbox, write, send } = setUp();
    expect([write(raw(10)), write(raw(0)), write(text("é"))]).toEqual([true, true, true]);
    expect(send()).toEqual(["DATA 0+10", "DATA 74+0", "DATA 138+2"]);
    expect([outbox.sent, outbox.end, outbox.credit]).toEqual([204, 204, 65_332]);
  });

  it("sends at once what may go at once, and measures text by sending it", () => {
    const { outbox, link, budget } = setUp();
    expect(outbox.push(text('"é"'), link, 1)).toBe(true);
    expect(outbox.push(raw(100), link, 1)).toBe(true);
    expect(link.take()).toEqual(["DATA 0+4", "DATA 68+100"]);
    expect([outbox.sent, outbox.end, budget.bytes, outbox.hasWork]).toEqual([232, 232, 232, false]);
  });

  it("does not send at once what stands behind something else, nor without room", () => {
    const { outbox, link, send } = setUp();
    link.room = 0;
    outbox.push(raw(10), link, 1);
    link.room = 100_000;
    outbox.push(raw(10), link, 1);
    expect(link.take()).toEqual([]);
    expect(send()).toEqual(["DATA 0+10", "DATA 74+10"]);
  });

  it("cuts a message at 65,536 payload bytes per frame", () => {
    const { write, send } = setUp({ limit: 1_000_000 });
    write(raw(200_000));
    expect(send()).toEqual([
      "DATA 0+65536 more head 200000",
      "DATA 65600+65536 more",
      "DATA 131136+65536 more",
      "DATA 196672+3392",
    ]);
    expect(write(raw(65_472))).toBe(true);
    expect(send()).toEqual(["DATA 200064+65472"]);
  });

  it("sends whole frames only, about as much as a turn allows", () => {
    const { outbox, link } = setUp({ limit: 1_000_000 });
    for (let i = 0; i < 10; i++) outbox.push(raw(10_000), undefined, 1);
    expect(outbox.takeTurn(link, 1, 16_384)).toBe(2 * 10_064);
    expect(link.take()).toHaveLength(2);
    link.room = 1;
    expect(outbox.takeTurn(link, 1, 16_384)).toBe(10_064);
    expect(outbox.hasWork).toBe(true);
  });

  it("a long text becomes bytes, so that it can be cut anywhere, also inside a character", () => {
    const { outbox, link, write } = setUp({ limit: 5000 });
    const body = JSON.stringify("€".repeat(5000));
    write(text(body));
    outbox.takeTurn(link, 1, 1e9);
    outbox.credited(0, 10_001);
    outbox.takeTurn(link, 1, 1e9);
    outbox.credited(0, 100_000);
    outbox.takeTurn(link, 1, 1e9);
    const frames = link.frames as DataFrame[];
    const bytes = frames.flatMap(({ payload, start, end }) => [
      ...(payload as Uint8Array).subarray(start, end),
    ]);
    expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(body);
    expect(frames.map(({ offset }) => offset)).toEqual([0, 5000, 10_001]);
  });

  it("a short text that the limit cuts becomes bytes too", () => {
    const { send, write, credit } = setUp({ limit: 1024 });
    write(text(`"${"x".repeat(2000)}"`));
    expect(send()).toEqual(["DATA 0+960 more head 2002"]);
    expect(credit(1024, 10_000)).toEqual(["DATA 1024+1042"]);
  });
});

describe("Outbox at the limit", () => {
  it("cuts exactly there, and goes on from there", () => {
    const { outbox, write, send, credit } = setUp({ limit: 2000 });
    expect(write(raw(5000))).toBe(false);
    expect(send()).toEqual(["DATA 0+1936 more head 5000"]);
    expect([outbox.sent, outbox.credit, outbox.hasWork]).toEqual([2000, -3064, false]);
    expect(credit(2000, 4000)).toEqual(["DATA 2000+2000 more"]);
    expect(credit(4000, 5064)).toEqual(["DATA 4000+1064"]);
    expect(outbox.hasWork).toBe(false);
  });

  it("REL-C3 FC-9 sends no piece below 1,024 offset bytes, unless it ends the message", () => {
    const { write, send, credit } = setUp({ limit: 1023 });
    write(raw(3000));
    expect(send()).toEqual([]);
    expect(credit(0, 1024)).toEqual(["DATA 0+960 more head 3000"]);
    for (let limit = 1025; limit < 2048; limit++) expect(credit(1024, limit)).toEqual([]);
    expect(credit(1024, 2048)).toEqual(["DATA 1024+1024 more"]);
    expect(credit(1024, 3063)).toEqual([]);
    expect(credit(1024, 3064)).toEqual(["DATA 2048+1016"]);
  });

  it("REL-C3 10,000 grants of one byte bring about at most one frame per 1,024", () => {
    const { link, outbox } = setUp({ limit: 0 });
    outbox.push(raw(20_000), undefined, 1);
    for (let limit = 1; limit <= 10_000; limit++) {
      outbox.credited(0, limit);
      outbox.takeTurn(link, 1, 16_384);
    }
    expect(link.frames.length).toBeLessThanOrEqual(10);
    expect(outbox.sent).toBeGreaterThan(8000);
  });

  it("a whole message that fits exactly goes, one byte less and it waits or is cut", () => {
    expect(setUp({ limit: 164 }).outbox.push(raw(100), new ScriptedLink(), 1)).toBe(true);
    const { write, send } = setUp({ limit: 163 });
    expect(write(raw(100))).toBe(false);
    expect(send()).toEqual([]);
  });

  it("never sends beyond it, loses no byte and keeps the order, whatever is written, granted and sent", () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ what: fc.constant("write"), size: fc.integer({ min: 0, max: 9000 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ what: fc.constant("text"), size: fc.integer({ min: 1, max: 9000 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ what: fc.constant("credit"), size: fc.integer({ min: 1, max: 6000 }) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ what: fc.constant("turn"), size: fc.integer({ min: 1, max: 20_000 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ what: fc.constant("room"), size: fc.integer({ min: 0, max: 9000 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const { outbox, link, budget } = setUp({ limit: 3000, maxBuffered: 10_000_000 });
        const written: Uint8Array[] = [];
        let limit = 3000;
        let at = 0;
        let whole: number[] = [];
        let next = 0;
        const check = (): void => {
          for (const frame of link.frames.splice(0) as DataFrame[]) {
            const { payload, start, end, offset, more, head } = frame;
            const bytes =
              typeof payload === "string"
                ? new TextEncoder().encode(payload)
                : (payload as Uint8Array).subarray(start, end);
            const isFirst = whole.length === 0 && (head || !more);
            expect(offset).toBe(at);
            const span = bytes.length + (isFirst ? 64 : 0);
            at += span;
            expect(at).toBeLessThanOrEqual(limit);
            expect(bytes.length).toBeLessThanOrEqual(65_536);
            if (more) expect(span).toBeGreaterThanOrEqual(1024);
            whole.push(...bytes);
            if (more) continue;
            expect(Buffer.compare(Uint8Array.from(whole), written[next] as Uint8Array)).toBe(0);
            next++;
            whole = [];
          }
        };
        for (const { what, size } of steps) {
          if (what === "write") {
            written.push(bytesOf(size, written.length));
            outbox.push(raw(size, written.length - 1), size % 2 === 0 ? link : undefined, 1);
          } else if (what === "text") {
            const body = `"${(size % 3 === 0 ? "é" : "x").repeat(size)}"`;
            written.push(new TextEncoder().encode(body));
            outbox.push(text(body), size % 2 === 0 ? link : undefined, 1);
          } else if (what === "credit") {
            limit += size;
            outbox.credited(Math.max(0, outbox.sent - size), limit);
          } else if (what === "turn") outbox.takeTurn(link, 1, size);
          else link.room = size;
          check();
          expect(budget.bytes).toBeGreaterThanOrEqual(outbox.end - outbox.sent);
        }
        link.room = Number.MAX_SAFE_INTEGER;
        outbox.credited(outbox.sent, outbox.end);
        limit = outbox.end;
        outbox.takeTurn(link, 1, Number.MAX_SAFE_INTEGER);
        check();
        expect(next).toBe(written.length);
        outbox.credited(outbox.end, outbox.end);
        expect(budget.bytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe("Outbox of values", () => {
  it("announces with a head what the limit does not allow, and sends it when it fits", () => {
    const { write, send, credit, link, outbox } = setUp({ limit: 1000, kind: "structured" });
    expect(write(structured({ a: 1 }, 258))).toBe(true);
    expect(write(structured({ b: 2 }, 5000))).toBe(false);
    outbox.takeTurn(link, 1, 1e9);
    expect((link.frames as DataFrame[]).map(({ payload }) => payload)).toEqual([{ a: 1 }, undefined]);
    expect(link.take()).toEqual(["DATA 0+258", "DATA 322+0 more head 5000"]);
    expect(outbox.sent).toBe(386);
    expect(credit(386, 5385)).toEqual([]);
    expect(credit(386, 5386)).toEqual(["DATA 386+5000"]);
    expect(send()).toEqual([]);
  });

  it("waits with the head too where not even that fits", () => {
    const { write, send, credit } = setUp({ limit: 63, kind: "structured" });
    write(structured(1, 256));
    expect(send()).toEqual([]);
    expect(credit(0, 64)).toEqual(["DATA 0+0 more head 256"]);
    expect(credit(64, 320)).toEqual(["DATA 64+256"]);
  });

  it("an absent value counts 64", () => {
    const { write, send } = setUp({ limit: 64, kind: "structured" });
    expect(write(structured(undefined, 0))).toBe(true);
    expect(send()).toEqual(["DATA 0+0"]);
  });
});

describe("Outbox ends", () => {
  it("END follows what was accepted, once", () => {
    const { outbox, write, send, credit } = setUp({ limit: 100 });
    write(raw(10));
    write(raw(100));
    outbox.close();
    outbox.close();
    expect(send()).toEqual(["DATA 0+10"]);
    expect(credit(74, 300)).toEqual(["DATA 74+100", "END 238"]);
    expect([outbox.hasWork, send()]).toEqual([false, []]);
  });

  it("END of a direction without anything stands at 0", () => {
    const { outbox, send } = setUp();
    outbox.close();
    expect(outbox.hasWork).toBe(true);
    expect(send()).toEqual(["END 0"]);
  });

  it("RESULT follows what was accepted, and stands for END", () => {
    const { outbox, write, send } = setUp();
    write(raw(10));
    outbox.close();
    outbox.finish({ result: raw(5) });
    expect(send()).toEqual(["DATA 0+10", "RESULT 74+5"]);
    expect([outbox.isFinished, outbox.hasWork, send()]).toEqual([true, false, []]);
  });

  it("RESULT after an END that was said", () => {
    const { outbox, write, send } = setUp();
    write(raw(10));
    outbox.close();
    expect(send()).toEqual(["DATA 0+10", "END 74"]);
    outbox.finish({ result: raw(5) });
    expect(send()).toEqual(["RESULT 74+5"]);
  });

  it("ERROR follows what was accepted, and waits with it for credit", () => {
    const { outbox, write, send, credit } = setUp({ limit: 100 });
    write(raw(10));
    write(raw(100));
    outbox.finish({ error: errorParts("ABORTED", "no", { processed: "maybe" }) });
    expect(send()).toEqual(["DATA 0+10"]);
    expect([outbox.isFinished, outbox.hasWork]).toEqual([false, false]);
    expect(credit(74, 300)).toEqual(["DATA 74+100", "ERROR 238 ABORTED"]);
    expect([outbox.isFinished, outbox.hasWork, send()]).toEqual([true, false, []]);
  });

  it("a result may pass the limit by the peer's floor, whole or in pieces, and waits for the rest", () => {
    const whole = setUp({ limit: 74 });
    whole.write(raw(10));
    whole.outbox.finish({ result: raw(floor - 64) });
    expect(whole.send()).toEqual(["DATA 0+10", `RESULT 74+${floor - 64}`]);
    const { outbox, write, send, credit } = setUp({ limit: 74 });
    write(raw(10));
    outbox.finish({ result: raw(10_000) });
    expect(send()).toEqual(["DATA 0+10", `RESULT 74+${floor - 64} more head 10000`]);
    expect(outbox.isFinished).toBe(false);
    expect(credit(74 + floor, 74 + 10_064)).toEqual([`RESULT ${74 + floor}+${10_064 - floor}`]);
    expect(outbox.isFinished).toBe(true);
  });

  it("a result with credit left goes to the limit, if that is further than the floor", () => {
    const { outbox, send } = setUp({ limit: 6000 });
    outbox.finish({ result: raw(10_000) });
    expect(send()).toEqual(["RESULT 0+5936 more head 10000"]);
  });

  it("CH-4 nothing can be written after the end, whichever it is", () => {
    const closed = expect.objectContaining({ code: "FAILED_PRECONDITION", processed: "no" });
    const ends: ((outbox: Outbox) => void)[] = [
      (outbox) => outbox.close(),
      (outbox) => outbox.finish({ result: raw(1) }),
      (outbox) => outbox.finish({ error: errorParts("ABORTED", "", { processed: "maybe" }) }),
      (outbox) => outbox.dispose(lost),
    ];
    for (const end of ends) {
      const { outbox, write, budget } = setUp();
      end(outbox);
      const before = budget.bytes;
      expect(outbox.isClosed).toBe(true);
      expect(() => write(raw(10))).toThrow(closed);
      expect(budget.bytes).toBe(before);
    }
  });
});

describe("Outbox dropping what was not sent", () => {
  it("drops messages, wakes their writers, and the end stands where sending stopped", async () => {
    const { outbox, write, send, budget } = setUp({ limit: 74 });
    write(raw(10));
    write(raw(100));
    const woken = outbox.accepted();
    write(raw(100));
    send();
    outbox.dropUnsent();
    await woken;
    expect([outbox.sent, outbox.end, budget.bytes]).toEqual([74, 74, 74]);
    outbox.finish({ result: raw(5) });
    expect(send()).toEqual(["RESULT 74+5"]);
    outbox.credited(143, 1000);
    expect(budget.bytes).toBe(0);
  });

  it("in the middle of a message the end says where it broke off", () => {
    const { outbox, write, send, budget } = setUp({ limit: 2000 });
    write(raw(5000));
    send();
    outbox.dropUnsent();
    expect([outbox.sent, outbox.end, outbox.hasWork]).toEqual([2000, 2000, false]);
    outbox.finish({ error: errorParts("CANCELLED", "", { processed: "maybe" }) });
    expect(send()).toEqual(["ERROR 2000 CANCELLED"]);
    outbox.dispose(lost);
    expect(budget.bytes).toBe(0);
  });

  it("END that was due still comes", () => {
    const { outbox, write, send } = setUp({ limit: 74 });
    write(raw(10));
    write(raw(100));
    outbox.close();
    send();
    outbox.dropUnsent();
    expect(send()).toEqual(["END 74"]);
  });
});

describe("Outbox keeping", () => {
  it("keeps every message until CREDIT says that it has arrived whole", () => {
    const { outbox, write, send, budget } = setUp();
    for (let i = 0; i < 3; i++) write(raw(100));
    send();
    expect(budget.bytes).toBe(492);
    for (const [received, bytes] of [
      [163, 492],
      [164, 328],
      [400, 164],
      [492, 0],
    ] as const) {
      outbox.credited(received, 65_536);
      expect(budget.bytes).toBe(bytes);
    }
  });

  it("keeps sent results too", () => {
    const { outbox, send, budget } = setUp();
    outbox.finish({ result: raw(100) });
    send();
    expect(budget.bytes).toBe(164);
    outbox.credited(164, 65_536);
    expect(budget.bytes).toBe(0);
  });

  it("keeps what it must over thousands of messages, and lets the rest go", () => {
    const { outbox, write, send, budget } = setUp({ limit: 1_000_000 });
    let limit = 1_000_000;
    for (let i = 0; i < 3000; i++) {
      write(raw(10));
      send();
      if (i % 7 === 0) {
        limit += 7 * 74;
        outbox.credited(Math.max(0, outbox.sent - 740), limit);
        expect(budget.bytes).toBe(Math.min(outbox.sent, 740));
      }
    }
    outbox.credited(outbox.sent, limit);
    expect(budget.bytes).toBe(0);
  });

  it("sends again from where the peer stands", () => {
    const { outbox, write, send } = setUp({ limit: 3000 });
    write(raw(100));
    write(raw(5000));
    send();
    outbox.hold();
    expect(outbox.hasWork).toBe(false);
    outbox.resume(164, 3000);
    expect(send()).toEqual(["DATA 164+2772 more head 5000"]);
  });

  it("nothing goes between two links, though the limit allows it, and all of it over the next", () => {
    const { outbox, link, write, send } = setUp({ limit: 3000 });
    write(raw(100));
    send();
    outbox.hold();
    write(raw(10));
    outbox.push(raw(20), undefined, 1);
    outbox.close();
    expect([outbox.hasWork, outbox.takeTurn(link, 1, 1e9), send()]).toEqual([false, 0, []]);
    outbox.resume(164, 3000);
    expect(outbox.hasWork).toBe(true);
    expect(send()).toEqual(["DATA 164+10", "DATA 238+20", "END 322"]);
  });

  it("disposing frees everything and rejects who waits", async () => {
    const { outbox, write, send, budget } = setUp({ limit: 74 });
    write(raw(10));
    write(raw(1000));
    send();
    const waiting = outbox.accepted();
    outbox.dispose(lost);
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    expect([budget.bytes, outbox.hasWork]).toEqual([0, false]);
    outbox.dispose(lost);
    expect(budget.bytes).toBe(0);
  });

  it("a CREDIT that says nothing new changes nothing, one that lies is refused", () => {
    const { outbox, write, send } = setUp();
    write(raw(10));
    send();
    expect(outbox.credited(0, 65_536)).toBe(false);
    expect(outbox.credited(74, 65_536)).toBe(true);
    expect(() => outbox.credited(75, 65_536)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });
});

describe("Outbox and its peer's maxMessage", () => {
  it("LM a message of exactly that is sent, a larger one is refused here and disturbs nothing", () => {
    const tooLarge = expect.objectContaining({
      code: "RESOURCE_EXHAUSTED",
      processed: "no",
      retryable: false,
    });
    const { write, send, budget } = setUp({ maxMessage: 1000 });
    expect(() => write(raw(1001))).toThrow(tooLarge);
    expect(() => write(text("x".repeat(1001)))).toThrow(tooLarge);
    expect(() => write(text("é".repeat(501)))).toThrow(tooLarge);
    expect(budget.bytes).toBe(0);
    write(raw(1000));
    write(text("é".repeat(500)));
    write(text("x".repeat(1000)));
    expect(send()).toEqual(["DATA 0+1000", "DATA 1064+1000", "DATA 2128+1000"]);
  });
});

describe("Outbox writers", () => {
  it("wait until what they wrote is within the limit, and are woken in order", async () => {
    const { outbox, write } = setUp({ limit: 100 });
    const log: string[] = [];
    expect(write(raw(10))).toBe(true);
    for (const name of ["a", "b", "c"]) {
      expect(write(raw(100))).toBe(false);
      waitFor(outbox, name, log);
    }
    outbox.credited(0, 237);
    await settle();
    expect(log).toEqual([]);
    outbox.credited(0, 238);
    await settle();
    expect(log).toEqual(["a"]);
    outbox.credited(0, 10_000);
    await settle();
    expect(log).toEqual(["a", "b", "c"]);
  });

  it("who waits though all is accepted is woken at once", async () => {
    const { outbox, write } = setUp();
    write(raw(10));
    await outbox.accepted();
  });

  it("wait for the session's budget too, and for its bound of un-awaited writes", async () => {
    const { outbox, write, send, budget } = setUp({ maxBuffered: 1000 });
    const log: string[] = [];
    write(raw(900));
    write(raw(100));
    send();
    expect(write(raw(0))).toBe(false);
    waitFor(outbox, "a", log);
    await settle();
    expect(log).toEqual([]);
    outbox.credited(964, 65_536);
    await settle();
    expect(log).toEqual(["a"]);
    // Little may wait for the link while its writer goes on; only then is it too much.
    expect([write(raw(60_000)), write(raw(6_000))]).toEqual([true, false]);
    expect(() => write(raw(200))).toThrow(expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }));
    outbox.dispose(lost);
    expect(budget.bytes).toBe(0);
  });

  it("of a call that ends while they wait for the budget are not woken by it later", async () => {
    const { outbox, write, send, budget } = setUp({ maxBuffered: 100 });
    const log: string[] = [];
    write(raw(100));
    send();
    waitFor(outbox, "a", log);
    outbox.dispose(lost);
    await settle();
    expect([log, budget.bytes]).toEqual([["a CANCELLED"], 0]);
  });

  it("wait while 64 KiB of what they wrote wait for the link, whatever the limit", async () => {
    const { outbox, write, link } = setUp({ limit: 10_000_000 });
    const log: string[] = [];
    for (let i = 0; i < 6; i++) expect(write(raw(10_000))).toBe(true);
    expect(write(raw(10_000))).toBe(false);
    waitFor(outbox, "a", log);
    await settle();
    expect(log).toEqual([]);
    outbox.takeTurn(link, 1, 10_000);
    await settle();
    expect(log).toEqual(["a"]);
  });

  it("that wait for their own credit make no writer of another call wait", () => {
    const { budget } = setUp({ maxBuffered: 1000 });
    const context: SendContext = {
      budget,
      utf8: standardUtf8,
      isStructured: false,
      resultAllowance: floor,
      maxMessage: 1_000_000,
    };
    const stalled = Array.from({ length: 10 }, () => new Outbox(0, context));
    for (const outbox of stalled) expect(outbox.push(raw(5000), undefined, 1)).toBe(false);
    expect(new Outbox(65_536, context).push(raw(100), undefined, 1)).toBe(true);
    expect(() => stalled[0]?.push(raw(10), undefined, 1)).toThrow(
      expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }),
    );
  });

  it("before the call is opened wait until it is, as far as its limit reaches then", async () => {
    const { outbox, write, send } = setUp({ limit: 0 });
    const log: string[] = [];
    for (const name of ["a", "b"]) {
      expect(write(raw(100))).toBe(false);
      waitFor(outbox, name, log);
    }
    // The param took 300, the callee's floor allows 200 more: room for one of the two.
    outbox.startAt(300, 500);
    await settle();
    expect(log).toEqual(["a"]);
    expect(send()).toEqual(["DATA 300+100"]);
    outbox.credited(464, 628);
    await settle();
    expect(log).toEqual(["a", "b"]);
    expect(send()).toEqual(["DATA 464+100"]);
  });
});

describe("Outbox opening with a param in pieces", () => {
  it("sends it before all else, the first piece up to the floor", async () => {
    const { outbox, write, send, credit, budget } = setUp({ limit: 0 });
    const log: string[] = [];
    write(raw(100));
    waitFor(outbox, "a", log);
    expect(outbox.startInside(raw(5000), floor)).toBe(floor);
    expect([outbox.sent, outbox.end, budget.bytes]).toEqual([floor, 5064 + 164, 5064 + 164]);
    expect(send()).toEqual([]);
    await settle();
    expect(log).toEqual([]);
    expect(credit(floor, 5064)).toEqual([`DATA ${floor}+${5064 - floor}`]);
    await settle();
    expect(log).toEqual([]);
    expect(credit(5064, 6000)).toEqual(["DATA 5064+100"]);
    await settle();
    expect(log).toEqual(["a"]);
  });
});

describe("Outbox restarting after RESOURCE_EXHAUSTED{no}", () => {
  it("sends everything again behind the next OPEN, END too", async () => {
    const { outbox, write, send, budget } = setUp({ limit: 0 });
    const log: string[] = [];
    const param = raw(36);
    write(raw(100));
    write(raw(10));
    waitFor(outbox, "written", log);
    outbox.close();
    outbox.startAt(100, 1100);
    await settle();
    expect(send()).toEqual(["DATA 100+100", "DATA 264+10", "END 338"]);
    expect(log).toEqual(["written"]);
    outbox.restart(param);
    expect([outbox.sent, outbox.end, outbox.hasWork, send()]).toEqual([0, 238, false, []]);
    outbox.startAt(100, 1100);
    expect(send()).toEqual(["DATA 100+100", "DATA 264+10", "END 338"]);
    outbox.credited(338, 2000);
    expect(budget.bytes).toBe(0);
  });

  it("also when the param went in pieces", () => {
    const { outbox, write, send, credit, budget } = setUp({ limit: 0 });
    const param = raw(5000);
    write(raw(100));
    outbox.startInside(param, floor);
    outbox.restart(param);
    expect([outbox.sent, outbox.end, budget.bytes]).toEqual([0, 164, 164]);
    expect(outbox.startInside(param, floor)).toBe(floor);
    expect(send()).toEqual([]);
    expect(credit(floor, 10_000)).toEqual([`DATA ${floor}+${5064 - floor}`, "DATA 5064+100"]);
    outbox.credited(5228, 10_000);
    expect(budget.bytes).toBe(0);
  });

  it("a writer that waits is not woken before its item fits behind the new OPEN", async () => {
    const { outbox, write } = setUp({ limit: 0 });
    const log: string[] = [];
    outbox.startAt(100, 200);
    write(raw(100));
    waitFor(outbox, "written", log);
    outbox.restart(raw(36));
    outbox.startAt(100, 263);
    await settle();
    expect(log).toEqual([]);
    outbox.credited(0, 264);
    await settle();
    expect(log).toEqual(["written"]);
  });
});

describe("Outbox frames", () => {
  it("say raw, their type and the bytes they stand for", () => {
    const { outbox, link } = setUp();
    outbox.push(raw(3), link, 7);
    outbox.finish({ result: text("1") });
    outbox.takeTurn(link, 7, 100);
    expect(link.frames).toMatchObject([
      { type: FrameType.DATA, call: 7, raw: true, more: false, head: false, total: 3 },
      { type: FrameType.RESULT, call: 7, raw: false, offset: 67 },
    ]);
  });
});
