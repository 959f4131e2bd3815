/**
 * The raw peer's own encoder: makes frames, well-formed or not, and their bytes.
 *
 * Spec: docs/wire.md §3, §3.1, §3.2.
 */
import { rawBytes, rawInteger, rawJoin } from "./raw-bytes.ts";
import {
  type RawCredit,
  type RawError,
  type RawFrame,
  type RawOpen,
  rawFlag,
  rawOpenFlag,
  rawType,
} from "./raw-frame.ts";

function frame(type: number, flags: number, call: number, ...body: readonly Uint8Array[]): RawFrame {
  return { type, flags, call, body: rawJoin(...body) };
}

export interface RawDataParts {
  readonly offset?: number;
  readonly payload?: Uint8Array;
  readonly more?: boolean;
  readonly raw?: boolean;
  /** Says the total, and sets *head*. */
  readonly total?: number | undefined;
}

function dataLike(
  type: number,
  call: number,
  { offset = 0, payload, more, raw, total }: RawDataParts,
): RawFrame {
  const flags =
    (more ? rawFlag.more : 0) | (raw ? rawFlag.raw : 0) | (total === undefined ? 0 : rawFlag.head);
  const head = total === undefined ? new Uint8Array() : rawInteger(4, total);
  return frame(type, flags, call, rawInteger(6, offset), head, payload ?? new Uint8Array());
}

export interface RawErrorParts {
  readonly offset?: number;
  readonly payload?: Uint8Array;
  readonly raw?: boolean;
  readonly circuit?: boolean;
}

export interface RawCancelParts {
  readonly abort?: boolean;
  readonly reason?: string;
}

export type RawOpenParts = Partial<Omit<RawOpen, "total">> & {
  /** Says the total, and sets *more*. */
  readonly total?: number | undefined;
  readonly raw?: boolean;
};

/** Makes frames; what is left out gets a value that fits. §3, §3.1, §3.2. */
export const rawFrames = {
  json(type: number, value: unknown, call = 0): RawFrame {
    return frame(type, 0, call, rawBytes(value));
  },
  open(call: number, parts: RawOpenParts = {}): RawFrame {
    const {
      origin = "00000000000000c1",
      number = 1,
      timeout = 0,
      window = 65_536,
      maxWindow = 1_048_576,
    } = parts;
    const { name = "", metadata = "", resume, total, raw = false, payload = new Uint8Array() } = parts;
    const resumeFlag = resume === undefined ? 0 : rawOpenFlag.resume;
    const flags = (total === undefined ? 0 : rawFlag.more) | (raw ? rawFlag.raw : 0);
    const nameBytes = rawBytes(name);
    const metadataBytes = rawBytes(metadata);
    return frame(
      rawType.OPEN,
      flags,
      call,
      rawInteger(1, (parts.openFlags ?? rawOpenFlag.halfClosed) | resumeFlag),
      rawInteger(8, BigInt(`0x${origin}`)),
      rawInteger(4, number),
      rawInteger(4, timeout),
      rawInteger(4, window),
      rawInteger(4, maxWindow),
      rawInteger(1, nameBytes.length),
      nameBytes,
      rawInteger(2, metadataBytes.length),
      metadataBytes,
      resume === undefined
        ? new Uint8Array()
        : rawJoin(rawInteger(6, resume.received), rawInteger(6, resume.limit)),
      total === undefined ? new Uint8Array() : rawInteger(4, total),
      payload,
    );
  },
  data(call: number, parts: RawDataParts = {}): RawFrame {
    return dataLike(rawType.DATA, call, parts);
  },
  result(call: number, parts: RawDataParts = {}): RawFrame {
    return dataLike(rawType.RESULT, call, parts);
  },
  credit(call: number, { received, limit }: RawCredit): RawFrame {
    return frame(rawType.CREDIT, 0, call, rawInteger(6, received), rawInteger(6, limit));
  },
  end(call: number, offset: number): RawFrame {
    return frame(rawType.END, 0, call, rawInteger(6, offset));
  },
  error(call: number, json: RawError["json"], parts: RawErrorParts = {}): RawFrame {
    const { offset = 0, payload = new Uint8Array(), raw = false, circuit = false } = parts;
    const flags = (raw ? rawFlag.raw : 0) | (circuit ? rawFlag.circuit : 0);
    const text = rawBytes(json);
    return frame(
      rawType.ERROR,
      flags,
      call,
      rawInteger(6, offset),
      rawInteger(2, text.length),
      text,
      payload,
    );
  },
  cancel(call: number, { abort = false, reason = "" }: RawCancelParts = {}): RawFrame {
    return frame(rawType.CANCEL, abort ? rawFlag.abort : 0, call, rawBytes(reason));
  },
  done(calls: readonly number[], { rest = false }: { readonly rest?: boolean } = {}): RawFrame {
    return frame(rawType.DONE, rest ? rawFlag.rest : 0, 0, ...calls.map((call) => rawInteger(4, call)));
  },
  ping(nonce: number, { answer = false }: { readonly answer?: boolean } = {}): RawFrame {
    return frame(rawType.PING, answer ? rawFlag.answer : 0, 0, rawInteger(4, nonce));
  },
};

/** A frame's bytes. `length` lies when it is given. */
export function encodeRaw(
  { type, flags, call, body }: RawFrame,
  length: number = 5 + body.length,
): Uint8Array {
  return rawJoin(rawInteger(4, length), rawInteger(1, type | flags), rawInteger(4, call), body);
}
