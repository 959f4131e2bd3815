/** Connections of bytes whose every read, write and end is a step of a schedule. A chunk may be read in any number of parts. */
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  ByteLink,
  type Link,
  standardUtf8,
  type Transport,
} from "@sluice/protocol/wire";
import type { Schedule, Source } from "./schedule.ts";

class NetEnd implements ByteDuplex, Source {
  readonly info = { transport: "memory" };
  readonly utf8 = standardUtf8;
  peer!: NetEnd;
  readonly #schedule: Schedule;
  #events: ByteDuplexEvents | undefined;
  readonly #flushes: (() => void)[] = [];
  /** What was sent to this end and not read. */
  #inbound: Uint8Array[] = [];
  #hasEnded = false;
  #hasPeerEnded = false;
  #isClosed = false;
  #isTold = false;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    schedule.add(this);
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  get isReady(): boolean {
    if (this.#flushes.length > 0) return true;
    if (this.#events === undefined) return false;
    return this.#isClosed ? !this.#isTold : this.#inbound.length > 0 || this.#canEnd;
  }

  step(): void {
    const { dice } = this.#schedule;
    const canRead = this.#events !== undefined && !this.#isClosed && this.#inbound.length > 0;
    if (this.#flushes.length > 0 && (!canRead || dice.oneIn(2))) this.#flushes.shift()?.();
    else if (this.#isClosed) this.#tell();
    else if (canRead) this.#read(dice.oneIn(2) ? Number.POSITIVE_INFINITY : 1 + dice.below(200));
    else if (this.#canEnd) this.#peerEnded();
  }

  defer(flush: () => void): void {
    this.#flushes.push(flush);
  }

  start(events: ByteDuplexEvents): void {
    this.#events = events;
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#hasEnded || this.#isClosed) return true;
    this.peer.#take(chunks);
    return true;
  }

  end(): void {
    if (this.#hasEnded || this.#isClosed) return;
    this.#hasEnded = true;
    if (this.#hasPeerEnded) this.close();
  }

  /** What is on its way to the peer still arrives, then the end. */
  destroy(): void {
    this.close();
  }

  /** It is over; what has not arrived here never will. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = this.#hasEnded = true;
    this.#inbound = [];
  }

  #take(chunks: readonly Uint8Array[]): void {
    if (!this.#isClosed) this.#inbound.push(...chunks);
  }

  get #canEnd(): boolean {
    return this.peer.#hasEnded && !this.#hasPeerEnded;
  }

  #peerEnded(): void {
    this.#hasPeerEnded = true;
    this.#hasEnded = true;
    this.close();
  }

  #read(most: number): void {
    const chunk = this.#inbound.shift() as Uint8Array;
    if (chunk.length > most) this.#inbound.unshift(chunk.subarray(most));
    this.#events?.data(chunk.subarray(0, most));
  }

  #tell(): void {
    this.#isTold = true;
    if (this.#flushes.length === 0) this.#schedule.remove(this);
    this.#events?.closed(undefined);
  }
}

export class ScheduledNet {
  readonly client: Transport;
  readonly #schedule: Schedule;
  #onLink: ((link: Link) => void) | undefined;
  #open: (readonly [NetEnd, NetEnd])[] = [];
  /** Links that were made. */
  links = 0;
  /** Links that {@link cut} has broken. */
  cutLinks = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.client = { name: "memory", connect: () => this.#connect(), dispose: async () => {} };
  }

  /** A server's end: from now on links go there. */
  server(): Transport {
    return {
      name: "memory",
      connect: () => Promise.reject(new TypeError("a server's end")),
      accept: (onLink) => {
        this.#onLink = onLink;
      },
      dispose: async () => {},
    };
  }

  /** Breaks every link: what is on its way is lost, and each end learns it in its own time. */
  cut(): void {
    for (const ends of this.#open) {
      if (ends.every(({ isOpen }) => isOpen)) this.cutLinks++;
      for (const end of ends) end.close();
    }
    this.#open = [];
  }

  /** Nobody listens any more. */
  leave(): void {
    this.#onLink = undefined;
  }

  async #connect(): Promise<Link> {
    await this.#schedule.turns(1);
    if (this.#onLink === undefined) throw new Error("nobody listens");
    const [one, other] = [new NetEnd(this.#schedule), new NetEnd(this.#schedule)];
    one.peer = other;
    other.peer = one;
    this.#open.push([one, other]);
    this.links++;
    this.#onLink(new ByteLink(other));
    return new ByteLink(one);
  }
}
