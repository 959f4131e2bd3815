/**
 * One way through a fault proxy: bytes go in as they come, and out as its faults let them, exactly and in order.
 *
 * Knows no carrier, and time only by its clock.
 */
import type { Clock, Timer } from "../../clock.ts";
import { Dice } from "../dice.ts";
import type { Blackhole, WayFaults } from "./connection-faults.ts";
import { dueBytes, FaultLine, type Held, type LaneEnding, pieceDueAt } from "./fault-line.ts";
import type { ProxyEnd } from "./proxy-end.ts";

/** Bytes that are on their way at most while only their delay keeps them. */
const mostInFlightBytes = 8 * 1024 * 1024;

/** At what a lane stops for good. */
export type LaneBound = "cut" | "reset" | "limit";

export interface FaultLaneOptions {
  readonly clock: Clock;
  readonly seed: number;
  readonly faults: Required<WayFaults>;
  /** Bytes that wait here at most before the source is paused. */
  readonly bufferBytes: number;
  readonly from: ProxyEnd;
  readonly to: ProxyEnd;
  /** Bytes that may pass, whatever the faults say. */
  allowance(): number;
  passed(chunk: Uint8Array): void;
  swallowed(bytes: number): void;
  /** All bytes up to the bound have left. */
  reached(bound: LaneBound): void;
}

export class FaultLane {
  /** Bytes that were passed on. */
  passedBytes = 0;
  readonly #options: FaultLaneOptions;
  #faults: Required<WayFaults>;
  readonly #line: FaultLine;
  /** Where the next byte stands in what came. */
  #offset = 0;
  #blackhole: Blackhole | undefined;
  /** Of the slice that has begun. */
  #sliceLeft = 0;
  #sliceDice: Dice | undefined;
  #timer: Timer | undefined;
  /** Waits for the target to take what was written. */
  #isFull = false;
  /** A bound is reached by what was written. */
  #isBoundBehind = false;
  /** A slice has gone, and the next waits for its turn. */
  #isResting = false;
  #isPumping = false;
  #isPaused = false;
  #isStopped = false;

  constructor(options: FaultLaneOptions) {
    this.#options = options;
    this.#faults = options.faults;
    this.#line = new FaultLine(options.seed + 1);
  }

  /** Changes the faults. What is on its way keeps its time. */
  set(faults: Required<WayFaults>): void {
    this.#faults = faults;
    this.#sliceLeft = 0;
    this.begin();
  }

