/**
 * The messages of one direction that its peer may not have, in order: sent and not known to have arrived, half sent, not sent.
 *
 * One queue; what is kept for the peer and what waits for credit are parts of it. Pure. Spec: docs/wire.md §2.
 */
import type { Message } from "../codec/slot.ts";
import { SluiceError } from "../errors/sluice-error.ts";
import { messageOverhead } from "../limits.ts";
import type { SpareMemory } from "./spare-memory.ts";

/** A queue's dead head is cut off when it is this long and at least half of it. */
const longestDead = 256;

export class KeptMessages {
  /** From `#first` on; `#next` is the first that is not sent whole. */
  #messages: Message[] = [];
  #first = 0;
  #next = 0;
  /** Offset bytes of all of them, and of the sent part of one whose rest was dropped. */
  bytes = 0;
  /** Where the message stands of which only a part was sent before its rest was dropped. */
  #brokenOff: { readonly start: number; end: number } | undefined;

  /** The first that is not sent whole. */
  get next(): Message | undefined {
    return this.#messages[this.#next];
  }

  /** Appends a message that is not sent. */
  add(message: Message): void {
    this.bytes += messageOverhead + message.length;
    // An array that is pushed to takes room for many, and most streams that are quiet keep one message.
    if (this.#messages.length === 0) this.#messages = [message];
    else this.#messages.push(message);
  }

  /** What {@link next} gave is sent whole. */
  nextIsSent(): void {
    this.#next++;
  }

  /** Puts a param before all others; nothing was sent yet. */
  addParam(param: Message): void {
    this.bytes += messageOverhead + param.length;
    this.#messages.unshift(param);
  }

  /** Nothing counts as sent any more; `param`, if it is here, is taken out. Returns whether it was here. */
  restart(param: Message): boolean {
    this.#next = 0;
    if (this.#messages[0] !== param) return false;
    this.#messages.shift();
    this.bytes -= messageOverhead + param.length;
    return true;
  }

  /** Moves all of them by `bytes`. */
  shift(bytes: number): void {
    for (const message of this.#messages) message.start += bytes;
  }

  /**
   * From `offset` on they count as not sent; `end` is behind the last of them.
   * @throws {SluiceError} `PROTOCOL_ERROR` where no piece can begin: one does at a message, or in it behind its overhead, which is not cut
   */
  rewind(offset: number, end: number): void {
    this.#next = this.#first;
    for (let { next } = this; next !== undefined && endOf(next) <= offset; next = this.next) this.#next++;
    const { next } = this;
    const start = next?.start ?? end;
    if (offset === start || (next !== undefined && offset >= start + messageOverhead)) return;
    throw new SluiceError(
      "PROTOCOL_ERROR",
      `No piece can begin at offset ${offset}, from which a call shall go on`,
    );
  }

  /** Drops what is not sent whole; `sent` is the offset up to which bytes were sent, `bytes` is how many were not. */
  dropUnsent(sent: number, bytes: number): void {
    const { next } = this;
    if (next !== undefined && next.start < sent) this.#brokenOff = { start: next.start, end: sent };
    this.#messages.length = this.#next;
    this.bytes -= bytes;
  }

  /**
   * Forgets those that have arrived whole, now that everything before `received` has. Returns how many bytes that frees.
   * @param spare gets their memory
   */
  arrived(received: number, spare?: SpareMemory): number {
    let freed = 0;
    while (this.#first < this.#next) {
      const message = this.#messages[this.#first] as Message;
      if (endOf(message) > received) break;
      freed += messageOverhead + message.length;
      if (message.raw) spare?.giveBack(message.body);
      this.#messages[this.#first] = undefined as unknown as Message;
      this.#first++;
    }
    if (this.#first === this.#messages.length) {
      this.#messages.length = 0;
      this.#first = this.#next = 0;
    } else if (this.#first >= longestDead && 2 * this.#first >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first);
      this.#next -= this.#first;
      this.#first = 0;
    }
    this.bytes -= freed;
    return freed;
  }

  /**
   * What was dropped after a part of it was sent cannot be sent again, as the peer may now need who has received everything before
   * `received`: what follows moves up. Returns by how many bytes.
   */
  closeGap(received: number): number {
    const gap = this.#brokenOff;
    if (gap === undefined || received >= gap.end) return 0;
    const end = Math.max(gap.start, received);
    const bytes = gap.end - end;
    for (const message of this.#messages) if (message?.start >= gap.end) message.start -= bytes;
    gap.end = end;
    this.bytes -= bytes;
    return bytes;
  }

  /** Forgets all. */
  clear(): void {
    this.#messages = [];
    this.bytes = this.#first = this.#next = 0;
  }
}

function endOf({ start, length }: Message): number {
  return start + messageOverhead + length;
}
