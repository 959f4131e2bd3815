/** connect(): from an address to a client, by the scheme's transport. */
import { SluiceError, type Transport } from "@sluice/protocol/wire";
import { register, Server } from "@sluice/server";
import { afterAll, describe, expect, test } from "vitest";
import { connect } from "../src/connect.ts";
import { shop, shopHandlers } from "./shop.ts";

const asked: string[] = [];
const nowhere: Transport = {
  name: "nowhere",
  connect: () => Promise.reject(new SluiceError("UNAVAILABLE", "nobody there")),
  dispose: async () => {},
};
register("ws", {
  transportFromAddress(address) {
    asked.push(JSON.stringify(address));
    return nowhere;
  },
});
// Registered for listening only.
register("wss", {});

const server = new Server({ protocol: shop, handlers: shopHandlers() as never, public: true });
afterAll(() => server.dispose());

describe("connect()", () => {
  test("finds the transport by its scheme, and resolves before there is a connection", async () => {
    await server.listen("memory:connect-test");
    const client = await connect("memory:connect-test", { protocol: shop, reconnect: false });
    expect(["idle", "connecting"]).toContain(client.status);
    expect(await client.request("orders/place", { param: "pen" })).toBe("1 pen");
    await client.dispose();
  });

  test("tries several addresses in order", async () => {
    const urls = ["ws://127.0.0.1:1", "memory:connect-test"];
    const client = await connect(urls, { protocol: shop, reconnect: false });
    expect(await client.request("orders/place", { param: "ink" })).toBe("1 ink");
    expect(asked.length).toBe(1);
    await client.dispose();
  });

  test.each<[string, string | string[], string]>([
    ["an address that is none", "nonsense", "INVALID_ARGUMENT"],
    ["one of several that is none", ["memory:connect-test", "nonsense"], "INVALID_ARGUMENT"],
    ["a transport that is not installed", "nats://127.0.0.1:1", "UNIMPLEMENTED"],
    ["a transport that does not connect", "wss://127.0.0.1:1", "UNIMPLEMENTED"],
  ])("rejects for %s", async (_, url, code) => {
    await expect(connect(url, { protocol: shop })).rejects.toMatchObject({ code, processed: "no" });
  });

  test("needs no options", async () => {
    const client = await connect("memory:connect-test");
    expect(await client.request("orders/place", { param: "pen" })).toBe("1 pen");
    await client.dispose();
  });

  test.each<[string, unknown, string | RegExp]>([
    ["a misspelt option", { protocl: shop }, "Unknown option protocl of connect(): did you mean protocol?"],
    [
      "a misspelt limit",
      { limits: { maxCall: 1 } },
      "Unknown option limits.maxCall of connect(): did you mean limits.maxCalls?",
    ],
    [
      "a transport beside the address",
      { transport: nowhere },
      /^Unknown option transport of connect\(\): it takes protocol, /,
    ],
    ["options that are none", null, /^connect\(\) needs options as an object/],
  ])("rejects for %s, before anything is loaded", async (_, options, message) => {
    const connecting = connect("nats://127.0.0.1:1", options as never);
    await expect(connecting).rejects.toThrow(TypeError);
    await expect(connecting).rejects.toThrow(message);
  });

  test.each<[unknown]>([[[]], [undefined], [["memory:connect-test", undefined]], [new URL("tcp://a:1")]])(
    "rejects for %j instead of an address",
    async (url) => {
      const connecting = connect(url as string);
      await expect(connecting).rejects.toThrow(TypeError);
      await expect(connecting).rejects.toThrow(/^connect\(\) needs an address, .*connect\("/);
    },
  );

  test("rejects for options that make no sense", async () => {
    await expect(connect("memory:connect-test", { protocol: shop, graceMs: -1 })).rejects.toThrow(RangeError);
  });
});
