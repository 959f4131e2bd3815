/**
 * A WebSocket that somebody else has accepted, or connected, as a transport of one link.
 */
import { ByteLink, type Link, type MovedMessages, SluiceError, type Transport } from "@sluice/protocol/wire";
import { WebSocketDuplex, type WebSocketDuplexOptions } from "./websocket-duplex.ts";
import { ReadyState, type WebSocketLike } from "./websocket-like.ts";

export interface AcceptWebSocketOptions {
  /** Who is at the other end, as an address: for logs and `authenticate`. */
  readonly remote?: string;
}

/** What a platform adds, see {@link WebSocketDuplexOptions}. */
export type DuplexParts = Pick<WebSocketDuplexOptions, "defer" | "utf8">;

/**
 * A transport over `socket`, which is open and is taken over: for `server.handle()`, or for the one client that speaks over it. Whoever
 * has accepted it has looked at its Origin. At most 147,460 bytes of a message are taken; set the bound of the server that accepts
 * (`maxPayload` of `ws`) to that, so that more is refused before it is in memory.
 * @throws {TypeError} for a socket that is not open
 */
export function acceptWebSocket<Incoming = never, Outgoing = never>(
  socket: WebSocketLike,
  options: AcceptWebSocketOptions = {},
): Transport<Incoming, Outgoing> {
  return new OneSocketTransport(socket, options, {});
}

export class OneSocketTransport<Incoming, Outgoing> implements Transport<Incoming, Outgoing> {
  declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"];
  readonly name = "ws";
  readonly #link: Link;
  #isUsed = false;
  #isDisposed = false;

  /** @throws {TypeError} for a socket that is not open */
  constructor(socket: WebSocketLike, { remote }: AcceptWebSocketOptions, parts: DuplexParts) {
    if (socket.readyState !== ReadyState.open) {
      const states = ["is still connecting", "is open", "is closing", "is closed"];
      throw new TypeError(
        `acceptWebSocket needs an open WebSocket: this one ${states[socket.readyState] ?? "is none"}`,
      );
    }
    const info = { transport: "ws", ...(remote === undefined ? {} : { remote }) };
    // At once: what comes before it is asked for is not to be lost.
    this.#link = new ByteLink(new WebSocketDuplex(socket, { ...parts, info }));
  }

  async connect(): Promise<Link> {
    return this.#useOnce();
  }

  accept(onLink: (link: Link) => void): void {
    onLink(this.#useOnce());
  }

  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#link.close();
  }

  /** Another time would find it used: to try again is of no use. */
  #useOnce(): Link {
    if (!this.#isUsed && !this.#isDisposed) {
      this.#isUsed = true;
      return this.#link;
    }
    throw new SluiceError(
      "FAILED_PRECONDITION",
      "Cannot connect again: the WebSocket of this transport was used",
      {
        processed: "no",
      },
    );
  }
}