  /** Looks whether a bound is reached before anything has come. */
  begin(): void {
    if (this.#isStopped) return;
    this.#settleBound();
    this.#pump();
  }

  blackhole(blackhole: Blackhole): void {
    this.#blackhole = blackhole;
    this.#pump();
  }

  /** Ends a blackhole. What was held and is due passes at once. */
  heal(): void {
    if (this.#blackhole === undefined) return;
    this.#blackhole = undefined;
    if (this.#faults.blackholeAt <= this.passedBytes) {
      this.#faults = { ...this.#faults, blackholeAt: Number.POSITIVE_INFINITY };
    }
    this.#pump();
  }

  /** Takes what the source says. */
  push(chunk: Uint8Array): void {
    if (this.#isStopped || chunk.length === 0) return;
    this.#line.push(chunk, this.#options.clock.now(), this.#faults);
    this.#pump();
  }

  /** Ends the target, or destroys it, after all that came before. */
  finish(ending: LaneEnding): void {
    if (this.#isStopped) return;
    this.#line.finish(ending, this.#options.clock.now(), this.#faults);
    this.#pump();
  }

  /** The target has taken all that was written. */
  drained(): void {
    if (this.#isStopped || !this.#isFull) return;
    this.#isFull = false;
    if (this.#isBoundBehind) this.#settleBound();
    this.#pump();
  }

  /** Passes nothing more. What the source still says is lost. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#line.clear();
    this.#timer?.cancel();
    if (this.#isPaused) this.#options.from.resume();
  }

  #drawSlice(): number {
    const { sliceBytes } = this.#faults;
    if (sliceBytes === Number.POSITIVE_INFINITY) return sliceBytes;
    this.#sliceDice ??= Dice.seeded(this.#options.seed);
    return 1 + this.#sliceDice.below(sliceBytes);
  }

  // ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #pump(): void {
    // What passes may bring about that more comes.
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#timer?.cancel();
    let mayGoOn = true;
    while (mayGoOn) mayGoOn = this.#passNext();
    this.#isPumping = false;
    this.#steer();
  }

  /** Passes something on. Returns whether more may follow. */
  #passNext(): boolean {
    const held = this.#line.first;
    if (held === undefined || this.#isStopped || this.#isFull || this.#isResting) return false;
    if (this.#blackhole === "hold") return false;
    if (typeof held.what === "string") return this.#passEnd(held, held.what);
    const due = this.#dueBytes(held, held.what.length - held.at);
    if (due === 0) return false;
    if (this.#blackhole === "swallow") {
      this.#take(held, held.what, due);
      this.#options.swallowed(due);
      return true;
    }
    return this.#passBytes(held, held.what, due);
  }

  #passEnd(held: Held, ending: LaneEnding): boolean {
    // Nobody hears of an end through a blackhole.
    if (this.#blackhole !== undefined || !this.#isDue(held.startsAt + held.delayMs)) return false;
    this.#line.shift(held);
    if (ending === "end") this.#options.to.end();
    else this.#options.to.destroy();
    return true;
  }

  #passBytes(held: Held, chunk: Uint8Array, due: number): boolean {
    if (this.#sliceLeft === 0) this.#sliceLeft = this.#drawSlice();
    const size = Math.min(due, this.#sliceLeft, this.#boundBytes());
    if (size <= 0) return false;
    const part = this.#take(held, chunk, size);
    this.#sliceLeft -= size;
    this.passedBytes += size;
    this.#isFull = !this.#options.to.write(part);
    this.#options.passed(part);
    this.#settleBound();
    if (this.#sliceLeft === 0) this.#rest();
    return true;
  }

  /** The next `size` bytes of `held`, corrupted if that is due. */
  #take(held: Held, chunk: Uint8Array, size: number): Uint8Array {
    let part = this.#line.take(held, chunk, size);
    const corrupt = this.#faults.corruptAt - this.#offset;
    if (corrupt >= 0 && corrupt < size) {
      // The chunk is its sender's.
      part = part.slice();
      part[corrupt] = (part[corrupt] as number) ^ 0xff;
    }
    this.#offset += size;
    return part;
  }

  #rest(): void {
    this.#isResting = true;
    this.#options.to.defer(() => {
      this.#isResting = false;
      this.#pump();
    });
  }

  // ── Bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Bytes up to the nearest bound. */
  #boundBytes(): number {
    const { cutAt, resetAt, blackholeAt } = this.#faults;
    return Math.min(Math.min(cutAt, resetAt, blackholeAt) - this.passedBytes, this.#options.allowance());
  }

  /** Does what is due at a bound, if one is reached: once all bytes before it have left. */
  #settleBound(): void {
    if (this.#isStopped || this.#boundBytes() > 0) return;
    const { cutAt, resetAt, blackholeAt } = this.#faults;
    const isReached = (at: number): boolean => at <= this.passedBytes;
    if (isReached(blackholeAt) && !isReached(cutAt) && !isReached(resetAt)) {
      this.#blackhole ??= "hold";
      return;
    }
    const bound = isReached(cutAt) ? "cut" : isReached(resetAt) ? "reset" : "limit";
    this.#isBoundBehind = this.#isFull;
    if (!this.#isFull) this.#options.reached(bound);
  }

  // ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** How many of the `left` bytes of `held` are due. If none is, the next ones are waited for. */
  #dueBytes(held: Held, left: number): number {
    return this.#isDue(pieceDueAt(held, left)) ? dueBytes(held, left, this.#options.clock.now()) : 0;
  }

  #isDue(at: number): boolean {
    const { clock } = this.#options;
    const left = at - clock.now();
    if (left <= 0) return true;
    this.#timer = clock.setTimer(left, () => this.#pump());
    return false;
  }

  /** Pauses the source while more waits here than should, and resumes it. */
  #steer(): void {
    if (this.#isStopped || this.#isPaused === this.#holdsTooMuch) return;
    this.#isPaused = !this.#isPaused;
    if (this.#isPaused) this.#options.from.pause();
    else this.#options.from.resume();
  }

  get #holdsTooMuch(): boolean {
    const { bufferBytes, clock } = this.#options;
    const isStuck = this.#isFull || this.#isResting || this.#blackhole === "hold";
    if (isStuck) return this.#line.bytes >= bufferBytes;
    const { bytesPerSecond } = this.#faults;
    const waitsMs = this.#line.waitsMs(clock.now());
    const waitingBytes = waitsMs === 0 ? 0 : (waitsMs * bytesPerSecond) / 1_000;
    return waitingBytes >= bufferBytes || this.#line.bytes >= mostInFlightBytes;
  }
}
