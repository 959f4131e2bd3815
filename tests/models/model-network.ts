/**
 * The ways of a model's client to its server: direct or through a relay, on a fake clock, each link with an auditor.
 *
 * All faults come from fault proxies in memory; the same steps always bring the same bytes.
 */
import { type FakeClock, MemoryFaultProxy, type Way } from "@sluice/protocol/testing";
import {
  type ByteDuplex,
  ByteLink,
  FrameDecoder,
  FrameType,
  type Link,
  type LinkReceiver,
  Relay,
  Session,
  silentLogger,
  standardUtf8,
  type Transport,
} from "@sluice/protocol/wire";
import { Impostor } from "./impostor.ts";
import { LinkAudit } from "./link-audit.ts";
import { SessionAudit } from "./session-audit.ts";

export type Route = "direct" | "relay";

/** Others who claim the client's session: another process, who guesses the secret, who has an old one. */
export const strangers = ["process", "guess", "former"] as const;
export type Stranger = (typeof strangers)[number];

interface Ticket {
  readonly id: string;
  readonly secret: string;
}

export class ModelNetwork {
  readonly audit = new SessionAudit();
  /** Which way the client's next link takes. */
  route: Route = "direct";
  /** From the client, to the server or the relay; from the relay to the server; from an impostor to the server. */
  readonly near: MemoryFaultProxy;
  readonly far: MemoryFaultProxy;
  readonly side: MemoryFaultProxy;
  readonly client: Transport;
  readonly #relay: Relay;
  /** Nothing passes, or not both ways. */
  isBroken = false;
  /** Epochs of the servers that have welcomed the client; the last one is that of the newest WELCOME. */
  readonly welcomes: string[] = [];
  /** The client's newest session. */
  session: Session | undefined;
  /** By which the client would look for its session. */
  #ticket: Ticket | undefined;
  /** The one before, of the same session. */
  #formerTicket: Ticket | undefined;
  #onLink: ((link: Link) => void) | undefined;

