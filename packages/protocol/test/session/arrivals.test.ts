/** Offsets judged, pieces put together, ends where they belong. Spec: docs/wire.md §2, §3, §4.1 "Result", §4.4. */
import { describe, expect, it } from "vitest";
import { type DataFrame, FrameType } from "../../src/frame/frame.ts";
import { resolveLimits } from "../../src/limits.ts";
import { Arrivals } from "../../src/session/arrivals.ts";
import type { CallHost } from "../../src/session/call-host.ts";
import { ReceiveWindow } from "../../src/session/credit-window.ts";
import { MemoryBudget } from "../../src/session/memory-budget.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { data, value } from "./frames.ts";
import { bytesOf } from "./session-pair.ts";

const protocolError = expect.objectContaining({ code: "PROTOCOL_ERROR" });
const flowControl = expect.objectContaining({ code: "FLOW_CONTROL_ERROR" });
const tooLarge = expect.objectContaining({ code: "FRAME_TOO_LARGE" });

function makeArrivals({ isStructured = false, maxMessage = 1_000_000 } = {}): Arrivals {
  const limits = resolveLimits({ limits: { maxMessage } });
  const budget = new MemoryBudget(limits);
  const clock = new FakeClock();
  const window = new ReceiveWindow(budget, limits, clock);
  window.open();
  return new Arrivals(window, { limits, budget, isStructured, clock } as unknown as CallHost);
}

const floor = 2048;
const limit = 65_536;

/** The same frame, whose payload lies somewhere in a chunk. */
function inChunk(frame: DataFrame): DataFrame {
  const chunk = new Uint8Array(100 + frame.end + 50);
  chunk.set(frame.payload as Uint8Array, 100);
  return Object.assign(frame, { payload: chunk, start: 100, end: 100 + frame.end });
}

describe("Arrivals of items", () => {
  it("move received on by 64 and the payload, whole or in pieces", () => {
    const arrivals = makeArrivals();
    expect(arrivals.add(data(0, bytesOf(10)))?.end).toBe(10);
    expect(arrivals.window.received).toBe(74);
    expect(arrivals.add(data(74, bytesOf(2000), { total: 5000 }))).toBeUndefined();
    expect([arrivals.window.received, arrivals.unfinishedEnd]).toEqual([74 + 2064, 74 + 5064]);
    expect(arrivals.add(data(74 + 2064, bytesOf(3000)))?.end).toBe(5000);
    expect([arrivals.window.received, arrivals.unfinishedEnd]).toEqual([74 + 5064, undefined]);
    expect(arrivals.add(data(74 + 5064, bytesOf(0)))?.end).toBe(0);
    expect(arrivals.window.received).toBe(74 + 5128);
  });

  it("count the bytes of a payload, wherever in its chunk it lies", () => {
    const arrivals = makeArrivals();
    expect(arrivals.add(inChunk(data(0, bytesOf(10))))).toMatchObject({ start: 100, end: 110 });
    expect(arrivals.window.received).toBe(74);
    arrivals.add(inChunk(data(74, bytesOf(2000), { total: 5000 })));
    expect(arrivals.window.received).toBe(74 + 2064);
    const message = arrivals.add(inChunk(data(74 + 2064, bytesOf(3000))));
    expect([arrivals.window.received, message?.start, message?.end]).toEqual([74 + 5064, 0, 5000]);
    const both = Uint8Array.from([...bytesOf(2000), ...bytesOf(3000)]);
    expect(Buffer.compare(message?.payload as Uint8Array, both)).toBe(0);
  });

  it("an empty message counts 64", () => {
    const arrivals = makeArrivals();
    for (let i = 0; i < 1024; i++) arrivals.add(data(i * 64, bytesOf(0)));
    expect(arrivals.window.received).toBe(limit);
    expect(() => arrivals.add(data(limit, bytesOf(0)))).toThrow(flowControl);
  });

  it("what arrives twice is known by its offset and comes out once", () => {
    const arrivals = makeArrivals();
    arrivals.add(data(0, bytesOf(10)));
    expect(arrivals.add(data(0, bytesOf(10)))).toBeUndefined();
    arrivals.add(data(74, bytesOf(2000), { total: 5000 }));
    expect(arrivals.add(data(74, bytesOf(2000), { more: true, head: false }))).toBeUndefined();
    expect(arrivals.add(data(74 + 2064, bytesOf(3000)))?.end).toBe(5000);
  });

  it.each([
    { name: "a gap", frame: data(75, bytesOf(10)) },
    { name: "an overlap", frame: data(73, bytesOf(10)) },
    { name: "a gap before a first piece", frame: data(80, bytesOf(2000), { total: 5000 }) },
  ])("$name is PROTOCOL_ERROR", ({ frame }) => {
    const arrivals = makeArrivals();
    arrivals.add(data(0, bytesOf(10)));
    expect(() => arrivals.add(frame)).toThrow(protocolError);
  });

  it("REL-C1 a byte beyond the limit is FLOW_CONTROL_ERROR, whole and in pieces", () => {
    expect(makeArrivals().add(data(0, bytesOf(limit - 64)))).toBeDefined();
    expect(() => makeArrivals().add(data(0, bytesOf(limit - 63)))).toThrow(flowControl);
    const pieces = makeArrivals();
    pieces.add(data(0, bytesOf(limit - 1064), { total: 200_000 }));
    expect(() => pieces.add(data(limit - 1000, bytesOf(1024), { more: true }))).toThrow(flowControl);
  });

  it("LM a message above maxMessage is FRAME_TOO_LARGE, in one frame as in pieces, before or after others", () => {
    const fitting = makeArrivals({ maxMessage: 3000 });
    expect(fitting.add(data(0, bytesOf(3000)))).toBeDefined();
    expect(() => fitting.add(data(3064, bytesOf(3001)))).toThrow(tooLarge);
    expect(() => makeArrivals({ maxMessage: 3000 }).add(data(0, bytesOf(2000), { total: 3001 }))).toThrow(
      tooLarge,
    );
    const after = makeArrivals({ maxMessage: 3000 });
    after.add(data(0, bytesOf(2000), { total: 3000 }));
    after.add(data(2064, bytesOf(1000)));
    expect(() => after.add(data(3064, bytesOf(3001)))).toThrow(tooLarge);
    expect(() => makeArrivals({ maxMessage: 3000, isStructured: true }).add(value(0, 1, 3001))).toThrow(
      tooLarge,
    );
  });
});

