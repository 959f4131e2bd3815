/** docs/wire.md §8, the callee: a real call in every state it can be in, and what each frame and event does to it there. */
import { describe, expect, it } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import type { Slot } from "../../src/codec/slot.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameType, type OpenFrame } from "../../src/frame/frame.ts";
import type { AbortReason } from "../../src/session/abort-notice.ts";
import type { CalleeEvent, CalleeState } from "../../src/session/call-states.ts";
import { errorParts, refusalParts } from "../../src/session/error-parts.ts";
import type { HandlerSlots } from "../../src/session/handler-slot.ts";
import { IncomingCall } from "../../src/session/incoming-call.ts";
import { FakeHost } from "./fake-host.ts";
import { cancel, credit, data, end, json, open } from "./frames.ts";
import { anySlot, bytesOf } from "./session-pair.ts";
import { settle } from "./settle.ts";

interface Setup {
  readonly host: FakeHost;
  readonly call: IncomingCall;
  /** Hands the OPEN over. */
  begin(): void;
  readonly aborts: AbortReason[];
  /** What the handler read: items, `end`, or the code of an error. */
  readonly read: string[];
  /** Params that a handler was started with. */
  readonly params: unknown[];
  /** How often the slot was given back. */
  slots(): number;
}

function setUp(
  fields: Partial<OpenFrame> = {},
  {
    takesItems = true,
    isParamInvalid = false,
    host = new FakeHost(),
  }: { takesItems?: boolean; isParamInvalid?: boolean; host?: FakeHost } = {},
): Setup {
  const slot = anySlot({ kind: "bytes", codec: jsonCodec }, host.limits);
  const param = isParamInvalid ? refusing(slot) : slot;
  const aborts: AbortReason[] = [];
  const read: string[] = [];
  const params: unknown[] = [];
  let slots = 0;
  const frame = open({ halfClosed: false, ...fields });
  const call = new IncomingCall(
    host,
    frame,
    { param, send: takesItems ? slot : undefined, start: (_, param) => params.push(param) },
    { ...noSlots, freed: () => slots++ },
  );
  call.onAbort((reason) => aborts.push(reason));
  const next = (): void => {
    call.inbox?.next().then(
      (result) => {
        read.push(result.done === true ? "end" : String(result.value));
        if (result.done !== true) next();
      },
      (reason: SluiceError) => read.push(reason.code),
    );
  };
  next();
  return { host, call, begin: () => call.begin(frame), aborts, read, params, slots: () => slots };
}

/** A slot that reads everything and finds it invalid. */
function refusing(slot: Slot): Slot {
  return Object.assign(Object.create(slot) as Slot, {
    decode() {
      throw new SluiceError("INVALID_ARGUMENT", "/: type");
    },
  });
}

const noSlots: HandlerSlots = { outlives() {}, freed() {} };

const item = (length = 10) => ({ body: bytesOf(length), length, raw: true, start: 0 });

function settled({ call }: Setup): void {
  call.resolve(item());
  call.slot.free();
}

const enter: Record<CalleeState, (setup: Setup) => void> = {
  running: ({ begin }) => begin(),
  stopped({ call, begin }) {
    begin();
    call.onCancel(cancel(false));
  },
  aborting({ call, begin }) {
    begin();
    call.onCancel(cancel(true));
  },
  ended(setup) {
    setup.begin();
    settled(setup);
  },
  over(setup) {
    enter.ended(setup);
    setup.call.onDone();
  },
};

const events = {
  data: ({ call }: Setup) => call.onData(data(64, json('"item"'), { raw: false })),
  end: ({ call }: Setup) => call.onEnd(end(64)),
  credit: ({ call }: Setup) => call.onCredit(credit(0, 100_000)),
  stop: ({ call }: Setup) => call.onCancel(cancel(false)),
  abort: ({ call }: Setup) => call.onCancel(cancel(true)),
  settled,
  done: ({ call }: Setup) => call.onDone(),
  lost: ({ call }: Setup) => call.lost(new SluiceError("UNAVAILABLE", "lost"), "disconnected"),
} satisfies Record<CalleeEvent, (setup: Setup) => void>;

