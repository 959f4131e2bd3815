/**
 * How a direction ends: with END, or with the call's last word, RESULT or ERROR. What of it is due, and what was said.
 *
 * Spec: docs/wire.md §4.6.
 */
import type { Message } from "../codec/slot.ts";
import { FrameType } from "../frame/frame.ts";
import type { Link } from "../link/link.ts";
import type { ErrorParts } from "./error-parts.ts";

/** A call's last word. */
export type Final = { readonly result: Message } | { readonly error: ErrorParts };

export class OutboxEnd {
  /** The last message, if the direction ends with one. It implies that no more items come. */
  result: Message | undefined;
  #error: ErrorParts | undefined;
  /** END: not wanted, due, said (or implied). */
  #half: "open" | "closing" | "closed" = "open";
  #isErrorSent = false;

  /** Whether more messages may come. */
  get isOpen(): boolean {
    return this.#half === "open" && this.result === undefined && this.#error === undefined;
  }

  /** Whether the last word is one that needs nothing more to be sent, once all messages are. */
  get isFinal(): boolean {
    return this.result !== undefined || this.#isErrorSent;
  }

  /** Whether END or ERROR is to be sent, once all messages are. */
  get isDue(): boolean {
    if (this.#error !== undefined) return !this.#isErrorSent;
    return this.#half === "closing" && this.result === undefined;
  }

  /** No more messages come. */
  close(): void {
    if (this.#half === "open") this.#half = "closing";
  }

  /** The call ends with `error`. */
  fail(error: ErrorParts): void {
    this.#error = error;
  }

  /** END was said, is implied, or will never be. */
  closed(): void {
    this.#half = "closed";
  }

  /** What was said may have gone nowhere: it is said again. */
  restart(): void {
    if (this.#half === "closed") this.#half = "closing";
    this.#isErrorSent = false;
  }

  /** Sends END or ERROR: the direction ends at `offset`. */
  send(link: Link, call: number, offset: number): void {
    this.#half = "closed";
    if (this.#error === undefined) {
      link.send({ type: FrameType.END, call, offset });
      return;
    }
    this.#isErrorSent = true;
    link.send({ ...this.#error, call, offset });
  }
}
