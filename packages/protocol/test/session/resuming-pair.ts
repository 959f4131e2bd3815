/** Two sessions whose link a test cuts and mends, frame by frame, on a fake clock. */
import { expect } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import type { Encoding } from "../../src/codec/slot.ts";
import { type LimitOptions, resolveLimits } from "../../src/limits.ts";
import { acceptSession } from "../../src/session/accept-session.ts";
import { connectSession } from "../../src/session/connect-session.ts";
import type { SessionTicket } from "../../src/session/handshake.ts";
import type { Session } from "../../src/session/session.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { StillWorld } from "../../src/testing/still-world.ts";
import { type LinkKind, MemoryWire } from "./memory-wire.ts";
import { acceptorPeer, anySlot, connectorPeer, PlayedHandlers, SessionSide } from "./session-pair.ts";

export interface ResumingOptions {
  readonly kind?: LinkKind;
  readonly codec?: Codec;
  readonly limits?: LimitOptions;
}

type CompleteOptions = ResumingOptions & { readonly kind: LinkKind; readonly codec: Codec };

export class ResumingPair extends StillWorld {
  wire: MemoryWire;
  readonly connector: SessionSide;
  readonly acceptor: SessionSide;
  /** Handlers of an acceptor that was started anew. */
  readonly restarted: PlayedHandlers;
  /** Links that were mended. */
  resumes = 0;
  readonly #options: CompleteOptions;

  constructor(
    options: CompleteOptions,
    clock: FakeClock,
    wire: MemoryWire,
    connector: SessionSide,
    acceptor: SessionSide,
  ) {
    super(clock);
    this.#options = options;
    this.wire = wire;
    this.connector = connector;
    this.acceptor = acceptor;
    this.restarted = new PlayedHandlers(acceptor.slot);
  }

  static async make(given: ResumingOptions = {}): Promise<ResumingPair> {
    const options = { kind: "binary" as LinkKind, codec: jsonCodec as Codec, ...given };
    const { kind, codec } = options;
    const clock = new FakeClock();
    const wire = new MemoryWire(kind);
    const encoding: Encoding = kind === "binary" ? { kind: "bytes", codec } : { kind: "structured" };
    const limits = resolveLimits(options.limits);
    const slot = anySlot(encoding, limits);
    const ours = new PlayedHandlers(slot);
    const theirs = new PlayedHandlers(slot);
    const shared = { clock, codecs: [codec], limits };
    const ticket: SessionTicket = { id: "session", secret: "first", graceMs: limits.graceMs };
    const accepting = acceptSession(wire.acceptor, {
      ...shared,
      local: acceptorPeer,
      authenticate: () => ({ ticket, serve: () => theirs }),
    });
    const connecting = connectSession(wire.connector, {
      ...shared,
      local: connectorPeer,
      session: "wanted",
      serve: () => ours,
    });
    await wire.run();
    return new ResumingPair(
      options,
      clock,
      wire,
      new SessionSide(await connecting, ours, slot),
      new SessionSide(await accepting, theirs, slot),
    );
  }

  async run(): Promise<void> {
    await this.wire.run();
  }

  /** Breaks the link; what was on its way is lost. */
  cut(): void {
    this.wire.cut();
  }

  /** A new link: both sides shake hands for the session that they had. Brings both when that is done, or the link was cut before. */
  mend(): Promise<unknown> {
    const { kind, codec, limits: given } = this.#options;
    const wire = new MemoryWire(kind);
    this.wire = wire;
    const limits = resolveLimits(given);
    const shared = { clock: this.clock, codecs: [codec], limits };
    const ticket = { id: "session", secret: `secret ${this.resumes}`, graceMs: limits.graceMs };
    const accepting = acceptSession(wire.acceptor, {
      ...shared,
      local: acceptorPeer,
      authenticate: () => ({ session: this.acceptor.session, ticket, confirmed() {} }),
    });
    const former = this.connector.session;
    const connecting = connectSession(wire.connector, {
      ...shared,
      local: connectorPeer,
      session: { session: former, ticket: former.ticket as SessionTicket, attempt: ++this.resumes },
      serve: () => {
        throw new Error("A new session was made");
      },
    });
    return Promise.allSettled([accepting, connecting]);
  }

  /** A new link to an acceptor that knows nothing of the session, as one that was started anew. Brings the new session. */
  async mendAnew(): Promise<Session> {
    const { kind, codec, limits: given } = this.#options;
    const wire = new MemoryWire(kind);
    this.wire = wire;
    const limits = resolveLimits(given);
    const shared = { clock: this.clock, codecs: [codec], limits };
    const { handlers } = this.connector;
    void acceptSession(wire.acceptor, {
      ...shared,
      local: { name: "acceptor", epoch: "aaaaaaaaaaaaaaaa" },
      authenticate: () => ({
        ticket: { id: "another", secret: "first", graceMs: limits.graceMs },
        serve: () => this.restarted,
      }),
    });
    const former = this.connector.session;
    const connecting = connectSession(wire.connector, {
      ...shared,
      local: connectorPeer,
      session: { session: former, ticket: former.ticket as SessionTicket, attempt: ++this.resumes },
      serve: () => handlers,
    });
    await this.run();
    return connecting;
  }

  /** INV-QUIET: no call, nothing kept, every loan given back, no timer. */
  async expectIdle(): Promise<void> {
    await this.run();
    await this.advance(200);
    for (const { session, lendable } of [this.connector, this.acceptor]) {
      expect(session.state.name).toBe("open");
      expect(session.openCalls, "open calls").toBe(0);
      expect(session.runningHandlers, "running handlers").toBe(0);
      expect(session.keptBytes, "bytes kept").toBe(0);
      expect(session.budget.lendable, "bytes that can be lent").toBe(lendable);
    }
    expect(this.clock.armedTimers, "timers").toBe(0);
  }
}
