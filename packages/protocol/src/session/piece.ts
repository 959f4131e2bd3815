/**
 * How a message is cut: up to where its next piece goes, and the frame that carries it.
 *
 * Spec: docs/wire.md §3 "Messages and pieces", §3.3.
 */
import type { Message } from "../codec/slot.ts";
import { type DataFrame, dataFrame } from "../frame/frame.ts";
import { maxFramePayload, messageOverhead, minPiece } from "../limits.ts";
import { encodeText, type SendContext } from "./send-context.ts";

/** Up to which offset the next piece of `message` may go, of which everything before `sent` has gone; `sent` if nothing may. */
export function pieceEnd(message: Message, sent: number, limit: number, isStructured: boolean): number {
  const payloadStart = message.start + messageOverhead;
  const end = payloadStart + message.length;
  const isFirst = sent === message.start;
  if (isStructured) {
    if (limit >= end) return end;
    return isFirst && limit >= payloadStart ? payloadStart : sent;
  }
  const until = Math.min(end, limit, (isFirst ? payloadStart : sent) + maxFramePayload);
  return until === end || until - sent >= minPiece ? until : sent;
}

/** The frame of the piece of `message` from `sent` to `until`. */
export function pieceFrame(
  type: DataFrame["type"],
  call: number,
  message: Message,
  sent: number,
  until: number,
  { isStructured, utf8 }: SendContext,
): DataFrame {
  const payloadStart = message.start + messageOverhead;
  const isFirst = sent === message.start;
  const more = until < payloadStart + message.length;
  const isCut = (more || !isFirst) && !isStructured;
  const body = isCut && typeof message.body === "string" ? encodeText(message, utf8) : message.body;
  const frame = dataFrame(
    type,
    call,
    sent,
    message.raw,
    message.length,
    isStructured && more ? undefined : body,
    isFirst ? 0 : sent - payloadStart,
    until - payloadStart,
  );
  frame.more = more;
  frame.head = more && isFirst;
  return frame;
}
