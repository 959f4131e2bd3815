/** Frames as objects, from peers that are not trusted: what passes, and that nothing else does. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measureReceived } from "../../src/codec/measure-received.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { checkStructuredFrame } from "../../src/frame/check-structured-frame.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";

const measure = (value: unknown): number => measureReceived(value, { maxDepth: 64, maxNodes: 100_000 });
const check = (message: unknown): Frame | undefined => checkStructuredFrame(message, measure);

const value = { list: [1, "two"], bytes: Uint8Array.of(3) };
const none = { more: false, raw: false, total: 0, payload: undefined, start: 0, end: 0 };
const message = { ...none, total: measure(value), payload: value };
const head = { ...none, more: true, total: 1_000_000 };
const open: Frame = {
  type: FrameType.OPEN,
  call: 1,
  halfClosed: true,
  event: false,
  stop: false,
  key: { originHigh: 1, originLow: 2 ** 32 - 1, number: 3 },
  timeoutMs: 0,
  window: 65_536,
  maxWindow: 1_048_576,
  procedure: "shop/buy",
  metadata: '{"a":"b"}',
  resume: undefined,
  routed: false,
  ...message,
};

/** One of every type, in every form. */
const frames: Readonly<Record<string, Frame>> = {
  HELLO: { type: FrameType.HELLO, call: 0, hello: { versions: [1], credentials: { token: "t" } } },
  WELCOME: { type: FrameType.WELCOME, call: 0, welcome: { version: 1 } },
  OPEN: open,
  "OPEN, resumed": { ...open, resume: { received: 2 ** 48 - 1, limit: 0 } },
  "OPEN, a head": { ...open, ...head },
  ACCEPT: { type: FrameType.ACCEPT, call: 1, body: { peer: "p" } },
  DATA: { type: FrameType.DATA, call: 1, offset: 2 ** 48 - 1, head: false, ...message },
  "DATA, absent": { type: FrameType.DATA, call: 1, offset: 0, head: false, ...none },
  "DATA, a head": { type: FrameType.DATA, call: 1, offset: 0, head: true, ...head },
  RESULT: { type: FrameType.RESULT, call: 1, offset: 64, head: false, ...message },
  CREDIT: { type: FrameType.CREDIT, call: 1, received: 1, limit: 2 },
  END: { type: FrameType.END, call: 1, offset: 64 },
  ERROR: {
    type: FrameType.ERROR,
    call: 1,
    offset: 64,
    circuit: false,
    body: { code: "NO_STOCK", message: "none left", retryable: true, processed: "maybe", origin: "remote" },
    raw: false,
    payload: { left: 0 },
    start: 0,
    end: 0,
  },
  CANCEL: { type: FrameType.CANCEL, call: 1, abort: true, reason: "größe" },
  DONE: { type: FrameType.DONE, call: 0, rest: false, calls: [1, 3, 2 ** 32 - 1] },
  PING: { type: FrameType.PING, call: 0, answer: false, nonce: 2 ** 32 - 1 },
  DRAIN: { type: FrameType.DRAIN, call: 0, grace: 1, retry: 2 },
  CLOSE: { type: FrameType.CLOSE, call: 0, code: "UNAVAILABLE", reason: "bye" },
  "CLOSE, versions": {
    type: FrameType.CLOSE,
    call: 0,
    code: "VERSION_UNSUPPORTED",
    reason: "",
    versions: [1, 2],
  },
};
const named = Object.entries(frames);

