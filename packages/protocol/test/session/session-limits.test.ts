/** Slots, queues, put-back and abuse between two sessions. Spec: docs/wire.md §4.3, §4.7, §4.14; RELIABILITY C. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { cancel, credit, data, end as endFrame, open } from "./frames.ts";
import { connectorKey, rawConnector } from "./raw-end.ts";
import { bytesOf, type SessionPair, sessionPair } from "./session-pair.ts";

function codeOf(pair: SessionPair): string {
  const { state } = pair.acceptor.session;
  return state.name === "closed" ? state.error.code : state.name;
}

describe("calls above the peer's limits", () => {
  it("§4.3 wait at the caller, in order, and go out as others end", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 2 } } });
    const ends = Array.from({ length: 6 }, (_, i) => pair.connector.open({ procedure: `call ${i}` }).end);
    await pair.run();
    const names = (): string[] => pair.acceptor.handlers.calls.map(({ open }) => open.procedure);
    expect(names()).toEqual(["call 0", "call 1"]);
    pair.acceptor.handlers.of("call 1").finish(1);
    await pair.run();
    expect(names()).toEqual(["call 0", "call 1", "call 2"]);
    for (const i of [0, 2, 3, 4, 5]) {
      pair.acceptor.handlers.of(`call ${i}`).finish(i);
      await pair.run();
    }
    expect(ends.map((end) => end.result)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(pair.auditor.ofType("toConnector", FrameType.ERROR)).toEqual([]);
    await pair.expectIdle();
  });

  it("the smaller of maxCalls and maxConcurrentHandlers counts", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxCalls: 3, maxConcurrentHandlers: 9 } } });
    for (let i = 0; i < 5; i++) pair.connector.open();
    await pair.run();
    expect(pair.acceptor.handlers.calls).toHaveLength(3);
    for (let i = 0; i < 5; i++) {
      pair.acceptor.handlers.calls[i]?.finish();
      await pair.run();
    }
    await pair.expectIdle();
  });

  it("LM at most maxQueue wait; one more fails at once with RESOURCE_EXHAUSTED{no}", async () => {
    const pair = await sessionPair({
      connectorLimits: { limits: { maxQueue: 2 } },
      acceptorLimits: { limits: { maxConcurrentHandlers: 1 } },
    });
    const ends = Array.from({ length: 3 }, () => pair.connector.open().end);
    expect(() => pair.connector.open()).toThrow(
      expect.objectContaining({ code: "RESOURCE_EXHAUSTED", processed: "no" }),
    );
    for (let i = 0; i < 3; i++) {
      await pair.run();
      pair.acceptor.handlers.calls[i]?.finish(i);
    }
    await pair.run();
    expect(ends.map((end) => end.result)).toEqual([0, 1, 2]);
    await pair.expectIdle();
  });

  it("one that is given up while it waits was never sent", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 1 } } });
    pair.connector.open();
    const waiting = [
      pair.connector.open(),
      pair.connector.open(),
      pair.connector.open({ timeoutMs: 100 }),
    ] as const;
    waiting[0].call.abort();
    waiting[1].call.stop();
    await pair.advance(100);
    expect(waiting.map(({ end }) => [end.error.code, end.error.processed])).toEqual([
      ["CANCELLED", "no"],
      ["CANCELLED", "no"],
      ["DEADLINE_EXCEEDED", "no"],
    ]);
    pair.acceptor.handlers.last.finish();
    await pair.run();
    expect(pair.acceptor.handlers.calls).toHaveLength(1);
    await pair.expectIdle();
  });

  it("CA-17 X30 handlers that ignore abort hold their slots; the next call waits until one settles", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 2 } } });
    const aborted = [pair.connector.open(), pair.connector.open()];
    await pair.run();
    for (const { call } of aborted) call.abort();
    const { end } = pair.connector.open({ procedure: "next" });
    await pair.advance(10_000);
    expect([pair.acceptor.handlers.calls.length, pair.acceptor.session.runningHandlers]).toEqual([2, 2]);
    pair.acceptor.handlers.calls[0]?.finish();
    await pair.run();
    pair.acceptor.handlers.of("next").finish("ran");
    await pair.run();
    expect(end.result).toBe("ran");
    pair.acceptor.handlers.calls[1]?.finish();
    await pair.expectIdle();
  });
});

describe("slots that the caller cannot know of", () => {
  /** Calls that have ended for their caller while their handlers run on: events, or calls whose deadline has passed. */
  async function fillWithEvents(pair: SessionPair, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const { end } = pair.connector.open({ kind: "event", procedure: `event ${i}` });
      await pair.run();
      pair.acceptor.handlers.last.call.resolve(pair.acceptor.slot.encode(undefined));
      await pair.run();
      expect(end.code).toBe("OK");
    }
  }

  it("refuse with RESOURCE_EXHAUSTED{no}; the call goes back to the queue and runs when there is room", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 3 } } });
    await fillWithEvents(pair, 3);
    const { end, call, write } = pair.connector.open({ kind: "channel", procedure: "next", param: "p" });
    write("item");
    call.closeOutbox();
    await pair.run();
    expect(call.state).toBe("queued");
    await pair.advance(350);
    expect(call.state).toBe("queued");
    pair.acceptor.handlers.of("event 1").call.slot.free();
    await pair.advance(100);
    const played = pair.acceptor.handlers.of("next");
    expect([
      played.param,
      (await played.call.inbox?.next())?.value,
      (await played.call.inbox?.next())?.done,
    ]).toEqual(["p", "item", true]);
    played.finish("ran");
    await pair.run();
    expect(end.result).toBe("ran");
    for (const i of [0, 2]) pair.acceptor.handlers.of(`event ${i}`).call.slot.free();
    await pair.expectIdle();
  });

  it("§4.14 are no abuse of an honest caller: 300 events to slow handlers all run, in order, and the session lives", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 120 } } });
    await fillWithEvents(pair, 120);
    const opened = Array.from({ length: 300 }, (_, i) => pair.connector.open({ kind: "event", param: i }));
    await pair.advance(5000);
    expect([codeOf(pair), pair.acceptor.handlers.calls.length]).toEqual(["open", 120]);
    let answered = 120;
    for (let round = 0; round < 400 && opened.some(({ end }) => !end.isOver); round++) {
      for (const played of pair.acceptor.handlers.calls.slice(0, answered)) {
        if (!played.hasSettled) {
          played.hasSettled = true;
          played.call.slot.free();
        }
      }
      for (const played of pair.acceptor.handlers.calls.slice(answered)) {
        played.call.resolve(pair.acceptor.slot.encode(undefined));
      }
      answered = pair.acceptor.handlers.calls.length;
      await pair.advance(100);
    }
    expect(opened.map(({ end }) => end.code)).toEqual(opened.map(() => "OK"));
    expect(pair.acceptor.handlers.calls.slice(120).map(({ param }) => param)).toEqual(
      opened.map((_, i) => i),
    );
    for (const played of pair.acceptor.handlers.calls) if (!played.hasSettled) played.call.slot.free();
    await pair.expectIdle();
  });

  it("are tried one by one: what was refused is not thrown at the peer again all at once", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 50 } } });
    await fillWithEvents(pair, 50);
    const opened = Array.from({ length: 200 }, () => pair.connector.open());
    await pair.run();
    const before = pair.auditor.ofType("toAcceptor", FrameType.OPEN).length;
    await pair.advance(1000);
    expect(pair.auditor.ofType("toAcceptor", FrameType.OPEN).length - before).toBeLessThanOrEqual(10);
    for (const played of pair.acceptor.handlers.calls) played.call.slot.free();
    for (let i = 0; i < 400 && opened.some(({ end }) => !end.isOver); i++) {
      await pair.advance(100);
      for (const played of pair.acceptor.handlers.calls.slice(50)) if (!played.hasSettled) played.finish();
      await pair.run();
    }
    expect(opened.every(({ end }) => end.code === "OK")).toBe(true);
    await pair.expectIdle();
  });

  it("a call that goes back and has overdrawn its turn does not let younger ones pass with higher ids", async () => {
    const pair = await sessionPair({
      roomBytes: 4000,
      acceptorLimits: { limits: { maxConcurrentHandlers: 3 } },
    });
    await fillWithEvents(pair, 1);
    const upload = pair.connector.open({ procedure: "upload", kind: "upload" });
    const request = pair.connector.open({ procedure: "request" });
    await pair.run();
    const fillLink = (): void => {
      for (let i = 0; i < 5; i++) upload.write(bytesOf(3000));
    };
    // Its OPEN goes out at its turn, and costs it several.
    fillLink();
    const large = pair.connector.open({ procedure: "large", param: bytesOf(65_000) });
    await pair.run();
    expect([large.call.state, large.call.turnCredit]).toEqual(["queued", 0]);
    const young = pair.connector.open({ procedure: "young" });
    pair.acceptor.handlers.of("event 0").call.slot.free();
    pair.acceptor.handlers.of("request").finish();
    fillLink();
    await pair.run();
    expect(request.end.code).toBe("OK");
    expect(pair.acceptor.handlers.calls.map(({ open }) => open.procedure).slice(3)).toEqual([
      "large",
      "young",
    ]);
    for (const name of ["large", "young", "upload"]) pair.acceptor.handlers.of(name).finish();
    await pair.run();
    expect([large.end.code, young.end.code, upload.end.code]).toEqual(["OK", "OK", "OK"]);
    await pair.expectIdle();
  });
});

