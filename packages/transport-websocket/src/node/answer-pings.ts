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
  let secondBegan = clock.now();
  let came = 0;
  let isAnswering = false;
  let waiting: Uint8Array | undefined;

  const isCalm = (): boolean => {
    const now = clock.now();
    if (now - secondBegan >= 1_000) {
      secondBegan = now;
      came = 0;
    }
    if (++came <= mostPerSecond) return true;
    // Once: those that were sent before it hears of it are no news.
    if (came === mostPerSecond + 1) {
      const message = `The peer sent more than ${mostPerSecond} pings and pongs in a second`;
      refuse(new SluiceError("ENHANCE_YOUR_CALM", message));
    }
    return false;
  };
  const answer = (data: Uint8Array): void => {
    isAnswering = true;
    socket.pong(data, undefined, () => {
      isAnswering = false;
      const next = waiting;
      waiting = undefined;
      if (next !== undefined) answer(next);
    });
  };
  socket.on("ping", (data: Uint8Array) => {
    if (!isCalm()) return;
    // A copy: the memory is the socket's.
    if (isAnswering) waiting = new Uint8Array(data);
    else answer(new Uint8Array(data));
  });
  socket.on("pong", () => void isCalm());
}
