/**
 * What one case of the transport suite works with: links from the transport under test, and peers on them.
 *
 * Afterwards nothing may be left: sessions end, handlers settle, nothing is kept.
 */
import type { Codec } from "../../codec/codec.ts";
import type { Link } from "../../link/link.ts";
import { CountingLink } from "../counting-link.ts";
import { same, until, within } from "./expect.ts";
import { FramePeer, structuredOverhead } from "./frame-peer.ts";
import { SuitePeer, type SuitePeerOptions } from "./suite-peer.ts";

/** How the transport under test makes links. One per case. */
export interface TransportSetup {
  /** Calls `onLink` with every link that {@link connect} makes, at the other end. Called once, before all else. */
  accept(onLink: (link: Link) => void): void | Promise<void>;
  /** Makes a link. */
  connect(): Promise<Link>;
  /** Bytes that have passed until now, where somebody counts them: from the connector, and to it. */
  count?(): { readonly up: number; readonly down: number };
  /** Ends whatever was made. */
  cleanup(): void | Promise<void>;
}

/** What holds for all cases of a suite. */
export interface RigOptions {
  readonly kind: Link["kind"];
  /** Codecs of both ends. */
  readonly codecs: readonly Codec[];
  readonly collectGarbage: (() => void) | undefined;
}

/** Both ends of a link. */
export interface LinkPair {
  /** Of the one who connected. */
  readonly near: CountingLink;
  readonly far: CountingLink;
}

export type PeerOptions = Omit<SuitePeerOptions, "codecs"> & { readonly codecs?: readonly Codec[] };

export interface PeerPair {
  readonly client: SuitePeer;
  readonly server: SuitePeer;
  readonly links: LinkPair;
}

export class Rig {
  readonly kind: Link["kind"];
  readonly codecs: readonly Codec[];
  readonly collectGarbage: (() => void) | undefined;
  /** What the case has found that is allowed, and should not be: {@link should}. */
  readonly deviations: string[] = [];
  readonly #setup: TransportSetup;
  readonly #accepted: Link[] = [];
  readonly #links: Link[] = [];
  readonly #peers: SuitePeer[] = [];

  private constructor(setup: TransportSetup, options: RigOptions) {
    this.#setup = setup;
    this.kind = options.kind;
    this.codecs = options.codecs;
    this.collectGarbage = options.collectGarbage;
  }

  static async make(setup: TransportSetup, options: RigOptions): Promise<Rig> {
    const rig = new Rig(setup, options);
    await setup.accept((link) => rig.#accepted.push(link));
    return rig;
  }

  /** Notes a deviation unless `holds`: the case goes on, and passes as non-strict. */
  should(holds: boolean, what: string): void {
    if (!holds) this.deviations.push(what);
  }

  /** Bytes that have passed, if the setup counts them. */
  count(): { readonly up: number; readonly down: number } | undefined {
    return this.#setup.count?.();
  }

  /** A new link: both its ends, counted. */
  async link(): Promise<LinkPair> {
    const near = await within(this.#setup.connect(), "a connection");
    await until(() => this.#accepted.length > 0, "the link was accepted");
    const far = this.#accepted.shift() as Link;
    this.#links.push(near, far);
    same([near.kind, far.kind], [this.kind, this.kind], "the kind of link");
    return { near: new CountingLink(near), far: new CountingLink(far) };
  }

  /** A session, both its ends. */
  async peers(
    options: { readonly client?: PeerOptions; readonly server?: PeerOptions } = {},
  ): Promise<PeerPair> {
    const links = await this.link();
    const [client, server] = await within(
      Promise.all([this.connectPeer(links.near, options.client), this.acceptPeer(links.far, options.server)]),
      "the handshake",
    );
    return { client, server, links };
  }

  /** A new link for the session of `client` and `server`, which had been made with a grace. `attempt` ascends. */
  async mend(client: SuitePeer, server: SuitePeer, attempt: number, graceMs: number): Promise<LinkPair> {
    const links = await this.link();
    const options = { codecs: this.codecs, graceMs };
    await within(
      Promise.all([client.reconnect(links.near, attempt, options), server.reaccept(links.far, options)]),
      "the handshake of another link",
    );
    return links;
  }

  async connectPeer(link: Link, options: PeerOptions = {}): Promise<SuitePeer> {
    return this.#keep(await SuitePeer.connect(link, { codecs: this.codecs, ...options }));
  }

  async acceptPeer(link: Link, options: PeerOptions = {}): Promise<SuitePeer> {
    return this.#keep(await SuitePeer.accept(link, { codecs: this.codecs, ...options }));
  }

  /** A frame peer that connected to an acceptor; nothing has been said. */
  async framesToServer(server?: PeerOptions): Promise<{ frames: FramePeer; accepting: Promise<SuitePeer> }> {
    const { near, far } = await this.link();
    const accepting = this.acceptPeer(far, server);
    accepting.catch(ignore);
    return { frames: new FramePeer(near, this.codecs), accepting };
  }

  /** A frame peer that a connector connected to; the connector's HELLO is on its way. */
  async framesToClient(client?: PeerOptions): Promise<{ frames: FramePeer; connecting: Promise<SuitePeer> }> {
    const { near, far } = await this.link();
    const frames = new FramePeer(far, this.codecs);
    const connecting = this.connectPeer(near, client);
    connecting.catch(ignore);
    return { frames, connecting };
  }

  /** A byte string of `payloadBytes` on this kind of link. */
  bytes(payloadBytes: number): Uint8Array {
    return new Uint8Array(this.kind === "structured" ? payloadBytes - structuredOverhead : payloadBytes);
  }

  /** Ends everything, and proves that nothing is left. */
  async finish(): Promise<void> {
    for (const peer of this.#peers) peer.close();
    for (const { session } of this.#peers) {
      await within(session.rest.whenSettled(), "all handlers have settled");
      const left = {
        openCalls: session.openCalls,
        runningHandlers: session.runningHandlers,
        keptBytes: session.keptBytes,
      };
      same(left, { openCalls: 0, runningHandlers: 0, keptBytes: 0 }, "what a closed session holds");
    }
  }

  /** Ends everything, whatever state it is in. */
  async dispose(): Promise<void> {
    for (const link of this.#links) link.destroy();
    await this.#setup.cleanup();
  }

  #keep(peer: SuitePeer): SuitePeer {
    this.#peers.push(peer);
    return peer;
  }
}

function ignore(): void {}
