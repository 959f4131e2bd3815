/**
 * A frame that arrived as an object, judged field by field: what check-frame.ts and parse-frame.ts do for bytes.
 *
 * Nothing of what came is passed on but the fields that its type has and the values that were measured; fields of other names
 * are ignored. Spec: docs/wire.md §3, §3.3.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { maxFrameLength, maxFramePayload } from "../limits.ts";
import { frameName, isExtension, malformed } from "./check-frame.ts";
import {
  type CallKey,
  type DataFrame,
  type ErrorBody,
  type Frame,
  FrameType,
  type PayloadFields,
} from "./frame.ts";
import { standardUtf8 } from "./utf8.ts";

/**
 * Says what a value counts (docs/wire.md §3.3), with work that is bounded.
 * @throws {SluiceError} for a value that is refused
 */
export type MeasureValue = (value: unknown) => number;

const u32 = 2 ** 32 - 1;
const u48 = 2 ** 48 - 1;
/** What the JSON of a HELLO, WELCOME or ERROR may have at most in bytes; a structured text counts two for each. */
const jsonSize = 256 + 2 * 65_536;
const acceptSize = 256 + 2 * 1024;
const closeText = 4096;
const mostDone = Math.floor(maxFrameLength / 4);
const mostVersions = 1024;

/**
 * The frame that `message` is; `undefined` for one of a type that is skipped because nobody knows it.
 * @throws {SluiceError} `PROTOCOL_ERROR`, `FRAME_TOO_LARGE`, or what `measure` throws
 */
export function checkStructuredFrame(message: unknown, measure: MeasureValue): Frame | undefined {
  if (typeof message !== "object" || message === null) throw malformed("it is no object");
  const { type } = message as { readonly type?: unknown };
  if (typeof type !== "number" || !Number.isInteger(type) || type < 1 || type > 31) {
    throw malformed("its type is no number from 1 to 31");
  }
  if (isExtension(type)) return undefined;
  const fields = new Fields(message as Readonly<Record<string, unknown>>, type);
  switch (type) {
    case FrameType.HELLO:
      return { type, call: fields.linkCall(), hello: fields.json("hello", measure, jsonSize) };
    case FrameType.WELCOME:
      return { type, call: fields.linkCall(), welcome: fields.json("welcome", measure, jsonSize) };
    case FrameType.OPEN:
      return readOpen(fields, measure);
    case FrameType.ACCEPT:
      return { type, call: fields.call(), body: fields.json("body", measure, acceptSize) };
    case FrameType.DATA:
    case FrameType.RESULT:
      return readData(type, fields, measure);
    case FrameType.CREDIT:
      return { type, call: fields.call(), ...readCredit(fields) };
    case FrameType.END:
      return { type, call: fields.call(), offset: fields.integer("offset", u48) };
    case FrameType.ERROR:
      return readError(fields, measure);
    case FrameType.CANCEL:
      return {
        type,
        call: fields.call(),
        abort: fields.flag("abort"),
        reason: fields.text("reason", 1024),
      };
    case FrameType.DONE:
      return { type, call: fields.linkCall(), rest: fields.flag("rest"), calls: readCalls(fields) };
    case FrameType.PING:
      return {
        type,
        call: fields.linkCall(),
        answer: fields.flag("answer"),
        nonce: fields.integer("nonce", u32),
      };
    case FrameType.DRAIN:
      return {
        type,
        call: fields.linkCall(),
        grace: fields.integer("grace", u32),
        retry: fields.integer("retry", u32),
      };
    case FrameType.CLOSE:
      return readClose(fields);
    default:
      throw malformed(`frame type ${type} is not known`);
  }
}

function readOpen(fields: Fields, measure: MeasureValue): Frame {
  const procedure = fields.text("procedure", 255);
  if (procedure === "") throw malformed("OPEN names no procedure");
  return {
    type: FrameType.OPEN,
    call: fields.call(),
    halfClosed: fields.flag("halfClosed"),
    event: fields.flag("event"),
    stop: fields.flag("stop"),
    key: readKey(fields.object("key")),
    timeoutMs: fields.integer("timeoutMs", u32),
    window: fields.integer("window", u32),
    maxWindow: fields.integer("maxWindow", u32),
    procedure,
    metadata: fields.text("metadata", 65_535),
    resume: fields.has("resume") ? readCredit(fields.object("resume")) : undefined,
    routed: fields.flag("routed"),
    ...readMessage(fields, measure),
  };
}

function readKey(key: Fields): CallKey {
  return {
    originHigh: key.integer("originHigh", u32),
    originLow: key.integer("originLow", u32),
    number: key.integer("number", u32),
  };
}

function readCredit(fields: Fields): { received: number; limit: number } {
  return { received: fields.integer("received", u48), limit: fields.integer("limit", u48) };
}

function readData(type: DataFrame["type"], fields: Fields, measure: MeasureValue): Frame {
  const head = fields.flag("head");
  const message = readMessage(fields, measure);
  if (head !== message.more)
    throw malformed(`${frameName(type)} is a head without more, or more without a head`);
  return { type, call: fields.call(), offset: fields.integer("offset", u48), head, ...message };
}