interface Outcome {
  readonly state: CalleeState;
  readonly frames?: string[];
  readonly log?: string[];
  readonly read?: string[];
  readonly aborts?: AbortReason[];
}

const stay = (state: CalleeState): Outcome => ({ state });

const outcomes: Record<CalleeState, Record<keyof typeof events, Outcome>> = {
  running: {
    data: { state: "running", read: ["item"] },
    end: { state: "running", read: ["end"] },
    credit: stay("running"),
    stop: { state: "stopped", aborts: ["stop"] },
    abort: { state: "aborting", aborts: ["cancelled"], read: ["CANCELLED"], log: ["abused"] },
    settled: { state: "ended", frames: ["RESULT 0+10"], read: ["end"] },
    done: { state: "aborting", aborts: ["cancelled"], read: ["CANCELLED"] },
    lost: { state: "aborting", aborts: ["disconnected"], read: ["CANCELLED"] },
  },
  stopped: {
    data: { state: "stopped", read: ["item"] },
    end: { state: "stopped", read: ["end"] },
    credit: stay("stopped"),
    stop: stay("stopped"),
    // The signal has aborted already.
    abort: { state: "aborting", read: ["CANCELLED"], log: ["abused"] },
    settled: { state: "ended", frames: ["RESULT 0+10"], read: ["end"] },
    done: { state: "aborting", read: ["CANCELLED"] },
    lost: { state: "aborting", read: ["CANCELLED"] },
  },
  aborting: {
    data: stay("aborting"),
    end: stay("aborting"),
    credit: stay("aborting"),
    stop: stay("aborting"),
    abort: stay("aborting"),
    settled: { state: "over", frames: ["ERROR 0 CANCELLED"], log: ["over"] },
    done: stay("aborting"),
    lost: stay("aborting"),
  },
  ended: {
    data: stay("ended"),
    end: stay("ended"),
    credit: stay("ended"),
    stop: stay("ended"),
    abort: { state: "over", log: ["over"] },
    // A second settling says nothing.
    settled: stay("ended"),
    done: { state: "over", log: ["over"] },
    lost: { state: "over", log: ["over"] },
  },
  over: {
    data: stay("over"),
    end: stay("over"),
    credit: stay("over"),
    stop: stay("over"),
    abort: stay("over"),
    settled: stay("over"),
    done: stay("over"),
    lost: stay("over"),
  },
};

describe("a call of the peer, every state and event", () => {
  const cells = Object.entries(outcomes).flatMap(([state, row]) =>
    Object.entries(row).map(([event, outcome]) => ({
      state: state as CalleeState,
      event: event as keyof typeof events,
      outcome,
    })),
  );

  it.each(cells)("$state, $event -> $outcome.state", async ({ state, event, outcome }) => {
    const setup = setUp();
    const { host, call, aborts, read } = setup;
    enter[state](setup);
    await settle();
    host.take();
    const before = { aborts: aborts.length, read: read.length };
    events[event](setup);
    await settle();
    expect({
      state: call.state,
      ...host.take(),
      read: read.slice(before.read),
      aborts: aborts.slice(before.aborts),
    }).toEqual({ frames: [], log: [], read: [], aborts: [], ...outcome });
  });

  it("INV-ONE INV-MEM from every state, whatever follows, one last word at most, and nothing is held", async () => {
    for (const state of ["running", "stopped", "aborting", "ended"] as const) {
      for (const first of Object.keys(events) as (keyof typeof events)[]) {
        for (const second of ["settled", "abort", "lost"] as const) {
          const setup = setUp({ timeoutMs: 60_000 });
          const { host, call } = setup;
          enter[state](setup);
          events[first](setup);
          events[second](setup);
          if (call.state !== "ended" && call.state !== "over") settled(setup);
          call.onDone();
          await settle();
          const { frames } = host.take();
          const finals = frames.filter((frame) => frame.startsWith("RESULT") || frame.startsWith("ERROR"));
          expect(finals.length, `${state}, ${first}, ${second}: ${frames}`).toBe(1);
          expect(call.state).toBe("over");
          expect(host.sending.budget.bytes).toBe(0);
          expect(host.budget.lendable).toBe(new FakeHost().budget.lendable);
          expect(host.clock.armedTimers).toBe(0);
        }
      }
    }
  });
});

