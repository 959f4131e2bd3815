/** Options of a client: what makes no sense is found when the client is made, and nothing is begun then. */
import { describe, expect, test } from "vitest";
import { Client } from "../src/client.ts";
import type { ClientOptions } from "../src/client-options.ts";
import { shop, shopHandlers } from "./shop.ts";
import { inWorld, World } from "./world.ts";

type Options = Partial<ClientOptions<typeof shop>>;

const handler = (): void => {};

describe("Client refuses", () => {
  test.each<[string, unknown, typeof TypeError | typeof RangeError, RegExp]>([
    ["a protocol that is none", { protocol: "shop" }, TypeError, /^A protocol is an object/],
    ["a procedure that is none", { protocol: { a: { type: "question" } } }, TypeError, /"?a"?/],
    ["no transport", { transport: undefined }, TypeError, /at least one transport/],
    ["an empty list of transports", { transport: [] }, TypeError, /at least one transport/],
    ["a limit out of its range", { limits: { maxMessage: 0 } }, RangeError, /^limits\.maxMessage/],
    ["a limit that is no number", { limits: { maxCalls: "10" } }, RangeError, /^limits\.maxCalls/],
    ["limits that contradict each other", { limits: { maxMessage: 8_388_608 } }, RangeError, /maxBuffered/],
    ["a limit that nobody knows", { limits: { maxFrames: 1 } }, TypeError, /limits\.maxFrames/],
    ["a time out of its range", { graceMs: -1 }, RangeError, /^graceMs/],
    ["a reconnect that makes no sense", { reconnect: { factor: 0 } }, RangeError, /^reconnect needs/],
    ["a name above 256 bytes", { name: "é".repeat(129) }, RangeError, /256 bytes/],
    [
      "a handler that is not in the protocol",
      { handlers: { "orders/eat": handler } },
      TypeError,
      /^Unknown handler: orders\/eat/,
    ],
    [
      "a handler that is no function",
      { handlers: { "orders/place": "pen" } },
      TypeError,
      /orders\/place is no function/,
    ],
    [
      "handlers without a protocol",
      { protocol: undefined, handlers: { a: handler } },
      TypeError,
      /^handlers need/,
    ],
    [
      "a clientProtocol that is none",
      { clientProtocol: { a: {} }, handlers: { a: handler } },
      TypeError,
      /"?a"?/,
    ],
  ])("%s", async (_, wrong, kind, message) => {
    let asked = 0;
    const transport = {
      name: "never",
      connect: () => Promise.reject(new Error(`${++asked} links were asked for`)),
      dispose: async () => {},
    };
    const options = { protocol: shop, transport, ...(wrong as Options) } as ClientOptions<typeof shop>;
    const make = (): unknown => new Client(options);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
    await Promise.resolve();
    expect(asked).toBe(0);
  });
});

describe("Client takes", () => {
  const served = { protocol: shop, handlers: shopHandlers() };

  test("handlers that are undefined for none", () =>
    inWorld({ ...served, client: { handlers: { "orders/place": undefined } as never } }, async (world) => {
      await world.until(world.client.ready);
      const call = world.server.connections[0]?.client.request("orders/place", { param: "pen" });
      expect(await world.failure(call as Promise<unknown>)).toMatchObject({ code: "UNIMPLEMENTED" });
    }));

  test("its name and its credentials to the server", () => {
    const seen: unknown[] = [];
    const authenticate = (credentials: unknown): unknown => {
      seen.push(credentials);
      return { id: "ada" };
    };
    const client = { name: "till 3", credentials: async () => ({ token: "t" }) };
    return inWorld({ ...served, server: { authenticate }, client }, async (world) => {
      await world.until(world.client.ready);
      expect([seen, world.server.connections[0]?.peer]).toEqual([[{ token: "t" }], "till 3"]);
    });
  });

  test("a list of transports as it is at that moment", async () => {
    const world = new World(served);
    const transport = [world.link.client];
    const client = new Client({ protocol: shop, transport, clock: world.clock });
    transport.length = 0;
    expect(await world.until(client.request("orders/place", { param: "pen" }))).toBe("1 pen");
    await world.until(client.dispose());
    await world.end();
  });

  test.each([
    ["all", "INVALID_ARGUMENT", "local"],
    ["incoming", "INVALID_ARGUMENT", "remote"],
    ["none", "INVALID_ARGUMENT", "remote"],
  ] as const)("validate %s: a param that does not fit is found by who checks it", (validate, code, origin) =>
    inWorld({ ...served, client: { validate } }, async (world) => {
      const call = world.client.request("orders/place", { param: 1 as never });
      expect(await world.failure(call)).toMatchObject({ code, origin, processed: "no" });
    }),
  );
});
