/** Credentials that are asked for again while calls run: who still has them notices nothing, who has not is sent away. */
import { type ProtocolDefinition, SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { aborted, inWorld, type World, type WorldOptions } from "./world.ts";

const protocol = {
  count: { type: "stream", receive: { type: "integer" }, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

const day = 86_400_000;

/** A server whose credentials are valid until a time, and a stream that brings an item whenever a test says so. */
function expiring(options: WorldOptions = {}) {
  const reasons: unknown[] = [];
  const judged: unknown[] = [];
  const writers: { write(n: number): Promise<void> }[] = [];
  const authenticate = (credentials: unknown): string => {
    judged.push(credentials);
    const { user, isExpired } = credentials as { user: string; isExpired?: boolean };
    if (isExpired === true) throw new SluiceError("UNAUTHENTICATED", "The token has expired");
    return user;
  };
  const handlers = {
    async count({ writable, signal }: { writable: WritableStream<number>; signal: AbortSignal }) {
      writers.push(writable.getWriter());
      reasons.push(await aborted(signal));
      return "over";
    },
  };
  return { reasons, judged, writers, options: { protocol, authenticate, handlers, ...options } };
}

function watched({ server }: World): string[] {
  const told: string[] = [];
  server.on("detached", ({ error }) => told.push(`detached ${error.code}`));
  server.on("resumed", () => told.push("resumed"));
  server.on("refused", ({ error }) => told.push(`refused ${error.code}`));
  server.on("disconnected", ({ error }) => told.push(`disconnected ${error.code}`));
  return told;
}

describe("ServerConnection.reauthenticate()", () => {
  test("S9 HS-8 asks the client for credentials again during a stream of a day: with new ones nothing is lost", async () => {
    const { judged, writers, reasons, options } = expiring();
    await inWorld(options, async (world) => {
      const told = watched(world);
      let token = 0;
      const credentials = (): object => ({ user: "ada", token: ++token });
      const client = world.connect({ credentials, reconnect: {} });
      const call = client.stream("count");
      const got: unknown[] = [];
      const reading = (async () => {
        for await (const n of call) got.push(n);
      })();
      await world.until(client.ready);
      await world.run();
      for (let hour = 0; hour < 24; hour++) {
        await world.advance(day / 24);
        const [connection] = world.server.connections;
        connection?.reauthenticate();
        // Away, until the client is back: once more is no more.
        connection?.reauthenticate();
        await world.until(writers[0]?.write(hour) as Promise<void>);
        await world.advance(100);
        expect(world.server.connections).toEqual([connection]);
      }
      await world.run();
      expect(got).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
      expect([judged.length, judged.at(-1), reasons]).toEqual([25, { user: "ada", token: 25 }, []]);
      expect(told).toEqual(Array.from({ length: 24 }, () => ["detached UNAUTHENTICATED", "resumed"]).flat());
      await world.until(client.dispose());
      await world.until(reading);
    });
  });

  test("S9 ends the calls of a client whose credentials have expired, graceMs after it was asked and not before", async () => {
    const { reasons, options } = expiring({ graceMs: 5_000 });
    await inWorld(options, async (world) => {
      const told = watched(world);
      let isExpired = false;
      const client = world.connect({ credentials: () => ({ user: "ada", isExpired }), reconnect: {} });
      const failed = client.stream("count").result.catch((error) => error);
      await world.until(client.ready);
      await world.run();
      isExpired = true;
      world.server.connections[0]?.reauthenticate();
      await world.advance(4_999);
      expect([reasons, client.status]).toEqual([[], "closed"]);
      expect(await world.until(failed)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
      await world.advance(1);
      expect(reasons).toEqual(["disconnected"]);
      expect(told).toEqual([
        "detached UNAUTHENTICATED",
        "refused UNAUTHENTICATED",
        "disconnected UNAVAILABLE",
      ]);
    });
  });

  test("does not let another identity go on with the calls", async () => {
    const { reasons, options } = expiring({ graceMs: 5_000 });
    await inWorld(options, async (world) => {
      let user = "ada";
      const client = world.connect({ credentials: () => ({ user }), reconnect: {} });
      const failed = client.stream("count").result.catch((error) => error);
      await world.until(client.ready);
      await world.run();
      user = "eve";
      world.server.connections[0]?.reauthenticate();
      await world.advance(100);
      expect(await world.until(failed)).toMatchObject({
        code: "UNAVAILABLE",
        cause: { code: "SESSION_LOST" },
      });
      expect(world.server.connections.map(({ identity }) => identity)).toEqual(["eve"]);
      await world.advance(5_000);
      expect(reasons).toEqual(["disconnected"]);
    });
  });

  test.each([
    ["of the server's", { session: false }, {}],
    ["of the server's without grace", { graceMs: 0 }, {}],
    ["of the client's", {}, { reconnect: false }],
  ] as const)("ends the calls at once where there is no session: %s will", async (_, options, ofClient) => {
    const { reasons, options: served } = expiring(options);
    await inWorld(served, async (world) => {
      const client = world.connect({ credentials: { user: "ada" }, reconnect: {}, ...ofClient });
      const failed = client.stream("count").result.catch((error) => error);
      await world.until(client.ready);
      await world.run();
      world.server.connections[0]?.reauthenticate();
      await world.run();
      expect(reasons).toEqual(["disconnected"]);
      expect(await world.until(failed)).toMatchObject({ code: "UNAVAILABLE" });
    });
  });
});
