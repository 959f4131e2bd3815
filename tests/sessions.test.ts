/** Sessions at a server: who may find one again, with what, and how many wait. Spoken by a peer that knows only the wire. */
import type { ProtocolDefinition } from "@sluice/protocol";
import {
  FakeClock,
  type RawPeer,
  rawFrames,
  rawType,
  readRawData,
  readRawError,
  readRawJson,
} from "@sluice/protocol/testing";
import { connectRaw, finishesCleanly } from "@sluice/protocol/testing/node";
import { Server, type ServerOptions } from "@sluice/server";
import { listenSocket } from "@sluice/transport-socket";
import { describe, expect, test } from "vitest";
import { aborted, until } from "./world.ts";

const protocol = {
  hold: { type: "request" },
  ping: { type: "request" },
  pour: { type: "stream", receive: { type: "string", contentEncoding: "base64" } },
  load: { type: "request", result: { type: "string", contentEncoding: "base64" } },
} as const satisfies ProtocolDefinition;
type Protocol = typeof protocol;

interface Session {
  readonly id: string;
  readonly secret: string;
  readonly grace: number;
}

interface World {
  readonly server: Server<Protocol>;
  readonly clock: FakeClock;
  /** Why handlers of `hold` were told to end. */
  readonly reasons: unknown[];
  /** A peer that has shaken hands, asking for the session of `claim` or a new one. */
  greet(
    epoch: string,
    hello?: Readonly<Record<string, unknown>>,
  ): Promise<{ peer: RawPeer; session: Session }>;
  connect(epoch: string): Promise<RawPeer>;
}

function inWorld(
  options: Partial<ServerOptions<Protocol, undefined>>,
  body: (world: World) => Promise<void>,
): Promise<void> {
  return finishesCleanly(async () => {
    const clock = new FakeClock();
    const reasons: unknown[] = [];
    const ignore = (): void => {};
    const server = new Server<Protocol>({
      protocol,
      public: true,
      clock,
      logger: { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore },
      ...options,
      handlers: {
        async hold({ signal }) {
          reasons.push(await aborted(signal));
        },
        ping() {},
        load: () => new Uint8Array(40_000),
        async *pour({ signal }) {
          yield new Uint8Array(1_000).fill(1);
          yield new Uint8Array(200).fill(2);
          await aborted(signal);
        },
      },
    } as ServerOptions<Protocol, undefined>);
    const [address = ""] = await server.listen(listenSocket({ port: 0 }));
    const peers: RawPeer[] = [];
    const connect = async (epoch: string): Promise<RawPeer> => {
      const peer = await connectRaw(address, { epoch });
      peers.push(peer);
      return peer;
    };
    try {
      await body({
        server,
        clock,
        reasons,
        connect,
        async greet(epoch, hello = {}) {
          const peer = await connect(epoch);
          const welcome = await peer.shakeHands({ session: {}, ...hello });
          return { peer, session: welcome.session as Session };
        },
      });
    } finally {
      for (const peer of peers) peer.destroy();
      await server.dispose();
    }
  });
}

const one = "00000000000000d1";
const other = "00000000000000d2";
const claim = ({ id, secret }: Session, attempt: number) => ({ session: { id, secret, attempt } });

async function lose({ server }: World, peer: RawPeer): Promise<void> {
  const before = server.connections.length;
  peer.destroy();
  await until(() => server.connections.length === before - 1);
}