/** A message, or the head of one, which says how much will follow. What is said is what is there: credit is counted by it. */
function readMessage(fields: Fields, measure: MeasureValue): PayloadFields {
  const more = fields.flag("more");
  const raw = fields.flag("raw");
  const total = fields.integer("total", u32);
  const payload = fields.value("payload");
  const size = payload === undefined ? 0 : measure(payload);
  if (more && payload !== undefined) throw malformed(`${fields.name} is a head and has a payload`);
  if (!more && size !== total) throw malformed(`${fields.name} says ${total} payload bytes, and has ${size}`);
  return { more, raw, total, payload, start: 0, end: 0 };
}

function readError(fields: Fields, measure: MeasureValue): Frame {
  const said = fields.object("body");
  const { retryable, processed, origin } = said.all;
  const body: ErrorBody = {
    code: said.text("code", closeText),
    message: said.text("message", closeText),
    ...(typeof retryable === "boolean" ? { retryable } : {}),
    ...(isWord(processed) ? { processed } : {}),
    ...(isWord(origin) ? { origin } : {}),
  };
  const payload = fields.value("payload");
  const size = payload === undefined ? 0 : measure(payload);
  if (size > maxFramePayload) throw tooLarge("a payload", size, maxFramePayload);
  return {
    type: FrameType.ERROR,
    call: fields.call(),
    offset: fields.integer("offset", u48),
    circuit: fields.flag("circuit"),
    body,
    raw: fields.flag("raw"),
    payload,
    start: 0,
    end: 0,
  };
}

function readCalls(fields: Fields): number[] {
  const calls = fields.list("calls", mostDone);
  return calls.map((call) => {
    if (isInteger(call, u32)) return call;
    throw malformed("DONE lists what is no call");
  });
}

function readClose(fields: Fields): Frame {
  return {
    type: FrameType.CLOSE,
    call: fields.linkCall(),
    code: fields.text("code", closeText),
    reason: fields.has("reason") ? fields.text("reason", closeText) : "",
    ...(fields.has("versions")
      ? { versions: fields.list("versions", mostVersions).filter((version) => typeof version === "number") }
      : {}),
  };
}

/** The fields of a frame, or of an object in one, read one by one. */
class Fields {
  readonly name: string;
  readonly all: Readonly<Record<string, unknown>>;

  constructor(all: Readonly<Record<string, unknown>>, type: number) {
    this.all = all;
    this.name = frameName(type);
  }

  has(field: string): boolean {
    return this.value(field) !== undefined;
  }

  value(field: string): unknown {
    return this.all[field];
  }

  /** The call of a frame that belongs to one. */
  call(): number {
    const call = this.integer("call", u32);
    if (call === 0) throw malformed(`${this.name} names no call`);
    return call;
  }

  /** The call of a frame that belongs to the link. */
  linkCall(): 0 {
    if (this.all.call !== 0) throw malformed(`${this.name} names a call`);
    return 0;
  }

  flag(field: string): boolean {
    const value = this.all[field];
    if (typeof value === "boolean") return value;
    throw malformed(`${field} of ${this.name} is neither true nor false`);
  }

  integer(field: string, most: number): number {
    const value = this.all[field];
    if (isInteger(value, most)) return value;
    throw malformed(`${field} of ${this.name} is no whole number from 0 to ${most}`);
  }

  /** Text of at most `most` bytes as UTF-8. */
  text(field: string, most: number): string {
    const value = this.all[field];
    if (typeof value !== "string") throw malformed(`${field} of ${this.name} is no text`);
    // Every code unit is at least a byte: a long text is not read.
    if (value.length > most || standardUtf8.byteLength(value) > most) {
      throw malformed(`${field} of ${this.name} has more than ${most} bytes`);
    }
    return value;
  }

  list(field: string, most: number): readonly unknown[] {
    const value = this.all[field];
    if (!Array.isArray(value)) throw malformed(`${field} of ${this.name} is no list`);
    if (value.length > most) throw malformed(`${field} of ${this.name} has more than ${most} elements`);
    // A sparse list has holes, which map() and filter() would skip.
    return Array.from(value);
  }

  object(field: string): Fields {
    return new Fields(asObject(this.all[field], field, this.name), this.all.type as number);
  }

  /** An object of plain data that counts at most `most`. */
  json(field: string, measure: MeasureValue, most: number): Readonly<Record<string, unknown>> {
    const value = asObject(this.all[field], field, this.name);
    const size = measure(value);
    if (size > most) throw tooLarge(`a ${this.name}`, size, most);
    return value;
  }
}

function asObject(value: unknown, field: string, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw malformed(`${field} of ${name} is no object`);
}

function isInteger(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

/** One of the words that ERROR knows, or that a later version may. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && value.length <= 64;
}

function tooLarge(what: string, size: number, most: number): SluiceError {
  return new SluiceError("FRAME_TOO_LARGE", `Cannot accept ${what} of ${size} bytes: at most ${most}`);
}
