/**
 * A transport inside one process: the client's end connects, the server's end accepts.
 */
import {
  ByteLink,
  type Clock,
  type Link,
  type LinkInfo,
  type MovedMessages,
  SluiceError,
  systemClock,
  type Transport,
} from "@sluice/protocol/wire";
import { memoryDuplexPair } from "./memory-duplex.ts";
import { memoryLinkPair } from "./memory-link.ts";
import { TurnQueue } from "./turn-queue.ts";

export interface MemoryTransportOptions {
  /**
   * How values cross. `"shared"`: by reference, fastest; whoever changes a value after sending it changes it for both.
   * `"cloned"`: copied when they are sent. `"bytes"`: through frames and codec, as on a socket. Default `"shared"`.
   */
  readonly values?: "shared" | "cloned" | "bytes";
  /** For tests. Default: the system's. */
  readonly clock?: Clock;
}

/** The two ends. Every `connect()` of the client's makes a link that the server's accepts. */
export interface MemoryTransport<Incoming = never, Outgoing = never> {
  readonly client: Transport<Incoming, Outgoing>;
  readonly server: Transport<Outgoing, Incoming>;
}

/** Makes both ends. The type parameters are the client's: `memoryTransport<AnyServerMessageOf<P>, AnyClientMessageOf<P>>()`. */
export function memoryTransport<Incoming = never, Outgoing = never>(
  options: MemoryTransportOptions = {},
): MemoryTransport<Incoming, Outgoing> {
  const hub = new MemoryHub(options);
  return { client: new MemoryEnd(hub, "client"), server: new MemoryEnd(hub, "server") };
}

const info: LinkInfo = { transport: "memory" };

class MemoryHub {
  readonly #options: MemoryTransportOptions;
  readonly #turns: TurnQueue;
  #onLink: ((link: Link) => void) | undefined;
  /** Ends that wait for the server to accept. */
  #waiting: Link[] = [];
  #isClosed = false;

  constructor(options: MemoryTransportOptions) {
    this.#options = options;
    this.#turns = new TurnQueue(options.clock ?? systemClock);
  }

  connect(): Link {
    if (this.#isClosed) {
      throw new SluiceError("UNAVAILABLE", "Cannot connect: the memory transport was disposed", {
        processed: "no",
      });
    }
    const [client, server] = this.#pair();
    if (this.#onLink === undefined) this.#waiting.push(server);
    else this.#onLink(server);
    return client;
  }

  accept(onLink: (link: Link) => void): void {
    this.#onLink = onLink;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const link of waiting) onLink(link);
  }

  close(): void {
    this.#isClosed = true;
    this.#onLink = undefined;
    for (const link of this.#waiting) link.destroy();
    this.#waiting = [];
  }

  #pair(): [Link, Link] {
    const { values = "shared" } = this.#options;
    if (values !== "bytes") return memoryLinkPair(info, this.#turns, values === "cloned");
    const [one, other] = memoryDuplexPair(info, this.#turns);
    return [new ByteLink(one), new ByteLink(other)];
  }
}

class MemoryEnd<Incoming, Outgoing> implements Transport<Incoming, Outgoing> {
  declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"];
  readonly name = "memory";
  readonly #hub: MemoryHub;
  readonly #role: "client" | "server";

  constructor(hub: MemoryHub, role: "client" | "server") {
    this.#hub = hub;
    this.#role = role;
  }

  async connect(): Promise<Link> {
    if (this.#role === "server") throw new TypeError("Cannot connect: this is the server's end");
    return this.#hub.connect();
  }

  accept(onLink: (link: Link) => void): void {
    if (this.#role === "client") throw new TypeError("Cannot accept: this is the client's end");
    this.#hub.accept(onLink);
  }

  async dispose(): Promise<void> {
    if (this.#role === "server") this.#hub.close();
  }
}
