/**
 * Two ends of a byte stream inside one process, so that both codecs and the frame layer run without a socket.
 */
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  type LinkInfo,
  standardUtf8,
  type Utf8,
} from "@sluice/protocol/wire";
import type { TurnQueue } from "./turn-queue.ts";

class MemoryDuplex implements ByteDuplex {
  readonly info: LinkInfo;
  readonly utf8: Utf8 = standardUtf8;
  readonly #turns: TurnQueue;
  #peer!: MemoryDuplex;
  #events: ByteDuplexEvents | undefined;
  /** Chunks that came before anybody read, and those behind them until they are handed over. */
  #early: Uint8Array[] | undefined = [];
  #hasEnded = false;
  #isClosed = false;
  #isEndTold = false;

  constructor(info: LinkInfo, turns: TurnQueue) {
    this.info = info;
    this.#turns = turns;
  }

  static pair(info: LinkInfo, turns: TurnQueue): [MemoryDuplex, MemoryDuplex] {
    const one = new MemoryDuplex(info, turns);
    const other = new MemoryDuplex(info, turns);
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  defer(flush: () => void): void {
    this.#turns.defer(flush);
  }

  start(events: ByteDuplexEvents): void {
    this.#events = events;
    this.#turns.defer(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const chunk of early) if (!this.#isEndTold) events.data(chunk);
      if (this.#isClosed) this.#tellEnd();
    });
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#hasEnded || this.#isClosed) return true;
    this.#turns.defer(() => this.#peer.#take(chunks));
    return true;
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    // A carrier without half-close: this end follows its peer's at once.
    this.#turns.defer(() => {
      this.#close();
      this.#turns.defer(() => this.#peer.#close());
    });
  }

  destroy(): void {
    if (this.#early !== undefined) this.#early = [];
    this.#close();
    this.#turns.defer(() => this.#peer.#close());
  }

  #take(chunks: readonly Uint8Array[]): void {
    if (this.#isClosed) return;
    if (this.#early !== undefined) {
      this.#early.push(...chunks);
      return;
    }
    for (const chunk of chunks) if (!this.#isEndTold) this.#events?.data(chunk);
  }

  #close(): void {
    this.#isClosed = true;
    // What came early comes before the end.
    if (this.#early === undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    this.#events?.closed(undefined);
  }
}

/** A new byte stream: its two ends. */
export function memoryDuplexPair(info: LinkInfo, turns: TurnQueue): [ByteDuplex, ByteDuplex] {
  return MemoryDuplex.pair(info, turns);
}
