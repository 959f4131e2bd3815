/**
 * A transport over message ports: between threads, or between a page and its workers; the same at both sides.
 */
import {
  type Link,
  type MovedMessages,
  type ResolvedLimits,
  resolveLimits,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { MessagePortLink } from "./message-port-link.ts";
import type { MessagePortLike } from "./port-like.ts";

export interface MessagePortTransportOptions {
  /** What any value from the other side may be; more ends the session. Defaults as everywhere: 64 levels, 100,000 nodes. */
  readonly limits?: { readonly maxDepth?: number; readonly maxNodes?: number };
}

/**
 * A transport over `port`: a `MessagePort`, a `Worker`, Node's `parentPort`, or the global scope of a dedicated worker. It is taken over,
 * carries one link, and nothing but that link may use it. A function brings a new port for each connection; then the transport connects
 * only. One side connects, the other accepts.
 *
 * @throws {TypeError} for what is no port; {@link RangeError} for limits out of range
 */
export function messagePortTransport<Incoming = never, Outgoing = never>(
  port: MessagePortLike | (() => MessagePortLike | Promise<MessagePortLike>),
  options: MessagePortTransportOptions = {},
): Transport<Incoming, Outgoing> {
  return new MessagePortTransport(port, resolveLimits({ limits: options.limits }));
}

class MessagePortTransport<Incoming, Outgoing> implements Transport<Incoming, Outgoing> {
  declare readonly "~sluice"?: MovedMessages<Incoming, Outgoing>["~sluice"];
  readonly name = "message-port";
  readonly accept?: (onLink: (link: Link) => void) => void;
  readonly #bringPort: () => MessagePortLike | Promise<MessagePortLike>;
  readonly #limits: ResolvedLimits;
  #last: MessagePortLink | undefined;
  #isDisposed = false;

  constructor(
    port: MessagePortLike | (() => MessagePortLike | Promise<MessagePortLike>),
    limits: ResolvedLimits,
  ) {
    this.#limits = limits;
    if (typeof port === "function") {
      this.#bringPort = port;
      return;
    }
    checkPort(port);
    this.#bringPort = () => this.#useOnce(port);
    this.accept = (onLink) => {
      this.#checkUsable();
      onLink(this.#link(this.#useOnce(port)));
    };
  }

  async connect(): Promise<Link> {
    this.#checkUsable();
    const port = await this.#bring();
    if (this.#isDisposed) {
      port.close?.();
      this.#checkUsable();
    }
    return this.#link(port);
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
  }

  async #bring(): Promise<MessagePortLike> {
    try {
      const port = await this.#bringPort();
      checkPort(port);
      return port;
    } catch (reason) {
      throw SluiceError.from(reason, "UNAVAILABLE", { processed: "no" });
    }
  }

  #link(port: MessagePortLike): MessagePortLink {
    this.#last = new MessagePortLink(port, this.#limits);
    return this.#last;
  }

  /** Gives `port`, the first time. Another time would find it closed: to try again is of no use. */
  #useOnce(port: MessagePortLike): MessagePortLike {
    if (this.#last === undefined) return port;
    const { endError } = this.#last;
    const why = endError === undefined ? "" : ` (${endError.message})`;
    throw new SluiceError(
      "FAILED_PRECONDITION",
      `Cannot connect again: the port of this transport was used${why}. Pass a function that brings one for each connection`,
      { processed: "no", ...(endError === undefined ? {} : { cause: endError }) },
    );
  }

  #checkUsable(): void {
    if (!this.#isDisposed) return;
    throw new SluiceError("UNAVAILABLE", "Cannot connect: the transport was disposed", { processed: "no" });
  }
}

/** @throws {TypeError} for what is no port */
function checkPort(port: MessagePortLike): void {
  const { postMessage, window } = port as MessagePortLike & { readonly window?: unknown };
  if (typeof postMessage !== "function" || !("addEventListener" in port || "on" in port)) {
    throw new TypeError("messagePortTransport needs a MessagePort, a Worker or the like");
  }
  // What reaches a window comes from whoever has a reference to it.
  if (window === port) throw new TypeError("A window is no port: send it one end of a MessageChannel");
}