describe("an OPEN that is refused", () => {
  const refusals: { name: string; frame: Frame; code: string; processed: string }[] = [
    {
      name: "§3.2 with another's key",
      frame: open({ key: { ...connectorKey(1), originLow: 1 } }),
      code: "PERMISSION_DENIED",
      processed: "no",
    },
    {
      name: "routed over a direct link",
      frame: open({ routed: true }),
      code: "PERMISSION_DENIED",
      processed: "no",
    },
    {
      name: "§4.7 with resume of what is over",
      frame: open({ resume: { received: 0, limit: 0 } }),
      code: "UNAVAILABLE",
      processed: "maybe",
    },
    { name: "with number 0", frame: open({ key: connectorKey(0) }), code: "UNAVAILABLE", processed: "maybe" },
    {
      name: "LM with a name above maxName",
      frame: open({ procedure: "x".repeat(21) }),
      code: "INVALID_ARGUMENT",
      processed: "no",
    },
    {
      name: "LM with a name whose bytes are above maxName",
      frame: open({ procedure: "é".repeat(11) }),
      code: "INVALID_ARGUMENT",
      processed: "no",
    },
  ];

  it.each(refusals)(
    "$name: ERROR{$code, $processed}, no handler, the session goes on",
    async ({ frame, code, processed }) => {
      const peer = await rawConnector({ limits: { maxName: 20 } });
      await peer.send(frame);
      expect(peer.raw.ofType(FrameType.ERROR)).toMatchObject([
        { call: 1, offset: 0, body: { code, processed } },
      ]);
      expect([peer.acceptor.handlers.calls.length, peer.code]).toEqual([0, "open"]);
      await peer.send(open({ call: 3, key: connectorKey(2), procedure: "é".repeat(10) }));
      expect(peer.acceptor.handlers.calls).toHaveLength(1);
    },
  );

  it("§4.7 a number that was used again never runs again", async () => {
    const peer = await rawConnector();
    await peer.send(
      open({ key: connectorKey(5) }),
      open({ call: 3, key: connectorKey(5) }),
      open({ call: 5, key: connectorKey(4) }),
    );
    expect(peer.acceptor.handlers.calls, "4 was never used").toHaveLength(2);
    await peer.send(open({ call: 7, key: connectorKey(6) }), open({ call: 9, key: connectorKey(4) }));
    expect(peer.acceptor.handlers.calls).toHaveLength(3);
  });

  it("by what serves calls says `no`, and INV-LEAK nothing of what was thrown", async () => {
    const pair = await sessionPair();
    pair.acceptor.handlers.refuse = () => {
      throw new Error("/srv/canary.ts");
    };
    const opaque = pair.connector.open();
    await pair.run();
    expect(opaque.end.error).toMatchObject({ code: "INTERNAL", processed: "no" });
    expect(opaque.end.error.message).not.toContain("canary");
    pair.acceptor.handlers.refuse = () => {
      throw new SluiceError("UNAUTHENTICATED", "who are you?");
    };
    const told = pair.connector.open();
    await pair.run();
    expect(told.end.error).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "who are you?",
      processed: "no",
    });
    await pair.expectIdle();
  });

  it("by what serves calls with RESOURCE_EXHAUSTED is told to the caller, not tried again for ever", async () => {
    const pair = await sessionPair();
    pair.acceptor.handlers.refuse = () => {
      throw new SluiceError("RESOURCE_EXHAUSTED", "rate limit");
    };
    const { end } = pair.connector.open();
    await pair.run();
    expect(end.error).toMatchObject({ code: "RESOURCE_EXHAUSTED", message: "rate limit", retryable: true });
    await pair.expectIdle();
  });

  it("§4.14 what its caller had sent behind it, before it knew, is no abuse", async () => {
    const pair = await sessionPair();
    pair.acceptor.handlers.refuse = () => {
      throw new SluiceError("UNIMPLEMENTED", "no such thing");
    };
    for (let i = 0; i < 5; i++) {
      const { call, write, end } = pair.connector.open({ kind: "upload" });
      for (let item = 0; item < 25; item++) write(item);
      call.closeOutbox();
      await pair.run();
      expect(end.error.code).toBe("UNIMPLEMENTED");
    }
    expect([codeOf(pair), pair.connector.session.state.name]).toEqual(["open", "open"]);
    await pair.expectIdle();
  });
});

