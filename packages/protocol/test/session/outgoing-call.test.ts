/** docs/wire.md §8, the caller: a real call in every state it can be in, and what each frame and event does to it there. */
import { describe, expect, it } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { FrameType } from "../../src/frame/frame.ts";
import type { CallerEvent, CallerState } from "../../src/session/call-states.ts";
import type { OpenRequest } from "../../src/session/open-frame.ts";
import { OutgoingCall } from "../../src/session/outgoing-call.ts";
import { FakeHost } from "./fake-host.ts";
import { credit, data, end, error, json } from "./frames.ts";
import { anySlot, bytesOf, RecordedEnd } from "./session-pair.ts";
import { settle } from "./settle.ts";

const key = { originHigh: 1, originLow: 2, number: 1 };

interface Setup {
  readonly host: FakeHost;
  readonly call: OutgoingCall;
  readonly end: RecordedEnd;
  /** What the reader got: items, `end`, or the code of an error. */
  readonly read: string[];
}

function setUp(fields: Partial<OpenRequest> = {}, host: FakeHost = new FakeHost()): Setup {
  const slot = anySlot({ kind: "bytes", codec: jsonCodec }, host.limits);
  const recorded = new RecordedEnd();
  const request: OpenRequest = {
    procedure: "test",
    param: slot.encode(undefined),
    receive: slot,
    send: slot,
    isEvent: false,
    result: slot,
    errors: new Map(),
    timeoutMs: 0,
    metadata: "",
    ...fields,
  };
  const call = new OutgoingCall(host, request, recorded);
  const read: string[] = [];
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
  return { host, call, end: recorded, read };
}

/** Brings a new call into a state. */
const enter: Record<CallerState, (setup: Setup) => void> = {
  queued() {},
  opened: ({ call }) => call.open(1, key),
  running({ call }) {
    call.open(1, key);
    call.onCredit(credit(64, 10_000));
  },
  stopping(setup) {
    enter.running(setup);
    setup.call.stop();
  },
  aborted(setup) {
    enter.running(setup);
    setup.call.abort();
  },
  // The end was seen and DONE is owed: a call leaves this state at once.
  ended({ call }) {
    call.open(1, key);
    call.onData(data(0, json('"done"'), { type: FrameType.RESULT, raw: false }));
  },
  over: ({ call }) => call.stop(),
};

const events = {
  credit: (call: OutgoingCall) => call.onCredit(credit(64, 60_000)),
  data: (call: OutgoingCall) => call.onData(data(0, json('"item"'), { raw: false })),
  end: (call: OutgoingCall) => call.onEnd(end(0)),
  result: (call: OutgoingCall) =>
    call.onData(data(0, json('"late"'), { type: FrameType.RESULT, raw: false })),
  error: (call: OutgoingCall) => call.onError(error(0)),
  stop: (call: OutgoingCall) => call.stop(),
  abort: (call: OutgoingCall) => call.abort(),
  lost: (call: OutgoingCall) => call.lost(new SluiceError("UNAVAILABLE", "lost")),
} satisfies Record<CallerEvent, (call: OutgoingCall) => void>;

interface Outcome {
  /** `refused`: PROTOCOL_ERROR. */
  readonly state: CallerState | "refused";
  readonly frames?: string[];
  readonly log?: string[];
  readonly read?: string[];
  /** How the call ended for its user; `none`: it goes on. */
  readonly end: string;
}

const refused: Outcome = { state: "refused", end: "none" };
const nothing = (state: CallerState, end = "none", read: string[] = []): Outcome => ({ state, end, read });

