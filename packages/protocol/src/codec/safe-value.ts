/**
 * The shape of a decoded value against its limits: levels of nesting, number of nodes.
 *
 * A decoder bounds memory by the payload's size; this bounds what user code may have to walk.
 */
import { SluiceError } from "../errors/sluice-error.ts";
import { isPlain, notPlain } from "./check-plain.ts";
import type { ValueLimits } from "./codec.ts";

/**
 * Walks a decoded `value` without recursion.
 * @throws {SluiceError} `DECODE_ERROR` if it is nested deeper or has more nodes than `limits` allow, or holds a number that was
 *   written too large for one
 */
export function checkShape(value: unknown, limits: ValueLimits): void {
  let nodes = 1;
  if (typeof value === "number") checkRange(value);
  let level: object[] = typeof value === "object" && value !== null ? [value] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > limits.maxDepth) throw tooDeep(limits);
    const next: object[] = [];
    for (const parent of level) {
      if (ArrayBuffer.isView(parent)) continue;
      const children: readonly unknown[] = Array.isArray(parent) ? parent : Object.values(parent);
      nodes += children.length;
      if (nodes > limits.maxNodes) throw tooMany(limits);
      for (const child of children) {
        if (typeof child === "object" && child !== null) next.push(child);
        else if (typeof child === "number") checkRange(child);
      }
    }
    level = next;
  }
}

function checkRange(number: number): void {
  if (!Number.isFinite(number))
    throw new SluiceError("DECODE_ERROR", "Cannot decode a payload: a number is out of range");
}

/** The error for a value that is nested too deep. */
export function tooDeep(limits: ValueLimits): SluiceError {
  return new SluiceError(
    "DECODE_ERROR",
    `Cannot decode a value nested deeper than ${limits.maxDepth} levels`,
  );
}

/** The error for a value with too many nodes. */
export function tooMany(limits: ValueLimits): SluiceError {
  return new SluiceError("DECODE_ERROR", `Cannot decode a value of more than ${limits.maxNodes} nodes`);
}

/** What an element or a member counts on a structured link, beyond its text or bytes: about what its place takes in memory. */
export const nodeBytes: number = 16;

/**
 * What a value counts on a structured link, in offset bytes: 256 + its bytes + 2 per code unit of its strings and keys + 16 per
 * element and member. Spec: docs/wire.md §3.3.
 * @throws {SluiceError} `INVALID_ARGUMENT` for nesting beyond the limits, which also ends cycles, and for too many nodes
 * @throws {TypeError} for what no structured clone copies, or copies into something else: functions, instances of classes…
 */
export function measureValue(value: unknown, limits: ValueLimits): number {
  const measure = new Measure(limits);
  return 256 + measure.visit(value, 0) + nodeBytes * measure.nodes;
}

class Measure {
  nodes = 0;
  readonly #limits: ValueLimits;

  constructor(limits: ValueLimits) {
    this.#limits = limits;
  }

  /** Bytes of texts and byte strings. */
  visit(value: unknown, depth: number): number {
    switch (typeof value) {
      case "string":
        return 2 * value.length;
      case "object":
        return value === null ? 0 : this.#visitObject(value, depth + 1);
      case "function":
      case "symbol":
      case "bigint":
        throw new TypeError(`a ${typeof value} does not travel`);
      default:
        return 0;
    }
  }

  #visitObject(value: object, depth: number): number {
    if (ArrayBuffer.isView(value)) {
      if (!isShared(value.buffer)) return value.byteLength;
      throw new TypeError("memory that others may write does not travel: copy it");
    }
    if (value instanceof ArrayBuffer) return value.byteLength;
    const { maxDepth, maxNodes } = this.#limits;
    if (depth > maxDepth) throw tooLargeToSend(`nested deeper than ${maxDepth} levels`);
    let size = 0;
    if (Array.isArray(value)) {
      // Judged before the first element: an array may be sparse.
      this.nodes += value.length;
      if (this.nodes >= maxNodes) throw tooLargeToSend(`of more than ${maxNodes} nodes`);
      for (const item of value) size += this.visit(item, depth);
      return size;
    }
    if (!isPlain(value)) throw notPlain(value);
    for (const key in value) {
      if (++this.nodes >= maxNodes) throw tooLargeToSend(`of more than ${maxNodes} nodes`);
      size += 2 * key.length + this.visit((value as Record<string, unknown>)[key], depth);
    }
    return size;
  }
}

function tooLargeToSend(what: string): SluiceError {
  return new SluiceError("INVALID_ARGUMENT", `Cannot send a value ${what}`, { processed: "no" });
}

function isShared(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;
}
