/**
 * What a value from a structured link counts, judged as it is measured: whoever sent it is not trusted.
 *
 * The platform has built the value already, so what a peer can still do is make others walk it for ever (sparse arrays, one
 * object in many places) or hold more memory than its credit says (a short view of a long buffer). Spec: docs/wire.md §3.3.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { isPlain, notPlain } from "./check-plain.ts";
import type { ValueLimits } from "./codec.ts";
import { nodeBytes, tooDeep, tooMany } from "./safe-value.ts";

/**
 * The payload bytes of `value`, equal to what `measureValue` says of it at its sender. What one object is referred to from
 * several places counts each time.
 * @throws {SluiceError} `DECODE_ERROR` for more levels or nodes than `limits` allow, for memory that others may write or that is
 *   larger than it counts, and for what is no plain data
 */
export function measureReceived(value: unknown, limits: ValueLimits): number {
  const walk = new Walk(limits);
  walk.visit(value, 0);
  return 256 + walk.size + nodeBytes * walk.nodes;
}

class Walk {
  size = 0;
  /** Elements and members. */
  nodes = 0;
  readonly #limits: ValueLimits;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  visit(value: unknown, depth: number): void {
    switch (typeof value) {
      case "string":
        this.size += 2 * value.length;
        break;
      case "object":
        if (value !== null) this.#visitObject(value, depth);
        break;
      case "number":
      case "boolean":
      case "undefined":
        break;
      default:
        throw unfit(`a ${typeof value} does not travel`);
    }
  }

  #visitObject(value: object, depth: number): void {
    if (ArrayBuffer.isView(value)) this.#visitBuffer(value.buffer, value.byteLength);
    else if (value instanceof ArrayBuffer) this.#visitBuffer(value, value.byteLength);
    else if (depth === this.#limits.maxDepth) throw tooDeep(this.#limits);
    else if (Array.isArray(value)) this.#visitArray(value, depth + 1);
    else if (isPlain(value)) this.#visitMembers(value as Record<string, unknown>, depth + 1);
    else throw unfit(notPlain(value).message);
  }

  #visitBuffer(buffer: ArrayBufferLike, bytes: number): void {
    if (!(buffer instanceof ArrayBuffer)) throw unfit("memory that others may write does not travel");
    // A clone keeps the whole buffer, and room for a resizable one to grow.
    if (buffer.byteLength !== bytes || (buffer as { readonly resizable?: boolean }).resizable === true) {
      throw unfit("bytes hold more memory than they count");
    }
    this.size += bytes;
  }

  #visitArray(array: readonly unknown[], depth: number): void {
    // Judged before the first element: a sparse array costs nothing to send, whatever its length.
    this.#count(array.length);
    for (let at = 0; at < array.length; at++) this.visit(array[at], depth);
    // Names come behind all indices. What hangs on them would be carried without being counted.
    const last = Object.keys(array).at(-1);
    if (last !== undefined && !isIndex(last)) throw unfit("an array with names does not travel");
  }

  #visitMembers(object: Readonly<Record<string, unknown>>, depth: number): void {
    const keys = Object.keys(object);
    this.#count(keys.length);
    for (const key of keys) {
      this.size += 2 * key.length;
      this.visit(object[key], depth);
    }
  }

  #count(nodes: number): void {
    this.nodes += nodes;
    // The value itself is a node, too.
    if (this.nodes >= this.#limits.maxNodes) throw tooMany(this.#limits);
  }
}

/** Whether `key` is the index of an element. Digits alone do not make one: `4294967295` and `01` are names. */
function isIndex(key: string): boolean {
  const index = Number(key) >>> 0;
  return index < 2 ** 32 - 1 && String(index) === key;
}

function unfit(why: string): SluiceError {
  return new SluiceError("DECODE_ERROR", `Cannot take a value: ${why}`);
}