describe("Arrivals of a result", () => {
  it("may pass the limit by the floor, whole or in its first pieces, and no further", () => {
    const full = (): Arrivals => {
      const arrivals = makeArrivals();
      arrivals.add(data(0, bytesOf(limit - 64)));
      return arrivals;
    };
    const type = FrameType.RESULT;
    expect(full().add(data(limit, bytesOf(floor - 64), { type }))).toBeDefined();
    expect(() => full().add(data(limit, bytesOf(floor - 63), { type }))).toThrow(flowControl);
    expect(full().add(data(limit, bytesOf(floor - 64), { type, total: 9000 }))).toBeUndefined();
    expect(() => full().add(data(limit, bytesOf(floor - 63), { type, total: 9000 }))).toThrow(flowControl);
    const pieces = full();
    pieces.add(data(limit, bytesOf(960), { type, total: 9000 }));
    expect(() => pieces.add(data(limit + 1024, bytesOf(1025), { type, more: true }))).toThrow(flowControl);
    expect(pieces.add(data(limit + 1024, bytesOf(1024), { type, more: true }))).toBeUndefined();
    expect([pieces.isResultUnfinished, pieces.unfinishedEnd]).toEqual([true, limit + 64 + 9000]);
  });

  it("is unfinished once a piece of it is here, and an item is none", () => {
    const arrivals = makeArrivals();
    expect(arrivals.isResultUnfinished).toBe(false);
    arrivals.add(data(0, bytesOf(2000), { total: 5000 }));
    expect(arrivals.isResultUnfinished).toBe(false);
    arrivals.add(data(2064, bytesOf(3000)));
    arrivals.add(data(5064, bytesOf(2000), { type: FrameType.RESULT, total: 5000 }));
    expect(arrivals.isResultUnfinished).toBe(true);
  });

  it("an item has no such allowance", () => {
    const arrivals = makeArrivals();
    arrivals.add(data(0, bytesOf(limit - 64)));
    expect(() => arrivals.add(data(limit, bytesOf(0)))).toThrow(flowControl);
    expect(() => arrivals.add(data(limit, bytesOf(1500), { total: 5000 }))).toThrow(flowControl);
  });
});