describe("the OPEN of a call of the peer", () => {
  it("of a channel is answered with CREDIT at once, one that is half closed is not", () => {
    const channel = setUp();
    channel.begin();
    expect(channel.host.take().frames).toEqual(["CREDIT 64 65600"]);
    const request = setUp({ halfClosed: true });
    request.begin();
    expect([request.host.take().frames, request.params]).toEqual([[], [undefined]]);
  });

  it("FC-6 a param larger than the window in one OPEN is FLOW_CONTROL_ERROR, the window itself is not", () => {
    const fits = setUp({ payload: bytesOf(65_472), end: 65_472, total: 65_472, raw: true });
    fits.begin();
    expect(fits.params).toHaveLength(1);
    const large = setUp({ payload: bytesOf(65_473), end: 65_473, total: 65_473, raw: true });
    expect(() => large.begin()).toThrow(expect.objectContaining({ code: "FLOW_CONTROL_ERROR" }));
    expect(large.params).toEqual([]);
    large.call.lost(new SluiceError("FLOW_CONTROL_ERROR", "closed"), "shutdown");
    expect([large.slots(), large.call.state]).toEqual([1, "over"]);
  });

  it("REL-C2 that allows more than 16 MiB is FLOW_CONTROL_ERROR", () => {
    const most = 16 * 1024 * 1024;
    setUp({ window: most }).begin();
    expect(() => setUp({ window: most + 1 }).begin()).toThrow(
      expect.objectContaining({ code: "FLOW_CONTROL_ERROR" }),
    );
    expect(() => setUp({ window: 2 ** 32 - 1 }).begin()).toThrow(
      expect.objectContaining({ code: "FLOW_CONTROL_ERROR" }),
    );
  });

  it("with a param in pieces has the rest reserved at once; the handler starts when all is there", () => {
    const bytes = bytesOf(1_000_000);
    const setup = setUp({ more: true, raw: true, total: 1_000_000, payload: bytes, end: 1984 });
    setup.begin();
    expect([setup.params, setup.host.take().frames]).toEqual([[], ["CREDIT 2048 1000064"]]);
    let at = 1984;
    while (at < 1_000_000) {
      const to = Math.min(1_000_000, at + 65_536);
      setup.call.onData(data(64 + at, bytes.subarray(at, to), { more: to < 1_000_000, head: false }));
      at = to;
    }
    expect(Buffer.compare(setup.params[0] as Uint8Array, bytes)).toBe(0);
    expect(setup.call.inbox?.window.holdsReservation).toBe(false);
  });

  it("a first piece beyond the floor is FLOW_CONTROL_ERROR, and the slot is given back with the session", () => {
    const setup = setUp({ more: true, raw: true, total: 100_000, payload: bytesOf(1985), end: 1985 });
    expect(() => setup.begin()).toThrow(expect.objectContaining({ code: "FLOW_CONTROL_ERROR" }));
    setup.call.lost(new SluiceError("FLOW_CONTROL_ERROR", "closed"), "shutdown");
    expect([setup.slots(), setup.params]).toEqual([1, []]);
  });

  it("LM a param above maxMessage is FRAME_TOO_LARGE, before a handler runs", () => {
    const host = new FakeHost();
    Object.assign(host.limits, { maxMessage: 1024 });
    const whole = setUp({ payload: bytesOf(1025), end: 1025, total: 1025, raw: true }, { host });
    expect(() => whole.begin()).toThrow(expect.objectContaining({ code: "FRAME_TOO_LARGE" }));
    const pieces = setUp(
      { more: true, raw: true, total: 1_000_000, payload: bytesOf(1984), end: 1984 },
      { host },
    );
    expect(() => pieces.begin()).toThrow(expect.objectContaining({ code: "FRAME_TOO_LARGE" }));
    expect([whole.params, pieces.params]).toEqual([[], []]);
  });

  it("RQ-6 a param that does not decode is refused with DECODE_ERROR{no}, and no handler runs", () => {
    const setup = setUp({ payload: json("{"), end: 1, total: 1 });
    setup.begin();
    expect(setup.params).toEqual([]);
    expect(setup.slots()).toBe(1);
    expect(setup.host.link.frames.at(-1)).toMatchObject({
      type: FrameType.ERROR,
      offset: 0,
      body: { code: "DECODE_ERROR", processed: "no" },
    });
    expect(setup.call.state).toBe("ended");
  });

  it.each([
    { name: "whole", fields: { payload: json("{"), end: 1, total: 1 } },
    {
      name: "in pieces",
      fields: { more: true, total: 3000, payload: new Uint8Array(1984).fill(0x7b), end: 1984 },
      rest: new Uint8Array(1016).fill(0x7b),
    },
  ])("§4.14 a param that does not decode is abuse, once, whatever follows: $name", ({ fields, rest }) => {
    for (const event of ["abort", "done", "stop"] as const) {
      const setup = setUp(fields);
      setup.begin();
      if (rest !== undefined) setup.call.onData(data(2048, rest, { raw: false, head: false, more: false }));
      events[event](setup);
      expect(setup.host.take().log.filter((entry) => entry === "abused")).toEqual(["abused"]);
      expect([setup.params, setup.slots()]).toEqual([[], 1]);
    }
  });

  it("§4.14 a param that decodes and is invalid is no abuse", () => {
    const host = new FakeHost();
    const setup = setUp({ payload: json("1"), end: 1, total: 1 }, { host, isParamInvalid: true });
    setup.begin();
    expect(setup.host.take()).toEqual({
      frames: [expect.stringMatching(/^CREDIT /), "ERROR 0 INVALID_ARGUMENT"],
      log: [],
    });
  });

  it("flag stop: the handler runs with a signal that has aborted, and its items go nowhere", () => {
    const setup = setUp({ stop: true });
    setup.begin();
    expect([setup.params, setup.aborts]).toEqual([[undefined], ["stop"]]);
    expect([setup.call.state, setup.call.isWanted]).toEqual(["stopped", false]);
  });

  it("while its param comes, stop is remembered, abort and DONE end it without a handler, and lost too", () => {
    const pieces = { more: true, raw: true, total: 5000, payload: bytesOf(1984), end: 1984 };
    const stopped = setUp(pieces);
    stopped.begin();
    stopped.call.onCancel(cancel(false));
    stopped.call.onData(data(2048, bytesOf(3016)));
    expect([stopped.params.length, stopped.aborts]).toEqual([1, ["stop"]]);
    for (const event of ["abort", "done", "lost"] as const) {
      const setup = setUp(pieces);
      setup.begin();
      events[event](setup);
      expect([setup.params, setup.slots(), setup.call.state]).toEqual([[], 1, "over"]);
      expect(setup.host.take().frames.at(-1)).toBe("ERROR 0 CANCELLED");
      expect(setup.host.budget.reserve(4 * 1024 * 1024, { granted() {} })).toBe(true);
    }
  });

  it("END and items while its param comes are PROTOCOL_ERROR", () => {
    const setup = setUp({ more: true, raw: true, total: 5000, payload: bytesOf(1984), end: 1984 });
    setup.begin();
    expect(() => setup.call.onEnd(end(2048))).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });
});

