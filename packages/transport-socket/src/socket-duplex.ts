/**
 * A net.Socket as a byte stream that a link can use. The only file of this package that listens to a socket's events.
 */
import type { Socket } from "node:net";
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  formatAddress,
  type LinkInfo,
  SluiceError,
  type Utf8,
} from "@sluice/protocol/wire";
import { nodeUtf8 } from "./node-utf8.ts";

/** Bytes that may wait in the socket: what is there cannot be overtaken. */
const mostUnsentBytes = 64 * 1024;

export class SocketDuplex implements ByteDuplex {
  readonly utf8: Utf8 = nodeUtf8;
  readonly info: LinkInfo;
  readonly #socket: Socket;
  #error: Error | undefined;

  /** Takes the socket over. */
  constructor(socket: Socket, transport: string) {
    this.#socket = socket;
    this.info = describe(socket, transport);
    socket.setNoDelay(true);
    // From here to 'close' there is always a listener: an error event without one ends the process.
    socket.on("error", (error) => {
      this.#error = error;
    });
  }

  defer(flush: () => void): void {
    // After the microtasks of this turn, so that what handlers answer in them goes out together.
    queueMicrotask(() => process.nextTick(flush));
  }

  start(events: ByteDuplexEvents): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Uint8Array) => events.data(chunk));
    socket.on("drain", () => events.drained());
    const closed = (): void => {
      const cause = this.#error;
      events.closed(cause === undefined ? undefined : lostError(cause));
    };
    if (socket.closed) queueMicrotask(closed);
    else socket.once("close", closed);
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const socket = this.#socket;
    if (chunks.length > 1) socket.cork();
    for (const chunk of chunks) socket.write(chunk);
    if (chunks.length > 1) socket.uncork();
    return !socket.writableNeedDrain || socket.writableLength < mostUnsentBytes;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function describe(socket: Socket, transport: string): LinkInfo {
  const { remoteAddress, remotePort } = socket;
  if (transport === "unix" || remoteAddress === undefined || remotePort === undefined) return { transport };
  return { transport, remote: formatAddress({ scheme: "tcp", host: remoteAddress, port: remotePort }) };
}

/** The error for a socket that failed while it was in use. */
export function lostError(cause: Error): SluiceError {
  return new SluiceError("UNAVAILABLE", `The socket failed: ${codeOf(cause)}`, { cause });
}

/** Node's code of a system error, such as `ECONNRESET`, or its message. */
export function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}
