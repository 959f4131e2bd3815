/**
 * Raw peers over sockets: one that connects to a server of ours, and a server that a client of ours connects to.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type Address, formatAddress, parseAddress } from "../../address.ts";
import { systemClock } from "../../clock.ts";
import { type BytePipe, RawPeer, type RawPeerOptions } from "../raw/raw-peer.ts";

export type ConnectRawOptions = Partial<Omit<RawPeerOptions, "role">>;

/** A socket as a pipe of bytes. Errors of the socket are ends of the pipe. */
export function socketPipe(socket: Socket): BytePipe {
  socket.setNoDelay(true);
  socket.on("error", () => {
    // 'close' follows.
  });
  return {
    write: (bytes) => void socket.write(bytes),
    onData: (listener) => void socket.on("data", listener),
    onClose: (listener) => void socket.once("close", listener),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** A connector at `unix:…` or `tcp://…`. Nothing has been said yet. Rejects if nobody answers. */
export async function connectRaw(address: string, options: ConnectRawOptions = {}): Promise<RawPeer> {
  const socket = await connectedSocket(address);
  return new RawPeer(socketPipe(socket), { timers: systemClock, ...options, role: "connector" });
}

/** A connected socket to `unix:…` or `tcp://…`. */
export async function connectedSocket(address: string): Promise<Socket> {
  const socket = connect(socketTarget(parseAddress(address)));
  await once(socket, "connect");
  return socket;
}

export interface RawListener {
  /** With the real port. */
  readonly address: string;
  /** Connections that were ever made. */
  readonly connections: number;
  /** The next peer that connects: an acceptor that has said nothing yet. */
  accept(): Promise<RawPeer>;
  /** Listens no more and ends every pipe. */
  close(): Promise<void>;
}

/** Listens at `unix:…` or `tcp://host:0` for clients. */
export async function listenRaw(address: string, options: ConnectRawOptions = {}): Promise<RawListener> {
  const arrived: RawPeer[] = [];
  const awaited: ((peer: RawPeer) => void)[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    const peer = new RawPeer(socketPipe(socket), { timers: systemClock, ...options, role: "acceptor" });
    const waiting = awaited.shift();
    if (waiting === undefined) arrived.push(peer);
    else waiting(peer);
  });
  server.listen(socketTarget(parseAddress(address)));
  await once(server, "listening");
  return {
    address: listeningAddress(server.address()),
    get connections() {
      return connections;
    },
    accept() {
      const peer = arrived.shift();
      return peer === undefined ? new Promise((resolve) => awaited.push(resolve)) : Promise.resolve(peer);
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** What `net.connect` and `server.listen` take. @throws {TypeError} for an address that is none of a socket */
export function socketTarget(address: Address): { path: string } | { host: string; port: number } {
  if (address.scheme === "unix") return { path: address.path };
  if (address.scheme === "tcp") return { host: address.host, port: address.port };
  throw new TypeError(`Cannot use ${formatAddress(address)}: it is neither unix: nor tcp:`);
}

/** What a server's `address()` says, in the grammar of address.ts. */
export function listeningAddress(bound: ReturnType<ReturnType<typeof createServer>["address"]>): string {
  if (typeof bound === "string") return formatAddress({ scheme: "unix", path: bound });
  if (bound === null) throw new TypeError("The server does not listen");
  return formatAddress({ scheme: "tcp", host: bound.address, port: bound.port });
}
