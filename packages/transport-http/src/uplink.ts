/**
 * What goes to the server, as numbered batches: several on their way at once, each sent again under its number until it has arrived.
 *
 * Spec: docs/wire.md §5.
 */
import { SluiceError } from "@sluice/protocol";
import type { Clock, Timer } from "@sluice/protocol/wire";

/** What came of one try to send a batch. `again`: it may help to try once more. */
export type BatchOutcome = "arrived" | "again" | SluiceError;

export interface UplinkOptions {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Sends a batch. What it rejects with counts as `again`. */
  post(number: number, batch: Uint8Array, signal: AbortSignal): Promise<BatchOutcome>;
  /** There is room again, after there was none. */
  onRoom(): void;
  /** Nothing waits and nothing is on its way. */
  onIdle(): void;
  /** A batch cannot be sent. */
  onFailed(error: SluiceError): void;
}

/** Batches on their way at once. Browsers make six connections to a host over HTTP/1.1; the downlink has one. */
const mostInFlight = 3;
/** How long one try may take, ms. */
const tryMs = 10_000;
/** How long a batch is tried, ms; then the link is lost. Below the 30 s after which silence means the same. */
const giveUpMs = 20_000;
const [firstDelayMs, longestDelayMs] = [100, 2_000];

interface Batch {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Ends what is under way for it. */
  stop: () => void;
}

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #waiting: Batch[] = [];
  readonly #inFlight = new Set<Batch>();
  #number = 0;
  #isOpen = false;
  #isStopped = false;
  /** Somebody has asked for room when there was none. */
  #isAwaited = false;

  constructor(options: UplinkOptions) {
    this.#options = options;
  }

  /** Asks whether another batch may follow at once; if not, `onRoom` comes when it may. */
  askForRoom(): boolean {
    this.#isAwaited = !this.#hasRoom;
    return this.#hasRoom;
  }

  get #hasRoom(): boolean {
    return this.#waiting.length + this.#inFlight.size < mostInFlight;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0;
  }

  /** Batches may go from now on. */
  open(): void {
    this.#isOpen = true;
    this.#pump();
  }

  /** Sends `bytes`, which nobody changes any more, as the next batch. */
  push(bytes: Uint8Array): void {
    this.#waiting.push({ number: ++this.#number, bytes, stop() {} });
    this.#pump();
  }

  /** Ends everything that is under way; nothing is told any more. */
  stop(): void {
    this.#isStopped = true;
    for (const batch of this.#inFlight) batch.stop();
    this.#inFlight.clear();
    this.#waiting.length = 0;
  }

  #pump(): void {
    while (this.#isOpen && !this.#isStopped && this.#inFlight.size < mostInFlight) {
      const batch = this.#waiting.shift();
      if (batch === undefined) return;
      this.#inFlight.add(batch);
      void this.#send(batch);
    }
  }

  async #send(batch: Batch): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.now();
    for (let tries = 1; ; tries++) {
      const outcome = await this.#try(batch);
      if (this.#isStopped) return;
      if (outcome === "arrived") break;
      if (outcome !== "again") {
        this.#fail(outcome);
        return;
      }
      const spentMs = clock.now() - startedAt;
      if (spentMs >= giveUpMs) {
        const message = `Cannot send: batch ${batch.number} has not arrived in ${giveUpMs} ms and ${tries} tries`;
        this.#fail(new SluiceError("UNAVAILABLE", message));
        return;
      }
      await this.#pause(batch, tries);
      if (this.#isStopped) return;
    }
    this.#inFlight.delete(batch);
    this.#pump();
    if (this.isIdle) this.#options.onIdle();
    if (this.#isAwaited && this.#hasRoom) {
      this.#isAwaited = false;
      this.#options.onRoom();
    }
  }

  async #try(batch: Batch): Promise<BatchOutcome> {
    const { clock, post } = this.#options;
    const attempt = new AbortController();
    const timer = clock.setTimer(tryMs, () => attempt.abort());
    batch.stop = () => {
      timer.cancel();
      attempt.abort();
    };
    try {
      return await post(batch.number, batch.bytes, attempt.signal);
    } catch {
      // The request may have arrived or not: its number makes the next one harmless.
      return "again";
    } finally {
      timer.cancel();
    }
  }

  /** Waits before the next try. */
  #pause(batch: Batch, tries: number): Promise<void> {
    const { clock, random } = this.#options;
    const most = Math.min(longestDelayMs, firstDelayMs * 2 ** (tries - 1));
    return new Promise((resolve) => {
      const timer: Timer = clock.setTimer(most * random(), resolve);
      batch.stop = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #fail(error: SluiceError): void {
    this.stop();
    this.#options.onFailed(error);
  }
}
