/**
 * A fault proxy without faults, for tests that only count bytes, with the names that the transport suite has for the two ways.
 *
 * It hands on what it gets and holds back its own reading when the other side is full, so that a reader which stops is felt through it.
 */
import { faultProxy } from "./socket-fault-proxy.ts";

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
  const proxy = await faultProxy(address, target);
  const bytes: ByteCounts = {
    get up() {
      return proxy.bytes.toServer;
    },
    get down() {
      return proxy.bytes.toClient;
    },
  };
  return {
    address: proxy.address,
    bytes,
    get connections() {
      return proxy.connections.size;
    },
    cut: () => proxy.cut(),
    close: () => proxy.close(),
  };
}
