/**
 * A socket as one side of a connection through a fault proxy.
 */
import type { Socket } from "node:net";
import type { ProxyEnd, ProxyEndEvents } from "../fault/proxy-end.ts";

export class SocketEnd implements ProxyEnd {
  readonly #socket: Socket;
  readonly #isTcp: boolean;
  #onDrained: () => void = () => {};
  #isFull = false;

  /** Takes the socket over, which must allow half-open connections. */
  constructor(socket: Socket, isTcp: boolean) {
    this.#socket = socket;
    this.#isTcp = isTcp;
    socket.setNoDelay(true);
    socket.on("error", () => {
      // 'close' follows.
    });
  }

  start({ data, drained, ended, closed }: ProxyEndEvents): void {
    this.#onDrained = drained;
    this.#socket.on("data", data).once("end", ended).once("close", closed);
  }

  write(chunk: Uint8Array): boolean {
    this.#socket.write(chunk, this.#written);
    // Nothing in the socket: the system has it, and delivers it even if the socket is destroyed.
    this.#isFull = this.#socket.writableLength > 0;
    return !this.#isFull;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    const socket = this.#socket;
    if (!this.#isTcp || socket.connecting) {
      socket.destroy();
      return;
    }
    // A reader in this process first reads what was written: it takes a reset right behind bytes for their end.
    setImmediate(() => setImmediate(() => void (socket.destroyed || socket.resetAndDestroy())));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  defer(task: () => void): void {
    setImmediate(task);
  }

  readonly #written = (): void => {
    if (!this.#isFull || this.#socket.writableLength > 0 || this.#socket.destroyed) return;
    this.#isFull = false;
    this.#onDrained();
  };
}
