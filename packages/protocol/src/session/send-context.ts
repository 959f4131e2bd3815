/**
 * What all calls of a session share when they send, and what it says of a message.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import type { Utf8 } from "../frame/utf8.ts";
import type { PeerLimits } from "./call-host.ts";
import { SendBudget } from "./send-budget.ts";

export interface SendContext {
  readonly budget: SendBudget;
  readonly utf8: Utf8;
  /** Messages are values and cannot be cut. */
  readonly isStructured: boolean;
  /** How far beyond the limit a result may go: the peer's floor. */
  readonly resultAllowance: number;
  /** Payload bytes of a message that the peer accepts. */
  readonly maxMessage: number;
}

/** The context of a session. `maxBuffered`: bytes that this side keeps. */
export function sendContext(
  peer: PeerLimits,
  maxBuffered: number,
  utf8: Utf8,
  isStructured: boolean,
): SendContext {
  const budget = new SendBudget(maxBuffered);
  return { budget, utf8, isStructured, resultAllowance: peer.floor, maxMessage: peer.maxMessage };
}

/**
 * Judges a message that the peer shall get.
 * @throws {SluiceError} `RESOURCE_EXHAUSTED`; it would end the session there
 */
export function checkLength(message: Message, { maxMessage, utf8 }: SendContext): void {
  if (message.length < 0) {
    const text = message.body as string;
    if (3 * text.length <= maxMessage) return;
    message.length = utf8.byteLength(text);
  }
  if (message.length <= maxMessage) return;
  throw new SluiceError(
    "RESOURCE_EXHAUSTED",
    `Cannot send ${message.length} bytes: the peer accepts ${maxMessage} (its limits.maxMessage)`,
    { processed: "no", retryable: false },
  );
}

/** Turns a text into the bytes that it stands for, and knows its length then. */
export function encodeText(message: Message, utf8: Utf8): Uint8Array {
  const text = message.body as string;
  if (message.length < 0) message.length = utf8.byteLength(text);
  const bytes = utf8.allocate(message.length);
  utf8.write(text, bytes, 0);
  message.body = bytes;
  return bytes;
}
