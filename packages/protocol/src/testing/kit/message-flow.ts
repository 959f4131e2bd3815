/**
 * Messages of one direction of a call at our raw end: taken and sent by the rules of offsets, pieces and limits.
 *
 * Spec: docs/wire.md §2, §3 "Messages and pieces", §4.1.
 */
import { readRawData } from "../raw/decode-raw.ts";
import { rawFrames } from "../raw/encode-raw.ts";
import { type RawFrame, rawFlag, rawType } from "../raw/raw-frame.ts";
import { creditOf, decodedValue, joined, payloadOf } from "./frame-fields.ts";
import type { FrameInbox } from "./frame-inbox.ts";
import { mismatches } from "./match-pattern.ts";

/** §2: offset bytes of a message beside its payload. */
const overheadBytes = 64;
/** §3: the most payload bytes of a frame, and the fewest offset bytes of a piece that does not end its message. */
const mostPayloadBytes = 65_536;
const fewestPieceBytes = 1_024;
/** How long a sender that has nothing more to send is listened to, ms. */
const quietMs = 60;

export interface TakeOptions {
  readonly call: number;
  /** Where the first message starts. */
  readonly from: number;
  /** Up to where the peer may send. */
  readonly limit: number;
  /** By how much the limit is raised, beyond what came, when nothing more fits. Absent: never. */
  readonly step: number | undefined;
  readonly patienceMs: number;
}

/** Takes messages of `type` with these values. Rejects with what is wrong. Gives the offset behind the last. */
export async function takeMessages(
  inbox: FrameInbox,
  send: (frame: RawFrame) => void,
  type: number,
  values: readonly unknown[],
  { call, from, limit: firstLimit, step, patienceMs }: TakeOptions,
): Promise<number> {
  let limit = firstLimit;
  let offset = from;
  /** The pieces that have come of a message. */
  let pieces: Uint8Array[] = [];
  for (let at = 0; at < values.length; ) {
    const isTight = step !== undefined && limit - offset < fewestPieceBytes + overheadBytes;
    const frame = await inbox.next([type], call, isTight ? quietMs : patienceMs);
    if (frame === undefined && isTight) {
      limit = offset + step;
      send(rawFrames.credit(call, { received: offset, limit }));
      continue;
    }
    if (frame === undefined) {
      throw new Error(
        `After ${at} of ${values.length} messages nothing came; offset ${offset}, limit ${limit}`,
      );
    }
    const { offset: said, total, payload } = readRawData(frame);
    const isMore = (frame.flags & rawFlag.more) !== 0;
    if (said !== offset) throw new Error(`Message ${at}: a frame says offset ${said}, ${offset} is next`);
    const span = payload.length + (pieces.length === 0 ? overheadBytes : 0);
    if (isMore && span < fewestPieceBytes) throw new Error(`Message ${at}: a piece of ${span} offset bytes`);
    if (isMore && pieces.length === 0 && total === undefined) {
      throw new Error(`Message ${at}: a first piece without its total`);
    }
    offset += span;
    if (offset > limit) throw new Error(`Message ${at}: offset ${offset} is beyond the limit, ${limit}`);
    pieces.push(payload);
    if (isMore) continue;
    const problems = mismatches(decodedValue(joined(pieces)), values[at], `message ${at}`);
    if (problems.length > 0) throw new Error(problems.join("; "));
    pieces = [];
    at++;
  }
  return offset;
}

export interface PourOptions {
  readonly call: number;
  readonly from: number;
  /** What the peer allows before any CREDIT. */
  readonly limit: number;
  readonly patienceMs: number;
}

/** Sends a DATA for each value, or several, never beyond what the peer allows. Gives the offset behind the last. */
export async function pourMessages(
  inbox: FrameInbox,
  send: (frame: RawFrame) => void,
  values: readonly unknown[],
  { call, from, limit: firstLimit, patienceMs }: PourOptions,
): Promise<number> {
  let limit = firstLimit;
  let offset = from;
  const waitForCredit = async (): Promise<void> => {
    const frame = await inbox.next([rawType.CREDIT], call, patienceMs);
    if (frame === undefined) throw new Error(`No CREDIT came; offset ${offset}, limit ${limit}`);
    const credit = creditOf(frame);
    if (credit.received > offset) {
      throw new Error(`A CREDIT says that ${credit.received} has come; ${offset} was sent`);
    }
    limit = Math.max(limit, credit.limit);
  };
  for (const value of values) {
    const payload = payloadOf(value);
    for (let sent = 0, isFirst = true; isFirst || sent < payload.length; ) {
      const own = isFirst ? overheadBytes : 0;
      const left = payload.length - sent;
      const size = Math.min(left, mostPayloadBytes, limit - offset - own);
      if (size < 0 || (size < left && size + own < fewestPieceBytes)) {
        await waitForCredit();
        continue;
      }
      const more = size < left;
      const piece = payload.subarray(sent, sent + size);
      const total = isFirst && more ? payload.length : undefined;
      send(rawFrames.data(call, { offset, payload: piece, more, total }));
      offset += own + size;
      sent += size;
      isFirst = false;
    }
  }
  return offset;
}
