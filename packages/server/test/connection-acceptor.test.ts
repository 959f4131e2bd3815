/** Who is let in: nobody is served, unless somebody said so. */
import { SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { all, counting, outcomes, protocol } from "./counting-server.ts";
import { gate, inWorld, type WorldOptions } from "./world.ts";

describe("deny by default", () => {
  test.each<[string, WorldOptions, string]>([
    ["without public, authenticate and access", {}, "UNAUTHENTICATED, no"],
    ["with public: false", { public: false }, "UNAUTHENTICATED, no"],
    ["with what is not quite true", { public: 1 as never }, "UNAUTHENTICATED, no"],
    ["with an identity of undefined", { authenticate: () => undefined }, "UNAUTHENTICATED, no"],
    ["with an identity of null", { authenticate: async () => null }, "UNAUTHENTICATED, no"],
    ["with public: true", { public: true }, "served"],
    ["with an identity", { authenticate: () => ({}) }, "served"],
    ["with an identity that is falsy", { authenticate: () => 0 }, "served"],
    ["with access that allows all", { access: { "*": true } }, "served"],
  ])("every call %s", (_, options, outcome) => {
    const { ran, options: counted } = counting(options);
    return inWorld(counted, async (world) => {
      expect(await outcomes(world)).toEqual(all(outcome));
      expect(ran() > 0).toBe(outcome === "served");
    });
  });

  test("says the same of a procedure that is not there", () =>
    inWorld(counting({}).options, async (world) => {
      const client = world.connect();
      const strange = await world.failure(client.service({ nothing: { type: "request" } }).nothing());
      const known = await world.failure(client.request("read", { param: "a" }));
      expect({ ...strange.toJSON(), stack: "" }).toEqual({ ...known.toJSON(), stack: "" });
    }));
});

describe("authenticate", () => {
  test("judges credentials and connection once per connection, and gives handlers and context the identity", () => {
    const judged: unknown[] = [];
    const made: unknown[] = [];
    const seen: unknown[] = [];
    const options: WorldOptions = {
      protocol,
      handlers: {
        ...counting({}).options.handlers,
        read: ({ identity, context, connection }) => {
          seen.push(identity, context, connection.id);
          return "";
        },
      },
      authenticate: async (credentials, { id, transport, remote }) => {
        judged.push([credentials, transport, remote]);
        return { id: "ada", connection: id };
      },
      context: async (connection: { id: string }, identity: unknown) => {
        made.push(identity);
        return { connection: connection.id };
      },
    };
    return inWorld(options, async (world) => {
      const client = world.connect({ credentials: { token: "t" } });
      for (let call = 0; call < 2; call++) await world.until(client.request("read", { param: "a" }));
      const id = world.server.connections[0]?.id;
      const identity = { id: "ada", connection: id };
      expect(judged).toEqual([[{ token: "t" }, "memory", undefined]]);
      expect(made).toEqual([identity]);
      expect(seen).toEqual([identity, { connection: id }, id, identity, { connection: id }, id]);
    });
  });

  const ownRefusal = new SluiceError("PERMISSION_DENIED", "come back tomorrow");
  test.each<[string, () => unknown, string, string]>([
    [
      "a SluiceError: with its code",
      () => Promise.reject(ownRefusal),
      "PERMISSION_DENIED",
      "come back tomorrow",
    ],
    [
      "anything else: with a fixed text",
      () => Promise.reject(new Error("token t0k3n is old")),
      "UNAUTHENTICATED",
      "The credentials were refused",
    ],
    ["what is no error", () => Promise.reject("t0k3n"), "UNAUTHENTICATED", "The credentials were refused"],
  ])("refuses by throwing %s", (_, judge, code, message) => {
    const refusals: unknown[] = [];
    return inWorld(counting({ authenticate: judge as never }).options, async (world) => {
      world.server.on("refused", ({ transport, remote, error }) =>
        refusals.push([transport, remote, error.code]),
      );
      const client = world.connect({ reconnect: {} });
      expect(await world.failure(client.ready)).toMatchObject({ code, message, origin: "remote" });
      expect([client.status, world.server.connections]).toEqual(["closed", []]);
      expect(refusals).toEqual([["memory", undefined, code]]);
    });
  });

  test("refuses by throwing at once, too", () =>
    inWorld(
      counting({
        authenticate() {
          throw new Error("no");
        },
      }).options,
      async (world) => {
        expect(await outcomes(world)).toEqual(all("UNAUTHENTICATED, no"));
      },
    ));

  test("that takes longer than the handshake may refuses, and lets nobody in afterwards", async () => {
    const deciding = gate<object>();
    const { options } = counting({ authenticate: () => deciding.promise, handshakeTimeout: 400 });
    await inWorld(options, async (world) => {
      const client = world.connect();
      const failed = client.ready.catch((error) => error);
      await world.advance(399);
      expect(client.status).toBe("connecting");
      await world.advance(1);
      expect(await world.until(failed)).toMatchObject({ code: "HANDSHAKE_TIMEOUT" });
      deciding.open({ id: "ada" });
      await world.run();
      expect(world.server.connections).toEqual([]);
    });
  });

  test("a context that cannot be made refuses with a fixed text, and its maker's fault is logged", () => {
    const fault = new Error("the database is down");
    const context = (): never => {
      throw fault;
    };
    return inWorld(counting({ public: true, context }).options, async (world) => {
      const refused = { code: "UNAUTHENTICATED", message: "The credentials were refused" };
      expect(await world.failure(world.connect().ready)).toMatchObject(refused);
      const lines = world.log.filter(({ level }) => level === "error");
      expect(lines.map(({ fields }) => fields)).toEqual([{ error: fault }]);
    });
  });

  test("a context may refuse with a code of its own, which is no fault", () => {
    const context = (): never => {
      throw new SluiceError("UNAVAILABLE", "later");
    };
    return inWorld(counting({ public: true, context }).options, async (world) => {
      expect(await world.failure(world.connect().ready)).toMatchObject({
        code: "UNAVAILABLE",
        message: "later",
      });
      expect(world.complaints).toEqual([]);
    });
  });
});
