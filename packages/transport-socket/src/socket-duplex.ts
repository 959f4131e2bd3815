/**
 * A net.Socket as a byte stream that links and pipes can use. The only file of this package that listens to a socket's data.
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import {
  type ByteDuplex,
  type ByteDuplexEvents,
  formatAddress,
  type LinkInfo,
  SluiceError,
  type Utf8,
} from "@sluice/protocol/wire";
import { foreignError } from "./foreign-bytes.ts";
import { nodeUtf8 } from "./node-utf8.ts";
import { peerCertificateOf } from "./peer-certificate.ts";
import { tlsProblem } from "./tls-errors.ts";

/** Bytes that may wait in the socket: what is there cannot be overtaken. */
const mostUnsentBytes = 64 * 1024;

export interface SocketDuplexOptions {
  /** Ends the socket with a `PROTOCOL_ERROR` that says what came, if its first bytes are not ours. Default `false`. */
  readonly checksOpening?: boolean;
}

export class SocketDuplex implements ByteDuplex {
  readonly utf8: Utf8 = nodeUtf8;
  readonly info: LinkInfo;
  readonly #socket: Socket;
  #isOpening: boolean;
  #error: SluiceError | undefined;

  /** Takes the socket over. */
  constructor(socket: Socket, transport: string, { checksOpening = false }: SocketDuplexOptions = {}) {
    this.#socket = socket;
    this.#isOpening = checksOpening;
    this.info = describe(socket, transport);
    socket.setNoDelay(true);
    // From here to 'close' there is always a listener: an error event without one ends the process.
    socket.on("error", (error) => {
      this.#error ??= lostError(error);
    });
  }

  defer(flush: () => void): void {
    // After the microtasks of this turn, so that what handlers answer in them goes out together.
    queueMicrotask(() => process.nextTick(flush));
  }

  start(events: ByteDuplexEvents): void {
    const socket = this.#socket;
    socket.on("data", (chunk: Uint8Array) => {
      if (this.#isOpening && this.#isForeign(chunk)) return;
      events.data(chunk);
    });
    socket.on("drain", () => events.drained());
    const closed = (): void => events.closed(this.#error);
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

  /** Bytes that were written and wait in the socket. */
  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  /** Reads no more until {@link resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #isForeign(first: Uint8Array): boolean {
    this.#isOpening = false;
    const error = foreignError(first, `The peer at ${this.info.remote ?? "the socket"}`);
    if (error === undefined) return false;
    this.#error ??= error;
    this.#socket.removeAllListeners("data");
    this.#socket.destroy();
    return true;
  }
}

function describe(socket: Socket, transport: string): LinkInfo {
  const { remoteAddress, remotePort } = socket;
  const peerCertificate = peerCertificateOf(socket);
  const shown = peerCertificate === undefined ? {} : { peerCertificate };
  if (transport === "unix" || remoteAddress === undefined || remotePort === undefined)
    return { transport, ...shown };
  const scheme = transport === "tls" || socket instanceof TLSSocket ? "tls" : "tcp";
  return { transport, remote: formatAddress({ scheme, host: remoteAddress, port: remotePort }), ...shown };
}

/** The error for a socket that failed while it was in use. */
export function lostError(cause: Error): SluiceError {
  const problem = tlsProblem(cause);
  if (problem !== undefined) {
    return new SluiceError(problem.code, `The TLS connection failed: ${problem.text}`, { cause });
  }
  return new SluiceError("UNAVAILABLE", `The socket failed: ${codeOf(cause)}`, { cause });
}

/** Node's code of a system error, such as `ECONNRESET`, or its message. */
export function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? error.message;
}
