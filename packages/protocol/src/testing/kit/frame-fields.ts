/**
 * Frames as their fields, both ways, by the raw peer's own encoder and decoder.
 *
 * The product's encoder and decoder are not used: what they get wrong both ways would not be seen. Spec: docs/wire.md §3, docs/conformance-kit.md.
 */
import {
  readRawCredit,
  readRawData,
  readRawDone,
  readRawEnd,
  readRawError,
  readRawJson,
  readRawOpen,
  readRawPing,
} from "../raw/decode-raw.ts";
import { type RawOpenParts, rawFrames } from "../raw/encode-raw.ts";
import { rawBytes, rawJoin, rawText } from "../raw/raw-bytes.ts";
import {
  type RawCredit,
  type RawError,
  type RawFrame,
  rawFlag,
  rawOpenFlag,
  rawType,
} from "../raw/raw-frame.ts";
import type { FrameFields } from "./peer-case.ts";

const nameByType = new Map<number, string>(Object.entries(rawType).map(([name, type]) => [type, name]));

/** The name of a type, or its number if it has none. */
export function typeName(type: number): string | number {
  return nameByType.get(type) ?? type;
}

/** The number of a type. @throws {TypeError} for a name that is none */
export function typeOf(name: string | number): number {
  const type = typeof name === "number" ? name : (rawType as Readonly<Record<string, number>>)[name];
  if (type === undefined) throw new TypeError(`There is no frame ${name}`);
  return type;
}

/** Payload bytes of a value in `json`; none for the absent one. */
export function payloadOf(value: unknown): Uint8Array {
  return value === undefined ? new Uint8Array() : rawBytes(JSON.stringify(value));
}

/** The value of a payload. Spec: docs/wire.md §3 "Payload". */
export function decodedValue(payload: Uint8Array): unknown {
  return payload.length === 0 ? undefined : JSON.parse(rawText(payload));
}

/** Makes a frame. `value`, or `text` as it stands, is its payload; flags of the head are members by their names. */
export function frameOf(fields: FrameFields, epoch: string): RawFrame {
  const { call = 0, value, text } = fields;
  const type = typeOf(fields.type);
  const payload = typeof text === "string" ? rawBytes(text) : payloadOf(value);
  const number = (name: string): number => Number(fields[name] ?? 0);
  switch (type) {
    case rawType.OPEN:
      return openOf(fields, payload, epoch);
    case rawType.DATA:
    case rawType.RESULT: {
      const make = type === rawType.DATA ? rawFrames.data : rawFrames.result;
      const total = fields.total as number | undefined;
      return make(call, { offset: number("offset"), payload, more: fields.more === true, total });
    }
    case rawType.CREDIT:
      return rawFrames.credit(call, { received: number("received"), limit: number("limit") });
    case rawType.END:
      return rawFrames.end(call, number("offset"));
    case rawType.ERROR:
      return rawFrames.error(call, fields.json as RawError["json"], { offset: number("offset"), payload });
    case rawType.CANCEL:
      return rawFrames.cancel(call, { abort: fields.abort === true, reason: String(fields.reason ?? "") });
    case rawType.DONE:
      return rawFrames.done(fields.calls as readonly number[], { rest: fields.rest === true });
    case rawType.PING:
      return rawFrames.ping(number("nonce"), { answer: fields.answer === true });
    default:
      return { ...rawFrames.json(type, fields.json ?? {}, call), flags: number("flags") };
  }
}

function openOf(fields: FrameFields, payload: Uint8Array, epoch: string): RawFrame {
  const { call = 0, type: _, value: __, text: ___, flags, metadata, ...rest } = fields;
  const openFlags = Object.entries(rawOpenFlag).reduce(
    (sum, [name, flag]) => sum | (fields[name] === true ? flag : 0),
    0,
  );
  const frame = rawFrames.open(call, {
    origin: epoch,
    number: call,
    ...(rest as RawOpenParts),
    metadata: metadata === undefined ? "" : JSON.stringify(metadata),
    openFlags,
    payload,
  });
  return flags === undefined ? frame : { ...frame, flags: frame.flags | Number(flags) };
}

/** Reads a frame; the payload of what holds one is `value` if it is whole and no byte string, `payload` always. */
export function fieldsOf(frame: RawFrame): FrameFields {
  const { call, flags } = frame;
  const type = typeName(frame.type);
  const more = (flags & rawFlag.more) !== 0;
  const raw = (flags & rawFlag.raw) !== 0;
  const content = (payload: Uint8Array): object => ({
    more,
    raw,
    payload,
    ...(more || raw || payload.length === 0 ? {} : { value: decodedValue(payload) }),
  });
  switch (frame.type) {
    case rawType.OPEN: {
      const { openFlags, metadata, payload, ...rest } = readRawOpen(frame);
      const set = Object.entries(rawOpenFlag).map(([name, flag]) => [name, (openFlags & flag) !== 0]);
      const said = metadata === "" ? {} : { metadata: JSON.parse(metadata) };
      const known = Object.fromEntries(set);
      return { type, call, ...rest, ...known, resume: rest.resume, ...said, ...content(payload) };
    }
    case rawType.DATA:
    case rawType.RESULT: {
      const { payload, ...rest } = readRawData(frame);
      const isFirst = !more && rest.total === undefined;
      return { type, call, ...rest, ...(isFirst ? content(payload) : { more, raw, payload }) };
    }
    case rawType.CREDIT:
      return { type, call, ...readRawCredit(frame) };
    case rawType.END:
      return { type, call, offset: readRawEnd(frame) };
    case rawType.ERROR: {
      const { offset, json, payload } = readRawError(frame);
      return { type, call, offset, json, ...content(payload) };
    }
    case rawType.CANCEL:
      return { type, call, abort: (flags & rawFlag.abort) !== 0, reason: rawText(frame.body) };
    case rawType.DONE:
      return { type, call, rest: (flags & rawFlag.rest) !== 0, calls: readRawDone(frame) };
    case rawType.PING:
      return { type, call, answer: (flags & rawFlag.answer) !== 0, nonce: readRawPing(frame) };
    default:
      return frame.type > 14 ? { type, call } : { type, call, json: readRawJson(frame) };
  }
}

/** A CREDIT's offsets. */
export function creditOf(frame: RawFrame): RawCredit {
  return readRawCredit(frame);
}

/** Puts pieces together. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return rawJoin(...pieces);
}