describe("what the caller may not send", () => {
  const protocolError = expect.objectContaining({ code: "PROTOCOL_ERROR" });

  it("a RESULT", () => {
    const setup = setUp();
    setup.begin();
    const result = data(64, bytesOf(1), { type: FrameType.RESULT });
    expect(() => setup.call.onData(result)).toThrow(protocolError);
  });

  it.each(["running", "stopped", "aborting", "ended"] as const)(
    "§4.2 %s: a CREDIT for more than was sent is PROTOCOL_ERROR, for what was sent it is not",
    (state) => {
      for (const items of [0, 1]) {
        const setup = setUp({ halfClosed: true });
        setup.begin();
        for (let count = 0; count < items; count++) setup.call.write(item());
        // "ended" says its result as well.
        const sent = 74 * (state === "ended" ? items + 1 : items);
        enter[state]({ ...setup, begin() {} });
        setup.call.onCredit(credit(sent, sent + 1000));
        expect(() => setup.call.onCredit(credit(sent + 1, sent + 1000))).toThrow(protocolError);
        expect(setup.call.state).toBe(state);
      }
    },
  );

  it("REL-C10 items or END of a call that is half closed, items after END, END twice", () => {
    const request = setUp({ halfClosed: true });
    request.begin();
    expect(() => request.call.onData(data(64, bytesOf(1)))).toThrow(protocolError);
    expect(() => request.call.onEnd(end(64))).toThrow(protocolError);
    const large = setUp({
      halfClosed: true,
      more: true,
      raw: true,
      total: 5000,
      payload: bytesOf(1984),
      end: 1984,
    });
    large.begin();
    large.call.onData(data(2048, bytesOf(3016)));
    expect(() => large.call.onData(data(5064, bytesOf(1)))).toThrow(protocolError);
    expect(() => large.call.onEnd(end(5064))).toThrow(protocolError);
    const channel = setUp();
    channel.begin();
    channel.call.onEnd(end(64));
    expect(() => channel.call.onData(data(64, bytesOf(1)))).toThrow(protocolError);
    expect(() => channel.call.onEnd(end(64))).toThrow(protocolError);
  });

  it("items to a procedure that takes none end the call with INVALID_ARGUMENT, not the session; END is fine", () => {
    const setup = setUp({}, { takesItems: false });
    setup.begin();
    setup.call.onEnd(end(64));
    expect(setup.call.state).toBe("running");
    const other = setUp({}, { takesItems: false });
    other.begin();
    other.call.onData(data(64, bytesOf(1)));
    expect(other.host.take().frames.at(-1)).toBe("ERROR 0 INVALID_ARGUMENT");
    expect([other.call.state, other.aborts, other.slots()]).toEqual(["ended", ["cancelled"], 0]);
  });

  it("an item that does not decode ends the call for both, the items before it reach the handler", async () => {
    const { call, begin, host, read, aborts } = setUp();
    begin();
    host.take();
    call.onData(data(64, json('"fine"'), { raw: false }));
    call.onData(data(134, json("{"), { raw: false }));
    await settle();
    expect([read, aborts, call.state]).toEqual([["fine", "DECODE_ERROR"], ["cancelled"], "ended"]);
    expect(host.take().frames).toEqual(["ERROR 0 DECODE_ERROR"]);
    expect(host.clock.armedTimers).toBe(0);
  });
});

