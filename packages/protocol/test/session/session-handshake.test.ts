/** Both halves of the handshake over a wire, and every way in which it fails. Spec: docs/wire.md §3.1; RELIABILITY HS. */
import { describe, expect, it } from "vitest";
import { jsonCodec } from "../../src/codec/json-codec.ts";
import { msgpackCodec } from "../../src/codec/msgpack-codec.ts";
import { SluiceError } from "../../src/errors/sluice-error.ts";
import { type Frame, FrameType } from "../../src/frame/frame.ts";
import { resolveLimits } from "../../src/limits.ts";
import { type AcceptSessionOptions, acceptSession } from "../../src/session/accept-session.ts";
import type { CallAcceptor } from "../../src/session/call-acceptor.ts";
import { type ConnectSessionOptions, connectSession } from "../../src/session/connect-session.ts";
import { makeHello, makeWelcome } from "../../src/session/handshake.ts";
import type { Session } from "../../src/session/session.ts";
import { FakeClock } from "../../src/testing/fake-clock.ts";
import { open } from "./frames.ts";
import { type LinkKind, MemoryWire } from "./memory-wire.ts";
import { RawEnd } from "./raw-end.ts";
import { acceptorPeer, connectorPeer, sessionPair } from "./session-pair.ts";
import { settle } from "./settle.ts";

const limits = resolveLimits();

/** Serves nothing, and counts what came. */
class Refusing implements CallAcceptor {
  opened = 0;

  accept(): never {
    this.opened++;
    throw new SluiceError("UNIMPLEMENTED", "nothing is served");
  }
}

interface Attempt<Made> {
  readonly wire: MemoryWire;
  readonly clock: FakeClock;
  readonly raw: RawEnd;
  readonly served: Refusing;
  /** How it came out, once it has. */
  outcome: { readonly session?: Session; readonly error?: SluiceError } | undefined;
  readonly made: Made;
}

function watch<Made extends Promise<Session>>(
  made: Made,
  fields: Omit<Attempt<Made>, "made" | "outcome">,
): Attempt<Made> {
  const attempt: Attempt<Made> = { ...fields, made, outcome: undefined };
  made.then(
    (session) => {
      attempt.outcome = { session };
    },
    (error: SluiceError) => {
      attempt.outcome = { error };
    },
  );
  return attempt;
}

function accept(
  options: Partial<AcceptSessionOptions> = {},
  kind: LinkKind = "binary",
): Attempt<Promise<Session>> {
  const [clock, wire, served] = [new FakeClock(), new MemoryWire(kind), new Refusing()] as const;
  const raw = new RawEnd(wire.connector);
  const made = acceptSession(wire.acceptor, {
    local: acceptorPeer,
    limits,
    clock,
    codecs: [jsonCodec, msgpackCodec],
    authenticate: () => ({ serve: () => served }),
    ...options,
  });
  return watch(made, { wire, clock, raw, served });
}

function connect(
  options: Partial<ConnectSessionOptions> = {},
  kind: LinkKind = "binary",
): Attempt<Promise<Session>> {
  const [clock, wire, served] = [new FakeClock(), new MemoryWire(kind), new Refusing()] as const;
  const raw = new RawEnd(wire.acceptor);
  const made = connectSession(wire.connector, {
    local: connectorPeer,
    limits,
    clock,
    codecs: [msgpackCodec, jsonCodec],
    serve: () => served,
    ...options,
  });
  return watch(made, { wire, clock, raw, served });
}

function hello(changes: Record<string, unknown> = {}): Frame {
  const body = makeHello(connectorPeer, limits, 2048, [jsonCodec], undefined);
  return { type: FrameType.HELLO, call: 0, hello: { ...body, ...changes } };
}

function welcome(changes: Record<string, unknown> = {}): Frame {
  const body = makeWelcome(acceptorPeer, limits, 2048, "json");
  return { type: FrameType.WELCOME, call: 0, welcome: { ...body, ...changes } };
}

const close = (code: string, reason = "why"): Frame => ({ type: FrameType.CLOSE, call: 0, code, reason });