describe("§4.14 abuse", () => {
  it("REL-C5 100 calls aborted before their handlers settled are allowed in 10 s, the 101st is ENHANCE_YOUR_CALM", async () => {
    const pair = await sessionPair({ acceptorLimits: { limits: { maxConcurrentHandlers: 256 } } });
    for (let i = 0; i < 100; i++) {
      const { call } = pair.connector.open();
      await pair.run();
      call.abort();
    }
    await pair.run();
    expect(codeOf(pair)).toBe("open");
    const last = pair.connector.open();
    await pair.run();
    const played = pair.acceptor.handlers.last;
    last.call.abort();
    await pair.run();
    expect(codeOf(pair)).toBe("ENHANCE_YOUR_CALM");
    expect(pair.connector.session.state).toMatchObject({
      name: "closed",
      error: { code: "ENHANCE_YOUR_CALM" },
    });
    // INV-ABORT also for the one that was too many.
    expect(pair.acceptor.handlers.calls.every(({ aborts }) => aborts.length === 1)).toBe(true);
    expect(played.aborts).toEqual(["cancelled"]);
    for (const one of pair.acceptor.handlers.calls) one.finish();
    await pair.expectOver();
  });

  it("calls that end normally never count, however many", async () => {
    const pair = await sessionPair();
    for (let i = 0; i < 1000; i++) {
      const { end } = pair.connector.open();
      await pair.run();
      pair.acceptor.handlers.last.finish();
      await pair.run();
      expect(end.code).toBe("OK");
    }
    await pair.expectIdle();
  });

  it("neither do aborts of calls whose handlers have settled, nor those that come slowly", async () => {
    const pair = await sessionPair();
    for (let i = 0; i < 150; i++) {
      const { call } = pair.connector.open({ kind: "stream" });
      await pair.run();
      while (pair.acceptor.handlers.last.write(bytesOf(10_000)));
      pair.acceptor.handlers.last.finish();
      call.abort();
      await pair.run();
    }
    expect(codeOf(pair)).toBe("open");
    for (let i = 0; i < 150; i++) {
      const { call } = pair.connector.open();
      await pair.run();
      call.abort();
      await pair.run();
      pair.acceptor.handlers.last.finish();
      await pair.advance(100);
    }
    expect(codeOf(pair)).toBe("open");
    await pair.expectIdle();
  });

  it("101 OPENs that are refused by the peer's fault are ENHANCE_YOUR_CALM", async () => {
    const pair = await sessionPair();
    pair.acceptor.handlers.refuse = () => {
      throw new SluiceError("UNIMPLEMENTED", "no such thing");
    };
    for (let i = 0; i < 100; i++) pair.connector.open();
    await pair.run();
    expect(codeOf(pair)).toBe("open");
    pair.connector.open();
    await pair.run();
    expect(codeOf(pair)).toBe("ENHANCE_YOUR_CALM");
    await pair.expectOver();
  });

  it("REL-C5 a peer that opens above the limits all the same is refused, and then told to calm down", async () => {
    const peer = await rawConnector({ limits: { maxConcurrentHandlers: 3 } });
    for (let i = 0; i < 103; i++) await peer.send(open({ call: 2 * i + 1, key: connectorKey(i + 1) }));
    expect([peer.acceptor.handlers.calls.length, peer.code]).toEqual([3, "open"]);
    await peer.send(open({ call: 1001, key: connectorKey(1001) }));
    expect(peer.code).toBe("ENHANCE_YOUR_CALM");
  });

  const useless: { name: string; frame: Frame }[] = [
    { name: "CREDIT of a call that is over", frame: credit(0, 1000) },
    { name: "DATA of a call that is over", frame: data(0, bytesOf(10)) },
    { name: "END of a call that is over", frame: endFrame(0) },
    { name: "CANCEL of a call that is over", frame: cancel(true) },
    { name: "an answer to no PING", frame: { type: FrameType.PING, call: 0, answer: true, nonce: 77 } },
  ];
  it.each(useless)(
    "REL-C2 100 times $name is allowed in 10 s, the 101st is ENHANCE_YOUR_CALM",
    async ({ frame }) => {
      const peer = await rawConnector();
      await peer.send(open());
      peer.acceptor.handlers.last.finish();
      await peer.send({ type: FrameType.DONE, call: 0, rest: false, calls: [1] });
      for (let i = 0; i < 100; i++) await peer.send(frame);
      expect(peer.code).toBe("open");
      await peer.send(frame);
      expect(peer.code).toBe("ENHANCE_YOUR_CALM");
    },
  );
});

