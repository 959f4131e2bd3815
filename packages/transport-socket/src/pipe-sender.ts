/**
 * What a pipe sends: frames into its carrier, and whether writers have to wait for it.
 *
 * Pongs are the one answer that a peer can ask for at will. While the carrier is full, only the latest is owed.
 */
import { type ByteDuplex, encodePipeFrame, type PipeFrame } from "@sluice/protocol/wire";

export class PipeSender {
  readonly #carrier: ByteDuplex;
  /** The carrier has asked to wait; these are told when it needs no more. */
  #isFull = false;
  #waiting: (() => void)[] = [];
  #owedPong: { readonly id: number | undefined } | undefined;
  #isStopped = false;

  constructor(carrier: ByteDuplex) {
    this.#carrier = carrier;
  }

  /** Sends a frame, full or not; nothing once stopped. */
  send(metadata: PipeFrame["metadata"], payload?: Uint8Array): void {
    if (this.#isStopped) return;
    if (!this.#carrier.write([encodePipeFrame(metadata, payload)])) this.#isFull = true;
  }

  /** Answers the ping `id`, now or when there is room. */
  pong(id: number | undefined): void {
    if (this.#isFull) this.#owedPong = { id };
    else this.send(id === undefined ? { type: "pong" } : { type: "pong", id });
  }

  /** A promise while the carrier is full: it resolves when there is room, or nobody has to wait any more. */
  room(): Promise<void> | undefined {
    if (!this.#isFull) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The carrier has room again. */
  drained(): void {
    this.#isFull = false;
    const owed = this.#owedPong;
    this.#owedPong = undefined;
    if (owed !== undefined) this.pong(owed.id);
    this.release();
  }

  /** Lets everybody go who waits for room. */
  release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** The carrier is gone: sends nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.release();
  }
}
