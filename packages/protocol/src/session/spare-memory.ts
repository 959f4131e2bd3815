/**
 * Memory of long byte strings that have arrived, for the next ones of the same direction: fresh memory is what they cost most.
 *
 * It belongs to one direction of one call: a peer that confirms bytes which a link has yet to send damages nothing but its own call.
 */

/** Shorter byte strings get memory of their own. */
const smallest = 4096;
/** Bytes that are kept at most. */
const most = 1024 * 1024;

export class SpareMemory {
  /** All of one length, that of the last byte string. */
  #spare: Uint8Array[] | undefined;

  /** A copy of `bytes`, which is {@link giveBack given back} when nobody needs it any more. */
  copy(bytes: Uint8Array): Uint8Array {
    const spare = this.#spare;
    if (spare !== undefined && spare[0]?.length !== bytes.length) this.#spare = undefined;
    const memory = this.#spare?.pop();
    if (memory === undefined) return new Uint8Array(bytes);
    memory.set(bytes);
    return memory;
  }

  /** What a message held that has arrived. */
  giveBack(body: unknown): void {
    if (!(body instanceof Uint8Array) || body.length < smallest) return;
    if (body.length !== body.buffer.byteLength) return;
    this.#spare ??= [];
    const [first] = this.#spare;
    const hasRoom = (this.#spare.length + 1) * body.length <= most;
    if (hasRoom && (first === undefined || first.length === body.length)) this.#spare.push(body);
  }
}
