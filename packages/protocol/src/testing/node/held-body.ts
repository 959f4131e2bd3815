/**
 * The body of a response on its way through a proxy that may collect it, and that cuts it when it is idle.
 */
import type { ServerResponse } from "node:http";
import type { Clock, Timer } from "../../clock.ts";

export interface HeldBodyOptions {
  /** Passes what has gathered when it is so many bytes, or so many ms old. Absent: at once. */
  readonly buffer: { readonly bytes: number; readonly ms: number } | undefined;
  /** Ms without a byte. Absent: any. */
  readonly idleMs: number | undefined;
  /** Sends the head, which goes with the first bytes. */
  head(): void;
  /** So many bytes have been passed. */
  onPassed(bytes: number): void;
  onIdle(): void;
  /** The client takes more, after `write` gave `false`. */
  onRoom(): void;
}

export class HeldBody {
  readonly #outgoing: ServerResponse;
  readonly #clock: Clock;
  readonly #options: HeldBodyOptions;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #hasHead = false;
  #flush: Timer | undefined;
  #idle: Timer | undefined;

  constructor(outgoing: ServerResponse, clock: Clock, options: HeldBodyOptions) {
    this.#outgoing = outgoing;
    this.#clock = clock;
    this.#options = options;
    outgoing.on("drain", () => options.onRoom());
    if (options.buffer === undefined) this.#sendHead();
    this.#watch();
  }

  /** Takes `chunk`. Returns whether more may follow at once; else `onRoom` comes. */
  write(chunk: Uint8Array): boolean {
    this.#watch();
    const { buffer } = this.#options;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (buffer === undefined || this.#heldBytes >= buffer.bytes) return this.flush();
    this.#flush ??= this.#clock.setTimer(buffer.ms, () => void this.flush());
    return true;
  }

  /** Passes what has gathered. */
  flush(): boolean {
    this.#flush?.cancel();
    this.#flush = undefined;
    this.#sendHead();
    let hasRoom = true;
    for (const chunk of this.#held) hasRoom = this.#outgoing.write(chunk);
    const bytes = this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
    if (bytes > 0) this.#options.onPassed(bytes);
    return hasRoom;
  }

  stop(): void {
    this.#flush?.cancel();
    this.#idle?.cancel();
  }

  #sendHead(): void {
    if (this.#hasHead) return;
    this.#hasHead = true;
    this.#options.head();
    this.#outgoing.flushHeaders();
  }

  #watch(): void {
    const { idleMs, onIdle } = this.#options;
    this.#idle?.cancel();
    if (idleMs !== undefined) this.#idle = this.#clock.setTimer(idleMs, onIdle);
  }
}
