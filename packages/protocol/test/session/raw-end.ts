/** An end of a wire that is written by hand, and a session at the other: what a hostile or broken peer sends. */
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { type CloseFrame, type Frame, FrameType } from "../../src/frame/frame.ts";
import { type LimitOptions, resolveLimits } from "../../src/limits.ts";
import type { LinkReceiver } from "../../src/link/link.ts";
import { acceptSession } from "../../src/session/accept-session.ts";
import { makeHello } from "../../src/session/handshake.ts";
import type { Session } from "../../src/session/session.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { MemoryWire, type WireEnd } from "./memory-wire.ts";
import { acceptorPeer, anySlot, connectorPeer, PlayedHandlers, SessionSide } from "./session-pair.ts";

export class RawEnd implements LinkReceiver {
  readonly frames: Frame[] = [];
  readonly end: WireEnd;
  isClosed = false;

  constructor(end: WireEnd) {
    this.end = end;
    end.receive(this);
  }

  frame(frame: Frame): void {
    this.frames.push(frame);
  }

  malformed(): void {}
  flushing(): void {}
  writable(): void {}

  closed(): void {
    this.isClosed = true;
  }

  get close(): CloseFrame | undefined {
    return this.frames.find((frame) => frame.type === FrameType.CLOSE) as CloseFrame | undefined;
  }

  /** Frames of `type` that have come. */
  ofType<Type extends FrameType>(type: Type): Extract<Frame, { readonly type: Type }>[] {
    return this.frames.filter((frame) => frame.type === type) as Extract<Frame, { readonly type: Type }>[];
  }
}

/** A session that has accepted a connector which is written by hand. */
export class RawConnector {
  readonly clock: FakeClock;
  readonly wire: MemoryWire;
  readonly raw: RawEnd;
  readonly acceptor: SessionSide;

  constructor(clock: FakeClock, wire: MemoryWire, raw: RawEnd, acceptor: SessionSide) {
    this.clock = clock;
    this.wire = wire;
    this.raw = raw;
    this.acceptor = acceptor;
  }

  get session(): Session {
    return this.acceptor.session;
  }

  /** The state of the session, or the code of the error that ended it. */
  get code(): string {
    const { state } = this.session;
    return state.name === "closed" ? state.error.code : state.name;
  }

  /** Sends `frames` to the session. */
  async send(...frames: Frame[]): Promise<void> {
    for (const frame of frames) this.raw.end.send(frame);
    await this.wire.run();
  }
}

/** Shakes hands by hand. `isWatched`: over a link that can vanish without a word. */
export async function rawConnector(
  limitOptions: LimitOptions = {},
  { isWatched = false, hello: said = {} } = {},
): Promise<RawConnector> {
  const [clock, wire, limits] = [new FakeClock(), new MemoryWire(), resolveLimits(limitOptions)] as const;
  if (isWatched) wire.acceptor.inbound = 0;
  const raw = new RawEnd(wire.connector);
  const slot = anySlot({ kind: "bytes", codec: jsonCodec }, limits);
  const handlers = new PlayedHandlers(slot);
  const accepting = acceptSession(wire.acceptor, {
    local: acceptorPeer,
    limits,
    clock,
    codecs: [jsonCodec],
    authenticate: () => ({ serve: () => handlers }),
  });
  const hello = makeHello(connectorPeer, resolveLimits(), 2048, [jsonCodec], undefined);
  raw.end.send({ type: FrameType.HELLO, call: 0, hello: { ...hello, ...said } });
  await wire.run();
  return new RawConnector(clock, wire, raw, new SessionSide(await accepting, handlers, slot));
}

/** The key that the connector's call of that number has. */
export const connectorKey = (number: number): { originHigh: number; originLow: number; number: number } => ({
  originHigh: 0x01234567,
  originLow: 0x89abcdef,
  number,
});