describe.each(["binary", "structured"] as const)("a handshake over a %s link", (kind) => {
  it("HS-1 gives both sides a session that knows its peer", async () => {
    const pair = await sessionPair({ kind });
    const { connector, acceptor } = pair;
    expect(connector.session.peer).toMatchObject({ name: "acceptor", epoch: acceptorPeer.epoch });
    expect(acceptor.session.peer).toMatchObject({ name: "connector", epoch: connectorPeer.epoch });
    expect([connector.session.state.name, acceptor.session.state.name]).toEqual(["open", "open"]);
    expect(pair.clock.armedTimers).toBe(0);
    expect(connector.session.encoding.kind).toBe(kind === "structured" ? "structured" : "bytes");
  });

  it("tells each side what the other accepts", async () => {
    const pair = await sessionPair({
      kind,
      connectorLimits: {
        limits: { maxCalls: 7, maxMessage: 5000, maxConcurrentHandlers: 3, window: 30_000 },
      },
      acceptorLimits: { limits: { maxCalls: 9, maxMessage: 6000, maxConcurrentHandlers: 4 } },
    });
    expect(pair.acceptor.session.peerLimits).toMatchObject({
      maxCalls: 7,
      maxMessage: 5000,
      maxConcurrentHandlers: 3,
      window: 30_000,
      floor: 8192,
    });
    expect(pair.connector.session.peerLimits).toMatchObject({
      maxCalls: 9,
      maxMessage: 6000,
      maxConcurrentHandlers: 4,
      window: 65_536,
    });
  });

  it("HS-7 hands credentials to authenticate, also when they are null, and what server says to the connector", async () => {
    for (const credentials of [{ token: "t" }, null, "text", 0]) {
      const [clock, wire] = [new FakeClock(), new MemoryWire(kind)] as const;
      let seen: unknown;
      const accepting = acceptSession(wire.acceptor, {
        local: acceptorPeer,
        limits,
        clock,
        codecs: [jsonCodec],
        server: { region: "eu" },
        authenticate(body) {
          seen = body.credentials;
          return { serve: () => new Refusing() };
        },
      });
      const shared = {
        local: connectorPeer,
        limits,
        clock,
        codecs: [jsonCodec],
        serve: () => new Refusing(),
      };
      const connecting = connectSession(wire.connector, { ...shared, credentials });
      await wire.run();
      await accepting;
      expect([seen, (await connecting).peer.about]).toEqual([credentials, { region: "eu" }]);
    }
  });
});