const outcomes: Record<CallerState, Record<keyof typeof events, Outcome>> = {
  queued: {
    credit: refused,
    data: refused,
    end: refused,
    result: refused,
    error: refused,
    stop: { state: "over", log: ["over"], end: "CANCELLED no", read: ["CANCELLED"] },
    abort: { state: "over", log: ["over"], end: "CANCELLED no", read: ["CANCELLED"] },
    lost: { state: "over", log: ["over"], end: "UNAVAILABLE no", read: ["UNAVAILABLE"] },
  },
  opened: {
    credit: { state: "running", end: "none" },
    data: { state: "running", end: "none", read: ["item"] },
    end: { state: "running", end: "none", read: ["end"] },
    result: { state: "over", log: ["DONE 1", "over"], end: "OK", read: ["end"] },
    error: { state: "over", log: ["DONE 1", "over"], end: "ABORTED maybe", read: ["ABORTED"] },
    stop: { state: "stopping", frames: ["CANCEL stop", "END 64"], end: "none" },
    abort: { state: "aborted", frames: ["CANCEL abort"], end: "CANCELLED maybe", read: ["CANCELLED"] },
    lost: { state: "over", log: ["over"], end: "UNAVAILABLE maybe", read: ["UNAVAILABLE"] },
  },
  running: {
    credit: nothing("running"),
    data: { state: "running", end: "none", read: ["item"] },
    end: { state: "running", end: "none", read: ["end"] },
    result: { state: "over", log: ["DONE 1", "over"], end: "OK", read: ["end"] },
    error: { state: "over", log: ["DONE 1", "over"], end: "ABORTED maybe", read: ["ABORTED"] },
    stop: { state: "stopping", frames: ["CANCEL stop", "END 64"], end: "none" },
    abort: { state: "aborted", frames: ["CANCEL abort"], end: "CANCELLED maybe", read: ["CANCELLED"] },
    lost: { state: "over", log: ["over"], end: "UNAVAILABLE maybe", read: ["UNAVAILABLE"] },
  },
  stopping: {
    credit: nothing("stopping"),
    data: { state: "stopping", end: "none", read: ["item"] },
    end: { state: "stopping", end: "none", read: ["end"] },
    result: { state: "over", log: ["DONE 1", "over"], end: "OK", read: ["end"] },
    error: { state: "over", log: ["DONE 1", "over"], end: "ABORTED maybe", read: ["ABORTED"] },
    stop: nothing("stopping"),
    abort: { state: "aborted", frames: ["CANCEL abort"], end: "CANCELLED maybe", read: ["CANCELLED"] },
    lost: { state: "over", log: ["over"], end: "UNAVAILABLE maybe", read: ["UNAVAILABLE"] },
  },
  aborted: {
    credit: nothing("aborted", "CANCELLED maybe"),
    data: nothing("aborted", "CANCELLED maybe"),
    end: nothing("aborted", "CANCELLED maybe"),
    result: { state: "over", log: ["DONE 1", "over"], end: "CANCELLED maybe" },
    error: { state: "over", log: ["DONE 1", "over"], end: "CANCELLED maybe" },
    stop: nothing("aborted", "CANCELLED maybe"),
    abort: nothing("aborted", "CANCELLED maybe"),
    lost: { state: "over", log: ["over"], end: "CANCELLED maybe" },
  },
  ended: {
    credit: nothing("over", "OK"),
    data: nothing("over", "OK"),
    end: nothing("over", "OK"),
    result: nothing("over", "OK"),
    error: nothing("over", "OK"),
    stop: nothing("over", "OK"),
    abort: nothing("over", "OK"),
    lost: nothing("over", "OK"),
  },
  over: {
    credit: nothing("over", "CANCELLED no"),
    data: nothing("over", "CANCELLED no"),
    end: nothing("over", "CANCELLED no"),
    result: nothing("over", "CANCELLED no"),
    error: nothing("over", "CANCELLED no"),
    stop: nothing("over", "CANCELLED no"),
    abort: nothing("over", "CANCELLED no"),
    lost: nothing("over", "CANCELLED no"),
  },
};

function describeEnd({ ends }: RecordedEnd): string {
  expect(ends.length, "ends that the user was told of").toBeLessThanOrEqual(1);
  const [one] = ends;
  if (one === undefined) return "none";
  return "error" in one ? `${one.error.code} ${one.error.processed}` : "OK";
}

