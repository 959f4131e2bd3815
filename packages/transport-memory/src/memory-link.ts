/**
 * Two ends of a link inside one process: frames cross as objects, by reference or cloned.
 *
 * Spec: docs/wire.md §3.3, structured.
 */
import {
  type Frame,
  type Link,
  type LinkInfo,
  type LinkReceiver,
  messageOverhead,
  type SluiceError,
  standardUtf8,
  type Utf8,
} from "@sluice/protocol/wire";
import { copyFrame, unsendable } from "./copied-frame.ts";
import type { TurnQueue } from "./turn-queue.ts";

/** Offset bytes that wait for the end of a turn at most. */
const roomBytes = 64 * 1024;

class MemoryLink implements Link {
  readonly kind = "structured";
  readonly utf8: Utf8 = standardUtf8;
  readonly info: LinkInfo;
  readonly #turns: TurnQueue;
  readonly #clones: boolean;
  #peer!: MemoryLink;
  #receiver: LinkReceiver | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #endError: SluiceError | undefined;
  /** Why it is closing, if it is not by the will of one side. */
  #failure: SluiceError | undefined;
  #isEndTold = false;
  /** Frames on their way to the peer. */
  #sending: Frame[] = [];
  #sendingBytes = 0;
  #isFlushDue = false;
  #isWaitedFor = false;
  /** Frames that came before there was a receiver, and those behind them until they are handed over. */
  #early: Frame[] | undefined = [];

  constructor(info: LinkInfo, turns: TurnQueue, clones: boolean) {
    this.info = info;
    this.#turns = turns;
    this.#clones = clones;
  }

  static pair(info: LinkInfo, turns: TurnQueue, clones: boolean): [MemoryLink, MemoryLink] {
    const one = new MemoryLink(info, turns, clones);
    const other = new MemoryLink(info, turns, clones);
    one.#peer = other;
    other.#peer = one;
    return [one, other];
  }

  get room(): number {
    const room = this.#state === "open" ? roomBytes - this.#sendingBytes : 0;
    if (room <= 0) this.#isWaitedFor = true;
    return room;
  }

  receive(receiver: LinkReceiver): void {
    const isFirst = this.#receiver === undefined;
    this.#receiver = receiver;
    if (isFirst) this.#turns.defer(this.#deliverEarly);
  }

  send(frame: Frame): number {
    if (this.#state !== "open") return 0;
    const sent = this.#clones ? this.#copy(frame) : frame;
    if (sent === undefined) return 0;
    const bytes = "total" in sent && !sent.more ? sent.total : 0;
    this.#sendingBytes += bytes + messageOverhead;
    this.#sending.push(sent);
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#turns.defer(this.#flush);
    }
    return bytes;
  }

  /** A copy; `undefined` if there is none, which ends the link: nothing fits that follows. */
  #copy(frame: Frame): Frame | undefined {
    try {
      return copyFrame(frame, []);
    } catch (cause) {
      // Told at the end of the turn: whoever is sending does not expect it inside.
      this.#failure = unsendable(frame, cause);
      this.close();
      return undefined;
    }
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    if (!this.#isFlushDue) this.#turns.defer(this.#flush);
    this.#isFlushDue = true;
  }

  destroy(error?: SluiceError): void {
    if (this.#state === "closed") return;
    this.#sending = [];
    if (this.#early !== undefined) this.#early = [];
    this.#end(error);
    this.#turns.defer(() => this.#peer.#end(undefined));
  }

  readonly #flush = (): void => {
    if (this.#state === "closed") return;
    if (this.#state === "open") this.#receiver?.flushing();
    this.#isFlushDue = false;
    const frames = this.#sending;
    this.#sending = [];
    this.#sendingBytes = 0;
    this.#peer.#deliver(frames);
    if (this.#state === "closing") {
      this.#end(this.#failure);
      this.#peer.#end(undefined);
    } else if (this.#isWaitedFor) {
      this.#isWaitedFor = false;
      this.#receiver?.writable();
    }
  };

  readonly #deliverEarly = (): void => {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#handOver(early);
    if (this.#state === "closed") this.#tellEnd();
  };

  #deliver(frames: readonly Frame[]): void {
    if (this.#state === "closed") return;
    if (this.#early === undefined) this.#handOver(frames);
    else for (const frame of frames) this.#early.push(frame);
  }

  #handOver(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (this.#isEndTold) return;
      this.#receiver?.frame(frame);
    }
  }

  #end(error: SluiceError | undefined): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#endError = error;
    // What came early comes before the end.
    if (this.#early === undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    this.#receiver?.closed(this.#endError);
  }
}

/** A new link: its two ends. @param clones values are copied when they are sent, so that no reference is shared */
export function memoryLinkPair(info: LinkInfo, turns: TurnQueue, clones: boolean): [Link, Link] {
  return MemoryLink.pair(info, turns, clones);
}
