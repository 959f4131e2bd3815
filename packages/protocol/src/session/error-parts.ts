/**
 * ERRORs before they have a place in their call: what they say, and how a refusal is put.
 *
 * Spec: docs/wire.md §6, §4.13.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { type ErrorFrame, FrameType } from "../frame/frame.ts";

/** An ERROR without its place. */
export type ErrorParts = Omit<ErrorFrame, "call" | "offset">;

/** Messages are for people; their size is bounded with ERROR's JSON. */
const longestMessage = 1000;

/** What an ERROR says. `data`: what the procedure declares for `code`, encoded. */
export function errorParts(
  code: string,
  message: string,
  details: { readonly processed: "no" | "maybe"; readonly retryable?: boolean },
  data?: Message,
): ErrorParts {
  return {
    type: FrameType.ERROR,
    circuit: false,
    body: { code, message: clip(message), origin: "remote", ...details },
    raw: data?.raw ?? false,
    payload: data?.body,
    start: 0,
    end: data === undefined || data.length < 0 ? 0 : data.length,
  };
}

/** What refuses a call for `reason` before any handler. What is no SluiceError stays home. */
export function refusalParts(reason: unknown): ErrorParts {
  if (!SluiceError.is(reason)) {
    return errorParts("INTERNAL", "The call could not be taken", { processed: "no", retryable: false });
  }
  const { code, message, retryable } = reason;
  // Callers open a call again by themselves that found no slot: this one found something else. Spec: docs/wire.md §4.3.
  const processed = code === "RESOURCE_EXHAUSTED" && retryable ? "maybe" : "no";
  return errorParts(code, message, { processed, retryable });
}

function clip(message: string): string {
  return message.length <= longestMessage ? message : `${message.slice(0, longestMessage - 1)}…`;
}
