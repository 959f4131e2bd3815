/** Calls from the server: only what the client listed is served, by its own rules. */
import type { Connection, PeerClient, ProtocolDefinition } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import type { ClientHandlers } from "../src/client-options.ts";
import { shop, shopHandlers } from "./shop.ts";
import { aborted, inWorld, type World, type WorldOptions } from "./world.ts";

const user = {
  confirm: { type: "request", param: { type: "string" }, result: { type: "boolean" } },
  rename: { type: "request", param: { type: "string" } },
  watch: { type: "request", result: { type: "string" } },
  "keys/typed": { type: "stream", receive: { type: "string" }, result: { type: "integer" } },
  told: { type: "event", data: { type: "string" } },
} as const satisfies ProtocolDefinition;

/** What the handlers here look at. */
interface Context {
  readonly param: string;
  readonly data: string;
  readonly signal: AbortSignal;
  readonly identity: unknown;
  readonly context: unknown;
  readonly connection: Connection;
  readonly client: PeerClient;
}

type Handlers = Readonly<Record<string, (context: Context) => unknown>>;

function serving(
  handlers: Handlers | undefined,
  clientProtocol?: ProtocolDefinition,
): WorldOptions<typeof shop> {
  const client = {
    ...(handlers === undefined
      ? {}
      : { handlers: handlers as unknown as ClientHandlers<ProtocolDefinition> }),
    ...(clientProtocol === undefined ? {} : { clientProtocol }),
  };
  return { protocol: shop, handlers: shopHandlers(), client };
}

/** What the server calls its only client by. */
async function peerOf(world: World<typeof shop>) {
  await world.until(world.client.ready);
  await world.run();
  const [connection] = world.server.connections;
  if (connection === undefined) throw new Error("nobody is connected");
  return connection.client;
}

describe("reverse calls", () => {
  test("reach the handlers that the client listed, of every kind", () => {
    const told: string[] = [];
    const handlers = {
      confirm: ({ param }: Context) => param === "yes",
      async *"keys/typed"() {
        yield* ["a", "b"];
        return 2;
      },
      told: ({ data }: Context) => void told.push(data),
    };
    return inWorld(serving(handlers, user), async (world) => {
      const peer = await peerOf(world);
      const api = peer.service(user);
      expect(await world.until(api.confirm("yes"))).toBe(true);
      expect(await world.until(api.confirm("no"))).toBe(false);
      expect(await world.until(api.keys.typed().drain())).toBe(2);
      await world.until(api.told("news"));
      expect(told).toEqual(["news"]);
    });
  });

  test("to what is not listed are refused, names of prototypes too", () => {
    let ran = 0;
    return inWorld(serving({ confirm: () => ++ran > 0 }, user), async (world) => {
      const peer = await peerOf(world);
      for (const name of ["rename", "constructor", "toString", "__proto__", "hasOwnProperty", "$describe"]) {
        const refused = { code: "UNIMPLEMENTED", processed: "no", origin: "remote" };
        expect(await world.failure(peer.request(name, { param: "x" }))).toMatchObject(refused);
      }
      expect(ran).toBe(0);
    });
  });

  test.each([
    ["no handlers", undefined],
    ["an empty list", {}],
  ])("to a client with %s are refused, whatever they ask", (_, handlers) =>
    inWorld(serving(handlers, user), async (world) => {
      const peer = await peerOf(world);
      expect(await world.failure(peer.request("confirm", { param: "x" }))).toMatchObject({
        code: "UNIMPLEMENTED",
        message: "This client serves no calls",
        processed: "no",
      });
    }),
  );

  test("are served by `protocol` when there is no clientProtocol", () =>
    inWorld(serving({ "orders/place": ({ param }: Context) => `mine: ${param}` }), async (world) => {
      const peer = await peerOf(world);
      expect(await world.until(peer.request("orders/place", { param: "pen" }))).toBe("mine: pen");
    }));

  test("are checked by the client", () => {
    let ran = 0;
    return inWorld(serving({ confirm: () => ++ran > 0 }, user), async (world) => {
      const peer = await peerOf(world);
      const wrong = { code: "INVALID_ARGUMENT", processed: "no", origin: "remote" };
      expect(await world.failure(peer.request("confirm", { param: 1 }))).toMatchObject(wrong);
      expect(ran).toBe(0);
    });
  });

  test("whose handler fails tell the server nothing but a reference, which the client logs", () => {
    const handlers = {
      confirm() {
        throw new Error("the user's secret");
      },
    };
    return inWorld(serving(handlers, user), async (world) => {
      const peer = await peerOf(world);
      const failed = await world.failure(peer.request("confirm", { param: "x" }));
      expect(failed).toMatchObject({ code: "INTERNAL", origin: "remote" });
      const [line, ...others] = world.log.filter(({ level }) => level === "error");
      expect(others).toEqual([]);
      expect(line?.fields.error).toEqual(new Error("the user's secret"));
      expect(failed.message).toBe(`The handler failed (reference ${line?.fields.reference})`);
    });
  });

  test("find connection and client, and no identity; a handler calls the server again", () => {
    const seen: unknown[] = [];
    const handlers = {
      async rename({ identity, context, connection, client, param }: Context) {
        seen.push([identity, context, connection.transport], await client.request("orders/place", { param }));
      },
    };
    return inWorld(serving(handlers, user), async (world) => {
      const peer = await peerOf(world);
      await world.until(peer.request("rename", { param: "pen" }));
      expect(seen).toEqual([[undefined, undefined, "memory"], "1 pen"]);
    });
  });

  test("a call to the server inherits the time of the call that it serves", () => {
    const seen: unknown[] = [];
    const handlers = {
      watch: ({ client }: Context) => client.request("orders/wait").catch((error) => error.code),
    };
    const options = serving(handlers, user);
    const waiting = ({ deadline, signal }: { deadline: number; signal: AbortSignal }) => {
      seen.push(deadline);
      return aborted(signal);
    };
    return inWorld(
      { ...options, handlers: { ...options.handlers, "orders/wait": waiting } },
      async (world) => {
        const peer = await peerOf(world);
        const call = peer.request("watch", { timeout: 400 }).catch((error) => error);
        await world.run();
        expect(seen).toEqual([400]);
        await world.advance(400);
        expect(await world.until(call)).toMatchObject({ code: "DEADLINE_EXCEEDED" });
      },
    );
  });

  test("abort when the client leaves", () => {
    const reasons: unknown[] = [];
    const handlers = {
      async watch({ signal }: Context) {
        reasons.push(await aborted(signal));
        return "over";
      },
    };
    return inWorld(serving(handlers, user), async (world) => {
      const peer = await peerOf(world);
      const call = peer.request("watch").catch((error) => error);
      await world.run();
      await world.until(world.client.dispose());
      expect(await world.until(call)).toMatchObject({ code: "UNAVAILABLE", processed: "maybe" });
      expect(reasons).toEqual(["shutdown"]);
    });
  });
});