describe("an acceptor", () => {
  it("HS-3 chooses the connector's best codec that it has, and says which", async () => {
    const attempt = accept();
    attempt.raw.end.send(hello({ codecs: ["cbor", "msgpack", "json"] }));
    await attempt.wire.run();
    expect(attempt.raw.frames[0]).toMatchObject({
      type: FrameType.WELCOME,
      welcome: { codec: "msgpack", heartbeat: 15_000 },
    });
    expect(attempt.outcome?.session?.encoding).toEqual({ kind: "bytes", codec: msgpackCodec });
  });

  it("does nothing before HELLO, and says nothing before it has authenticated", async () => {
    let admit: (() => void) | undefined;
    const attempt = accept({
      authenticate: () =>
        new Promise((resolve) => {
          admit = () => resolve({ serve: () => attempt.served });
        }),
    });
    await attempt.wire.run();
    attempt.raw.end.send(hello());
    await attempt.wire.run();
    expect([attempt.raw.frames, attempt.outcome]).toEqual([[], undefined]);
    admit?.();
    await attempt.wire.run();
    expect(attempt.raw.frames).toHaveLength(1);
    expect(attempt.outcome?.session).toBeDefined();
  });

  const refusals: {
    name: string;
    options?: Partial<AcceptSessionOptions>;
    send: Frame[];
    code: string;
    more?: object;
  }[] = [
    {
      name: "HS-2 no version in common",
      send: [hello({ versions: [2] })],
      code: "VERSION_UNSUPPORTED",
      more: { versions: [1] },
    },
    { name: "HS-3 no codec in common", send: [hello({ codecs: ["cbor"] })], code: "FAILED_PRECONDITION" },
    {
      name: "HS-7 authenticate throws something",
      options: {
        authenticate() {
          throw new Error("canary");
        },
      },
      send: [hello()],
      code: "UNAUTHENTICATED",
      more: { reason: "The credentials were refused" },
    },
    {
      name: "HS-7 authenticate rejects with something",
      options: { authenticate: () => Promise.reject(undefined) },
      send: [hello()],
      code: "UNAUTHENTICATED",
    },
    {
      name: "HS-7 authenticate throws a SluiceError",
      options: { authenticate: () => Promise.reject(new SluiceError("PERMISSION_DENIED", "not you")) },
      send: [hello()],
      code: "PERMISSION_DENIED",
      more: { reason: "not you" },
    },
    {
      name: "what serves the calls cannot be made",
      options: {
        authenticate: () => ({
          serve() {
            throw new SluiceError("UNAVAILABLE", "later");
          },
        }),
      },
      send: [hello()],
      code: "UNAVAILABLE",
    },
    { name: "HS-5 OPEN first", send: [open({ halfClosed: true })], code: "PROTOCOL_ERROR" },
    {
      name: "HS-5 PING first",
      send: [{ type: FrameType.PING, call: 0, answer: false, nonce: 1 }],
      code: "PROTOCOL_ERROR",
    },
    { name: "HS-5 WELCOME first", send: [welcome()], code: "PROTOCOL_ERROR" },
    {
      name: "HS-5 CREDIT first",
      send: [{ type: FrameType.CREDIT, call: 1, received: 0, limit: 0 }],
      code: "PROTOCOL_ERROR",
    },
    {
      name: "HS-5 DONE first",
      send: [{ type: FrameType.DONE, call: 0, rest: false, calls: [1] }],
      code: "PROTOCOL_ERROR",
    },
    {
      name: "HS-5 DRAIN first",
      send: [{ type: FrameType.DRAIN, call: 0, grace: 0, retry: 0 }],
      code: "PROTOCOL_ERROR",
    },
    { name: "a malformed HELLO", send: [hello({ epoch: "short" })], code: "PROTOCOL_ERROR" },
    {
      name: "HS-6 a second HELLO while it authenticates",
      options: { authenticate: () => new Promise(() => {}) },
      send: [hello(), hello()],
      code: "PROTOCOL_ERROR",
    },
    {
      name: "HS-5 a call while it authenticates",
      options: { authenticate: () => new Promise(() => {}) },
      send: [hello(), open({ halfClosed: true })],
      code: "PROTOCOL_ERROR",
    },
  ];

  it.each(refusals)("$name: CLOSE{$code}, and no handler has run", async ({ options, send, code, more }) => {
    const attempt = accept(options);
    for (const frame of send) attempt.raw.end.send(frame);
    await attempt.wire.run();
    expect(attempt.raw.close).toMatchObject({ code, ...more });
    expect(attempt.raw.frames.some(({ type }) => type === FrameType.WELCOME)).toBe(false);
    expect(attempt.outcome?.error).toMatchObject({ code });
    expect(JSON.stringify(attempt.raw.close)).not.toContain("canary");
    expect([attempt.served.opened, attempt.raw.isClosed, attempt.clock.armedTimers]).toEqual([0, true, 0]);
  });

  it("HS-4 silence is HANDSHAKE_TIMEOUT after 5 s, not before", async () => {
    const attempt = accept();
    await attempt.clock.advance(4999);
    expect(attempt.outcome).toBeUndefined();
    await attempt.clock.advance(1);
    await attempt.wire.run();
    expect([attempt.outcome?.error?.code, attempt.raw.close?.code]).toEqual([
      "HANDSHAKE_TIMEOUT",
      "HANDSHAKE_TIMEOUT",
    ]);
    expect(attempt.clock.armedTimers).toBe(0);
  });

  it("HS-7 an authentication that hangs is HANDSHAKE_TIMEOUT, and may end as it likes afterwards", async () => {
    let admit: (() => void) | undefined;
    const attempt = accept({
      authenticate: () =>
        new Promise((resolve) => {
          admit = () => resolve({ serve: () => attempt.served });
        }),
    });
    attempt.raw.end.send(hello());
    await attempt.wire.run();
    await attempt.clock.advance(5000);
    admit?.();
    await attempt.wire.run();
    expect(attempt.outcome?.error?.code).toBe("HANDSHAKE_TIMEOUT");
    expect(attempt.raw.frames.map(({ type }) => type)).toEqual([FrameType.CLOSE]);
  });

  it("whose peer leaves or is cut off lets go of it at once", async () => {
    const left = accept({ authenticate: () => new Promise(() => {}) });
    left.raw.end.send(hello());
    left.raw.end.send(close("CANCELLED"));
    await left.wire.run();
    expect(left.outcome?.error?.code).toBe("CANCELLED");
    const cut = accept();
    cut.wire.cut();
    await settle();
    expect(cut.outcome?.error?.code).toBe("UNAVAILABLE");
    for (const { clock } of [left, cut]) expect(clock.armedTimers).toBe(0);
  });

  it("that refuses a peer which does not close cuts it off after 5 s", async () => {
    const attempt = accept({ authenticate: () => Promise.reject(new Error("no")) });
    attempt.raw.end.send(hello());
    attempt.wire.deliver("toAcceptor");
    await settle();
    expect([attempt.wire.acceptor.state, attempt.clock.armedTimers]).toEqual(["closing", 1]);
    await attempt.clock.advance(5000);
    expect([attempt.wire.acceptor.state, attempt.clock.armedTimers]).toEqual(["closed", 0]);
  });
});

