/** A client over a transport that says its protocol is typed by it, as with any other transport. */
import { Client } from "@sluice/client";
import { Server } from "@sluice/server";
import { ClientTransport, ServerTransport } from "@sluice/transport-http";
import { expectTypeOf, test } from "vitest";

const shop = {
  "prices/of": { type: "request", param: { type: "string" }, result: { type: "integer" } },
} as const;
const other = { hello: { type: "request" } } as const;

test("ClientTransport<Protocol> types its client", () => {
  const client = new Client({ transport: new ClientTransport<typeof shop>({ url: "http://127.0.0.1/" }) });
  expectTypeOf(client.request("prices/of", { param: "tea" })).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error: no such procedure
  void client.request("prices/off", { param: "tea" });
  const transport = new ClientTransport<typeof shop>({ url: "http://127.0.0.1/" });
  // @ts-expect-error: a transport of another protocol
  void new Client({ protocol: other, transport });
});

test("a transport that says nothing fits every protocol", () => {
  const client = new Client({ protocol: shop, transport: new ClientTransport({ url: "http://127.0.0.1/" }) });
  expectTypeOf(client.request("prices/of", { param: "tea" })).toEqualTypeOf<Promise<number>>();
});

test("ServerTransport<Protocol> fits its server", () => {
  const handlers = { "prices/of": () => 1 };
  void new Server({ protocol: shop, transport: new ServerTransport<typeof shop>(), handlers });
  void new Server({ protocol: shop, transport: new ServerTransport(), handlers });
  // @ts-expect-error: a transport of another protocol
  void new Server({ protocol: shop, transport: new ServerTransport<typeof other>(), handlers });
});
