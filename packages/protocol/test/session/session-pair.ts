/**
 * Two sessions joined by a {@link MemoryWire}, with a fake clock, an auditor on the wire, and handlers that a test plays itself.
 */
import { expect } from "vitest";
import type { Codec } from "../../src/codec/codec.ts";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { type Encoding, Slot } from "../../src/codec/slot.ts";
import type { SluiceError } from "../../src/errors/sluice-error.ts";
import type { OpenFrame } from "../../src/frame/frame.ts";
import { type LimitOptions, type ResolvedLimits, resolveLimits } from "../../src/limits.ts";
import type { AbortReason } from "../../src/session/abort-notice.ts";
import { acceptSession } from "../../src/session/accept-session.ts";
import type { CallAcceptor, CallPlan } from "../../src/session/call-acceptor.ts";
import type { CallEnd } from "../../src/session/call-end.ts";
import { connectSession } from "../../src/session/connect-session.ts";
import { errorParts } from "../../src/session/error-parts.ts";
import type { IncomingCall } from "../../src/session/incoming-call.ts";
import type { OpenRequest } from "../../src/session/open-frame.ts";
import type { OutgoingCall } from "../../src/session/outgoing-call.ts";
import type { Session } from "../../src/session/session.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { StillWorld } from "../../src/testing/still-world.ts";
import { type LinkKind, MemoryWire } from "./memory-wire.ts";
import { WireAuditor } from "./wire-auditor.ts";

export const connectorPeer = { name: "connector", epoch: "0123456789abcdef" };
export const acceptorPeer = { name: "acceptor", epoch: "fedcba9876543210" };

/** A slot that takes every value. */
export function anySlot(encoding: Encoding, limits: ResolvedLimits): Slot {
  return new Slot({ name: "any", schema: true, validate: undefined, encoding, limits });
}

/** How a call ended, as its caller was told; every end that came is kept. */
export class RecordedEnd implements CallEnd {
  readonly ends: ({ readonly result: unknown } | { readonly error: SluiceError })[] = [];

  resolved(result: unknown): void {
    this.ends.push({ result });
  }

  rejected(error: SluiceError): void {
    this.ends.push({ error });
  }

  get isOver(): boolean {
    return this.ends.length > 0;
  }

  /** The one result. */
  get result(): unknown {
    expect(this.ends).toHaveLength(1);
    const [end] = this.ends;
    if (end === undefined || !("result" in end)) throw (end as { error: SluiceError }).error;
    return end.result;
  }

  /** The one error. */
  get error(): SluiceError {
    expect(this.ends).toHaveLength(1);
    const [end] = this.ends;
    if (end === undefined || !("error" in end)) throw new Error("The call ended well");
    return end.error;
  }

  /** The code of the error, `OK`, or `none` while the call runs. */
  get code(): string {
    const [end] = this.ends;
    if (end === undefined) return "none";
    return "error" in end ? end.error.code : "OK";
  }
}

/** A call whose handler is played by the test. */
export class PlayedCall {
  readonly call: IncomingCall;
  /** What its OPEN said. */
  readonly open: Omit<OpenFrame, "payload">;
  readonly param: unknown;
  readonly aborts: AbortReason[] = [];
  readonly #slot: Slot;
  hasSettled = false;

  constructor(call: IncomingCall, open: PlayedCall["open"], param: unknown, slot: Slot) {
    this.call = call;
    this.open = open;
    this.param = param;
    this.#slot = slot;
    call.onAbort((reason) => this.aborts.push(reason));
  }

