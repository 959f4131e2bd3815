/**
 * Answers the pings of a `ws` socket, one at a time, and gives up a peer that floods with them.
 *
 * While an answer has not left, later pings wait for the next one together. Sluice has pings of its own; these are for proxies.
 * Spec: RFC 6455 §5.5.3.
 */
import { type Clock, SluiceError } from "@sluice/protocol/wire";
import type { WebSocket } from "ws";

/** Pings and pongs of a peer in one second. */
const mostPerSecond = 200;

/** Answers until the socket ends. `refuse` is told when it is too much. The socket must not answer by itself. */
export function answerPings(socket: WebSocket, clock: Clock, refuse: (error: SluiceError) => void): void {
  // Made by the first: most sockets never get one.
  let answers: PingAnswers | undefined;
  socket.on("ping", (data: Uint8Array) => {
    answers ??= new PingAnswers(socket, clock, refuse);
    answers.ping(data);
  });
  socket.on("pong", () => {
    answers ??= new PingAnswers(socket, clock, refuse);
    answers.isCalm();
  });
}

class PingAnswers {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #refuse: (error: SluiceError) => void;
  #secondBegan: number;
  #came = 0;
  #isAnswering = false;
  #waiting: Uint8Array | undefined;

  constructor(socket: WebSocket, clock: Clock, refuse: (error: SluiceError) => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#refuse = refuse;
    this.#secondBegan = clock.now();
  }

  ping(data: Uint8Array): void {
    if (!this.isCalm()) return;
    // A copy: the memory is the socket's.
    if (this.#isAnswering) this.#waiting = new Uint8Array(data);
    else this.#answer(new Uint8Array(data));
  }

  /** Counts one more. */
  isCalm(): boolean {
    const now = this.#clock.now();
    if (now - this.#secondBegan >= 1_000) {
      this.#secondBegan = now;
      this.#came = 0;
    }
    if (++this.#came <= mostPerSecond) return true;
    // Once: those that were sent before it hears of it are no news.
    if (this.#came === mostPerSecond + 1) {
      const message = `The peer sent more than ${mostPerSecond} pings and pongs in a second`;
      this.#refuse(new SluiceError("ENHANCE_YOUR_CALM", message));
    }
    return false;
  }

  #answer(data: Uint8Array): void {
    this.#isAnswering = true;
    this.#socket.pong(data, undefined, () => {
      this.#isAnswering = false;
      const next = this.#waiting;
      this.#waiting = undefined;
      if (next !== undefined) this.#answer(next);
    });
  }
}
