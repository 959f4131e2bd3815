/**
 * What is on its way through a fault lane, in order, and when each byte of it has come through.
 *
 * Pure: it is told the time, and starts no timer.
 */
import { Dice } from "../dice.ts";
import type { WayFaults } from "./connection-faults.ts";

/** What a slow line passes on at once, ms. */
const pieceMs = 20;

/** How a target is ended. */
export type LaneEnding = "end" | "destroy";

/** A chunk on its way, or an end. */
export interface Held {
  readonly what: Uint8Array | LaneEnding;
  /** Bytes of it that have gone on. */
  at: number;
  /** When its first byte enters the line. */
  readonly startsAt: number;
  readonly msPerByte: number;
  readonly delayMs: number;
  next: Held | undefined;
}

export class FaultLine {
  /** What goes on next. */
  first: Held | undefined;
  /** Bytes in it. */
  bytes = 0;
  readonly #seed: number;
  #last: Held | undefined;
  /** When all that came has entered. */
  #freeAt = 0;
  #jitterDice: Dice | undefined;

  /** `seed` draws the jitter. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Takes a chunk, which enters when those before it have. */
  push(chunk: Uint8Array, now: number, faults: Required<WayFaults>): void {
    const msPerByte = 1_000 / faults.bytesPerSecond;
    this.#freeAt = this.#hold(chunk, now, msPerByte, faults) + chunk.length * msPerByte;
    this.bytes += chunk.length;
  }

  /** Takes an end, behind all that came before. */
  finish(ending: LaneEnding, now: number, faults: Required<WayFaults>): void {
    this.#hold(ending, now, 0, faults);
  }

  /** The next `size` bytes of the first chunk, which leave. */
  take(held: Held, chunk: Uint8Array, size: number): Uint8Array {
    const part = chunk.subarray(held.at, held.at + size);
    this.bytes -= size;
    held.at += size;
    if (held.at === chunk.length) this.shift(held);
    return part;
  }

  /** `held`, the first, leaves. */
  shift(held: Held): void {
    this.first = held.next;
    if (this.first === undefined) this.#last = undefined;
  }

  /** Loses all that is in it. */
  clear(): void {
    this.first = this.#last = undefined;
    this.bytes = 0;
  }

  /** How long it takes until all that came has entered, ms. */
  waitsMs(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }

  /** Returns when its first byte enters. */
  #hold(what: Held["what"], now: number, msPerByte: number, faults: Required<WayFaults>): number {
    const startsAt = Math.max(now, this.#freeAt);
    const delayMs = this.#drawDelay(faults);
    const held: Held = { what, at: 0, startsAt, msPerByte, delayMs, next: undefined };
    if (this.#last === undefined) this.first = held;
    else this.#last.next = held;
    this.#last = held;
    return startsAt;
  }

  #drawDelay({ delayMs, jitterMs }: Required<WayFaults>): number {
    if (jitterMs === 0) return delayMs;
    this.#jitterDice ??= Dice.seeded(this.#seed);
    const span = 2 ** 20;
    return Math.max(0, delayMs + jitterMs * ((2 * this.#jitterDice.below(span)) / (span - 1) - 1));
  }
}

/** When the next piece of the `left` bytes of `held` has come through. */
export function pieceDueAt(held: Held, left: number): number {
  const { startsAt, msPerByte, delayMs, at } = held;
  return startsAt + delayMs + (at + pieceBytes(held, left)) * msPerByte;
}

/** How many of the `left` bytes of `held` have come through at `now`, when that piece has. */
export function dueBytes(held: Held, left: number, now: number): number {
  const { startsAt, msPerByte, delayMs, at } = held;
  if (msPerByte === 0) return left;
  const late = Math.floor((now - startsAt - delayMs) / msPerByte) - at;
  return Math.min(left, Math.max(pieceBytes(held, left), late));
}

function pieceBytes({ msPerByte }: Held, left: number): number {
  return Math.min(left, Math.max(1, Math.floor(pieceMs / msPerByte)));
}