  constructor(clock: FakeClock) {
    this.near = new MemoryFaultProxy({ clock });
    this.far = new MemoryFaultProxy({ clock });
    this.side = new MemoryFaultProxy({ clock });
    this.#watch(this.near, "near");
    this.#watch(this.far, "far");
    this.#relay = new Relay({
      to: transportOf(async () => {
        if (this.#onLink === undefined) throw new Error("nobody listens");
        const { client, server } = this.far.connect();
        this.#onLink(new ByteLink(server));
        return new ByteLink(client);
      }),
      clock,
      logger: silentLogger,
      handshakeTimeout: 1_000,
      heartbeat: 1_000,
      deadAfter: 4_000,
    });
    this.client = transportOf(async () => {
      if (this.route === "direct" && this.#onLink === undefined) throw new Error("nobody listens");
      const { client, server } = this.near.connect();
      if (this.route === "direct") this.#onLink?.(new ByteLink(server));
      else void this.#relay.accept(new ByteLink(server));
      return new ClientLink(this.#overheard(client), (session) => {
        this.session = session;
      });
    });
  }

  /** A server's end. What it accepts is what the network connects from now on. */
  server(): Transport {
    return {
      ...transportOf(() => Promise.reject(new TypeError("a server's end"))),
      accept: (onLink) => {
        this.#onLink = onLink;
      },
    };
  }

  /** The links by which the client reaches its server; another text after each change. */
  get path(): string {
    const numbers = [this.near, this.far].map(({ connections }) =>
      [...connections].map(({ number }) => number),
    );
    return numbers.join("/");
  }

  blackhole(way: Way | "both"): void {
    this.isBroken = true;
    this.near.blackhole(way);
  }

  down(): void {
    this.isBroken = true;
    this.near.down();
  }

  /** Whether the client has a link. */
  get hasLink(): boolean {
    return this.near.connections.size > 0;
  }

  /** Cuts every link. Returns whether the client had one. */
  cut(): boolean {
    const { hasLink } = this;
    for (const proxy of [this.near, this.far]) proxy.cut();
    return hasLink;
  }

  /** Cuts the client's link when `bytes` more have passed that way. Returns whether it has one. */
  cutAfter(way: Way, bytes: number): boolean {
    for (const connection of this.near.connections) {
      connection.set({ [way]: { cutAt: connection.bytes[way] + bytes } });
    }
    return this.hasLink;
  }

  /** The server's process is gone. */
  serverGone(): void {
    for (const proxy of [this.near, this.far, this.side]) proxy.cut();
    this.#onLink = undefined;
  }

  /** Every way is good again. What stands in a proxy passes. */
  heal(): void {
    this.isBroken = false;
    for (const proxy of [this.near, this.far]) proxy.heal();
  }

  /**
   * Another link claims the client's session: with the newest secret that has reached the client, as attempt `ahead` after the newest.
   * `undefined`: there is no session to claim, no such attempt, or nobody to ask.
   */
  claimAgain(ahead: number): Impostor | undefined {
    const { hello } = this.audit;
    if (hello === undefined || this.#ticket === undefined || this.#onLink === undefined) return undefined;
    const { attempt = 0 } = hello.session as { attempt?: number };
    if (attempt + ahead < 0) return undefined;
    const { id, secret } = this.#ticket;
    const claim = { id, secret, attempt: attempt + ahead };
    const impostor = new Impostor(this.#besides(this.#onLink), hello, claim, this.audit.attempts(id));
    this.audit.tried(claim, "made");
    return impostor;
  }

  /** Another link claims the client's session for somebody else. `undefined` as for {@link claimAgain}. */
  claimAs(who: Stranger): Impostor | undefined {
    const { hello } = this.audit;
    const ticket = who === "former" ? this.#formerTicket : this.#ticket;
    if (hello === undefined || ticket === undefined || this.#onLink === undefined) return undefined;
    const { id } = ticket;
    const secret = who === "guess" ? ticket.secret.replace(/.$/, "~") : ticket.secret;
    const other = who === "process" ? { ...hello, epoch: "0123456789abcdef" } : hello;
    // Late is nobody of them: it is for who they are that they are refused.
    const claim = { id, secret, attempt: 1_000_000 };
    return new Impostor(this.#besides(this.#onLink), other, claim, this.audit.attempts(id));
  }

  /** Another link to the server. */
  #besides(onLink: (link: Link) => void): ByteDuplex {
    const { client, server } = this.side.connect();
    onLink(new ByteLink(server));
    return client;
  }

  /** Whether the relay still has a link to the server, and none to the client. */
  get isHalfJoined(): boolean {
    return this.far.connections.size > 0 && this.near.connections.size === 0;
  }

  /** Bytes that have passed from and to the client. */
  get bytes(): number {
    return this.near.bytes.toServer + this.near.bytes.toClient;
  }

  async close(): Promise<void> {
    this.side.cut();
    await this.#relay.close();
  }

  get openLinks(): number {
    return this.near.connections.size + this.far.connections.size + this.side.connections.size;
  }

  /** The client's end, of which the WELCOMEs that it has taken are noted. */
  #overheard(duplex: ByteDuplex): ByteDuplex {
    const decoder = new FrameDecoder(standardUtf8);
    return {
      info: duplex.info,
      utf8: duplex.utf8,
      defer: (flush) => duplex.defer(flush),
      start: (events) =>
        duplex.start({
          ...events,
          data: (chunk) => {
            decoder.push(chunk.slice(), (frame) => {
              if (frame.type !== FrameType.WELCOME) return;
              const { session, epoch } = frame.welcome as { session?: Ticket; epoch: string };
              this.#formerTicket = session?.id === this.#ticket?.id ? this.#ticket : undefined;
              this.#ticket = session;
              this.welcomes.push(epoch);
            });
            events.data(chunk);
          },
        }),
      write: (chunks) => duplex.write(chunks),
      end: () => duplex.end(),
      destroy: () => duplex.destroy(),
    };
  }

  #watch(proxy: MemoryFaultProxy, name: string): void {
    const audits = new Map<number, LinkAudit>();
    proxy.on("connected", ({ number }) => {
      audits.set(number, new LinkAudit(this.audit, `${name} link ${number}`));
    });
    proxy.on("passed", ({ connection, way, chunk }) => audits.get(connection.number)?.passed(way, chunk));
    proxy.on("closed", ({ connection }) => audits.delete(connection.number));
  }
}

/** A client's link, which tells whose it becomes after the handshake. */
class ClientLink extends ByteLink {
  readonly #onSession: (session: Session) => void;

  constructor(duplex: ByteDuplex, onSession: (session: Session) => void) {
    super(duplex);
    this.#onSession = onSession;
  }

  override receive(receiver: LinkReceiver): void {
    if (receiver instanceof Session) this.#onSession(receiver);
    super.receive(receiver);
  }
}

function transportOf(connect: () => Promise<Link>): Transport {
  return { name: "memory", connect, dispose: async () => {} };
}
