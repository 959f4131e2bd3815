/** Peers in memory that know only the wire: each gets a session of a server, and loses its link when a test wants it. */
import { MemoryFaultProxy, RawPeer } from "@sluice/protocol/testing";
import { type ByteDuplex, ByteLink, type Clock, type Link, type Transport } from "@sluice/protocol/wire";

/** Whose it is, and what finds it again. */
export interface CrowdSession {
  /** Its peer's credentials. */
  readonly user: string | undefined;
  readonly epoch: string;
  readonly id: string;
  readonly secret: string;
}

/** A session with its link. */
export interface CrowdMember {
  readonly peer: RawPeer;
  readonly session: CrowdSession;
}

export class SessionCrowd {
  /** For the server. */
  readonly transport: Transport;
  readonly #clock: Clock;
  readonly #proxy: MemoryFaultProxy;
  #onLink: ((link: Link) => void) | undefined;
  #members = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#proxy = new MemoryFaultProxy({ clock });
    this.transport = {
      name: "memory",
      connect: () => Promise.reject(new TypeError("Cannot connect: this is the server's end")),
      accept: (onLink) => {
        this.#onLink = onLink;
      },
      dispose: async () => {},
    };
  }

  /** One more peer, whose credentials are `user`, with a session of its own. */
  join(user?: string): Promise<CrowdMember> {
    const epoch = (++this.#members).toString(16).padStart(16, "0");
    return this.#greet(user, epoch, {});
  }

  /** The peer of `session` looks for it over a new link. Gives the one that it got. */
  find({ user, epoch, id, secret }: CrowdSession): Promise<CrowdMember> {
    return this.#greet(user, epoch, { id, secret, attempt: 1 });
  }

  async #greet(user: string | undefined, epoch: string, claim: object): Promise<CrowdMember> {
    const { client, server } = this.#proxy.connect();
    this.#onLink?.(new ByteLink(server));
    const peer = new RawPeer(pipe(client), { role: "connector", timers: this.#clock, epoch });
    const welcome = await peer.shakeHands({ session: claim, credentials: user });
    const { id, secret } = welcome.session as { readonly id: string; readonly secret: string };
    return { peer, session: { user, epoch, id, secret } };
  }
}

/** `duplex` as a raw peer needs it. */
function pipe(duplex: ByteDuplex): ConstructorParameters<typeof RawPeer>[0] {
  let take: (bytes: Uint8Array) => void = () => {};
  let close: () => void = () => {};
  duplex.start({ data: (bytes) => take(bytes), drained: () => {}, closed: () => close() });
  return {
    write: (bytes) => void duplex.write([bytes]),
    onData(listener) {
      take = listener;
    },
    onClose(listener) {
      close = listener;
    },
    end: () => duplex.end(),
    destroy: () => duplex.destroy(),
  };
}
