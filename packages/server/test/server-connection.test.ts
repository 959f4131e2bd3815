/** A connection as the server shows it: who is there, what runs for it, calls back, and its end. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import type { ServerConnection } from "../src/server-connection.ts";
import { type AnyClient, gate, inWorld, type World, type WorldOptions } from "./world.ts";

const text = { type: "string" } as const;
const protocol = { wait: { type: "request", result: text } } as const satisfies ProtocolDefinition;
const user = {
  confirm: { type: "request", param: text, result: { type: "boolean" } },
} as const satisfies ProtocolDefinition;

async function connectionOf(world: World, client: AnyClient): Promise<ServerConnection> {
  await world.until(client.ready);
  await world.run();
  return world.server.connections.at(-1) as ServerConnection;
}

const confirms = {
  clientProtocol: user,
  handlers: { confirm: ({ param }: { param: string }) => (param === "broken" ? "perhaps" : param === "yes") },
} as never;

describe("a connection", () => {
  test("says who is there and how much runs", async () => {
    const going = gate<string>();
    const options: WorldOptions = {
      protocol,
      handlers: { wait: () => going.promise },
      authenticate: (credentials) => ({ id: credentials }),
    };
    await inWorld(options, async (world) => {
      const client = world.connect({ name: "till 3", credentials: "ada" });
      const connection = await connectionOf(world, client);
      expect(connection).toMatchObject({
        id: expect.stringMatching(/^[0-9a-f]{8}-1$/),
        transport: "memory",
        remote: undefined,
        peer: "till 3",
        identity: { id: "ada" },
        openCalls: 0,
        runningHandlers: 0,
      });
      const calls = [client.request("wait"), client.request("wait")];
      await world.run();
      expect([connection.openCalls, connection.runningHandlers]).toEqual([2, 2]);
      going.open("");
      await world.until(Promise.all(calls));
      await world.advance(50);
      expect([connection.openCalls, connection.runningHandlers]).toEqual([0, 0]);
    });
  });

  test("calls its client, checked by clientProtocol on the way out and back", () =>
    inWorld({ public: true, clientProtocol: user }, async (world) => {
      const { client: peer } = await connectionOf(world, world.connect(confirms));
      expect(await world.until(peer.request("confirm", { param: "yes" }))).toBe(true);
      expect(await world.until(peer.service(user).confirm("no"))).toBe(false);
      const local = { code: "INVALID_ARGUMENT", processed: "no", origin: "local" };
      expect(await world.failure(peer.request("confirm", { param: 1 }))).toMatchObject(local);
      const unknown = { code: "UNIMPLEMENTED", processed: "no", origin: "local" };
      expect(await world.failure(peer.request("constructor"))).toMatchObject(unknown);
      expect(await world.failure(peer.request("confirm", { param: "broken" }))).toMatchObject({
        code: "INTERNAL",
      });
    }));

  test("without clientProtocol calls whatever its client serves, and the client checks", () =>
    inWorld({ public: true }, async (world) => {
      const { client: peer } = await connectionOf(world, world.connect(confirms));
      expect(await world.until(peer.request("confirm", { param: "yes" }))).toBe(true);
      const remote = { code: "INVALID_ARGUMENT", processed: "no", origin: "remote" };
      expect(await world.failure(peer.request("confirm", { param: 1 }))).toMatchObject(remote);
    }));

  test("that is over opens no calls any more, `processed: no`", () =>
    inWorld({ public: true }, async (world) => {
      const client = world.connect(confirms);
      const connection = await connectionOf(world, client);
      await world.until(client.dispose());
      await world.run();
      const over = { code: "UNAVAILABLE", processed: "no" };
      expect(await world.failure(connection.client.request("confirm", { param: "yes" }))).toMatchObject(over);
      const { result } = connection.client.stream("confirm");
      expect(await world.failure(result)).toMatchObject(over);
    }));

  test.each([
    [undefined, "the server closed the connection"],
    ["you are too loud", "you are too loud"],
  ])("that is closed (%s) tells its client why, once", (reason, told) =>
    inWorld({ public: true }, async (world) => {
      const reasons: string[] = [];
      world.server.on("disconnected", (event) => reasons.push(event.reason));
      const client = world.connect();
      const connection = await connectionOf(world, client);
      connection.close(reason);
      connection.close("again");
      await world.run();
      const lost = { code: "UNAVAILABLE", message: `server closed the session: ${told}` };
      expect(await world.failure(client.ready)).toMatchObject(lost);
      expect([reasons, world.server.connections]).toEqual([[told], []]);
    }),
  );
});
