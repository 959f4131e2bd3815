/**
 * Finds out whether the peer of a pipe is still there: a ping every interval, and none of silence after one.
 *
 * Any byte counts as a sign of life. While this side does not read (its reader is slow), it hears nothing and blames nobody.
 */
import { type Clock, SluiceError, type Timer } from "@sluice/protocol/wire";
import { pipeOver } from "./pipe-close.ts";

export interface PipeHeartbeatOptions {
  /** Milliseconds; `false`: only pings that are asked for. */
  readonly pingInterval: number | false;
  readonly clock: Clock;
}

export interface PipeHeartbeatEvents {
  /** Send a ping with this number. */
  ping(id: number): void;
  /** Nobody is there. */
  lost(error: SluiceError): void;
}

interface Asked {
  readonly id: number;
  readonly atMs: number;
  resolve(ms: number): void;
  reject(error: SluiceError): void;
}

/** Pings without an answer that may be asked for at once. */
const mostAsked = 1_000;

export class PipeHeartbeat {
  readonly #options: PipeHeartbeatOptions;
  readonly #events: PipeHeartbeatEvents;
  #timer: Timer | undefined;
  #lastId = 0;
  #isHeard = true;
  #isDeaf = false;
  #asked: Asked[] = [];
  #isStopped = false;

  constructor(options: PipeHeartbeatOptions, events: PipeHeartbeatEvents) {
    this.#options = options;
    this.#events = events;
    this.#arm();
  }

  /** Something has arrived. */
  heard(): void {
    this.#isHeard = true;
  }

  /** Whether this side reads nothing at present. */
  set deaf(isDeaf: boolean) {
    this.#isDeaf = isDeaf;
    // The interval in which that changes says nothing about the peer.
    this.#isHeard = true;
  }

  /** Resolves with milliseconds when the peer answers. */
  ping(): Promise<number> {
    if (this.#asked.length >= mostAsked) {
      const message = `Cannot ping: ${mostAsked} pings of this pipe are without an answer`;
      return Promise.reject(new SluiceError("RESOURCE_EXHAUSTED", message));
    }
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#asked.push({ id, atMs: this.#options.clock.now(), resolve, reject });
      this.#events.ping(id);
    });
  }

  /** A pong answers its ping and those before it: a busy peer answers the latest only. */
  answered(id: number | undefined): void {
    const nowMs = this.#options.clock.now();
    const upTo = id ?? this.#lastId;
    const still = this.#asked.filter((one) => one.id > upTo);
    const done = this.#asked.filter((one) => one.id <= upTo);
    this.#asked = still;
    for (const { resolve, atMs } of done) resolve(nowMs - atMs);
  }

  /** The pipe is over. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const { reject } of this.#asked) reject(pipeOver());
    this.#asked = [];
  }

  #arm(): void {
    const { pingInterval, clock } = this.#options;
    if (pingInterval === false) return;
    this.#timer = clock.setTimer(pingInterval, () => this.#tick(pingInterval), { background: true });
  }

  #tick(pingInterval: number): void {
    if (!this.#isHeard && !this.#isDeaf) {
      const message = `The pipe was lost: the peer has said nothing for ${pingInterval} ms after a ping`;
      this.#events.lost(new SluiceError("UNAVAILABLE", message));
      return;
    }
    this.#isHeard = false;
    this.#events.ping(++this.#lastId);
    this.#arm();
  }
}