  /** Writes as a handler does. Returns whether it may go on at once. */
  write(value: unknown): boolean {
    return this.call.isWanted ? this.call.write(this.#slot.encode(value)) : true;
  }

  /** The handler returns `result`. */
  finish(result?: unknown): void {
    this.hasSettled = true;
    this.call.resolve(this.#slot.encode(result));
    this.call.slot.free();
  }

  /** The handler throws. */
  fail(code = "ABORTED", message = "failed"): void {
    this.hasSettled = true;
    this.call.reject(errorParts(code, message, { processed: "maybe" }));
    this.call.slot.free();
  }
}

/** Takes every call, and waits for the test to play it. */
export class PlayedHandlers implements CallAcceptor {
  readonly calls: PlayedCall[] = [];
  /** Refuses a call by throwing. */
  refuse: ((open: OpenFrame) => void) | undefined;
  readonly #slot: Slot;

  constructor(slot: Slot) {
    this.#slot = slot;
  }

  accept(open: OpenFrame): CallPlan {
    this.refuse?.(open);
    const { payload: _, ...said } = open;
    return {
      param: this.#slot,
      send: said.halfClosed ? undefined : this.#slot,
      start: (call, param) => {
        this.calls.push(new PlayedCall(call, said, param, this.#slot));
      },
    };
  }

  /** The newest call. */
  get last(): PlayedCall {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error("No call has come");
    return call;
  }

  /** The call of that procedure. */
  of(procedure: string): PlayedCall {
    const call = this.calls.find((one) => one.open.procedure === procedure);
    if (call === undefined) throw new Error(`No call of ${procedure} has come`);
    return call;
  }
}

export interface PairOptions {
  readonly kind?: LinkKind;
  readonly codec?: Codec;
  readonly roomBytes?: number;
  /** Limits of both sides, or of one. */
  readonly limits?: LimitOptions;
  readonly connectorLimits?: LimitOptions;
  readonly acceptorLimits?: LimitOptions;
  /** Over a link that can vanish without a word. */
  readonly isWatched?: boolean;
}

/** What {@link SessionSide.open} takes. */
export interface OpenOptions {
  readonly procedure?: string;
  readonly kind?: "request" | "stream" | "channel" | "upload" | "event";
  readonly param?: unknown;
  readonly timeoutMs?: number;
  readonly metadata?: string;
}

export interface OpenedCall {
  readonly call: OutgoingCall;
  readonly end: RecordedEnd;
  /** Writes an item. Returns whether the writer may go on at once. */
  write(value: unknown): boolean;
}

/** One side: its session, the handlers of the calls that come, and a way to make calls. */
export class SessionSide {
  readonly session: Session;
  readonly handlers: PlayedHandlers;
  readonly slot: Slot;
  readonly lendable: number;

  constructor(session: Session, handlers: PlayedHandlers, slot: Slot) {
    this.session = session;
    this.handlers = handlers;
    this.slot = slot;
    this.lendable = session.budget.lendable;
  }

  open({
    procedure = "test",
    kind = "request",
    param,
    timeoutMs = 0,
    metadata = "",
  }: OpenOptions = {}): OpenedCall {
    const end = new RecordedEnd();
    const { slot } = this;
    const request: OpenRequest = {
      procedure,
      param: slot.encode(param),
      receive: kind === "stream" || kind === "channel" ? slot : undefined,
      send: kind === "channel" || kind === "upload" ? slot : undefined,
      isEvent: kind === "event",
      result: slot,
      errors: new Map(),
      timeoutMs,
      metadata,
    };
    const call = this.session.open(request, end);
    return { call, end, write: (value) => call.write(slot.encode(value)) };
  }
}

export class SessionPair extends StillWorld {
  readonly wire: MemoryWire;
  readonly auditor: WireAuditor;
  readonly connector: SessionSide;
  readonly acceptor: SessionSide;

  constructor(
    clock: FakeClock,
    wire: MemoryWire,
    auditor: WireAuditor,
    connector: SessionSide,
    acceptor: SessionSide,
  ) {
    super(clock);
    this.wire = wire;
    this.auditor = auditor;
    this.connector = connector;
    this.acceptor = acceptor;
  }

  /** Delivers everything and what comes of it; then asks the auditor. */
  async run(): Promise<void> {
    await this.wire.run();
    this.auditor.check();
  }

  /** INV-QUIET of sessions that go on: no call, nothing kept, every loan and reservation given back. */
  async expectIdle(): Promise<void> {
    await this.run();
    await this.advance(200);
    for (const side of [this.connector, this.acceptor]) expectNothingHeld(side);
  }

  /** INV-QUIET after the end. */
  async expectOver(): Promise<void> {
    await this.run();
    for (const side of [this.connector, this.acceptor]) {
      expect(side.session.state.name).toBe("closed");
      expectNothingHeld(side);
    }
    expect(this.clock.armedTimers, "armed timers").toBe(0);
    expect(this.wire.connector.state).toBe("closed");
    expect(this.wire.acceptor.state).toBe("closed");
  }
}

function expectNothingHeld({ session, lendable }: SessionSide): void {
  const half = Math.floor(session.limits.maxBuffered / 2);
  const held = {
    openCalls: session.openCalls,
    runningHandlers: session.runningHandlers,
    keptBytes: session.keptBytes,
    lendable: session.budget.lendable,
    // Whatever was reserved has been given back.
    hasRoom: session.budget.reserve(half, { granted() {} }),
  };
  session.budget.release(half);
  expect(held).toEqual({ openCalls: 0, runningHandlers: 0, keptBytes: 0, lendable, hasRoom: true });
}

/** Shakes hands and gives both sides. */
export async function sessionPair(options: PairOptions = {}): Promise<SessionPair> {
  const { kind = "binary", codec = jsonCodec, roomBytes } = options;
  const clock = new FakeClock();
  const wire = new MemoryWire(kind, roomBytes);
  if (options.isWatched === true) wire.connector.inbound = wire.acceptor.inbound = 0;
  const auditor = new WireAuditor(kind);
  wire.observers.push(auditor);
  const encoding: Encoding = kind === "binary" ? { kind: "bytes", codec } : { kind: "structured" };
  const shared = { clock, codecs: [codec] };
  const connectorLimits = resolveLimits(options.connectorLimits ?? options.limits);
  const acceptorLimits = resolveLimits(options.acceptorLimits ?? options.limits);
  const connectorSlot = anySlot(encoding, connectorLimits);
  const acceptorSlot = anySlot(encoding, acceptorLimits);
  const connectorHandlers = new PlayedHandlers(connectorSlot);
  const acceptorHandlers = new PlayedHandlers(acceptorSlot);
  const accepting = acceptSession(wire.acceptor, {
    ...shared,
    local: acceptorPeer,
    limits: acceptorLimits,
    authenticate: () => ({ serve: () => acceptorHandlers }),
  });
  const connecting = connectSession(wire.connector, {
    ...shared,
    local: connectorPeer,
    limits: connectorLimits,
    serve: () => connectorHandlers,
  });
  await wire.run();
  return new SessionPair(
    clock,
    wire,
    auditor,
    new SessionSide(await connecting, connectorHandlers, connectorSlot),
    new SessionSide(await accepting, acceptorHandlers, acceptorSlot),
  );
}

/** A byte string of `length` bytes that say where they stand. */
export function bytesOf(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed * 17 + (at >>> 8)) & 0xff;
  return bytes;
}
