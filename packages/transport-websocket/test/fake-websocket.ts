/** A WebSocket in memory with the standard's interface and nothing more: what a page, a Worker or a phone offers. */
import type { WebSocketEvent, WebSocketEventType, WebSocketLike } from "@sluice/transport-websocket";

type Listener = (event: WebSocketEvent) => void;

export interface FakeWebSocketOptions {
  /** Whether `close()` takes only 1000 and 3000 to 4999, as in a page. Default `true`. */
  readonly isPage?: boolean;
  /** Whether what is sent stays in the socket until {@link FakeWebSocket.drain}. Default `false`. */
  readonly holdsBack?: boolean;
  /** Whether a close is never answered. Default `false`. */
  readonly ignoresClose?: boolean;
}

export class FakeWebSocket implements WebSocketLike {
  readyState = 1;
  bufferedAmount = 0;
  binaryType = "blob";
  /** Messages that were sent and have left. */
  readonly sent: Uint8Array[] = [];
  /** How it was closed on this side. */
  readonly closes: (readonly [code: number | undefined, reason: string | undefined])[] = [];
  peer: FakeWebSocket | undefined;
  readonly #options: FakeWebSocketOptions;
  readonly #listeners = new Map<WebSocketEventType, Set<Listener>>();
  #held: Uint8Array[] = [];

  constructor(options: FakeWebSocketOptions = {}) {
    this.#options = options;
  }

  /** Two that are connected. */
  static pair(options: FakeWebSocketOptions = {}): [FakeWebSocket, FakeWebSocket] {
    const near = new FakeWebSocket(options);
    const far = new FakeWebSocket(options);
    near.peer = far;
    far.peer = near;
    return [near, far];
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 0) throw new DOMException("still connecting", "InvalidStateError");
    this.bufferedAmount += data.length;
    if (this.readyState !== 1) return;
    this.#held.push(new Uint8Array(data));
    if (this.#options.holdsBack !== true) this.drain();
  }

  /** Lets `count` messages leave, by default all. */
  drain(count: number = this.#held.length): void {
    for (const message of this.#held.splice(0, count)) {
      this.bufferedAmount -= message.length;
      this.sent.push(message);
      const { peer } = this;
      setImmediate(() => peer?.come(new Uint8Array(message).buffer));
    }
  }

  close(code?: number, reason?: string): void {
    const isOwn = code === undefined || code === 1000 || (code >= 3000 && code < 5000);
    if (this.#options.isPage !== false && !isOwn) throw new DOMException("code", "InvalidAccessError");
    if (new TextEncoder().encode(reason).length > 123) throw new DOMException("reason", "SyntaxError");
    if (this.readyState >= 2) return;
    this.closes.push([code, reason]);
    this.readyState = 2;
    if (this.#options.ignoresClose === true) return;
    setImmediate(() => {
      this.peer?.end(code ?? 1005, reason);
      this.end(code ?? 1005, reason);
    });
  }

  /** A message comes. */
  come(data: unknown): void {
    if (this.readyState === 1 || this.readyState === 2) this.dispatch("message", { data });
  }

  /** It is over. */
  end(code: number, reason = ""): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.dispatch("close", { code, reason });
  }

  dispatch(type: WebSocketEventType, event: Omit<WebSocketEvent, "type"> = {}): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ ...event, type });
  }

  addEventListener(type: WebSocketEventType, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: WebSocketEventType, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }
}