describe("a connector", () => {
  it("sends HELLO at once, and nothing else before WELCOME", async () => {
    const attempt = connect({ credentials: { token: "t" } });
    await attempt.wire.run();
    expect(attempt.raw.frames).toMatchObject([
      {
        type: FrameType.HELLO,
        hello: { versions: [1], codecs: ["msgpack", "json"], credentials: { token: "t" }, floor: 2048 },
      },
    ]);
    attempt.raw.end.send(welcome());
    await attempt.wire.run();
    expect(attempt.outcome?.session?.encoding).toEqual({ kind: "bytes", codec: jsonCodec });
    expect(attempt.clock.armedTimers).toBe(0);
  });

  const refusals: { name: string; send: Frame; code: string }[] = [
    {
      name: "HS-2 CLOSE{VERSION_UNSUPPORTED}",
      send: close("VERSION_UNSUPPORTED"),
      code: "VERSION_UNSUPPORTED",
    },
    {
      name: "HS-3 CLOSE{FAILED_PRECONDITION}",
      send: close("FAILED_PRECONDITION"),
      code: "FAILED_PRECONDITION",
    },
    { name: "HS-7 CLOSE{UNAUTHENTICATED}", send: close("UNAUTHENTICATED"), code: "UNAUTHENTICATED" },
    { name: "a CLOSE of an unknown code", send: close("FROM_TOMORROW"), code: "UNKNOWN" },
    { name: "another version", send: welcome({ version: 2 }), code: "PROTOCOL_ERROR" },
    { name: "a codec that it did not offer", send: welcome({ codec: "cbor" }), code: "FAILED_PRECONDITION" },
    { name: "a malformed WELCOME", send: welcome({ floor: 1 }), code: "PROTOCOL_ERROR" },
    { name: "HS-5 a call before WELCOME", send: open({ call: 2, halfClosed: true }), code: "PROTOCOL_ERROR" },
    { name: "HELLO instead of WELCOME", send: hello(), code: "PROTOCOL_ERROR" },
  ];

  it.each(refusals)("$name fails with $code, and the link is closed", async ({ send, code }) => {
    const attempt = connect();
    attempt.raw.end.send(send);
    await attempt.wire.run();
    expect(attempt.outcome?.error).toMatchObject({ code, processed: expect.anything() });
    expect([attempt.raw.isClosed, attempt.clock.armedTimers, attempt.served.opened]).toEqual([true, 0, 0]);
  });

  it("HS-4 silence is HANDSHAKE_TIMEOUT after 5 s", async () => {
    const attempt = connect();
    await attempt.clock.advance(5000);
    await attempt.wire.run();
    expect(attempt.outcome?.error).toMatchObject({
      code: "HANDSHAKE_TIMEOUT",
      processed: "no",
      retryable: true,
    });
    expect(attempt.raw.isClosed).toBe(true);
  });

  it("whose link is lost fails with UNAVAILABLE{no}", async () => {
    const attempt = connect();
    attempt.wire.cut();
    await settle();
    expect(attempt.outcome?.error).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    expect(attempt.clock.armedTimers).toBe(0);
  });

  it("serves the acceptor's calls from the first frame behind WELCOME on", async () => {
    const attempt = connect();
    attempt.raw.end.send(welcome());
    const key = { originHigh: 0xfedcba98, originLow: 0x76543210, number: 1 };
    attempt.raw.end.send(open({ call: 2, key, halfClosed: true }));
    await attempt.wire.run();
    expect(attempt.served.opened).toBe(1);
    expect(attempt.raw.frames.at(-1)).toMatchObject({
      type: FrameType.ERROR,
      call: 2,
      body: { code: "UNIMPLEMENTED", processed: "no" },
    });
  });
});

describe("handshake frames in the middle of a session", () => {
  it.each([
    { name: "HS-6 a second HELLO", frame: hello() },
    { name: "a WELCOME", frame: welcome() },
    {
      name: "an ACCEPT of a call that was not routed",
      frame: { type: FrameType.ACCEPT, call: 1, body: {} } as Frame,
    },
  ])("$name is PROTOCOL_ERROR", async ({ frame }) => {
    const pair = await sessionPair();
    pair.wire.connector.send(frame);
    await pair.run();
    expect(pair.acceptor.session.state).toMatchObject({ name: "closed", error: { code: "PROTOCOL_ERROR" } });
    expect(pair.connector.session.state).toMatchObject({ name: "closed", error: { code: "PROTOCOL_ERROR" } });
    await pair.expectOver();
  });
});
