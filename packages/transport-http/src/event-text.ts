/**
 * Text that is put together as bytes, for the events of a downlink: items whose payload is printable ASCII never become strings.
 *
 * Pure. What a line of such an item says is what `encodeTextFrame` of the protocol would write. Spec: docs/wire.md §3.3, §5.
 */
import { FrameType } from "@sluice/protocol/wire";

const encoder = new TextEncoder();
/** Bytes of a DATA frame without an amount, before its payload: length, head, call, offset. */
const plainDataBytes = 15;
const leastBytes = 16 * 1024;

export class EventText {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;

  /** Forgets what was added. */
  clear(): void {
    this.#at = 0;
  }

  /** Adds `text`, which is ASCII. */
  ascii(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index++) this.#bytes[this.#at++] = text.charCodeAt(index);
  }

  /** Adds any text. */
  text(text: string): void {
    this.#reserve(3 * text.length);
    this.#at += encoder.encodeInto(text, this.#bytes.subarray(this.#at)).written;
  }

  /**
   * Adds the line of the frame in `bytes` from `from` to `end`, which `view` is on, if it is an item in one piece of printable ASCII.
   * Returns whether it was.
   */
  plainData(bytes: Uint8Array, from: number, end: number, view: DataView): boolean {
    const payloadAt = from + plainDataBytes;
    if (bytes[from + 4] !== FrameType.DATA || payloadAt >= end) return false;
    const before = this.#at;
    const offset = view.getUint16(from + 9) * 2 ** 32 + view.getUint32(from + 11);
    this.ascii(`data: [${FrameType.DATA},${view.getUint32(from + 5)},${offset}] `);
    this.#reserve(end - payloadAt + 1);
    const into = this.#bytes;
    let at = this.#at;
    for (let index = payloadAt; index < end; index++) {
      const byte = bytes[index] as number;
      if (byte < 0x20 || byte > 0x7e) {
        this.#at = before;
        return false;
      }
      into[at++] = byte;
    }
    into[at++] = 0x0a;
    this.#at = at;
    return true;
  }

  /** What was added, in memory of its own. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(leastBytes, needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
