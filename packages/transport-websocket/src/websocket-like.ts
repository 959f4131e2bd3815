/**
 * The part of the standard's WebSocket that links use, and what sockets of the package `ws` can beyond it.
 */

/** What an event of a WebSocket may say, by its type. */
export interface WebSocketEvent {
  readonly type: string;
  /** Of `message`. */
  readonly data?: unknown;
  /** Of `close`. */
  readonly code?: number;
  readonly reason?: string;
  /** Of `error`, where the platform tells. */
  readonly error?: unknown;
  readonly message?: string;
}

export type WebSocketEventType = "open" | "message" | "close" | "error";

/** A WebSocket: of a browser, Node, Bun, Deno, a Worker, React Native, or of the package `ws`. */
export interface WebSocketLike {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes that were sent and have not left. Absent: not known. */
  readonly bufferedAmount?: number;
  binaryType?: string;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void;
  removeEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void;
}

/** A socket of `ws`. */
export interface WsLike extends WebSocketLike {
  /** `sent` is called when the bytes have left, or never will. */
  send(data: Uint8Array<ArrayBuffer>, sent?: () => void): void;
  /** Ends it at once. */
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** Makes a WebSocket, as `new WebSocket(url, protocols)` does. Some take a third argument, such as `{ headers }`. */
export type WebSocketConstructor = new (
  url: string,
  protocols?: string | string[],
  options?: { readonly headers?: Readonly<Record<string, string>> },
) => WebSocketLike;

export const ReadyState = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;

/** Whether `socket` can more than the standard says. */
export function isWs(socket: WebSocketLike): socket is WsLike {
  const { terminate, pause, resume } = socket as Partial<WsLike>;
  return typeof terminate === "function" && typeof pause === "function" && typeof resume === "function";
}

/**
 * The bytes of a message, without copying them; `undefined` if it is none of bytes. Judged by what it is, not by whose class: it may come
 * from another realm.
 */
export function bytesOf(data: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (data instanceof Uint8Array) return data as Uint8Array<ArrayBuffer>;
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  }
  const isBuffer = Object.prototype.toString.call(data) === "[object ArrayBuffer]";
  return isBuffer ? new Uint8Array(data as ArrayBuffer) : undefined;
}
