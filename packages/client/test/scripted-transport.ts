/** A transport whose attempts go as a test says, with the far ends of its links and sessions at hand. */
import {
  acceptSession,
  type Clock,
  type ConnectOptions,
  type Frame,
  FrameType,
  type Hello,
  jsonCodec,
  type Link,
  newPeer,
  resolveLimits,
  type Session,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { type MemoryTransport, memoryTransport } from "@sluice/transport-memory";

/** What the next attempts come to: no link, a link whose peer says nothing, one whose peer says no, a session. */
export type Outcome =
  | { readonly name: "accept" }
  | { readonly name: "no link"; readonly error: unknown }
  /** Until the attempt is given up, or something else is set. */
  | { readonly name: "hang" }
  | { readonly name: "silence" }
  | { readonly name: "refuse"; readonly error: SluiceError };

export class ScriptedTransport implements Transport {
  readonly name: string;
  #outcome: Outcome = { name: "accept" };
  #goOn: (() => void)[] = [];
  /** Sessions can be found again for so long, ms, says the peer; it finds none. Default: they end with their links. */
  graceMs: number | undefined;
  /** Follows every WELCOME in the same breath. */
  afterWelcome: Frame | undefined;
  /** How often a link was asked for. */
  attempts = 0;
  /** How many of them were given up while they hung. */
  givenUp = 0;
  disposed = 0;
  readonly hellos: Hello[] = [];
  readonly sessions: Session[] = [];
  /** Far ends of links that are there. */
  readonly links = new Set<Link>();
  readonly #clock: Clock;
  readonly #hub: MemoryTransport;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
    this.#hub = memoryTransport({ clock });
    this.#hub.server.accept?.((link) => this.#arrive(link));
  }

  get outcome(): Outcome {
    return this.#outcome;
  }

  /** Also of attempts that hang. */
  set outcome(outcome: Outcome) {
    this.#outcome = outcome;
    for (const goOn of this.#goOn.splice(0)) goOn();
  }

  /** The session that was made last. */
  get session(): Session {
    return this.sessions.at(-1) as Session;
  }

  async connect({ signal }: ConnectOptions = {}): Promise<Link> {
    this.attempts++;
    while (this.#outcome.name === "hang" && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        this.#goOn.push(resolve);
        signal?.addEventListener("abort", () => resolve());
      });
    }
    if (signal?.aborted === true) {
      this.givenUp++;
      throw new SluiceError("CANCELLED", "The attempt was given up");
    }
    if (this.#outcome.name === "no link") throw this.#outcome.error;
    return this.#hub.client.connect();
  }

  async dispose(): Promise<void> {
    this.disposed++;
  }

  /** The links break. */
  cut(): void {
    for (const link of this.links) link.destroy();
    this.links.clear();
  }

  #arrive(link: Link): void {
    this.links.add(link);
    if (this.outcome.name === "silence") {
      const closed = (): void => void this.links.delete(link);
      link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed });
      return;
    }
    this.#followWelcome(link);
    const { outcome } = this;
    const accepting = acceptSession(link, {
      local: newPeer(this.name),
      limits: resolveLimits(),
      clock: this.#clock,
      codecs: [jsonCodec],
      authenticate: (hello) => {
        this.hellos.push(hello);
        if (outcome.name === "refuse") throw outcome.error;
        const { graceMs } = this;
        const id = String(this.hellos.length);
        return {
          ...(graceMs !== undefined &&
            hello.session !== undefined && { ticket: { id, secret: id, graceMs } }),
          serve: () => ({
            accept() {
              throw new SluiceError("UNIMPLEMENTED", "Nothing is served here");
            },
          }),
        };
      },
    });
    const closed = (): void => void this.links.delete(link);
    accepting.then((session) => {
      this.sessions.push(session);
      if (session.state.name === "closed") closed();
      else session.listener = { closed };
    }, closed);
  }

  #followWelcome(link: Link): void {
    const { afterWelcome } = this;
    if (afterWelcome === undefined) return;
    const send = link.send.bind(link);
    link.send = (frame) => {
      const bytes = send(frame);
      if (frame.type === FrameType.WELCOME) send(afterWelcome);
      return bytes;
    };
  }
}
