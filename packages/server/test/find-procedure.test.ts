/** What a server tells the transports that it serves of its procedures: definitions, by the names that callers use. */
import { defineService } from "@sluice/protocol";
import type { FindProcedure, Link, Transport } from "@sluice/protocol/wire";
import { Server, serve } from "@sluice/server";
import { expect, test } from "vitest";

const protocol = {
  "prices/of": { type: "request", idempotent: true, param: { type: "string" }, result: { type: "integer" } },
  seen: { type: "event", data: { type: "string" } },
} as const;
const calculator = defineService({
  name: "calculator",
  version: "1.2.0",
  protocol: { add: { type: "request", result: { type: "integer" } } },
});

function makeServer(): Server<typeof protocol> {
  return new Server({ protocol, handlers: { "prices/of": () => 1, seen: () => {} } });
}

test("a listener and a transport get the definition of what is served under a name", async () => {
  const server = makeServer();
  const finders: (FindProcedure | undefined)[] = [];
  await server.listen({
    async listen(_: (link: Link) => void, find?: FindProcedure) {
      finders.push(find);
      return "memory:here";
    },
    async close() {},
  });
  const transport: Transport = {
    name: "here",
    connect: () => Promise.reject(new Error("no")),
    accept: (_, find) => void finders.push(find),
    async dispose() {},
  };
  server.handle(transport);
  expect(finders).toHaveLength(2);
  for (const find of finders) {
    expect(find?.("prices/of")).toBe(protocol["prices/of"]);
    expect(find?.("seen")).toBe(protocol.seen);
    for (const name of ["", "prices", "nobody", "__proto__", "constructor", "toString"]) {
      expect(find?.(name), name).toBe(undefined);
    }
  }
  await server.dispose();
});

test("it follows what is served at the moment, with services and their versions", async () => {
  const server = makeServer();
  let find: FindProcedure | undefined;
  server.handle({
    name: "here",
    connect: () => Promise.reject(new Error("no")),
    accept(_, given) {
      find = given;
    },
    async dispose() {},
  });
  expect(find?.("calculator/add")).toBe(undefined);
  server.expose(calculator, { add: () => 2 });
  expect(find?.("calculator/add")).toBe(calculator.protocol.add);
  expect(find?.("calculator@^1/add")).toBe(calculator.protocol.add);
  expect(find?.("calculator@^2/add")).toBe(undefined);
  expect(find?.("calculator/__proto__")).toBe(undefined);
  server.unexpose("calculator");
  expect(find?.("calculator/add")).toBe(undefined);
  await server.dispose();
});

test("services that were given at the start are found as well", () => {
  let find: FindProcedure | undefined;
  const transport: Transport = {
    name: "here",
    connect: () => Promise.reject(new Error("no")),
    accept(_, given) {
      find = given;
    },
    async dispose() {},
  };
  new Server({ services: [serve(calculator, { add: () => 2 })], transport });
  expect(find?.("calculator/add")).toBe(calculator.protocol.add);
});
