/** The raw peer against the golden vectors of docs/wire-vectors.json, and over a pipe in one process. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import {
  decodeRaw,
  readRawCredit,
  readRawData,
  readRawDone,
  readRawEnd,
  readRawError,
  readRawJson,
  readRawOpen,
  readRawPing,
} from "../../src/testing/raw/decode-raw.ts";
import { encodeRaw, rawFrames } from "../../src/testing/raw/encode-raw.ts";
import { rawBytes, rawInteger, rawJoin, rawText } from "../../src/testing/raw/raw-bytes.ts";
import { type RawFrame, rawFlag, rawOpenFlag, rawType } from "../../src/testing/raw/raw-frame.ts";
import { type BytePipe, RawPeer } from "../../src/testing/raw/raw-peer.ts";

interface Fields {
  readonly type: keyof typeof rawType;
  readonly call: number;
  readonly flags?: readonly string[];
  readonly json?: Record<string, unknown>;
  readonly payload?: string;
  readonly offset?: number;
  readonly total?: number;
  readonly received?: number;
  readonly limit?: number;
  readonly reason?: string;
  readonly calls?: readonly number[];
  readonly nonce?: number;
  readonly origin?: string;
  readonly number?: number;
  readonly timeout?: number;
  readonly window?: number;
  readonly maxWindow?: number;
  readonly name?: string;
  readonly metadata?: string;
  readonly resume?: { readonly received: number; readonly limit: number };
}

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly frame: Fields;
}

const vectors = JSON.parse(
  readFileSync(new URL("../../../../docs/wire-vectors.json", import.meta.url), "utf8"),
) as {
  readonly frames: readonly Vector[];
  readonly accepted: readonly Vector[];
  readonly ignored: readonly Vector[];
};

/** `61*3 0a` is 61 61 61 0a. */
function unhex(hex: string): Uint8Array {
  const parts = hex.split(" ").filter((part) => part !== "");
  return rawJoin(
    ...parts.map((part) => {
      const [digits = "", times] = part.split("*");
      const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
      if (times === undefined) return bytes;
      return new Uint8Array(Number(times)).fill(bytes[0] as number);
    }),
  );
}

const headFlags = [
  ["more", rawFlag.more, ["OPEN", "DATA", "RESULT"]],
  ["raw", rawFlag.raw, ["OPEN", "DATA", "RESULT", "ERROR"]],
  ["head", rawFlag.head, ["DATA", "RESULT"]],
  ["circuit", rawFlag.circuit, ["ERROR"]],
  ["abort", rawFlag.abort, ["CANCEL"]],
  ["rest", rawFlag.rest, ["DONE"]],
  ["answer", rawFlag.answer, ["PING"]],
] as const;
const bodyFlags = [
  ["half-closed", rawOpenFlag.halfClosed],
  ["event", rawOpenFlag.event],
  ["stop", rawOpenFlag.stop],
  ["resume", rawOpenFlag.resume],
  ["routed", rawOpenFlag.routed],
] as const;

/** What the raw peer reads in a frame, in the words of the vectors. */
function fieldsOf(frame: RawFrame): Record<string, unknown> {
  const type = Object.entries(rawType).find(([, number]) => number === frame.type)?.[0] ?? "";
  const flags: string[] = headFlags
    .filter(([, bit, types]) => (frame.flags & bit) !== 0 && (types as readonly string[]).includes(type))
    .map(([name]) => name);
  const common = { type, call: frame.call };
  const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  switch (frame.type) {
    case rawType.OPEN: {
      const { openFlags, payload, resume, total, metadata, ...open } = readRawOpen(frame);
      const inBody = bodyFlags.filter(([, bit]) => (openFlags & bit) !== 0).map(([name]) => name);
      return {
        ...common,
        flags: [...inBody, ...flags],
        ...open,
        ...(metadata === "" ? {} : { metadata }),
        ...(resume === undefined ? {} : { resume }),
        ...(total === undefined ? {} : { total }),
        payload: hexOf(payload),
      };
    }
    case rawType.DATA:
    case rawType.RESULT: {
      const { offset, total, payload } = readRawData(frame);
      return { ...common, flags, offset, ...(total === undefined ? {} : { total }), payload: hexOf(payload) };
    }
    case rawType.CREDIT:
      return { ...common, ...readRawCredit(frame) };
    case rawType.END:
      return { ...common, offset: readRawEnd(frame) };
    case rawType.ERROR: {
      const { payload, ...error } = readRawError(frame);
      return { ...common, flags, ...error, payload: hexOf(payload) };
    }
    case rawType.CANCEL:
      return { ...common, flags, reason: rawText(frame.body) };
    case rawType.DONE:
      return { ...common, flags, calls: readRawDone(frame) };
    case rawType.PING:
      return { ...common, flags, nonce: readRawPing(frame) };
    default:
      return { ...common, json: readRawJson(frame) };
  }
}