describe("a call of ours, every state and event", () => {
  const cells = Object.entries(outcomes).flatMap(([state, row]) =>
    Object.entries(row).map(([event, outcome]) => ({
      state: state as CallerState,
      event: event as keyof typeof events,
      outcome,
    })),
  );

  it.each(cells)("$state, $event -> $outcome.state", async ({ state, event, outcome }) => {
    const setup = setUp();
    const { host, call, end: recorded, read } = setup;
    enter[state](setup);
    await settle();
    host.take();
    const before = read.length;
    if (outcome.state === "refused") {
      expect(() => events[event](call)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
      expect(call.state).toBe(state);
    } else {
      events[event](call);
      expect(call.state).toBe(outcome.state);
    }
    await settle();
    const { frames, log } = host.take();
    expect({ frames, log, read: read.slice(before), end: describeEnd(recorded) }).toEqual({
      frames: outcome.frames ?? [],
      log: outcome.log ?? [],
      read: outcome.read ?? [],
      end: outcome.end,
    });
  });

  it.each(["opened", "running", "stopping", "aborted"] as const)(
    "INV-ONE INV-MEM %s: whatever follows, one end, and nothing is held",
    async (state) => {
      for (const event of Object.keys(events) as (keyof typeof events)[]) {
        const setup = setUp();
        const { host, call, end: recorded } = setup;
        enter[state](setup);
        events[event](call);
        call.abort();
        call.lost(new SluiceError("UNAVAILABLE", "lost"));
        await settle();
        expect(recorded.ends).toHaveLength(1);
        expect(call.state).toBe("over");
        expect([host.sending.budget.bytes, host.budget.lendable, host.clock.armedTimers]).toEqual([
          0,
          new FakeHost().budget.lendable,
          0,
        ]);
      }
    },
  );
});

describe("a call of ours whose OPEN has not left", () => {
  it("§8 is queued by the page: stop and abort end it with `no`, and nobody hears of it", () => {
    for (const give of [(call: OutgoingCall) => call.stop(), (call: OutgoingCall) => call.abort()]) {
      const { host, call, end: recorded } = setUp();
      host.hasFreeLink = false;
      call.open(1, key);
      give(call);
      expect(describeEnd(recorded)).toBe("CANCELLED no");
      expect([call.state, call.hasWork]).toEqual(["over", false]);
      expect(host.take()).toEqual({ frames: [], log: ["over"] });
    }
  });

  it("a lost link ends it with `no`", () => {
    const { host, call, end: recorded } = setUp();
    host.hasFreeLink = false;
    call.open(1, key);
    call.lost(new SluiceError("UNAVAILABLE", "lost"));
    expect(describeEnd(recorded)).toBe("UNAVAILABLE no");
  });

  it("CA-15 a deadline ends it with `no`, and one that is opened with `maybe`", async () => {
    const waiting = setUp({ timeoutMs: 1000 });
    await waiting.host.clock.advance(1000);
    expect(describeEnd(waiting.end)).toBe("DEADLINE_EXCEEDED no");
    const opened = setUp({ timeoutMs: 1000 });
    opened.call.open(1, key);
    await opened.host.clock.advance(999);
    expect(describeEnd(opened.end)).toBe("none");
    await opened.host.clock.advance(1);
    expect(describeEnd(opened.end)).toBe("DEADLINE_EXCEEDED maybe");
    expect(opened.read).toEqual(["DEADLINE_EXCEEDED"]);
  });

  it("CA-14 its OPEN says what is left of the deadline when it leaves", async () => {
    const { host, call } = setUp({ timeoutMs: 1000 });
    await host.clock.advance(400.5);
    call.open(1, key);
    expect(host.link.frames[0]).toMatchObject({ type: FrameType.OPEN, timeoutMs: 600 });
  });
});

describe("a call of ours that is half closed, whose param goes in pieces", () => {
  it.each(["stop", "closeOutbox"] as const)(
    "says no END at %s: the rest of its param is all that follows",
    (how) => {
      const param = { body: bytesOf(100_000), length: 100_000, raw: true, start: 0 };
      const { call, host } = setUp({ send: undefined, param });
      call.open(1, key);
      expect(host.take().frames).toEqual(["OPEN"]);
      call[how]();
      expect(host.take().frames).toEqual(how === "stop" ? ["CANCEL stop"] : []);
      call.onCredit(credit(2048, 100_064));
      expect(host.take().frames).toEqual(["DATA 2048+65536 more", "DATA 67584+32480"]);
    },
  );
});

describe("what the callee says it has received", () => {
  const protocolError = expect.objectContaining({ code: "PROTOCOL_ERROR" });
  const large = { body: bytesOf(100_000), length: 100_000, raw: true, start: 0 };
  const texts = { body: '"é"', length: -1, raw: false, start: 0 };
  const directions: { name: string; fields: () => Partial<OpenRequest>; sent: number }[] = [
    { name: "half closed, without a param", fields: () => ({ send: undefined }), sent: 64 },
    { name: "half closed", fields: () => ({ send: undefined, param: { ...texts } }), sent: 68 },
    { name: "half closed, in pieces", fields: () => ({ send: undefined, param: { ...large } }), sent: 2048 },
    { name: "open", fields: () => ({ param: { ...texts } }), sent: 68 },
  ];
  const cells = directions.flatMap((direction) =>
    (["opened", "stopping", "aborted"] as const).map((state) => ({ ...direction, state })),
  );

  it.each(cells)("§4.2 $name, $state: more than was sent is PROTOCOL_ERROR", ({ fields, sent, state }) => {
    const { call } = setUp(fields());
    call.open(1, key);
    if (state === "stopping") call.stop();
    if (state === "aborted") call.abort();
    expect(() => call.onCredit(credit(sent + 1, sent + 1))).toThrow(protocolError);
    expect(() => call.onCredit(credit(2 ** 40, 2 ** 40))).toThrow(protocolError);
    call.onCredit(credit(sent, sent));
  });

  it("§4.2 nothing was, while the OPEN waits for its turn", () => {
    const { host, call } = setUp({ send: undefined });
    host.hasFreeLink = false;
    call.open(1, key);
    expect(() => call.onCredit(credit(64, 64))).toThrow(protocolError);
    call.onCredit(credit(0, 64));
  });

  it.each(["opened", "aborted"] as const)("§4.2 a limit too far ahead is FLOW_CONTROL_ERROR, %s", (state) => {
    const { call } = setUp({ send: undefined });
    call.open(1, key);
    if (state === "aborted") call.abort();
    const most = 16 * 1024 * 1024;
    call.onCredit(credit(64, 64 + most));
    expect(() => call.onCredit(credit(64, 65 + most))).toThrow(
      expect.objectContaining({ code: "FLOW_CONTROL_ERROR" }),
    );
  });
});

describe("a call of ours that was refused for want of room", () => {
  const noRoom = { code: "RESOURCE_EXHAUSTED", processed: "no", retryable: true };

  it("§4.3 goes back to the queue, and opens again as if it never had", async () => {
    const { host, call, end: recorded, read } = setUp();
    call.open(1, key);
    call.write({ body: bytesOf(10), length: 10, raw: true, start: 0 });
    call.closeOutbox();
    expect(host.take().frames).toEqual(["OPEN", "DATA 64+10", "END 138"]);
    call.onError(error(0, noRoom));
    expect([call.state, call.id, describeEnd(recorded)]).toEqual(["queued", 0, "none"]);
    expect(host.take()).toEqual({ frames: [], log: ["putBack"] });
    call.open(5, { ...key, number: 2 });
    expect(host.take().frames).toEqual(["OPEN", "DATA 64+10", "END 138"]);
    call.onData(data(0, json('"item"'), { raw: false }));
    await settle();
    expect(read).toEqual(["item"]);
  });

  it.each([
    { name: "another code", body: { code: "UNAVAILABLE", processed: "no" } },
    { name: "processed maybe", body: { ...noRoom, processed: "maybe" } },
    { name: "an error that says that trying again is no use", body: { ...noRoom, retryable: false } },
  ])("not for $name", ({ body }) => {
    const { call, end: recorded } = setUp();
    call.open(1, key);
    call.onError(error(0, body));
    expect(recorded.error.code).toBe(body.code);
  });

  it("not once it has been answered, or stopped", () => {
    const answered = setUp();
    enter.running(answered);
    answered.call.onError(error(0, noRoom));
    expect(answered.end.error).toMatchObject({ code: "RESOURCE_EXHAUSTED", processed: "no" });
    const stopped = setUp();
    stopped.call.open(1, key);
    stopped.call.stop();
    stopped.call.onError(error(0, noRoom));
    expect(stopped.end.error).toMatchObject({ code: "CANCELLED", processed: "no" });
  });
});

describe("frames that end the session do not end the call unheard", () => {
  const malformedEnds: { name: string; send: (call: OutgoingCall) => void; code: string }[] = [
    {
      name: "a RESULT at a wrong offset",
      send: (call) => call.onData(data(10, json("1"), { type: FrameType.RESULT, raw: false })),
      code: "PROTOCOL_ERROR",
    },
    {
      name: "a RESULT before the items' end",
      send: (call) => {
        call.onData(data(0, bytesOf(1000)));
        call.onData(data(0, json("1"), { type: FrameType.RESULT, raw: false }));
      },
      code: "PROTOCOL_ERROR",
    },
    {
      name: "a RESULT beyond the limit",
      send: (call) => call.onData(data(0, bytesOf(80_000), { type: FrameType.RESULT })),
      code: "FLOW_CONTROL_ERROR",
    },
    { name: "an ERROR at a wrong offset", send: (call) => call.onError(error(1)), code: "PROTOCOL_ERROR" },
    { name: "an END at a wrong offset", send: (call) => call.onEnd(end(1)), code: "PROTOCOL_ERROR" },
    {
      name: "REL-C10 a second END",
      send: (call) => {
        call.onEnd(end(0));
        call.onEnd(end(0));
      },
      code: "PROTOCOL_ERROR",
    },
    {
      name: "REL-C10 an item after END",
      send: (call) => {
        call.onEnd(end(0));
        call.onData(data(0, bytesOf(10)));
      },
      code: "PROTOCOL_ERROR",
    },
    {
      name: "an END inside an item, without stop",
      send: (call) => {
        call.onData(data(0, bytesOf(2000), { total: 5000 }));
        call.onEnd(end(2064));
      },
      code: "PROTOCOL_ERROR",
    },
    {
      name: "an ERROR inside a RESULT",
      send: (call) => {
        call.onData(data(0, bytesOf(2000), { total: 5000, type: FrameType.RESULT }));
        call.onError(error(2064));
      },
      code: "PROTOCOL_ERROR",
    },
  ];

  it.each(malformedEnds)("$name: $code, and the user is told when the session ends", ({ send, code }) => {
    const setup = setUp();
    enter.running(setup);
    expect(() => send(setup.call)).toThrow(expect.objectContaining({ code }));
    setup.call.lost(new SluiceError(code, "the session has ended"));
    expect(describeEnd(setup.end)).toBe(`${code} maybe`);
  });
});

describe("messages that break off", () => {
  it("§4.4 after stop RESULT, ERROR and END may come inside an item, whose pieces are forgotten", async () => {
    const ends: [(call: OutgoingCall) => void, string[]][] = [
      [(call) => call.onData(data(2064, json('"late"'), { type: FrameType.RESULT, raw: false })), ["end"]],
      [(call) => call.onError(error(2064)), ["ABORTED"]],
      [(call) => call.onEnd(end(2064)), ["end"]],
    ];
    for (const [endIt, got] of ends) {
      const setup = setUp();
      enter.stopping(setup);
      setup.call.onData(data(0, bytesOf(2000), { total: 5000 }));
      endIt(setup.call);
      await settle();
      expect(setup.read).toEqual(got);
    }
  });

  it("an ERROR may come inside an item at any time: a deadline or a bad item cut the callee short", async () => {
    const setup = setUp();
    enter.running(setup);
    setup.call.onData(data(0, bytesOf(2000), { total: 5000 }));
    setup.call.onError(error(2064, { code: "DEADLINE_EXCEEDED" }));
    await settle();
    expect([describeEnd(setup.end), setup.read]).toEqual(["DEADLINE_EXCEEDED maybe", ["DEADLINE_EXCEEDED"]]);
  });
});

describe("a call of ours that is given up", () => {
  it("FC-10 gives its memory back at once, and keeps nothing of what still comes", () => {
    const setup = setUp();
    const { host, call } = setup;
    enter.running(setup);
    call.onData(data(0, bytesOf(2000), { total: 3_000_000 }));
    expect(call.inbox?.window.holdsReservation).toBe(true);
    call.abort();
    expect(host.budget.lendable).toBe(new FakeHost().budget.lendable);
    expect(host.budget.reserve(4 * 1024 * 1024, { granted() {} })).toBe(true);
    call.onData(data(2064, bytesOf(60_000), { more: true }));
    expect(call.inbox?.length).toBe(0);
    call.onError(error(62_064, { code: "CANCELLED" }));
    expect(call.state).toBe("over");
  });

  it("its reader gets the error, not a clean end, also when it asks later, and no unread item", async () => {
    const host = new FakeHost();
    const slot = anySlot({ kind: "bytes", codec: jsonCodec }, host.limits);
    const recorded = new RecordedEnd();
    const call = new OutgoingCall(
      host,
      {
        procedure: "test",
        param: slot.encode(undefined),
        receive: slot,
        send: undefined,
        isEvent: false,
        result: slot,
        errors: new Map(),
        timeoutMs: 500,
        metadata: "",
      },
      recorded,
    );
    call.open(1, key);
    call.onData(data(0, json('"unread"'), { raw: false }));
    await host.clock.advance(500);
    await expect(call.inbox?.next()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await expect(call.inbox?.next()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });
});

describe("writing to a call of ours", () => {
  const item = { body: bytesOf(10), length: 10, raw: true, start: 0 };
  const closed = expect.objectContaining({ code: "FAILED_PRECONDITION", processed: "no" });

  it.each(["stopping", "aborted", "ended", "over"] as const)(
    "CH-4 %s is refused here and sends nothing",
    (state) => {
      const setup = setUp();
      enter[state](setup);
      setup.host.take();
      expect(() => setup.call.write({ ...item })).toThrow(closed);
      expect(setup.host.take().frames).toEqual([]);
      expect(setup.host.sending.budget.bytes).toBe(0);
    },
  );

  it("after its own END is refused", () => {
    const setup = setUp();
    enter.running(setup);
    setup.call.closeOutbox();
    expect(() => setup.call.write({ ...item })).toThrow(closed);
    expect(setup.host.take().frames.at(-1)).toBe("END 64");
  });

  it("of a procedure that takes none is refused, also while its param goes in pieces", () => {
    const param = { body: bytesOf(100_000), length: 100_000, raw: true, start: 0 };
    const { call } = setUp({ send: undefined, param });
    call.open(1, key);
    expect(() => call.write({ ...item })).toThrow(closed);
  });
});

describe("items for a call that takes none", () => {
  it.each([
    { name: "a whole one", frame: data(0, bytesOf(10)) },
    { name: "the first piece of one", frame: data(0, bytesOf(2000), { total: 100_000 }) },
  ])("$name end the call, not the session", ({ frame }) => {
    const { call, end: recorded, host } = setUp({ receive: undefined });
    call.open(1, key);
    host.take();
    call.onData(frame);
    expect(recorded.error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "maybe" });
    expect(host.take().frames).toEqual(["CANCEL abort"]);
  });
});

describe("values that do not fit", () => {
  it("an item that does not decode ends the call for both sides with DECODE_ERROR", async () => {
    const { call, end: recorded, host, read } = setUp();
    call.open(1, key);
    host.take();
    call.onData(data(0, json("{"), { raw: false }));
    await settle();
    expect([recorded.error.code, read, host.take().frames]).toEqual([
      "DECODE_ERROR",
      ["DECODE_ERROR"],
      ["CANCEL abort"],
    ]);
  });

  it("a result that does not decode ends the call, which has ended at the peer", async () => {
    const { call, end: recorded, host, read } = setUp();
    call.open(1, key);
    host.take();
    call.onData(data(0, json("{"), { raw: false, type: FrameType.RESULT }));
    await settle();
    expect([recorded.error.code, read]).toEqual(["DECODE_ERROR", ["DECODE_ERROR"]]);
    expect(host.take()).toEqual({ frames: [], log: ["DONE 1", "over"] });
  });

  it("an item whose reader has left is not even decoded", async () => {
    const { call, end: recorded } = setUp();
    call.open(1, key);
    call.inbox?.cancel(undefined);
    call.onData(data(0, json("{"), { raw: false }));
    expect(call.inbox?.window.isEmpty).toBe(true);
    call.onData(data(65, json('"fine"'), { raw: false, type: FrameType.RESULT }));
    expect(recorded.result).toBe("fine");
  });
});

describe("errors that a callee reports", () => {
  it("of codes that nobody knows become UNKNOWN, their text kept", () => {
    const { call, end: recorded } = setUp();
    call.open(1, key);
    call.onError(error(0, { code: "FROM_TOMORROW", message: "what", retryable: true, processed: "no" }));
    expect(recorded.error).toMatchObject({
      code: "UNKNOWN",
      message: "FROM_TOMORROW: what",
      retryable: true,
      processed: "no",
      origin: "remote",
    });
  });

  it("that the procedure declares keep code and data; data that does not decode stays away", () => {
    const host = new FakeHost();
    const slot = anySlot({ kind: "bytes", codec: jsonCodec }, host.limits);
    const errors = new Map([["NO_STOCK", slot]]);
    const payload = json('{"left":3}');
    const good = setUp({ errors });
    good.call.open(1, key);
    good.call.onError({ ...error(0, { code: "NO_STOCK" }), payload, end: payload.length });
    expect(good.end.error).toMatchObject({ code: "NO_STOCK", data: { left: 3 } });
    const bad = setUp({ errors });
    bad.call.open(1, key);
    bad.call.onError({ ...error(0, { code: "NO_STOCK" }), payload, end: 3 });
    expect(bad.end.error).toMatchObject({
      code: "NO_STOCK",
      data: undefined,
      cause: { code: "DECODE_ERROR" },
    });
  });

  it("say maybe, remote and not retryable where the peer says nothing of it", () => {
    const { call, end: recorded } = setUp();
    call.open(1, key);
    call.onError({ ...error(0), body: { code: "ABORTED", message: "x" } });
    expect(recorded.error).toMatchObject({ processed: "maybe", origin: "remote", retryable: false });
  });
});
