/**
 * A fault proxy between sockets: it listens at one address, and connects every client to another.
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { parseAddress } from "../../address.ts";
import { FaultProxy, type FaultProxyOptions } from "../fault/fault-proxy.ts";
import { listeningAddress, socketTarget } from "./connect-raw.ts";
import { SocketEnd } from "./socket-end.ts";

export class SocketFaultProxy extends FaultProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #address = "";

  /** Made by {@link faultProxy}, which listens. */
  constructor(target: string, options: FaultProxyOptions) {
    super(options);
    const far = socketTarget(parseAddress(target));
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      this.join(this.#keep(near, this.#address.startsWith("tcp:")), () =>
        this.#keep(connect({ ...far, allowHalfOpen: true }), "port" in far),
      );
    });
  }

  /** Where clients connect, with the real port. */
  get address(): string {
    return this.#address;
  }

  /** Starts listening; called once. Rejects if it cannot. */
  async listen(address: string): Promise<void> {
    this.#server.listen(socketTarget(parseAddress(address)));
    await once(this.#server, "listening");
    this.#address = listeningAddress(this.#server.address());
  }

  /** Listens no more, and ends every connection. Resolves when all sockets are closed. */
  async close(): Promise<void> {
    const closed = [this.#server, ...this.#sockets].map(
      (one) => new Promise<void>((resolve) => void one.once("close", () => resolve())),
    );
    this.#server.close();
    this.cut();
    await Promise.all(closed);
  }

  #keep(socket: Socket, isTcp: boolean): SocketEnd {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return new SocketEnd(socket, isTcp);
  }
}

/**
 * A fault proxy that listens at `address` (`unix:…`, `tcp://host:0`) and connects every client to `target`. With TLS it moves
 * ciphertext. A client that is refused is connected and closed at once.
 *
 * Rejects with {@link TypeError} for addresses that are neither, {@link RangeError} for faults out of range, or the system's error.
 */
export async function faultProxy(
  address: string,
  target: string,
  options: FaultProxyOptions = {},
): Promise<SocketFaultProxy> {
  const proxy = new SocketFaultProxy(target, options);
  await proxy.listen(address);
  return proxy;
}
