/**
 * A message that goes at once, in one frame: nothing of its direction stands before it, and it surely fits the limit.
 *
 * The short way of most messages. Spec: docs/wire.md §3 "Messages and pieces", §4.1.
 */
import type { Message } from "../codec/slot.ts";
import { type DataFrame, dataFrame } from "../frame/frame.ts";
import { maxFramePayload, messageOverhead } from "../limits.ts";
import type { Link } from "../link/link.ts";

/** A text of more code units is turned into bytes before it is sent, so that its size is known. */
export const longText: number = 8 * 1024;

/**
 * Sends `message`, which starts at `message.start`, if it may reach `limit` and goes whole. Returns whether it did; its length is known
 * then.
 */
export function sendWhole(
  type: DataFrame["type"],
  message: Message,
  limit: number,
  link: Link,
  call: number,
  isStructured: boolean,
): boolean {
  const { body, start, raw, length } = message;
  if (link.room <= 0) return false;
  if (length < 0) {
    // A short text is measured while it is written.
    const units = (body as string).length;
    if (units > longText || start + messageOverhead + 3 * units > limit) return false;
    message.length = link.send(dataFrame(type, call, start, raw, 0, body, 0, 0));
    return true;
  }
  if (length > maxFramePayload && !isStructured) return false;
  if (start + messageOverhead + length > limit) return false;
  link.send(dataFrame(type, call, start, raw, length, body, 0, length));
  return true;
}
