/**
 * Our raw end on real sockets, for the conformance kit: a peer whose bytes are no frames ends its link, and not our process.
 */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { systemClock } from "../../clock.ts";
import type { RawNetwork } from "../kit/run-peer-kit.ts";
import { type BytePipe, RawPeer } from "../raw/raw-peer.ts";
import { connectedSocket, listeningAddress, socketPipe } from "./connect-raw.ts";

/** TCP on loopback, and Unix sockets for peers that say that they listen at one. */
export function rawNetwork(): RawNetwork {
  const troubles: string[] = [];
  const peerOf = (socket: Socket, role: "connector" | "acceptor"): RawPeer =>
    new RawPeer(guarded(socketPipe(socket), troubles), { role, timers: systemClock });
  return {
    connect: async (address) => peerOf(await connectedSocket(address), "connector"),
    async listen() {
      const arrived: RawPeer[] = [];
      const awaited: ((peer: RawPeer) => void)[] = [];
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket);
        const peer = peerOf(socket, "acceptor");
        const waiting = awaited.shift();
        if (waiting === undefined) arrived.push(peer);
        else waiting(peer);
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      return {
        address: listeningAddress(server.address()),
        accept() {
          const peer = arrived.shift();
          return peer === undefined
            ? new Promise((resolve) => void awaited.push(resolve))
            : Promise.resolve(peer);
        },
        async close() {
          const closed = once(server, "close");
          server.close();
          for (const socket of sockets) socket.destroy();
          await closed;
        },
      };
    },
    takeTroubles: () => troubles.splice(0),
  };
}

/** `pipe`, but that what its listener throws is noted and ends it. */
function guarded(pipe: BytePipe, troubles: string[]): BytePipe {
  return {
    ...pipe,
    onData(listener) {
      pipe.onData((bytes) => {
        try {
          listener(bytes);
        } catch (reason) {
          troubles.push(`The peer's bytes are no frames: ${(reason as Error).message}`);
          pipe.destroy();
        }
      });
    },
  };
}
