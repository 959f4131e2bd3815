/**
 * A proxy between a client and a server on sockets that counts the bytes of each direction, live.
 *
 * It hands on what it gets and holds back its own reading when the other side is full, so that a reader which stops is felt through it.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { parseAddress } from "../../address.ts";
import { listeningAddress, socketTarget } from "./connect-raw.ts";

export interface ByteCounts {
  /** From clients to the server. */
  readonly up: number;
  /** From the server to clients. */
  readonly down: number;
}

export interface CountingProxy {
  /** Where clients connect. */
  readonly address: string;
  /** Bytes that have passed until now. */
  readonly bytes: ByteCounts;
  /** Connections that are open. */
  readonly connections: number;
  /** Ends every connection on both sides at once; new ones may come. */
  cut(): void;
  /** Ends everything. */
  close(): Promise<void>;
}

/** Listens at `address` (`unix:…`, `tcp://host:0`) and connects every client to `target`. */
export async function countingProxy(address: string, target: string): Promise<CountingProxy> {
  const bytes = { up: 0, down: 0 };
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ ...socketTarget(parseAddress(target)), allowHalfOpen: true });
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on("error", () => {
        // 'close' follows, and takes the other side down.
      });
      socket.once("close", () => {
        pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    hand(near, far, (size) => {
      bytes.up += size;
    });
    hand(far, near, (size) => {
      bytes.down += size;
    });
  });
  server.listen(socketTarget(parseAddress(address)));
  await once(server, "listening");
  const cut = (): void => {
    for (const [near, far] of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    address: listeningAddress(server.address()),
    bytes,
    get connections() {
      return pairs.size;
    },
    cut,
    async close() {
      const closed = once(server, "close");
      server.close();
      cut();
      await closed;
    },
  };
}

function hand(from: Socket, to: Socket, count: (size: number) => void): void {
  from.on("data", (chunk: Uint8Array) => {
    count(chunk.length);
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => from.resume());
  from.once("end", () => to.end());
}
