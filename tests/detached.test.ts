/** Sessions without a link, by the thousand: how many wait, whose are given up, and what each of them keeps. */
import type { Limits, ProtocolDefinition } from "@sluice/protocol";
import { FakeClock, rawBytes } from "@sluice/protocol/testing";
import { inChild } from "@sluice/protocol/testing/node";
import type { Session } from "@sluice/protocol/wire";
import { Server, type ServerConnection } from "@sluice/server";
import { describe, expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";
import { type CrowdSession, SessionCrowd } from "./session-crowd.ts";
import { aborted, gate, standsStill, until } from "./world.ts";

const protocol = { ping: { type: "request" } } as const satisfies ProtocolDefinition;
const item = { type: "string" } as const;
const keeping = {
  awaited: { type: "stream", param: { type: "integer" }, receive: item },
  unawaited: { type: "stream", param: { type: "integer" }, receive: item },
  answer: { type: "request", param: { type: "integer" }, result: item },
} as const satisfies ProtocolDefinition;
type KeepingProtocol = typeof keeping;

const ignore = (): void => {};
const quiet = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

interface World {
  /** Those that were given up, in order. */
  readonly givenUp: CrowdSession[];
  /** How many wait. */
  waiting(): number;
  /** Makes one of the peer with the credentials `user`, which loses its link. */
  lose(user?: string): Promise<CrowdSession>;
  /** Whether its peer finds it. It waits no longer then. */
  isFound(session: CrowdSession): Promise<boolean>;
}

async function inWorld(limits: Partial<Limits>, body: (world: World) => Promise<void>): Promise<void> {
  const clock = new FakeClock();
  const crowd = new SessionCrowd(clock);
  const server = new Server({
    protocol,
    clock,
    logger: quiet,
    public: true,
    authenticate: (credentials) => (credentials === undefined ? undefined : { user: credentials }),
    transport: crowd.transport,
    handlers: { ping() {} },
    limits,
  });
  const sessions = new Map<string, CrowdSession>();
  const givenUp: CrowdSession[] = [];
  let newest = "";
  let waiting = 0;
  let detached = gate();
  server.on("connected", ({ connection }) => {
    newest = connection.id;
  });
  server.on("detached", () => {
    waiting++;
    detached.open();
  });
  server.on("resumed", () => void waiting--);
  server.on("disconnected", ({ connection, error }) => {
    if ((error.cause as { code?: string } | undefined)?.code !== "SESSION_LOST") return;
    waiting--;
    givenUp.push(sessions.get(connection.id) as CrowdSession);
  });
  await body({
    givenUp,
    waiting: () => waiting,
    async lose(user) {
      const { peer, session } = await crowd.join(user);
      sessions.set(newest, session);
      detached = gate();
      peer.destroy();
      await detached.promise;
      return session;
    },
    async isFound(session) {
      return (await crowd.find(session)).session.id === session.id;
    },
  });
  await server.dispose();
}

/** What a connection of a server keeps is known to its session, which only tests look at. */
function sessionOf(connection: ServerConnection): Session {
  return (connection as unknown as { readonly session: Session }).session;
}

const nameOf = (n: number): string => `user ${n}`;

describe("sessions without a link", () => {
  test(
    "SE-10 X19 wait by the ten thousand; who brings one above its share loses its own oldest, and nobody else any",
    () =>
      inWorld(
        { maxSessions: 10_000, maxSessionsPerIdentity: 100 },
        async ({ lose, givenUp, waiting, isFound }) => {
          // Oldest first; of 100 identities in turn.
          const byUser = new Map<string, CrowdSession[]>();
          const one = async (user: string): Promise<CrowdSession> => {
            const session = await lose(user);
            byUser.set(user, [...(byUser.get(user) ?? []), session]);
            return session;
          };
          for (let n = 0; n < 10_000; n++) await one(nameOf(n % 100));
          expect([waiting(), givenUp]).toEqual([10_000, []]);

          const expected: CrowdSession[] = [];
          for (const user of [7, 42, 42, 42, 0].map(nameOf)) {
            await one(user);
            expected.push(byUser.get(user)?.shift() as CrowdSession);
          }
          expect([waiting(), givenUp]).toEqual([10_000, expected]);

          // There is no room for one more identity: it is that one's only session which goes.
          expected.push(await lose("late"));
          expect([waiting(), givenUp]).toEqual([10_000, expected]);

          // All others are there: everybody's oldest, and newest.
          for (const sessions of byUser.values()) {
            expect(sessions).toHaveLength(100);
            expect(await isFound(sessions[0] as CrowdSession)).toBe(true);
            expect(await isFound(sessions[99] as CrowdSession)).toBe(true);
          }
          for (const session of expected) expect(await isFound(session)).toBe(false);
          expect([waiting(), givenUp]).toEqual([9_800, expected]);

          // Room again, for whoever comes.
          const late = await lose("late");
          expect([waiting(), givenUp, await isFound(late)]).toEqual([9_801, expected, true]);
        },
      ),
    60_000,
  );

  test("SE-10 X19 of a crowd that nobody knows take no room from identities: the crowd's oldest go", () =>
    inWorld({ maxSessions: 500 }, async ({ lose, givenUp, waiting, isFound }) => {
      const known: CrowdSession[] = [];
      for (let n = 0; n < 200; n++) known.push(await lose(nameOf(n)));
      const crowd: CrowdSession[] = [];
      for (let n = 0; n < 800; n++) crowd.push(await lose());
      expect([waiting(), givenUp]).toEqual([500, crowd.slice(0, 500)]);
      for (const session of [...known, ...crowd.slice(500)]) expect(await isFound(session)).toBe(true);
    }));

  test("SE-10 do not wait at all where none may", () =>
    inWorld({ maxSessions: 0 }, async ({ lose, givenUp, waiting }) => {
      const sessions = [await lose("ada"), await lose()];
      expect([waiting(), givenUp]).toEqual([0, sessions]);
    }));
});

const windowBytes = 16 * 1024;
const overhead = 64; // of each message: docs/wire.md §2
const text = "x".repeat(998); // 1,000 bytes as JSON
const messageBytes = overhead + 1_000;

/** Plays one session: `count` calls of `name` are opened, the link is lost, and only then their handlers begin. Gives what is kept. */
async function keptOf(
  name: keyof KeepingProtocol,
  count: number,
  limits?: Partial<Limits>,
): Promise<{ readonly keptBytes: number; readonly writes: number; readonly errors: readonly unknown[] }> {
  const clock = new FakeClock();
  const crowd = new SessionCrowd(clock);
  const going = gate();
  let writes = 0;
  const errors: unknown[] = [];
  const server = new Server<KeepingProtocol>({
    protocol: keeping,
    clock,
    logger: quiet,
    public: true,
    transport: crowd.transport,
    ...(limits && { limits }),
    handlers: {
      async awaited({ writable, signal }) {
        await going.promise;
        const writer = writable.getWriter();
        for (; !signal.aborted; writes++) await writer.write(text);
      },
      async unawaited({ writable, signal }) {
        await going.promise;
        const writer = writable.getWriter();
        for (let n = 0; n < 1_000; n++, writes++) writer.write(text).catch((error) => errors.push(error));
        await aborted(signal);
      },
      async answer({ param }) {
        await going.promise;
        return "x".repeat(param);
      },
    },
  });
  let session: Session | undefined;
  server.on("detached", ({ connection }) => {
    session = sessionOf(connection);
  });
  const { peer } = await crowd.join();
  const payload = rawBytes(JSON.stringify(100_000));
  for (let n = 0; n < count; n++) peer.open(name, { payload, window: windowBytes, maxWindow: windowBytes });
  await until(() => server.connections[0]?.runningHandlers === count);
  peer.destroy();
  await until(() => session !== undefined);
  going.open();
  await standsStill(() => writes);
  const kept = { keptBytes: (session as Session).keptBytes, writes, errors: [...errors] };
  await server.dispose();
  return kept;
}

describe("a session without a link keeps", () => {
  test("SE-9 X18 of each stream its window, and the one message that passes it: then its writer waits", async () => {
    const count = 20;
    const { keptBytes, writes } = await keptOf("awaited", count);
    const each = Math.floor(windowBytes / messageBytes) + 1;
    expect([keptBytes, writes]).toEqual([count * each * messageBytes, count * (each - 1)]);
  });

  test("SE-9 X18 of writers that do not wait their windows, and twice maxBuffered; then they are told so", async () => {
    const count = 4;
    const maxBuffered = 64 * 1024;
    const limits = { maxBuffered, maxMessage: maxBuffered / 2, maxCalls: 16 };
    const { keptBytes, errors } = await keptOf("unawaited", count, limits);
    expect(keptBytes).toBeGreaterThan(2 * maxBuffered - messageBytes);
    expect(keptBytes).toBeLessThanOrEqual(2 * maxBuffered + count * (windowBytes + messageBytes));
    expect(errors.length).toBeGreaterThan(3_000);
    for (const error of errors) expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", processed: "no" });
  });

  test("SE-9 of each call that has ended meanwhile its result, whole", async () => {
    const { keptBytes } = await keptOf("answer", 5);
    expect(keptBytes).toBe(5 * (overhead + 100_002));
  });
});

test("SE-10 sessions without a link take what their windows hold and a few KiB each, and keep nothing of their links", async () => {
  const window = 64 * 1024;
  const script = builtProgram(new URL("./children/detached-sessions.ts", import.meta.url));
  const child = inChild(script, { execArgv: ["--expose-gc"], args: ["10000", "200", String(window)] });
  try {
    const told = (await child.message()) as Record<
      "waiting" | "gone" | "idle" | "full" | "linksLeft",
      number
    >;
    expect([told.waiting, told.gone]).toEqual([10_255, 0]);
    // All but the newest.
    expect(told.linksLeft).toBeLessThanOrEqual(1);
    expect(told.idle, "bytes of a session without calls").toBeLessThan(12 * 1024);
    expect(told.full, "bytes of a session with a full window").toBeLessThan(window + 32 * 1024);
  } finally {
    child.send("end");
    await child.end();
  }
}, 60_000);