describe("Arrivals that nobody wants", () => {
  it("are judged as ever, and messages in pieces come out empty, whenever that was said", () => {
    for (const isSaidLater of [false, true]) {
      const arrivals = makeArrivals();
      if (!isSaidLater) arrivals.discard("items");
      arrivals.add(data(0, bytesOf(2000), { total: 5000 }));
      if (isSaidLater) arrivals.discard("items");
      expect(arrivals.add(data(2064, bytesOf(3000)))).toMatchObject({ start: 0, end: 0 });
      expect(arrivals.window.received).toBe(5064);
      expect(() => arrivals.add(data(5065, bytesOf(10)))).toThrow(protocolError);
      arrivals.add(data(5064, bytesOf(2000), { type: FrameType.RESULT, total: 5000 }));
      expect(arrivals.add(data(7128, bytesOf(3000), { type: FrameType.RESULT }))?.end).toBe(5000);
    }
  });
});

describe("Arrivals over another link", () => {
  it("may end once more, as the sender cannot know that its END has arrived, and only once", () => {
    const arrivals = makeArrivals();
    arrivals.complete(0, false);
    expect(() => arrivals.complete(0, false)).toThrow(protocolError);
    arrivals.resumed();
    arrivals.complete(0, false);
    expect(() => arrivals.complete(0, false)).toThrow(protocolError);
  });

  it("may end once, where END has not arrived over the one before", () => {
    const arrivals = makeArrivals();
    arrivals.resumed();
    arrivals.complete(0, false);
    expect(() => arrivals.complete(0, false)).toThrow(protocolError);
  });
});

describe("Arrivals' ends", () => {
  it("stand where everything has arrived, else PROTOCOL_ERROR", () => {
    const arrivals = makeArrivals();
    arrivals.add(data(0, bytesOf(10)));
    expect(() => arrivals.endAt(73, false)).toThrow(protocolError);
    expect(() => arrivals.endAt(75, true)).toThrow(protocolError);
    arrivals.endAt(74, false);
  });

  it("inside a message are PROTOCOL_ERROR, unless somebody said stop: then the pieces are forgotten", () => {
    const arrivals = makeArrivals();
    arrivals.add(data(0, bytesOf(2000), { total: 5000 }));
    expect(() => arrivals.endAt(2064, false)).toThrow(protocolError);
    arrivals.endAt(2064, true);
    expect(arrivals.unfinishedEnd).toBeUndefined();
    expect(arrivals.add(data(2064, bytesOf(10), { type: FrameType.RESULT }))?.end).toBe(10);
  });

  it("REL-C10 a second END and DATA after END are PROTOCOL_ERROR, a result and an error are not", () => {
    const arrivals = makeArrivals();
    arrivals.add(data(0, bytesOf(10)));
    arrivals.complete(74, false);
    expect(() => arrivals.complete(74, false)).toThrow(protocolError);
    expect(() => arrivals.add(data(74, bytesOf(10)))).toThrow(protocolError);
    expect(() => arrivals.add(data(74, bytesOf(2000), { total: 5000 }))).toThrow(protocolError);
    arrivals.endAt(74, false);
    expect(arrivals.add(data(74, bytesOf(10), { type: FrameType.RESULT }))).toBeDefined();
  });
});

describe("Arrivals of a param in pieces", () => {
  it("begin at 0 with what the OPEN brought", () => {
    const arrivals = makeArrivals();
    const first = { ...data(0, bytesOf(1984), { total: 5000 }), type: FrameType.OPEN };
    arrivals.addParam({ ...first, head: undefined } as never);
    expect([arrivals.window.received, arrivals.unfinishedEnd]).toEqual([2048, 5064]);
    expect(arrivals.add(data(2048, bytesOf(3016)))?.end).toBe(5000);
  });
});

describe("Arrivals of values", () => {
  it("count what they say, and an announced one is not here before it is", () => {
    const arrivals = makeArrivals({ isStructured: true });
    const item = { a: "x" };
    expect(arrivals.add(value(0, item, 260))?.payload).toBe(item);
    expect(arrivals.window.received).toBe(324);
    expect(arrivals.add(value(324, item, 60_000, true))).toBeUndefined();
    expect([arrivals.window.received, arrivals.unfinishedEnd]).toEqual([388, 324 + 60_064]);
    expect(arrivals.add(value(388, item, 60_000))?.payload).toBe(item);
    expect(arrivals.window.received).toBe(324 + 60_064);
  });
});
