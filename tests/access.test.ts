/** Who may connect, and who may call what: nobody, unless somebody said so. */
import { SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import type { WorldOptions } from "./world.ts";
import { inWorld, until } from "./world.ts";

interface Person {
  readonly id: string;
  readonly roles: readonly string[];
}

const people: Readonly<Record<string, Person>> = {
  ada: { id: "ada", roles: ["admin"] },
  bob: { id: "bob", roles: ["reader"] },
};

function authenticate(credentials: unknown): Person {
  const { token } = (credentials ?? {}) as { token?: string };
  const person = token === undefined || !Object.hasOwn(people, token) ? undefined : people[token];
  if (person === undefined) throw new Error(`no person has the token ${token}`);
  return person;
}

/** Everything that a client can call. */
const calls = ["plain/ping", "plain/any"] as const;

describe.each(matrix)("access over $name", (cell) => {
  test("without public, authenticate or access every call is refused, whatever it is", () => {
    let ran = 0;
    const run = () => void ran++;
    const options: WorldOptions = {
      server: { public: false },
      handlers: { "plain/ping": run, "plain/any": run, "mouse/clicked": run },
    };
    return inWorld(cell, options, async ({ client }) => {
      const refused = { code: "UNAUTHENTICATED", processed: "no", origin: "remote" };
      for (const name of calls) await expect(client.request(name)).rejects.toMatchObject(refused);
      await expect(client.stream("numbers/count", { param: { to: 1 } }).result).rejects.toMatchObject(
        refused,
      );
      await expect(client.channel("chat/join", { param: { room: "" } }).result).rejects.toMatchObject(
        refused,
      );
      await expect(client.event("mouse/clicked", { data: { x: 0, y: 0 } })).rejects.toMatchObject(refused);
      await expect(client.describe()).rejects.toMatchObject(refused);
      expect(ran).toBe(0);
    });
  });

  test("a stranger learns nothing of which procedures there are", () =>
    inWorld(cell, { server: { public: false } }, async ({ client }) => {
      const untyped = client as unknown as { request(name: string): Promise<unknown> };
      const known = untyped.request("plain/ping").catch((reason: SluiceError) => reason.message);
      const service = client.service({ "no/such": { type: "request" } }) as {
        no: { such(): Promise<unknown> };
      };
      const unknown = service.no.such().catch((reason: SluiceError) => reason.message);
      expect(await unknown).toBe(await known);
    }));

  test("who is not known is not let in, and learns no more than that", () => {
    const refusals: unknown[] = [];
    return inWorld(
      cell,
      {
        server: { public: false, authenticate },
        client: { reconnect: false, credentials: { token: "eve" } },
      },
      async ({ client, server, connect }) => {
        server.on("refused", ({ error }) => void refusals.push(error.code));
        const told = await client.ready.catch((reason: SluiceError) => reason);
        expect(told).toMatchObject({ code: "UNAUTHENTICATED", message: "The credentials were refused" });
        await expect(client.request("plain/ping")).rejects.toMatchObject({
          code: "UNAUTHENTICATED",
          processed: "no",
        });
        await expect(connect({ credentials: undefined }).ready).rejects.toMatchObject({
          code: "UNAUTHENTICATED",
        });
        await until(() => refusals.length === 2);
        expect([refusals, client.status, server.connections]).toEqual([
          ["UNAUTHENTICATED", "UNAUTHENTICATED"],
          "closed",
          [],
        ]);
      },
    );
  });

  test("who is known may call, and handlers know who it is", () =>
    inWorld(
      cell,
      {
        server: { public: false, authenticate },
        client: { credentials: async () => ({ token: "bob" }) },
        handlers: { "plain/any": ({ identity }) => identity },
      },
      async ({ client, server }) => {
        expect(await client.request("plain/any")).toEqual(people.bob);
        expect(server.connections[0]?.identity).toEqual(people.bob);
      },
    ));

  test("an identity of nothing is nobody", () =>
    inWorld(cell, { server: { public: false, authenticate: () => null } }, async ({ client }) => {
      await expect(client.request("plain/ping")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }));

  test("a judge may refuse with a code of its own", () =>
    inWorld(
      cell,
      {
        server: {
          async authenticate() {
            throw new SluiceError("PERMISSION_DENIED", "come back tomorrow");
          },
        },
        client: { reconnect: false },
      },
      async ({ client }) => {
        const refused = { code: "PERMISSION_DENIED", message: "come back tomorrow" };
        await expect(client.ready).rejects.toMatchObject(refused);
      },
    ));

  test("rules decide by name: the most specific one, and false above all", () => {
    const rules = {
      "plain/*": ["role:reader", "role:admin"],
      "plain/any": ["role:admin"],
      "math/*": true,
      "math/multiply": false,
      "bytes/echo": true,
      "bytes/*": false,
    } as const;
    const bytes = new Uint8Array(1);
    return inWorld(
      cell,
      {
        server: { public: false, authenticate, access: rules },
        client: { credentials: { token: "bob" } },
      },
      async ({ client, connect }) => {
        const denied = { code: "PERMISSION_DENIED", processed: "no" };
        const admin = connect({ credentials: { token: "ada" } });
        await client.request("plain/ping");
        await expect(client.request("plain/any")).rejects.toMatchObject(denied);
        await admin.request("plain/any");
        expect(await client.request("math/add", { param: { a: 1, b: 1 } })).toBe(2);
        for (const one of [client, admin]) {
          await expect(one.request("math/multiply", { param: [1, 2] })).rejects.toMatchObject(denied);
          await expect(one.request("bytes/echo", { param: bytes })).rejects.toMatchObject(denied);
          await expect(one.stream("numbers/count", { param: { to: 1 } }).result).rejects.toMatchObject(
            denied,
          );
        }
      },
    );
  });

  test("describe() shows what may be called", () =>
    inWorld(
      cell,
      {
        server: { authenticate, access: { "plain/ping": ["role:admin"], "math/*": true } },
        client: { credentials: { token: "bob" } },
      },
      async ({ client, connect }) => {
        const names = async (one: typeof client) => {
          const { services } = await one.describe();
          return services.flatMap(({ procedures }) => Object.keys(procedures)).sort();
        };
        expect(await names(client)).toEqual(["math/add", "math/multiply"]);
        expect(await names(connect({ credentials: { token: "ada" } }))).toEqual([
          "math/add",
          "math/multiply",
          "plain/ping",
        ]);
      },
    ));

  test("a rule may look at the param, and may take its time", () => {
    const seen: unknown[] = [];
    return inWorld(
      cell,
      {
        server: {
          access: {
            "math/*": async ({ param, procedure, kind }) => {
              seen.push([procedure, kind]);
              return (param as { a: number }).a < 10;
            },
            "plain/any": () => {
              throw new Error("the secret rule");
            },
          },
        },
      },
      async ({ client }) => {
        expect(await client.request("math/add", { param: { a: 1, b: 2 } })).toBe(3);
        const refused = client.request("math/add", { param: { a: 10, b: 2 } });
        await expect(refused).rejects.toMatchObject({ code: "UNAUTHENTICATED", processed: "no" });
        expect(seen).toEqual([
          ["math/add", "request"],
          ["math/add", "request"],
        ]);
        const failed = await client.request("plain/any").catch((reason: SluiceError) => reason);
        expect(failed).toMatchObject({ code: "PERMISSION_DENIED" });
        expect((failed as SluiceError).message).not.toContain("secret");
      },
    );
  });

  test("an invalid param is refused before a rule sees it", () => {
    let asked = 0;
    return inWorld(
      cell,
      { server: { access: { "*": () => ++asked > 0 } }, client: { validate: "none" } },
      async ({ client }) => {
        const call = client.request("math/add", { param: { a: 1 } as never });
        await expect(call).rejects.toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
        expect(asked).toBe(0);
      },
    );
  });
});

describe("access rules that make no sense", () => {
  const [cell] = matrix as [(typeof matrix)[number]];
  test.each([
    [{ "orders*": true }],
    [{ "*/orders": true }],
    [{ "": true }],
    [{ orders: [] }],
    [{ orders: ["admin"] }],
    [{ orders: 1 }],
  ])("%j are refused at construction", async (access) => {
    await expect(inWorld(cell, { server: { access: access as never } }, async () => {})).rejects.toThrow(
      TypeError,
    );
  });
});
