/**
 * Two ends of a link of bytes inside one process, so that a direct call is a peer like any other.
 *
 * What one end writes comes to the other when the turn is over, as a microtask; and in a turn of its own where those have kept the
 * event loop busy for too long. Nothing waits here but what the windows of the session allow.
 */
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  ByteLink,
  type Clock,
  type Link,
  type LinkInfo,
  standardUtf8,
  type Utf8,
} from "@sluice/protocol/wire";

/** How long microtasks may follow each other before timers and I/O get a turn, ms. */
const longestTurnMs = 10;

/** Runs tasks in order, each when the work before it is done. */
class TurnOrder {
  readonly #clock: Clock;
  readonly #tasks: (() => void)[] = [];
  /** When the microtasks began that have followed each other since; absent: I/O has had its turn. */
  #busySince: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  defer(task: () => void): void {
    const now = this.#clock.now();
    if (this.#busySince === undefined) {
      this.#busySince = now;
      const rest = (): void => {
        this.#busySince = undefined;
      };
      this.#clock.setTimer(0, rest, { background: true });
    }
    this.#tasks.push(task);
    if (now - this.#busySince < longestTurnMs) queueMicrotask(this.#next);
    else this.#clock.setTimer(0, this.#next);
  }

  readonly #next = (): void => {
    this.#tasks.shift()?.();
  };
}

class LocalDuplex implements ByteDuplex {
  readonly utf8: Utf8 = standardUtf8;
  readonly info: LinkInfo;
  readonly #turns: TurnOrder;
  #other: LocalDuplex | undefined;
  #events: ByteDuplexEvents | undefined;
  /** What came before anybody read. */
  #early: Uint8Array[] = [];
  #isOver = false;
  #isEndTold = false;

  constructor(info: LinkInfo, turns: TurnOrder) {
    this.info = info;
    this.#turns = turns;
  }

  join(other: LocalDuplex): void {
    this.#other = other;
  }

  defer(flush: () => void): void {
    this.#turns.defer(flush);
  }

  start(events: ByteDuplexEvents): void {
    this.#turns.defer(() => {
      this.#events = events;
      const early = this.#early;
      this.#early = [];
      for (const chunk of early) events.data(chunk);
      if (this.#isOver) this.#tellEnd();
    });
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (!this.#isOver) this.#turns.defer(() => this.#other?.arrive(chunks));
    return true;
  }

  end(): void {
    // Behind what was written. There is no half of an end: this side's comes with the other's.
    this.#turns.defer(() => {
      this.#other?.finish();
      this.finish();
    });
  }

  destroy(): void {
    this.#early = [];
    this.finish();
    this.#turns.defer(() => this.#other?.finish());
  }

  /** The other end has written `chunks`. */
  arrive(chunks: readonly Uint8Array[]): void {
    if (this.#isOver) return;
    if (this.#events === undefined) this.#early.push(...chunks);
    else for (const chunk of chunks) this.#events.data(chunk);
  }

  /** Both ends are over. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // What came early comes before the end.
    if (this.#events !== undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    this.#events?.closed(undefined);
  }
}

/** A new link: its two ends. `info` is what either knows of the other. */
export function localLinks(info: LinkInfo, clock: Clock): readonly [Link, Link] {
  const turns = new TurnOrder(clock);
  const one = new LocalDuplex(info, turns);
  const other = new LocalDuplex(info, turns);
  one.join(other);
  other.join(one);
  return [new ByteLink(one), new ByteLink(other)];
}