describe("the handler's messages", () => {
  it("items, END, result", () => {
    const { call, begin, host } = setUp({ halfClosed: true });
    begin();
    expect(call.write(item())).toBe(true);
    call.closeOutbox();
    call.resolve(item());
    call.slot.free();
    expect(host.take().frames).toEqual(["DATA 0+10", "END 74", "RESULT 74+10"]);
  });

  it("X32 items, then the error", () => {
    const { call, begin, host } = setUp({ halfClosed: true });
    begin();
    call.write(item());
    call.reject(errorParts("ABORTED", "no", { processed: "maybe" }));
    expect(host.take().frames).toEqual(["DATA 0+10", "ERROR 74 ABORTED"]);
  });

  it("ends once: the second result and the second error say nothing", () => {
    const { call, begin, host } = setUp({ halfClosed: true });
    begin();
    call.resolve(item());
    call.resolve(item(20));
    call.reject(errorParts("ABORTED", "no", { processed: "maybe" }));
    expect(host.take().frames).toEqual(["RESULT 0+10"]);
  });

  it("a result that the peer does not accept is refused here, and the call can still end", () => {
    const host = new FakeHost();
    Object.assign(host.sending, { maxMessage: 100 });
    const { call, begin } = setUp({ halfClosed: true }, { host });
    begin();
    expect(() => call.resolve(item(101))).toThrow(expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }));
    call.reject(errorParts("INTERNAL", "no", { processed: "maybe" }));
    expect(host.take().frames).toEqual(["ERROR 0 INTERNAL"]);
  });

  it("§4.4 stop drops what was not sent, wakes its writer, and the result says where it broke off", async () => {
    const { call, begin, host } = setUp({ halfClosed: true, window: 2000 });
    begin();
    expect(call.write(item(5000))).toBe(false);
    const waiting = call.outbox.accepted();
    call.onCancel(cancel(false));
    await waiting;
    call.resolve(item());
    expect(host.take().frames).toEqual(["DATA 0+1936 more head 5000", "RESULT 2000+10"]);
  });

  it("abort rejects whoever waits to write", async () => {
    const { call, begin } = setUp({ halfClosed: true, window: 2000 });
    begin();
    call.write(item(5000));
    const waiting = call.outbox.accepted();
    call.onCancel(cancel(true));
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("an end that waits for credit", () => {
  it("whose caller aborts is replaced by ERROR{CANCELLED}: the caller remembers its id until it hears one", () => {
    const { call, begin, host, slots } = setUp({ halfClosed: true, window: 2000 });
    begin();
    call.write(item(5000));
    call.resolve(item());
    call.slot.free();
    expect([host.take().frames, call.state, slots()]).toEqual([["DATA 0+1936 more head 5000"], "ended", 1]);
    call.onCancel(cancel(true));
    expect(host.take()).toEqual({ frames: ["ERROR 2000 CANCELLED"], log: ["over"] });
    expect(host.sending.budget.bytes).toBe(0);
  });

  it("that was said before the abort came is not said twice", () => {
    const { call, begin, host } = setUp({ halfClosed: true });
    begin();
    call.resolve(item());
    call.onCancel(cancel(true));
    expect(host.take()).toEqual({ frames: ["RESULT 0+10"], log: ["over"] });
  });

  it("goes on when credit comes", () => {
    const { call, begin, host } = setUp({ halfClosed: true, window: 2000 });
    begin();
    call.write(item(5000));
    call.resolve(item());
    host.take();
    call.onCredit(credit(2000, 10_000));
    expect(host.take().frames).toEqual(["DATA 2000+3064", "RESULT 5064+10"]);
  });
});

describe("deadlines of a call of the peer", () => {
  it("CA-15 CA-17 end it with ERROR{DEADLINE_EXCEEDED}; the slot is held until the handler settles", async () => {
    const setup = setUp({ timeoutMs: 1000 });
    const { call, begin, host, aborts, read, slots } = setup;
    begin();
    host.take();
    expect(call.remainingMs).toBe(1000);
    await host.clock.advance(999);
    expect([call.remainingMs, call.state]).toEqual([1, "running"]);
    await host.clock.advance(1);
    expect([aborts, read, call.state, call.remainingMs, slots()]).toEqual([
      ["deadline"],
      ["DEADLINE_EXCEEDED"],
      "ended",
      0,
      0,
    ]);
    expect(host.take().frames).toEqual(["ERROR 0 DEADLINE_EXCEEDED"]);
    settled(setup);
    expect([host.take().frames, slots()]).toEqual([[], 1]);
  });

  it("in the middle of an item break it off", async () => {
    const { call, begin, host } = setUp({ timeoutMs: 1000, halfClosed: true, window: 2000 });
    begin();
    call.write(item(5000));
    await host.clock.advance(1000);
    expect(host.take().frames).toEqual(["DATA 0+1936 more head 5000", "ERROR 2000 DEADLINE_EXCEEDED"]);
  });

  it("fail writes that wait: what they would have sent is dropped", async () => {
    const { call, begin, host } = setUp({ timeoutMs: 1000, halfClosed: true, window: 2000 });
    begin();
    expect(call.write(item(5000))).toBe(false);
    const waiting = call.outbox.accepted();
    const refused = expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    await host.clock.advance(1000);
    await refused;
  });

  it("while the param comes say `no`, and give the slot back", async () => {
    const { begin, host, slots, params } = setUp({
      timeoutMs: 1000,
      more: true,
      raw: true,
      total: 5000,
      payload: bytesOf(1984),
      end: 1984,
    });
    begin();
    await host.clock.advance(1000);
    expect([slots(), params]).toEqual([1, []]);
    expect(host.link.frames.at(-1)).toMatchObject({ body: { code: "DEADLINE_EXCEEDED", processed: "no" } });
  });

  it("CA-16 REL-C9 are clamped to maxDeadline, however long; 0 is none", async () => {
    const clamped = setUp({ timeoutMs: 2 ** 31 });
    clamped.begin();
    expect(clamped.call.remainingMs).toBe(86_400_000);
    await clamped.host.clock.advance(1000);
    expect(clamped.call.state).toBe("running");
    const none = setUp({ timeoutMs: 0 });
    none.begin();
    expect([none.call.remainingMs, none.host.clock.armedTimers]).toEqual([undefined, 0]);
  });

  it.each(["aborting", "ended"] as const)("are no concern of a call that is %s", async (state) => {
    const setup = setUp({ timeoutMs: 1000 });
    enter[state](setup);
    setup.host.take();
    expect(setup.host.clock.armedTimers).toBe(0);
    await setup.host.clock.advance(2000);
    expect(setup.host.take()).toEqual({ frames: [], log: [] });
  });
});

describe("the handler's reader", () => {
  it("that leaves says nothing to the caller; what comes is dropped and granted", async () => {
    const { call, begin, host } = setUp();
    begin();
    host.take();
    call.inbox?.cancel(undefined);
    call.onData(data(64, bytesOf(40_000)));
    expect(call.inbox?.window.isEmpty).toBe(true);
    expect(host.take().frames).toEqual([expect.stringMatching(/^CREDIT 40128 /)]);
    expect(call.state).toBe("running");
  });

  it("that waits when the handler has settled is done, and borrows nothing any more", async () => {
    const setup = setUp();
    setup.begin();
    settled(setup);
    await settle();
    expect(setup.read).toEqual(["end"]);
    expect(setup.host.budget.lendable).toBe(new FakeHost().budget.lendable);
  });

  it("of a call that was aborted gets the error, not what lay there", async () => {
    const host = new FakeHost();
    const slot = anySlot({ kind: "bytes", codec: jsonCodec }, host.limits);
    const frame = open({ halfClosed: false });
    const call = new IncomingCall(host, frame, { param: slot, send: slot, start() {} }, noSlots);
    call.begin(frame);
    call.onData(data(64, json('"unread"'), { raw: false }));
    call.onCancel(cancel(true));
    await expect(call.inbox?.next()).rejects.toMatchObject({ code: "CANCELLED" });
    expect(host.budget.lendable).toBe(new FakeHost().budget.lendable);
  });

  it("REL-C4 credit is granted as it takes, not as items arrive", async () => {
    const host = new FakeHost();
    const slot = anySlot({ kind: "bytes", codec: jsonCodec }, host.limits);
    const frame = open({ halfClosed: false });
    const call = new IncomingCall(host, frame, { param: slot, send: slot, start() {} }, noSlots);
    call.begin(frame);
    host.take();
    for (let i = 0; i < 64; i++) call.onData(data(64 + i * 1024, bytesOf(960)));
    expect(host.take().frames).toEqual([]);
    for (let i = 0; i < 32; i++) await call.inbox?.next();
    expect(host.take().frames).toEqual([`CREDIT ${64 + 65_536} ${64 + 32_768 + 65_536}`]);
  });
});

describe("errors on the wire", () => {
  it("have a bounded text, whatever was thrown", () => {
    const { body } = errorParts("ABORTED", "x".repeat(100_000), { processed: "maybe" });
    expect(JSON.stringify(body).length).toBeLessThan(4096);
    const { body: short } = errorParts("ABORTED", "y".repeat(1000), { processed: "no", retryable: true });
    expect(short).toEqual({
      code: "ABORTED",
      message: "y".repeat(1000),
      processed: "no",
      retryable: true,
      origin: "remote",
    });
  });

  it("a refusal says `no`, except RESOURCE_EXHAUSTED that could be taken for a missing slot", () => {
    expect(refusalParts(new SluiceError("UNAUTHENTICATED", "who?")).body).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "who?",
      processed: "no",
      retryable: false,
    });
    expect(refusalParts(new SluiceError("RESOURCE_EXHAUSTED", "rate")).body).toMatchObject({
      processed: "maybe",
      retryable: true,
    });
    expect(
      refusalParts(new SluiceError("RESOURCE_EXHAUSTED", "size", { retryable: false })).body,
    ).toMatchObject({
      processed: "no",
      retryable: false,
    });
  });

  it("INV-LEAK a refusal for what is no SluiceError says nothing of it", () => {
    for (const thrown of [new Error("/etc/canary"), "canary", { canary: 1 }, undefined]) {
      const { body } = refusalParts(thrown);
      expect(body).toMatchObject({ code: "INTERNAL", processed: "no" });
      expect(JSON.stringify(body)).not.toContain("canary");
    }
  });
});
