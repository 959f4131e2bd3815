/**
 * A WebSocket that carries a raw pipe: its bytes in messages, cut anywhere; its end after all that was written.
 */
import {
  type ByteDuplexEvents,
  type Clock,
  type LinkInfo,
  type PipeCarrier,
  systemClock,
  type Timer,
  type Utf8,
} from "@sluice/protocol/wire";
import { unpausable } from "../web-pipe.ts";
import type { WebSocketDuplex } from "../websocket-duplex.ts";
import type { WebSocketLike } from "../websocket-like.ts";

/** Between two looks whether everything has gone out, ms. */
const lookMs = 16;

export class WebSocketPipeCarrier implements PipeCarrier {
  readonly info: LinkInfo;
  readonly utf8: Utf8;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly #socket: WebSocketLike;
  readonly #duplex: WebSocketDuplex;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  /**
   * Takes `duplex` over, which stands on `socket`.
   * @throws {SluiceError} `UNIMPLEMENTED` where the socket cannot be paused
   */
  constructor(socket: WebSocketLike, duplex: WebSocketDuplex, clock: Clock = systemClock) {
    const { pause, resume } = duplex;
    if (pause === undefined || resume === undefined) {
      duplex.destroy();
      throw unpausable();
    }
    this.info = duplex.info;
    this.utf8 = duplex.utf8;
    this.pause = pause;
    this.resume = resume;
    this.#socket = socket;
    this.#duplex = duplex;
    this.#clock = clock;
  }

  get unsentBytes(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  defer(flush: () => void): void {
    this.#duplex.defer(flush);
  }

  start(events: ByteDuplexEvents): void {
    this.#duplex.start({
      data: (chunk) => events.data(chunk),
      drained: () => events.drained(),
      closed: (error) => {
        this.#timer?.cancel();
        events.closed(error);
      },
    });
  }

  write(chunks: readonly Uint8Array[]): boolean {
    return this.#duplex.write(chunks);
  }

  /** A close that is not answered is cut off after its time: it waits until a reader that is slow has taken what stands before it. */
  end(): void {
    if (this.unsentBytes === 0) this.#duplex.end();
    else this.#timer = this.#clock.setTimer(lookMs, () => this.end(), { background: true });
  }

  destroy(): void {
    this.#timer?.cancel();
    this.#duplex.destroy();
  }
}
