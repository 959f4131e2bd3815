/** What a client without validator and handlers does, and what it leaves to others. */
import { closures, type ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";
import { afterEach, describe, expect, it } from "vitest";
import { BareClient } from "../src/bare.ts";

const protocol = {
  double: { type: "request", param: { type: "integer" }, result: { type: "integer" } },
  count: {
    type: "stream",
    param: { type: "integer" },
    receive: { type: "integer" },
    result: { type: "string" },
  },
  turn: { type: "channel", send: { type: "string" }, receive: { type: "string" } },
  noted: { type: "event", data: { type: "string" } },
  "call/back": { type: "request", result: { type: "string" } },
} as const satisfies ProtocolDefinition;

const open: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.dispose();
});

const noted: string[] = [];

function pair(options: { validator?: ReturnType<typeof closures> } = {}) {
  const transport = memoryTransport({ values: "bytes" });
  const server = new Server({
    protocol,
    public: true,
    transport: transport.server,
    handlers: {
      double: ({ param }) => 2 * param,
      async *count({ param }) {
        for (let n = 1; n <= param; n++) yield n;
        return "counted";
      },
      async *turn({ readable }) {
        for await (const text of readable) yield [...text].reverse().join("");
      },
      noted: ({ data }) => void noted.push(data),
      "call/back": async ({ client }) => {
        const refused = client.request("double", { param: 1 });
        return refused.then(String, (error) => error.code);
      },
    },
  });
  const client = new BareClient({ protocol, transport: transport.client, ...options });
  open.push(server, client);
  return client;
}

describe("BareClient", () => {
  it("makes calls of every kind", async () => {
    const client = pair();
    expect(await client.request("double", { param: 21 })).toBe(42);
    const count = client.stream("count", { param: 3 });
    const items: number[] = [];
    for await (const n of count) items.push(n);
    expect([items, await count]).toEqual([[1, 2, 3], "counted"]);
    const turn = client.channel("turn");
    await turn.send("abc");
    expect(await turn[Symbol.asyncIterator]().next()).toEqual({ done: false, value: "cba" });
    await client.event("noted", { data: "here" });
    expect(noted).toEqual(["here"]);
    expect(await client.api.double(4)).toBe(8);
  });

  it("leaves checking to the server, unless it has a validator", async () => {
    const wrong = { param: "x" as unknown as number };
    await expect(pair().request("double", wrong)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      origin: "remote",
    });
    await expect(pair({ validator: closures() }).request("double", wrong)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      origin: "local",
    });
  });

  it("refuses the calls of its server", async () => {
    expect(await pair().request("call/back")).toBe("UNIMPLEMENTED");
  });
});