describe("a session at a server", () => {
  test("is given to who asks for one, with an id and a secret of 128 bits, and to nobody else", () =>
    inWorld({ graceMs: 7_000 }, async ({ greet }) => {
      const { session } = await greet(one);
      expect(session).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        secret: expect.stringMatching(/^[0-9a-f]{32}$/),
        grace: 7_000,
      });
      expect((await greet(other, { session: undefined })).session).toBeUndefined();
    }));

  test("SE-14 is given to nobody where sessions are off, and a lost link tells the handlers at once", () =>
    inWorld({ session: false }, async ({ greet, reasons }) => {
      const { peer, session } = await greet(one);
      expect(session).toBeUndefined();
      peer.open("hold");
      peer.destroy();
      await until(() => reasons.length === 1);
      expect(reasons).toEqual(["disconnected"]);
    }));

  test("SE-7 is found by its secret, which is another one each time", () =>
    inWorld({}, async (world) => {
      const { peer, session } = await world.greet(one);
      const call = peer.open("hold");
      await until(() => world.server.connections[0]?.runningHandlers === 1);
      await lose(world, peer);
      const again = await world.greet(one, claim(session, 1));
      expect(again.session.id).toBe(session.id);
      expect(again.session.secret).not.toBe(session.secret);
      expect(world.server.connections[0]?.runningHandlers).toBe(1);
      // What is not opened again is over.
      again.peer.send(rawFrames.done([], { rest: true }));
      await until(() => world.reasons.length === 1);
      expect([call, world.reasons]).toEqual([1, ["cancelled"]]);
    }));

  test.each<[string, (session: Session) => Record<string, unknown>, string]>([
    ["a wrong secret", ({ id }) => ({ session: { id, secret: "0".repeat(32), attempt: 1 } }), one],
    [
      "a secret that is too long by its end",
      ({ id, secret }) => ({ session: { id, secret: `${secret}0`, attempt: 1 } }),
      one,
    ],
    ["a wrong id", ({ secret }) => ({ session: { id: "0".repeat(32), secret, attempt: 1 } }), one],
    ["the epoch of another process", (session) => claim(session, 1), other],
    ["a codec that it did not speak", (session) => ({ ...claim(session, 1), codecs: ["msgpack"] }), one],
  ])("SE-7 is not found with %s: the peer gets a new one, and the other goes on", (_name, hello, epoch) =>
    inWorld({}, async (world) => {
      const { peer, session } = await world.greet(one);
      peer.open("hold");
      await until(() => world.server.connections[0]?.runningHandlers === 1);
      await lose(world, peer);
      const stranger = await world.greet(epoch, hello(session));
      expect(stranger.session.id).not.toBe(session.id);
      const owner = await world.greet(one, claim(session, 2));
      expect([owner.session.id, world.reasons]).toEqual([session.id, []]);
    }),
  );

  test("SE-7 is not found with what it was found by before, once its peer has shown that it has the new secret", () =>
    inWorld({}, async (world) => {
      const { peer, session } = await world.greet(one);
      await lose(world, peer);
      const second = await world.greet(one, claim(session, 1));
      // The answer to that was lost: the secret that the peer has is good once more.
      await lose(world, second.peer);
      const third = await world.greet(one, claim(session, 2));
      expect(third.session.id).toBe(session.id);
      await third.peer.request("ping");
      await lose(world, third.peer);
      expect((await world.greet(one, claim(session, 3))).session.id).not.toBe(session.id);
      expect((await world.greet(one, claim(third.session, 4))).session.id).toBe(session.id);
    }));

  test("SE-5 X14 goes on over the newest link; an older attempt that comes late is refused", () =>
    inWorld({}, async ({ greet, connect, server }) => {
      const { peer, session } = await greet(one);
      const second = await greet(one, claim(session, 2));
      expect(await peer.closing()).toMatchObject({ code: "SESSION_TAKEN_OVER" });
      const late = await connect(one);
      late.send(late.greeting(claim(session, 1)));
      expect(await late.closing()).toMatchObject({ code: "SESSION_TAKEN_OVER" });
      await second.peer.request("ping");
      expect(server.connections).toHaveLength(1);
    }));

  test("SE-13 is not found by who is let in no more, nor by another identity", () => {
    let isRevoked = false;
    return inWorld(
      {
        public: false,
        authenticate: (credentials) => {
          if (isRevoked) throw new Error("revoked");
          return { user: credentials };
        },
      },
      async (world) => {
        const { peer, session } = await world.greet(one, { credentials: "ada" });
        await lose(world, peer);
        const eve = await world.greet(one, { credentials: "eve", ...claim(session, 1) });
        expect(eve.session.id).not.toBe(session.id);
        isRevoked = true;
        const revoked = await world.connect(one);
        revoked.send(revoked.greeting({ credentials: "ada", ...claim(session, 2) }));
        expect(await revoked.closing()).toMatchObject({ code: "UNAUTHENTICATED" });
        isRevoked = false;
        const ada = await world.greet(one, { credentials: "ada", ...claim(session, 3) });
        expect(ada.session.id).toBe(session.id);
      },
    );
  });

  test.each<[string, () => unknown, boolean]>([
    ["a text", () => "ada", true],
    ["plain data, made anew each time", () => ({ user: "ada", roles: ["admin"] }), true],
    [
      "an object of a class, made anew each time, which nobody can compare",
      () => new Map([["user", "ada"]]),
      false,
    ],
    [
      "an object that refers to itself",
      () => {
        const self: { me?: unknown } = {};
        self.me = self;
        return self;
      },
      false,
    ],
  ])("S1 whose identity is %s", (_name, identity, isFound) =>
    inWorld({ public: false, authenticate: identity }, async (world) => {
      const { peer, session } = await world.greet(one);
      await lose(world, peer);
      expect((await world.greet(one, claim(session, 1))).session.id === session.id).toBe(isFound);
    }),
  );

  test("S1 whose identity is one object of a class is found by that very object", () => {
    const ada = new Map([["user", "ada"]]);
    return inWorld({ public: false, authenticate: () => ada }, async (world) => {
      const { peer, session } = await world.greet(one);
      await lose(world, peer);
      expect((await world.greet(one, claim(session, 1))).session.id).toBe(session.id);
    });
  });

  test("SE-4 X16 is found in the last millisecond of the grace, and not after it", () =>
    inWorld({}, async (world) => {
      const { peer, session } = await world.greet(one);
      await lose(world, peer);
      await world.clock.advance(29_999);
      const again = await world.greet(one, claim(session, 1));
      expect(again.session.id).toBe(session.id);
      await lose(world, again.peer);
      await world.clock.advance(30_000);
      expect((await world.greet(one, claim(again.session, 2))).session.id).not.toBe(session.id);
    }));

  test("SE-10 X19 waits with at most maxSessionsPerIdentity others of its owner: the one that waited longest goes", () =>
    inWorld(
      {
        public: false,
        authenticate: (credentials) => ({ user: credentials }),
        limits: { maxSessionsPerIdentity: 3, maxSessions: 100 },
      },
      async (world) => {
        const sessions: Session[] = [];
        const bob = await world.greet(other, { credentials: "bob" });
        await lose(world, bob.peer);
        for (let n = 0; n < 5; n++) {
          const { peer, session } = await world.greet(one, { credentials: "ada" });
          sessions.push(session);
          await lose(world, peer);
        }
        const found: boolean[] = [];
        for (const session of sessions) {
          const { peer, session: got } = await world.greet(one, { credentials: "ada", ...claim(session, 1) });
          found.push(got.id === session.id);
          peer.send(rawFrames.json(rawType.CLOSE, { code: "CANCELLED" }));
        }
        expect(found).toEqual([false, false, true, true, true]);
        const again = await world.greet(other, { credentials: "bob", ...claim(bob.session, 1) });
        expect(again.session.id, "another's is never given up").toBe(bob.session.id);
      },
    ));

  test("SE-10 does not wait where maxSessions others wait already, whose owners keep theirs", () =>
    inWorld(
      {
        public: false,
        authenticate: (credentials) => ({ user: credentials }),
        limits: { maxSessions: 2, maxSessionsPerIdentity: 2 },
      },
      async (world) => {
        const sessions: Session[] = [];
        for (const user of ["ada", "bob", "eve"]) {
          const { peer, session } = await world.greet(one, { credentials: user });
          sessions.push(session);
          await lose(world, peer);
        }
        const found: boolean[] = [];
        for (const [at, user] of ["ada", "bob", "eve"].entries()) {
          const session = sessions[at] as Session;
          const again = await world.greet(one, { credentials: user, ...claim(session, 1) });
          found.push(again.session.id === session.id);
        }
        expect(found).toEqual([true, true, false]);
      },
    ));

  test("§4.7 a number that is over is answered by `maybe`, also when it is opened again over the next link", () =>
    inWorld({}, async (world) => {
      const { peer, session } = await world.greet(one);
      await peer.request("ping");
      peer.send(rawFrames.done([1]));
      await lose(world, peer);
      const again = await world.greet(one, claim(session, 1));
      const call = again.peer.open("ping", { number: 1 });
      const error = readRawError(await again.peer.next(rawType.ERROR, call)).json;
      expect(error).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
    }));

  test.each([
    ["no secret", { id: "a", attempt: 1 }],
    ["an id that is no text", { id: 7, secret: "b", attempt: 1 }],
    ["an endless secret", { id: "a", secret: "b".repeat(10_000), attempt: 1 }],
    ["an attempt below 0", { id: "a", secret: "b", attempt: -1 }],
    ["no attempt", { id: "a", secret: "b" }],
  ])("SE-7 a claim with %s is PROTOCOL_ERROR", (_name, session) =>
    inWorld({}, async ({ connect }) => {
      const peer = await connect(one);
      peer.send(peer.greeting({ session }));
      expect(await peer.closing()).toMatchObject({ code: "PROTOCOL_ERROR" });
    }),
  );

  test("SE-8 S3 a call that is opened again with less than was confirmed gets what comes behind that, and nobody's memory", () =>
    inWorld({}, async (world) => {
      const { peer, session } = await world.greet(one);
      const limit = 65_536;
      const call = peer.open("pour", { number: 1, window: limit });
      for (let item = 0; item < 2; item++) await peer.next(rawType.DATA, call);
      peer.send(rawFrames.credit(call, { received: 1_064, limit }));
      // Its answer shows that the credit was taken.
      await peer.request("ping", undefined, { number: 2 });
      await lose(world, peer);
      const again = await world.greet(one, claim(session, 1));
      const found = again.peer.open("pour", { number: 1, resume: { received: 0, limit } });
      const { offset, payload } = readRawData(await again.peer.next(rawType.DATA, found));
      expect([offset, payload]).toEqual([1_064, new Uint8Array(200).fill(2)]);
      again.peer.send(rawFrames.credit(found, { received: 1_328, limit }));
      await again.peer.request("ping", undefined, { number: 3 });
      await lose(world, again.peer);
      // Nothing is kept for it any more.
      const third = await world.greet(one, claim(again.session, 2));
      third.peer.open("pour", { number: 1, resume: { received: 64, limit } });
      await third.peer.request("ping", undefined, { number: 4 });
      third.peer.destroy();
    }));

  test.each([
    ["more than was sent", { received: 1_000_000, limit: 1_000_000 }, "PROTOCOL_ERROR"],
    ["a limit beyond all bounds", { received: 0, limit: 2 ** 40 }, "FLOW_CONTROL_ERROR"],
  ])("SE-8 S3 a call that is opened again with %s ends the session with its code", (_name, resume, code) =>
    inWorld({}, async (world) => {
      const { peer, session } = await world.greet(one);
      peer.open("hold", { number: 1 });
      await until(() => world.server.connections[0]?.runningHandlers === 1);
      await lose(world, peer);
      const again = await world.greet(one, claim(session, 1));
      again.peer.open("hold", { number: 1, resume });
      expect(await again.peer.closing()).toMatchObject({ code });
      await until(() => world.reasons.length === 1);
    }),
  );

  test.each([
    ["within the overhead of its first message", 10],
    ["within that of its second one", 1_065],
  ])(
    "SE-8 S3 a call that waits for room and is opened again %s ends the session, and no more than that",
    (_name, received) =>
      inWorld({}, async (world) => {
        const { peer, session } = await world.greet(one);
        const limit = 65_536;
        for (const number of [1, 2, 3])
          await peer.next(rawType.RESULT, peer.open("load", { number, window: limit }));
        const poured = peer.open("pour", { number: 4, window: limit });
        for (let item = 0; item < 2; item++) await peer.next(rawType.DATA, poured);
        await lose(world, peer);
        const again = await world.greet(one, claim(session, 1));
        for (const number of [1, 2, 3]) again.peer.open("load", { number, resume: { received: 0, limit } });
        again.peer.open("pour", { number: 4, resume: { received, limit } });
        expect(await again.peer.closing()).toMatchObject({ code: "PROTOCOL_ERROR" });
        await (await world.greet(other)).peer.request("ping", undefined, { number: 1 });
      }),
  );

  test("tells who watches that a link was lost and that its peer has come back", () =>
    inWorld({}, async (world) => {
      const events: string[] = [];
      for (const name of ["connected", "detached", "resumed", "disconnected"] as const) {
        world.server.on(name, ({ connection }) => void events.push(`${name} ${connection.peer}`));
      }
      const { peer, session } = await world.greet(one);
      await lose(world, peer);
      const again = await world.greet(one, claim(session, 1));
      again.peer.send(rawFrames.json(rawType.CLOSE, { code: "CANCELLED" }));
      await until(() => events.length === 4);
      const name = readRawJson(again.peer.greeting()).peer as string;
      expect(events).toEqual(
        ["connected", "detached", "resumed", "disconnected"].map((what) => `${what} ${name}`),
      );
    }));
});