/** The frame of a vector, made by the raw peer. */
function frameOf(fields: Fields): RawFrame {
  const { type, call, flags = [], json = {}, offset = 0, total, resume } = fields;
  const payload = unhex(fields.payload ?? "");
  const has = (flag: string): boolean => flags.includes(flag);
  switch (type) {
    case "OPEN": {
      const openFlags = bodyFlags.reduce((sum, [name, bit]) => sum | (has(name) ? bit : 0), 0);
      const {
        origin = "",
        number = 0,
        timeout = 0,
        window = 0,
        maxWindow = 0,
        name = "",
        metadata = "",
      } = fields;
      const parts = { origin, number, timeout, window, maxWindow, name, metadata, payload, openFlags };
      return rawFrames.open(call, { ...parts, resume, total, raw: has("raw") });
    }
    case "DATA":
      return rawFrames.data(call, { offset, payload, total, more: has("more"), raw: has("raw") });
    case "RESULT":
      return rawFrames.result(call, { offset, payload, total, more: has("more"), raw: has("raw") });
    case "CREDIT":
      return rawFrames.credit(call, { received: fields.received ?? 0, limit: fields.limit ?? 0 });
    case "END":
      return rawFrames.end(call, offset);
    case "ERROR":
      return rawFrames.error(call, json, { offset, payload, raw: has("raw"), circuit: has("circuit") });
    case "CANCEL":
      return rawFrames.cancel(call, { abort: has("abort"), reason: fields.reason ?? "" });
    case "DONE":
      return rawFrames.done(fields.calls ?? [], { rest: has("rest") });
    case "PING":
      return rawFrames.ping(fields.nonce ?? 0, { answer: has("answer") });
    default:
      return rawFrames.json(rawType[type], json, call);
  }
}

/** Payloads are compared as digits, however the vectors shorten them. */
function spelledOut(fields: Fields): unknown {
  const { payload } = fields;
  return payload === undefined ? fields : { ...fields, payload: Buffer.from(unhex(payload)).toString("hex") };
}

function sortedFlags(fields: unknown): unknown {
  const { flags } = fields as { flags?: readonly string[] };
  return flags === undefined ? fields : { ...(fields as object), flags: [...flags].sort() };
}

describe("the raw peer's encoder and decoder, by the golden vectors", () => {
  test("there are vectors", () => {
    expect(vectors.frames.length).toBeGreaterThan(50);
  });

  test.each(vectors.frames)("read: $name", ({ hex, frame }) => {
    const { frames, rest } = decodeRaw(unhex(hex));
    expect([frames.length, rest.length]).toEqual([1, 0]);
    expect(sortedFlags(fieldsOf(frames[0] as RawFrame))).toEqual(sortedFlags(spelledOut(frame)));
  });

  test.each(vectors.frames)("write: $name", ({ hex, frame }) => {
    expect(Buffer.from(encodeRaw(frameOf(frame))).toString("hex")).toBe(
      Buffer.from(unhex(hex)).toString("hex"),
    );
  });

  test("frames are found in any cut of the bytes", () => {
    const some = vectors.frames.filter(({ hex }) => unhex(hex).length < 200);
    const bytes = rawJoin(...some.map(({ hex }) => unhex(hex)));
    for (const size of [1, 2, 3, 7, 64]) {
      let rest = new Uint8Array();
      const found: RawFrame[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        const decoded = decodeRaw(rawJoin(rest, bytes.subarray(at, at + size)));
        found.push(...decoded.frames);
        rest = new Uint8Array(decoded.rest);
      }
      expect(rest.length).toBe(0);
      expect(found.map((frame) => Buffer.from(encodeRaw(frame)).toString("hex"))).toEqual(
        some.map(({ hex }) => Buffer.from(unhex(hex)).toString("hex")),
      );
    }
  });

  test("a length out of bounds is an error", () => {
    expect(() => decodeRaw(rawInteger(4, 4))).toThrow(RangeError);
    expect(() => decodeRaw(rawInteger(4, 81_921))).toThrow(RangeError);
  });

  test("text that is no UTF-8 is an error", () => {
    expect(() => rawText(Uint8Array.of(0xc0, 0x80))).toThrow(TypeError);
  });
});

/** Two pipes whose ends are each other's. */
function pipePair(): [BytePipe, BytePipe] {
  const ends = [0, 1].map(() => ({
    data: [] as ((bytes: Uint8Array) => void)[],
    close: [] as (() => void)[],
    isClosed: false,
  }));
  const close = (): void => {
    for (const end of ends) {
      if (!end.isClosed) for (const listener of end.close) listener();
      end.isClosed = true;
    }
  };
  const pipe = (own: (typeof ends)[number], other: (typeof ends)[number]): BytePipe => ({
    write: (bytes) => queueMicrotask(() => other.data.forEach((listener) => void listener(bytes))),
    onData: (listener) => void own.data.push(listener),
    onClose: (listener) => void own.close.push(listener),
    end: () => queueMicrotask(close),
    destroy: close,
  });
  const [one, other] = ends as [(typeof ends)[number], (typeof ends)[number]];
  return [pipe(one, other), pipe(other, one)];
}

