/**
 * One side of a connection in memory: a byte duplex for a link, whose bytes go to a fault proxy and come from it.
 */
import { SluiceError } from "../../errors/sluice-error.ts";
import { standardUtf8, type Utf8 } from "../../frame/utf8.ts";
import type { ByteDuplex, ByteDuplexEvents } from "../../link/byte-link.ts";
import type { LinkInfo } from "../../link/link.ts";
import type { ProxyEnd, ProxyEndEvents } from "./proxy-end.ts";

/** Runs a task soon, in the order in which they were deferred. */
export type Defer = (task: () => void) => void;

const info: LinkInfo = { transport: "memory" };

/** What the proxy holds. */
export class MemoryEnd implements ProxyEnd {
  /** What the link holds. */
  readonly duplex: ByteDuplex;
  readonly #outside: OutsideDuplex;
  readonly #defer: Defer;

  constructor(defer: Defer) {
    this.#defer = defer;
    this.#outside = new OutsideDuplex(defer);
    this.duplex = this.#outside;
  }

  start(events: ProxyEndEvents): void {
    this.#outside.listen(events);
  }

  write(chunk: Uint8Array): boolean {
    this.#defer(() => this.#outside.take(chunk));
    return true;
  }

  end(): void {
    this.#defer(() => this.#outside.peerEnded());
  }

  destroy(): void {
    this.#defer(() => this.#outside.close(undefined));
  }

  reset(): void {
    const error = new SluiceError("UNAVAILABLE", "The connection was reset");
    this.#defer(() => this.#outside.close(error));
  }

  pause(): void {
    this.#outside.pause();
  }

  resume(): void {
    this.#outside.resume();
  }

  defer(task: () => void): void {
    this.#defer(task);
  }
}

class OutsideDuplex implements ByteDuplex {
  readonly info: LinkInfo = info;
  readonly utf8: Utf8 = standardUtf8;
  readonly #defer: Defer;
  #proxy: ProxyEndEvents | undefined;
  #events: ByteDuplexEvents | undefined;
  /** Chunks that came before anybody read, and those behind them until they are handed over. */
  #early: Uint8Array[] | undefined = [];
  /** What was written while the proxy does not read. */
  #unread: Uint8Array[] = [];
  #isPaused = false;
  #hasEnded = false;
  /** The proxy knows that this side has ended, and all it said before. */
  #isEndPassed = false;
  #hasPeerEnded = false;
  #isClosed = false;
  #isEndTold = false;
  #error: SluiceError | undefined;

  constructor(defer: Defer) {
    this.#defer = defer;
  }

  // ── For the link ─────────────────────────────────────────────────────────────────────────────────────────────────

  defer(flush: () => void): void {
    this.#defer(flush);
  }

  start(events: ByteDuplexEvents): void {
    this.#events = events;
    this.#defer(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const chunk of early) if (!this.#isEndTold) events.data(chunk);
      if (this.#isClosed) this.#tellEnd();
    });
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#hasEnded || this.#isClosed) return true;
    this.#unread.push(...chunks);
    this.#pass();
    return !this.#isPaused;
  }

  end(): void {
    if (this.#hasEnded || this.#isClosed) return;
    this.#hasEnded = true;
    this.#pass();
    this.#closeIfBothEnded();
  }

  destroy(): void {
    if (this.#early !== undefined) this.#early = [];
    this.close(undefined);
  }

  // ── For the proxy ────────────────────────────────────────────────────────────────────────────────────────────────

  listen(proxy: ProxyEndEvents): void {
    this.#proxy = proxy;
  }

  take(chunk: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#early !== undefined) this.#early.push(chunk);
    else this.#events?.data(chunk);
  }

  peerEnded(): void {
    if (this.#isClosed) return;
    this.#hasPeerEnded = true;
    // As a socket does: who is told that nothing follows says no more than it has written.
    this.end();
    this.#closeIfBothEnded();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#pass();
    if (!this.#isPaused && !this.#isClosed) this.#events?.drained();
  }

  close(error: SluiceError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unread = [];
    this.#error = error;
    // What came early comes before the end.
    if (this.#early === undefined) this.#defer(() => this.#tellEnd());
    this.#proxy?.closed();
  }

  /** Hands the proxy what was written, and the end behind it, while it reads. */
  #pass(): void {
    while (!this.#isPaused && this.#unread.length > 0) this.#proxy?.data(this.#unread.shift() as Uint8Array);
    if (this.#unread.length > 0 || !this.#hasEnded || this.#isEndPassed) return;
    this.#isEndPassed = true;
    this.#proxy?.ended();
  }

  #closeIfBothEnded(): void {
    if (this.#isEndPassed && this.#hasPeerEnded) this.close(undefined);
  }

  #tellEnd(): void {
    if (this.#isEndTold) return;
    this.#isEndTold = true;
    this.#events?.closed(this.#error);
  }
}
