/**
 * A WebSocket that Hono has upgraded, in the form of the standard: what Hono is told by callbacks comes as events.
 *
 * For runtimes whose own socket behind Hono is none of the standard, as Bun's, or is heard of only with its first message, as in Workers.
 */
import type { WSContext } from "hono/ws";
import type { WebSocketEvent, WebSocketEventType, WebSocketLike } from "./websocket-like.ts";

type Listener = (event: WebSocketEvent) => void;

/** What the runtimes' sockets have in common, or some of them. */
interface RawSocket {
  readonly readyState?: number;
  readonly bufferedAmount?: number;
  getBufferedAmount?(): number;
}

export class HonoSocket implements WebSocketLike {
  binaryType = "arraybuffer";
  readonly #context: WSContext;
  readonly #listeners = new Map<WebSocketEventType, Set<Listener>>();

  constructor(context: WSContext) {
    this.#context = context;
  }

  get readyState(): number {
    // Of some runtimes the context says only what it was when the event came.
    return this.#raw.readyState ?? this.#context.readyState;
  }

  get bufferedAmount(): number {
    return this.#raw.bufferedAmount ?? this.#raw.getBufferedAmount?.() ?? 0;
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    this.#context.send(data);
  }

  close(code?: number, reason?: string): void {
    this.#context.close(code, reason);
  }

  addEventListener(type: WebSocketEventType, listener: Listener): void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
  }

  removeEventListener(type: WebSocketEventType, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** Tells the listeners what Hono was told. */
  dispatch(type: WebSocketEventType, event: Omit<WebSocketEvent, "type">): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ ...event, type });
  }

  get #raw(): RawSocket {
    return (this.#context.raw ?? {}) as RawSocket;
  }
}