describe("checkStructuredFrame", () => {
  test.each(named)("passes %s on, and nothing that it does not know", (_name, frame) => {
    expect(check(structuredClone(frame))).toEqual(frame);
    expect(check(structuredClone({ ...frame, more1: new Map(), start: "x", end: -1 }))).toEqual(frame);
  });

  test("skips types that a later version may have", () => {
    for (const type of [24, 31]) expect(check({ type, anything: new Map() })).toBeUndefined();
  });

  test.each([null, undefined, 5, "frame", true, 1n, [], [1], new Map(), new Uint8Array(3), () => {}])(
    "refuses %s, which is no frame",
    (what) => {
      expect(() => check(what)).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
    },
  );

  // Those from 24 to 31 would be skipped as an extension if they passed for numbers.
  test.each([0, 32, -1, 1.5, 24.5, Number.NaN, Infinity, "5", "24", [24], null, undefined])(
    "refuses type %j, which is no number of a type",
    (type) => {
      expect(() => check({ ...frames.DATA, type })).toThrow(malformed("its type is no number from 1 to 31"));
    },
  );

  test.each([15, 23])("refuses type %i, which nobody knows and nobody may skip", (type) => {
    expect(() => check({ ...frames.DATA, type })).toThrow(malformed(`frame type ${type} is not known`));
  });

  const fields = named.flatMap(([name, frame]) =>
    Object.keys(frame)
      .filter((field) => !["start", "end", "payload", "resume", "versions", "type"].includes(field))
      .map((field) => [name, field] as const),
  );

  test.each(fields)("refuses %s without a fitting %s", (name, field) => {
    const frame = frames[name] as unknown as Record<string, unknown>;
    const { [field]: was, ...without } = frame;
    const unfit = [Number.NaN, -1, 0.5, 2 ** 48, "1", null, [], {}, true, new Map(), new Date(0), 2 ** 53];
    if (!(name.startsWith("CLOSE") && field === "reason")) expect(() => check(without)).toThrow(SluiceError);
    for (const other of unfit) {
      // Objects of JSON may be empty here: who reads them judges their members.
      if (typeof other === typeof was && (typeof other !== "number" || field === "total")) continue;
      expect(() => check({ ...frame, [field]: other }), String(other)).toThrow(SluiceError);
    }
  });

  test.each([
    ["a call where the link is meant", { ...frames.PING, call: 1 }],
    ["no call where one is meant", { ...frames.END, call: 0 }],
    ["a call beyond 32 bits", { ...frames.END, call: 2 ** 32 }],
    ["a head that carries something", { ...frames["DATA, a head"], payload: 1 }],
    ["more without a head", { ...frames["DATA, a head"], head: false }],
    ["a head without more", { ...frames.DATA, head: true }],
    ["fewer payload bytes than there are", { ...frames.DATA, total: message.total - 1 }],
    ["more payload bytes than there are", { ...frames.DATA, total: message.total + 1 }],
    ["payload bytes of nothing", { ...frames["DATA, absent"], total: 1 }],
    ["a total of 4 GiB", { ...frames["DATA, a head"], total: 2 ** 32 }],
    ["an OPEN that lies about its param", { ...open, total: 0 }],
    ["no procedure", { ...open, procedure: "" }],
    ["a name of 256 bytes", { ...open, procedure: "ä".repeat(128) }],
    ["metadata of 64 KiB", { ...open, metadata: "m".repeat(65_536) }],
    ["a key that is half", { ...open, key: { originHigh: 1, number: 1 } }],
    ["a resume that is none", { ...open, resume: {} }],
    ["a reason of 1,025 bytes", { ...frames.CANCEL, reason: "r".repeat(1025) }],
    ["too many calls that are done", { ...frames.DONE, calls: new Array(20_481).fill(1) }],
    ["calls with a hole", { ...frames.DONE, calls: Object.assign(new Array(3), { 0: 1 }) }],
    ["4 billion calls without one", { ...frames.DONE, calls: new Array(2 ** 32 - 1) }],
    ["an ERROR without code", { ...frames.ERROR, body: { message: "" } }],
    ["an ERROR with much to say", { ...frames.ERROR, body: { code: "X", message: "m".repeat(4097) } }],
    ["versions without end", { ...frames.CLOSE, versions: new Array(2 ** 32 - 1) }],
  ])("refuses %s", (_name, frame) => {
    expect(() => check(structuredClone(frame))).toThrow(expect.objectContaining({ code: "PROTOCOL_ERROR" }));
  });

  test.each([
    ["a HELLO of more than 64 KiB", { ...frames.HELLO, hello: { credentials: "c".repeat(65_537) } }],
    ["error data of more than 64 KiB", { ...frames.ERROR, payload: "d".repeat(32 * 1024) }],
  ])("refuses %s as too large", (_name, frame) => {
    expect(() => check(frame)).toThrow(expect.objectContaining({ code: "FRAME_TOO_LARGE" }));
  });

  /** A text that counts `size` as a value. */
  const counting = (size: number): string => "x".repeat((size - 256) / 2);
  /** An object of JSON that counts `size`, with a member of one letter. */
  const jsonCounting = (size: number): object => ({ a: "x".repeat((size - 256 - 16 - 2) / 2) });
  const callsOf = (count: number): number[] => new Array<number>(count).fill(1);
  const error = frames.ERROR as Extract<Frame, { readonly body: unknown }>;

  test.each([
    ["a name", (more: number) => ({ ...open, procedure: "n".repeat(255 + more) })],
    [
      "a name of characters of two bytes",
      (more: number) => ({ ...open, procedure: `n${"ä".repeat(127 + more)}` }),
    ],
    ["metadata", (more: number) => ({ ...open, metadata: "m".repeat(65_535 + more) })],
    ["a reason", (more: number) => ({ ...frames.CANCEL, reason: "r".repeat(1024 + more) })],
    ["a CLOSE's reason", (more: number) => ({ ...frames.CLOSE, reason: "r".repeat(4096 + more) })],
    ["a CLOSE's code", (more: number) => ({ ...frames.CLOSE, code: "c".repeat(4096 + more) })],
    ["a CLOSE's versions", (more: number) => ({ ...frames.CLOSE, versions: callsOf(1024 + more) })],
    [
      "an ERROR's message",
      (more: number) => ({ ...error, body: { code: "X", message: "m".repeat(4096 + more) } }),
    ],
    ["calls that are done", (more: number) => ({ ...frames.DONE, calls: callsOf(20_480 + more) })],
    ["error data", (more: number) => ({ ...error, payload: counting(65_536 + 2 * more) })],
    ["a HELLO", (more: number) => ({ ...frames.HELLO, hello: jsonCounting(256 + 131_072 + 2 * more) })],
    ["a WELCOME", (more: number) => ({ ...frames.WELCOME, welcome: jsonCounting(256 + 131_072 + 2 * more) })],
    ["an ACCEPT", (more: number) => ({ ...frames.ACCEPT, body: jsonCounting(256 + 2048 + 2 * more) })],
  ])("takes %s as long as it may be, and not one longer", (_name, make) => {
    expect(check(make(0))).toEqual(make(0));
    expect(() => check(make(1))).toThrow(SluiceError);
  });

  test("leaves out what an ERROR and a CLOSE say in words of another kind", () => {
    const body = { code: "X", message: "m" };
    const longest = { ...body, processed: "p".repeat(64), origin: "o".repeat(64) };
    expect(check({ ...error, body: longest })).toEqual({ ...error, body: longest });
    for (const unfit of ["w".repeat(65), 1, true, null, ["no"], { length: 1 }]) {
      const read = check({ ...error, body: { ...body, retryable: "yes", processed: unfit, origin: unfit } });
      expect((read as typeof error).body).toStrictEqual(body);
    }
    expect(check({ ...frames.CLOSE, versions: [1, "2", null, [3], 4] })).toMatchObject({ versions: [1, 4] });
  });

  test.each(["HELLO", "ERROR", "DATA", "OPEN", "RESULT"])("judges the values in %s", (name) => {
    const field = name === "HELLO" ? "hello" : "payload";
    const unfit = field === "hello" ? { credentials: new Date(0) } : new Date(0);
    expect(() => check({ ...frames[name], [field]: unfit })).toThrow(
      expect.objectContaining({ code: "DECODE_ERROR" }),
    );
  });

  test("answers anything whatever with a frame, nothing, or an error that says why", () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
    const planted = fc
      .tuple(
        fc.constantFrom(...named),
        fc.dictionary(fc.string(), anything, { maxKeys: 2 }),
        anything,
        fc.nat(),
      )
      .map(([[, frame], more, other, at]) => {
        const keys = Object.keys(frame);
        return { ...frame, ...more, [keys[at % keys.length] as string]: other };
      });
    fc.assert(
      fc.property(fc.oneof(anything, planted), (what) => {
        try {
          check(what);
        } catch (reason) {
          if (!SluiceError.is(reason)) throw reason;
          expect(["PROTOCOL_ERROR", "FRAME_TOO_LARGE", "DECODE_ERROR"]).toContain(reason.code);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

function malformed(what: string): unknown {
  return expect.objectContaining({ code: "PROTOCOL_ERROR", message: `Malformed frame: ${what}` });
}
