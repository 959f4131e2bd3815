/**
 * The golden vectors of docs/wire-vectors.json: bytes, and the frames that they stand for as objects of this package.
 */
import { readFileSync } from "node:fs";
import { type Frame, FrameType } from "../../src/frame/frame.ts";

interface Fields {
  readonly type: keyof typeof FrameType;
  readonly call: number;
  readonly flags?: readonly string[];
  readonly [field: string]: unknown;
}

export interface FrameVector {
  readonly name: string;
  readonly hex: string;
  readonly frame: Fields;
}

export interface MalformedVector {
  readonly name: string;
  readonly hex: string;
  readonly code: string;
}

/** A frame as a line of text; `name`: that of the frame, if it is one. */
export interface TextVector {
  readonly name: string;
  readonly line: string;
}

interface VectorFile {
  readonly frames: readonly FrameVector[];
  readonly accepted: readonly FrameVector[];
  readonly ignored: readonly Omit<FrameVector, "frame">[];
  readonly malformed: readonly MalformedVector[];
  readonly text: readonly TextVector[];
  readonly malformedText: readonly (TextVector & Pick<MalformedVector, "code">)[];
}

const file = new URL("../../../../docs/wire-vectors.json", import.meta.url);

export const vectors = JSON.parse(readFileSync(file, "utf8")) as VectorFile;

/** The bytes of a vector: hexadecimal with spaces, `xx*n` for n times the byte xx. */
export function bytesOf(hex: string): Uint8Array {
  const runs = hex.split(" ").map((run) => {
    const [byte = "", count] = run.split("*");
    return count === undefined ? byte : byte.repeat(Number(count));
  });
  return Uint8Array.from(runs.join("").match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** A frame to compare with others: its payload as hexadecimal text, which is quick to compare and to print. */
export function comparable(frame: Frame): object {
  if (!("payload" in frame)) return frame;
  const { payload, start, end, ...fields } = frame;
  return { ...fields, payload: Buffer.from((payload as Uint8Array).slice(start, end)).toString("hex") };
}

/** The frame that a vector's fields describe. */
export function frameOf({ frame }: Pick<FrameVector, "frame">): Frame {
  return { type: FrameType[frame.type], call: frame.call, ...fieldsOf(frame) } as Frame;
}

function fieldsOf(frame: Fields): object {
  const has = (flag: string): boolean => frame.flags?.includes(flag) === true;
  switch (frame.type) {
    case "HELLO":
      return { hello: frame.json };
    case "WELCOME":
      return { welcome: frame.json };
    case "ACCEPT":
      return { body: frame.json };
    case "OPEN":
      return {
        ...payloadOf(frame, has),
        halfClosed: has("half-closed"),
        event: has("event"),
        stop: has("stop"),
        routed: has("routed"),
        key: keyOf(frame),
        timeoutMs: frame.timeout,
        window: frame.window,
        maxWindow: frame.maxWindow,
        procedure: frame.name,
        metadata: frame.metadata ?? "",
        resume: frame.resume,
      };
    case "DATA":
    case "RESULT":
      return { ...payloadOf(frame, has), offset: frame.offset, head: has("head") };
    case "ERROR": {
      const { payload, start, end } = payloadOf(frame, has);
      const { offset, json } = frame;
      return { offset, circuit: has("circuit"), body: json, raw: has("raw"), payload, start, end };
    }
    case "CANCEL":
      return { abort: has("abort"), reason: frame.reason };
    case "DONE":
      return { rest: has("rest"), calls: frame.calls };
    case "PING":
      return { answer: has("answer"), nonce: frame.nonce };
    case "CREDIT":
      return { received: frame.received, limit: frame.limit };
    case "END":
      return { offset: frame.offset };
    case "DRAIN":
    case "CLOSE":
      return frame.json as object;
  }
}

function payloadOf(frame: Fields, has: (flag: string) => boolean) {
  const payload = bytesOf(frame.payload as string);
  return {
    more: has("more"),
    raw: has("raw"),
    total: (frame.total as number | undefined) ?? payload.length,
    payload,
    start: 0,
    end: payload.length,
  };
}

function keyOf({ origin, number }: Fields): object {
  const half = (from: number): number => Number.parseInt((origin as string).slice(from, from + 8), 16);
  return { originHigh: half(0), originLow: half(8), number };
}
