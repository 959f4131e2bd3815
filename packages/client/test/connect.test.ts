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

  test("rejects for no address at all, and for options that make no sense", async () => {
    await expect(connect([], { protocol: shop })).rejects.toThrow(TypeError);
    await expect(connect("memory:connect-test", { protocol: shop, graceMs: -1 })).rejects.toThrow(RangeError);
  });
});
