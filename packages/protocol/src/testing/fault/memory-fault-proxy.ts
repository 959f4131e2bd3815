/**
 * A fault proxy in memory, with a transport at each side: links of bytes, without sockets and without real time.
 */
import { SluiceError } from "../../errors/sluice-error.ts";
import { type ByteDuplex, ByteLink } from "../../link/byte-link.ts";
import type { Link } from "../../link/link.ts";
import type { Transport } from "../../link/transport.ts";
import { FaultProxy, type FaultProxyOptions } from "./fault-proxy.ts";
import { type Defer, MemoryEnd } from "./memory-end.ts";

export interface MemoryFaultProxyOptions extends FaultProxyOptions {
  /**
   * Runs a task soon, in the order in which they were deferred. Default: as a microtask, which needs no time at all, and gives
   * timers no turn while there is something to do; pass `setImmediate` where bytes flow without end.
   */
  readonly defer?: Defer;
}

/** Both ends of a connection: byte duplexes, each for one link. */
export interface DuplexPair {
  readonly client: ByteDuplex;
  readonly server: ByteDuplex;
}

export class MemoryFaultProxy extends FaultProxy {
  /** For a client: each connection passes through the proxy. A proxy that is down refuses it: `UNAVAILABLE`. */
  readonly client: Transport;
  /** For a server: accepts what the client's transport connects. */
  readonly server: Transport;
  readonly #defer: Defer;
  #onLink: ((link: Link) => void) | undefined;

  /** @throws {RangeError} for faults out of range */
  constructor(options: MemoryFaultProxyOptions = {}) {
    super(options);
    this.#defer = options.defer ?? queueMicrotask;
    this.client = { name: "memory", connect: async () => this.#connectLink(), dispose: async () => {} };
    this.server = {
      name: "memory",
      connect: async () => {
        throw new TypeError("Cannot connect: this is the server's end");
      },
      accept: (onLink) => {
        this.#onLink = onLink;
      },
      dispose: async () => {
        this.#onLink = undefined;
      },
    };
  }

  /**
   * Makes a connection.
   * @throws {SluiceError} `UNAVAILABLE` if the proxy refuses it
   */
  connect(): DuplexPair {
    const client = new MemoryEnd(this.#defer);
    const server = new MemoryEnd(this.#defer);
    if (this.join(client, () => server) === undefined) throw unavailable("the fault proxy refuses it");
    return { client: client.duplex, server: server.duplex };
  }

  #connectLink(): Link {
    if (this.#onLink === undefined) throw unavailable("nobody accepts");
    const { client, server } = this.connect();
    this.#onLink(new ByteLink(server));
    return new ByteLink(client);
  }
}

function unavailable(why: string): SluiceError {
  return new SluiceError("UNAVAILABLE", `Cannot connect: ${why}`, { processed: "no" });
}