function peerPair(deadlineMs?: number): { connector: RawPeer; acceptor: RawPeer } {
  const [near, far] = pipePair();
  const options = { timers: systemClock, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  return {
    connector: new RawPeer(near, { ...options, role: "connector" }),
    acceptor: new RawPeer(far, { ...options, role: "acceptor" }),
  };
}

describe("RawPeer", () => {
  test("two of them shake hands and call each other", async () => {
    const { connector, acceptor } = peerPair();
    const [hello, welcome] = await Promise.all([acceptor.shakeHands(), connector.shakeHands({ peer: "me" })]);
    expect([hello.peer, hello.versions, welcome.version, welcome.codec]).toEqual(["me", [1], 1, "json"]);

    const asked = connector.request("orders/place", { item: "pen" });
    const open = await acceptor.next(rawType.OPEN);
    expect(open.call).toBe(1);
    const { name, number, origin, payload } = readRawOpen(open);
    expect([name, number, origin, rawText(payload)]).toEqual([
      "orders/place",
      1,
      connector.epoch,
      '{"item":"pen"}',
    ]);
    acceptor.send(rawFrames.result(open.call, { payload: rawBytes([1, 2]) }));
    expect(await asked).toEqual({ result: [1, 2] });

    const back = acceptor.request("ping");
    const reverse = await connector.next(rawType.OPEN);
    expect(reverse.call).toBe(2);
    connector.send(rawFrames.error(reverse.call, { code: "UNIMPLEMENTED", message: "no" }));
    expect(await back).toEqual({ error: { code: "UNIMPLEMENTED", message: "no" } });
    expect([connector.takeCall(), acceptor.takeCall()]).toEqual([3, 4]);
  });

  test("next() leaves other frames to others, in order", async () => {
    const { connector, acceptor } = peerPair();
    connector.send(rawFrames.ping(1), rawFrames.end(5, 64), rawFrames.ping(2), rawFrames.end(7, 128));
    expect((await acceptor.next(rawType.END, 7)).call).toBe(7);
    expect(readRawPing(await acceptor.next(rawType.PING))).toBe(1);
    expect(readRawEnd(await acceptor.next([rawType.END, rawType.PING]))).toBe(64);
    expect(readRawPing(await acceptor.next(rawType.PING))).toBe(2);
    expect(acceptor.received.length).toBe(4);
  });

  test("a greeting leaves out what is undefined", async () => {
    const { connector, acceptor } = peerPair();
    connector.send(connector.greeting({ limits: undefined, more: 1 }));
    const hello = readRawJson(await acceptor.next(rawType.HELLO));
    expect([Object.hasOwn(hello, "limits"), hello.more]).toEqual([false, 1]);
  });

  test("what does not come within the deadline fails, and says what came", async () => {
    const { connector, acceptor } = peerPair(20);
    connector.send(rawFrames.ping(1));
    await expect(acceptor.next(rawType.CLOSE)).rejects.toThrow(
      "Waited 20 ms for a frame of type 14. Types that came: 12",
    );
    await expect(acceptor.closed()).rejects.toThrow("Waited 20 ms for the end of the pipe");
  });

  test("the end of the pipe ends all waiting", async () => {
    const { connector, acceptor } = peerPair();
    const waiting = expect(acceptor.next(rawType.CLOSE)).rejects.toThrow("ended before a frame of type 14");
    connector.end();
    await waiting;
    await acceptor.closed();
    expect(acceptor.isClosed).toBe(true);
    acceptor.sendBytes(new Uint8Array(1));
  });

  test("a wait for something else fails with what CLOSE says", async () => {
    const { connector, acceptor } = peerPair();
    connector.send(rawFrames.json(rawType.CLOSE, { code: "HANDSHAKE_TIMEOUT" }));
    connector.end();
    await expect(acceptor.next(rawType.WELCOME)).rejects.toThrow(
      'The pipe ended before a frame of type 2 came, after CLOSE {"code":"HANDSHAKE_TIMEOUT"}',
    );
  });

  test("closing() gives what CLOSE says", async () => {
    const { connector, acceptor } = peerPair();
    connector.send(rawFrames.json(rawType.CLOSE, { code: "CANCELLED", reason: "bye" }));
    connector.end();
    expect(await acceptor.closing()).toEqual({ code: "CANCELLED", reason: "bye" });
  });
});