describe("frames for calls that never were, or are not theirs", () => {
  const frames: { name: string; frame: Frame }[] = [
    { name: "CREDIT of a call that nobody opened", frame: credit(0, 1000, 99) },
    { name: "DATA of a call that nobody opened", frame: data(0, bytesOf(1), { call: 99 }) },
    { name: "DATA of a call that the acceptor would open", frame: data(0, bytesOf(1), { call: 4 }) },
    { name: "END of a call that nobody opened", frame: endFrame(0, 99) },
    { name: "CANCEL of a call that nobody opened", frame: cancel(false, 99) },
    {
      name: "DONE of a call that nobody opened",
      frame: { type: FrameType.DONE, call: 0, rest: false, calls: [99] },
    },
    { name: "REL-C7 OPEN with an even id", frame: open({ call: 2, key: connectorKey(2) }) },
    { name: "REL-C7 OPEN with an id that was used", frame: open({ call: 1, key: connectorKey(2) }) },
    { name: "RESULT from the caller", frame: data(0, bytesOf(1), { type: FrameType.RESULT }) },
  ];

  it.each(frames)("$name is PROTOCOL_ERROR, and both sides' calls end", async ({ frame }) => {
    const peer = await rawConnector();
    await peer.send(open());
    const { end } = peer.acceptor.open();
    await peer.wire.run();
    await peer.send(frame);
    expect(peer.code).toBe("PROTOCOL_ERROR");
    expect(end.error).toMatchObject({ code: "PROTOCOL_ERROR" });
    expect(peer.acceptor.handlers.last.aborts).toEqual(["shutdown"]);
    peer.acceptor.handlers.last.finish();
    expect([peer.raw.close?.code, peer.clock.armedTimers]).toEqual(["PROTOCOL_ERROR", 0]);
    expect([peer.session.openCalls, peer.session.runningHandlers, peer.session.keptBytes]).toEqual([0, 0, 0]);
  });

  it("ERROR of a call from its caller is PROTOCOL_ERROR", async () => {
    const peer = await rawConnector();
    await peer.send(open());
    await peer.send({
      type: FrameType.ERROR,
      call: 1,
      offset: 0,
      circuit: false,
      body: { code: "ABORTED", message: "" },
      raw: false,
      payload: "",
      start: 0,
      end: 0,
    });
    expect(peer.code).toBe("PROTOCOL_ERROR");
  });

  it("CANCEL and DONE of a call from its callee are PROTOCOL_ERROR", async () => {
    for (const frame of [
      cancel(true, 2),
      { type: FrameType.DONE, call: 0, rest: false, calls: [2] } as Frame,
    ]) {
      const peer = await rawConnector();
      peer.acceptor.open();
      await peer.wire.run();
      await peer.send(frame);
      expect(peer.code).toBe("PROTOCOL_ERROR");
    }
  });

  it("REL-C1 data beyond the limit is FLOW_CONTROL_ERROR, and nobody else's", async () => {
    const peer = await rawConnector();
    await peer.send(open({ halfClosed: false }));
    const piece = bytesOf(60_000);
    await peer.send(data(64, piece, { total: 3_000_000 }), data(64 + 60_064, piece, { more: true }));
    expect(peer.code).toBe("FLOW_CONTROL_ERROR");
  });
});
