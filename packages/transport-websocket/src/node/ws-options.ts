/**
 * What sockets of `ws` are made with at both ends: bounded messages, no compression, answers to pings by this package, Node's own ways.
 */

import { mostMessageBytes } from "../pack-messages.ts";
import type { WebSocketDuplexOptions } from "../websocket-duplex.ts";

/** Options of `ws` that both ends share. */
export interface WsOptions {
  /** Bytes: judged on a message's head, and while one is inflated. */
  readonly maxPayload: number;
  /** Whether `ws` answers pings by itself. */
  readonly autoPong: boolean;
  /** How long a peer may take to answer a close, ms. */
  readonly closeTimeout: number;
}

export const wsOptions: WsOptions = {
  maxPayload: mostMessageBytes,
  autoPong: false,
  closeTimeout: 5_000,
};

/** What a duplex on a socket of `ws` is made with. */
export const wsDuplexParts: Pick<WebSocketDuplexOptions, "defer"> = {
  defer(flush) {
    // After the microtasks of this turn, so that what handlers answer in them goes out together.
    queueMicrotask(() => process.nextTick(flush));
  },
};
