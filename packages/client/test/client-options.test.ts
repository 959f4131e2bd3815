/** Options of a client: what makes no sense is found when the client is made, and nothing is begun then. */
import type { Transport } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { Client } from "../src/client.ts";
import type { ClientOptions } from "../src/client-options.ts";
import { shop, shopHandlers } from "./shop.ts";
import { inWorld, World } from "./world.ts";

type Options = Partial<ClientOptions<typeof shop>>;

const handler = (): void => {};
const nowhere: Transport = {
  name: "nowhere",
  connect: () => Promise.reject(new Error("nobody there")),
  dispose: async () => {},
};

describe("Client refuses", () => {
  test.each<[string, unknown, typeof TypeError | typeof RangeError, RegExp]>([
    ["a protocol that is none", { protocol: "shop" }, TypeError, /^A protocol is an object/],
    ["a procedure that is none", { protocol: { a: { type: "question" } } }, TypeError, /"?a"?/],
    ["no transport", { transport: undefined }, TypeError, /at least one transport.*new Client\(\{ transport/],
    ["an address for a transport", { transport: "unix:x" }, TypeError, /"unix:x".*connect\(address\)/],
    ["a transport that is none", { transport: [{}] }, TypeError, /connect\(\)/],
    ["an empty list of transports", { transport: [] }, TypeError, /at least one transport/],
    ["a limit out of its range", { limits: { maxMessage: 0 } }, RangeError, /^limits\.maxMessage/],
    ["a limit that is no number", { limits: { maxCalls: "10" } }, RangeError, /^limits\.maxCalls/],
    ["limits that contradict each other", { limits: { maxMessage: 8_388_608 } }, RangeError, /maxBuffered/],
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

describe("Client knows its options, and refuses", () => {
  const of = "of new Client\\(\\)";
  test.each<[string, unknown, string]>([
    ["a misspelt one", { transprot: 1 }, `transprot ${of}: did you mean transport\\?`],
    ["one that has a value of false", { failfast: false }, `failfast ${of}: did you mean failFast\\?`],
    [
      "a misspelt limit",
      { limits: { maxFrames: 1 } },
      `limits.maxFrames ${of}: did you mean limits.maxFragments\\?`,
    ],
    ["a limit beside limits", { maxMessage: 1 }, `maxMessage ${of}: did you mean limits.maxMessage\\?`],
    ["a time in limits", { limits: { graceMs: 1 } }, `limits.graceMs ${of}: did you mean graceMs\\?`],
    [
      "a misspelt part of abuseRate",
      { limits: { abuseRate: { events: 1, perMS: 1 } } },
      `limits.abuseRate.perMS ${of}: did you mean limits.abuseRate.perMs\\?`,
    ],
    [
      "a misspelt part of reconnect",
      { reconnect: { intial: 1 } },
      `reconnect.intial ${of}: did you mean reconnect.initial\\?`,
    ],
    ["a part of reconnect beside it", { attempts: 1 }, `attempts ${of}: did you mean reconnect.attempts\\?`],
    [
      "one that resembles none",
      { zebra: 1 },
      `zebra ${of}: it takes transport, protocol, .*limits, .*heartbeat, .*`,
    ],
    [
      "one of reconnect that resembles none",
      { reconnect: { zebra: 1 } },
      `reconnect.zebra ${of}: it takes reconnect.initial, .*`,
    ],
    ["a name that every object has", { constructor: 1 }, `constructor ${of}: it takes .*`],
  ])("%s", (_, wrong, message) => {
    const options = { transport: nowhere, ...(wrong as Options) } as ClientOptions<typeof shop>;
    const make = (): unknown => new Client(options);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(new RegExp(`^Unknown option ${message}$`));
  });

  test.each([undefined, null, "unix:app.sock"])("%s instead of options", (options) => {
    const make = (): unknown => Reflect.construct(Client, options === undefined ? [] : [options]);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^new Client\(\) needs options: .*new Client\(\{ transport/);
  });
});

describe("Client takes", () => {
  test("any name whose value is undefined", async () => {
    const options = { transport: nowhere, limits: undefined, reconnect: undefined, telemetry: undefined };
    const client = new Client(options as unknown as ClientOptions<typeof shop>);
    await client.dispose();
  });

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
