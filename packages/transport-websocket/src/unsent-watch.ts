/**
 * Tells when a WebSocket that was full has room again: by its own word where it gives one, else by looking now and then.
 *
 * The standard has no event for it. So a full socket is looked at by a timer, which exists only while it is full.
 */
import type { Clock, Timer } from "@sluice/protocol/wire";
import type { WebSocketLike } from "./websocket-like.ts";

/** Delays between two looks, ms: the first and the longest. */
const firstLookMs = 1;
const longestLookMs = 32;

export class UnsentWatch {
  readonly #socket: WebSocketLike;
  readonly #mostBytes: number;
  readonly #clock: Clock;
  readonly #onRoom: () => void;
  /** Whether somebody calls {@link look}. */
  readonly #isTold: () => boolean;
  #isFull = false;
  #timer: Timer | undefined;

  /** `mostBytes` may wait in the socket; `onRoom` is told when half of them are left, after it was full. */
  constructor(
    socket: WebSocketLike,
    mostBytes: number,
    clock: Clock,
    isTold: () => boolean,
    onRoom: () => void,
  ) {
    this.#socket = socket;
    this.#mostBytes = mostBytes;
    this.#clock = clock;
    this.#isTold = isTold;
    this.#onRoom = onRoom;
  }

  /** Whether the socket is full now; if so, it is watched. */
  isFull(): boolean {
    if (this.#unsentBytes < this.#mostBytes) return this.#isFull;
    if (!this.#isFull) {
      this.#isFull = true;
      if (!this.#isTold()) this.#lookIn(firstLookMs);
    }
    return true;
  }

  /** Looks whether there is room again. */
  look(): void {
    if (!this.#isFull || this.#unsentBytes > this.#mostBytes / 2) return;
    this.stop();
    this.#onRoom();
  }

  /** Watches no more. */
  stop(): void {
    this.#isFull = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  get #unsentBytes(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  #lookIn(delayMs: number): void {
    this.#timer = this.#clock.setTimer(
      delayMs,
      () => {
        this.look();
        if (this.#isFull) this.#lookIn(Math.min(2 * delayMs, longestLookMs));
      },
      { background: true },
    );
  }
}
