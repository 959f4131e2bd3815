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
  const { maxDepth, maxNodes } = limits;
  let nodes = 1;
  /** What is still to be visited, and how deep each lies. */
  const parents: object[] = [];
  const depths: number[] = [];
  const visit = (child: unknown, depth: number): void => {
    if (typeof child === "number") checkRange(child);
    else if (typeof child === "object" && child !== null) {
      if (depth > maxDepth) throw tooDeep(limits);
      parents.push(child);
      depths.push(depth);
    }
  };
  visit(value, 1);
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    const depth = (depths.pop() as number) + 1;
    if (Array.isArray(parent)) {
      nodes += parent.length;
      if (nodes > maxNodes) throw tooMany(limits);
      for (const child of parent) visit(child, depth);
    } else if (!ArrayBuffer.isView(parent)) {
      for (const key in parent) {
        if (++nodes > maxNodes) throw tooMany(limits);
        visit((parent as Record<string, unknown>)[key], depth);
      }
    }
  }
}

/**
 * Walks a decoded `value` that is too small to be nested deep, as {@link checkShape} does, for its numbers only.
 * @throws {SluiceError} `DECODE_ERROR`
 */
export function checkNumbers(value: unknown): void {
  if (typeof value === "number") checkRange(value);
  else if (typeof value === "object" && value !== null) {
    if (Array.isArray(value)) for (const item of value) checkNumbers(item);
    else for (const key in value) checkNumbers((value as Record<string, unknown>)[key]);
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
