/** X64: clients and servers of three versions of one protocol, each with each: what was added does no harm, what was removed is said. */
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { type HandlersOf, Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { describe, expect, test } from "vitest";

const text = { type: "string" } as const;
const integer = { type: "integer" } as const;
const closed = { type: "object", additionalProperties: false } as const;

const first = {
  "orders/read": {
    type: "request",
    param: { type: "object", properties: { id: integer }, required: ["id"] },
    result: { ...closed, properties: { id: integer }, required: ["id"] },
  },
  "orders/watch": {
    type: "stream",
    param: integer,
    receive: { ...closed, properties: { n: integer }, required: ["n"] },
  },
  "orders/drop": { type: "request", param: integer, result: text },
} as const satisfies ProtocolDefinition;

/** Adds an optional member to a param, a result and an item, and a procedure. */
const second = {
  ...first,
  "orders/read": {
    type: "request",
    param: { type: "object", properties: { id: integer, locale: text }, required: ["id"] },
    result: { ...closed, properties: { id: integer, title: text }, required: ["id"] },
  },
  "orders/watch": {
    type: "stream",
    param: integer,
    receive: { ...closed, properties: { n: integer, at: text }, required: ["n"] },
  },
  "orders/rename": { type: "request", param: text, result: text },
} as const satisfies ProtocolDefinition;

/** Removes a procedure. */
const { "orders/drop": _, ...third } = second;

const versions = { first, second, third } satisfies Record<string, ProtocolDefinition>;
type Version = keyof typeof versions;

const handlers = {
  first: {
    "orders/read": ({ param }: { param: { id: number } }) => ({ id: param.id }),
    async *"orders/watch"({ param }: { param: number }) {
      for (let n = 1; n <= param; n++) yield { n };
    },
    "orders/drop": () => "dropped",
  },
  get second() {
    const { "orders/drop": drop } = this.first;
    return { ...this.third, "orders/drop": drop };
  },
  third: {
    "orders/read": ({ param }: { param: { id: number; locale?: string } }) => ({
      id: param.id,
      title: `order ${param.id} in ${param.locale ?? "no language"}`,
    }),
    async *"orders/watch"({ param }: { param: number }) {
      for (let n = 1; n <= param; n++) yield { n, at: "noon" };
    },
    "orders/rename": ({ param }: { param: string }) => `renamed to ${param}`,
  },
};

const names = Object.keys(versions) as Version[];
const pairs = names.flatMap((client) => names.map((server) => ({ client, server })));

/** What came of a call: its value, or the code of its error. */
function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error) => error.code);
}

describe.each(pairs)("X64 a client of the $client version and a server of the $server one", (pair) => {
  test("call each other as far as both know of it", () =>
    finishesCleanly(async () => {
      const server = new Server({
        protocol: versions[pair.server] as ProtocolDefinition,
        handlers: handlers[pair.server] as unknown as HandlersOf<ProtocolDefinition, undefined>,
        public: true,
      });
      const [socket = ""] = await server.listen(listenSocket({ port: 0 }));
      const transport = new SocketTransport({ socket });
      const client = new Client({ protocol: versions[pair.client] as ProtocolDefinition, transport });

      const isOldServer = pair.server === "first";
      const isOldClient = pair.client === "first";
      const param = isOldClient ? { id: 7 } : { id: 7, locale: "eo" };
      const title = `order 7 in ${isOldClient ? "no language" : "eo"}`;
      expect(await client.request("orders/read", { param })).toEqual(
        isOldServer ? { id: 7 } : { id: 7, title },
      );

      const items: unknown[] = [];
      for await (const item of client.stream("orders/watch", { param: 2 })) items.push(item);
      expect(items).toEqual([1, 2].map((n) => (isOldServer ? { n } : { n, at: "noon" })));

      const has = (version: Version, name: string): boolean => Object.hasOwn(versions[version], name);
      for (const [name, answer] of [
        ["orders/drop", "dropped"],
        ["orders/rename", "renamed to x"],
      ] as const) {
        const known = has(pair.client, name) && has(pair.server, name);
        const result = outcome(client.request(name, { param: name === "orders/drop" ? 1 : "x" }));
        expect(await result).toBe(known ? answer : "UNIMPLEMENTED");
      }
      // What was refused has harmed nothing else.
      expect(await outcome(client.request("orders/read", { param }))).toMatchObject({ id: 7 });

      await client.dispose();
      await server.dispose();
    }));
});
