/** What callers learn of what went wrong, and what they do not. */
import { isError, SluiceError } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { describe, expect, test } from "vitest";
import { handlers } from "./handlers.ts";
import { matrix } from "./matrix.ts";
import { protocol } from "./protocol.ts";
import { inWorld } from "./world.ts";

async function failure(call: PromiseLike<unknown>): Promise<SluiceError> {
  try {
    await call;
  } catch (reason) {
    if (SluiceError.is(reason)) return reason;
    throw reason;
  }
  throw new Error("the call succeeded");
}

describe.each(matrix)("errors over $name", (cell) => {
  test("RQ-6 an invalid param says pointer, keyword and expectation, and not the value", () =>
    inWorld(cell, {}, async ({ client, connect }) => {
      const careless = connect({ validate: "none" });
      for (const one of [client, careless]) {
        const error = await failure(one.request("math/add", { param: { a: 4_711, b: -815 } }));
        expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no", retryable: false });
        expect(error.origin).toBe(one === client ? "local" : "remote");
        expect(error.message).toMatch(/^Invalid param of math\/add at \/b: .*\(minimum\)$/);
        expect(error.message).not.toMatch(/4711|4_711|815/);
        const missing = await failure(one.request("math/add", { param: { a: 1 } as never }));
        expect(missing.message).toContain("(required)");
        const extra = await failure(one.request("math/add", { param: { a: 1, b: 1, c: 1 } as never }));
        expect(extra.message).toContain("(additionalProperties)");
      }
    }));

  test("an invalid item ends its call at both ends", () =>
    inWorld(cell, {}, async ({ client, connect }) => {
      const chat = client.channel("chat/join", { param: { room: "x" } });
      const refused = await failure(chat.send({ text: 5 } as never));
      expect(refused).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no" });
      await chat.send({ text: "fine" });
      await chat.writable.close();
      const [heard] = await Promise.all([chat.result, chat.drain()]);
      expect(heard).toEqual({ heard: 1 });

      const careless = connect({ validate: "none" }).channel("chat/join", { param: { room: "x" } });
      await careless.send({ text: 5 } as never);
      const error = await failure(careless);
      expect([error.code, error.origin]).toEqual(["INVALID_ARGUMENT", "remote"]);
      expect(error.message).toContain("/text");
    }));

  test.each([
    "nope",
    "toString",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "valueOf",
    "then",
    "PLAIN/PING",
    "plain",
  ])("RQ-5 %s is UNIMPLEMENTED", (name) => {
    return inWorld(cell, {}, async ({ wire, server }) => {
      const { Client } = await import("@sluice/client");
      const client = new Client({ transport: wire.transport(), codec: cell.codec });
      for (const call of [client.request(name), client.stream(name).result, client.channel(name).result]) {
        const error = await failure(call);
        expect(error).toMatchObject({ code: "UNIMPLEMENTED", processed: "no", origin: "remote" });
      }
      expect(server.connections.length).toBe(2);
      await client.dispose();
    });
  });

  test("a procedure called as another kind is refused", () =>
    inWorld(cell, {}, async ({ wire }) => {
      const { Client } = await import("@sluice/client");
      const client = new Client({ transport: wire.transport(), codec: cell.codec });
      expect((await failure(client.event("plain/ping"))).code).toBe("UNIMPLEMENTED");
      expect((await failure(client.request("mouse/clicked", { param: { x: 1, y: 1 } }))).code).toBe(
        "UNIMPLEMENTED",
      );
      expect((await failure(client.request("numbers/count", { param: { to: 3 } }))).code).toBe(
        "INVALID_ARGUMENT",
      );
      await client.dispose();
    }));

  test("an undeclared throw leaks nothing, and is logged with its reference", () => {
    const secret = "hunter2 at /etc/passwd";
    return inWorld(
      cell,
      {
        handlers: {
          "plain/ping"() {
            throw Object.assign(new Error(secret), { code: "SECRET_CODE", data: secret });
          },
          async "plain/any"() {
            throw secret;
          },
        },
      },
      async ({ client, log }) => {
        for (const name of ["plain/ping", "plain/any"] as const) {
          const error = await failure(client.request(name));
          expect(error).toMatchObject({
            code: "INTERNAL",
            processed: "maybe",
            retryable: false,
            origin: "remote",
          });
          expect(JSON.stringify([error, error.stack, error.cause])).not.toMatch(/hunter2|passwd|SECRET/);
          const [, reference] = /reference ([\w-]+)/.exec(error.message) ?? [];
          const logged = log.find(({ fields }) => fields.reference === reference);
          expect(logged?.level).toBe("error");
          expect(String(logged?.fields.error)).toContain("hunter2");
        }
      },
    );
  });

  test("a SluiceError travels with code, text and retryable", () =>
    inWorld(
      cell,
      {
        handlers: {
          "plain/ping"() {
            throw new SluiceError("ABORTED", "try again", {
              cause: new Error("stays home"),
              data: { stays: "home" },
            });
          },
        },
      },
      async ({ client }) => {
        const error = await failure(client.request("plain/ping"));
        expect(error).toMatchObject({
          code: "ABORTED",
          message: "try again",
          retryable: true,
          origin: "remote",
        });
        expect([error.cause, error.data]).toEqual([undefined, undefined]);
      },
    ));

  test("RQ-3 a declared error arrives typed, with its data", () =>
    inWorld(
      cell,
      {
        handlers: {
          "shop/order": ({ param, fail }) =>
            param.item === "late"
              ? fail("CLOSED", undefined, "come back at nine")
              : fail("NO_STOCK", { left: 2 }),
        },
      },
      async ({ client }) => {
        const error = await failure(client.request("shop/order", { param: { item: "pen", count: 9 } }));
        expect(isError(error, protocol, "shop/order", "NO_STOCK")).toBe(true);
        expect(isError(error, protocol, "shop/order", "CLOSED")).toBe(false);
        if (isError(error, protocol, "shop/order", "NO_STOCK")) expect(error.data.left).toBe(2);
        expect(error).toMatchObject({
          code: "NO_STOCK",
          retryable: false,
          processed: "maybe",
          origin: "remote",
        });
        const closed = await failure(client.request("shop/order", { param: { item: "late", count: 1 } }));
        expect(closed).toMatchObject({ code: "CLOSED", message: "come back at nine", retryable: true });
        expect(isError(new Error("NO_STOCK"), protocol, "shop/order", "NO_STOCK")).toBe(false);
      },
    ));

  test("a declared error with data that does not fit is the handler's fault", () =>
    inWorld(
      cell,
      { handlers: { "shop/order": ({ fail }) => fail("NO_STOCK", { left: "two" } as never) } },
      async ({ client }) => {
        const error = await failure(client.request("shop/order", { param: { item: "pen", count: 9 } }));
        expect(error).toMatchObject({ code: "INTERNAL" });
      },
    ));

  test("ST-2 an error comes after all items before it", () =>
    inWorld(
      cell,
      {
        handlers: {
          async *"numbers/count"({ param }) {
            for (let n = 1; n <= param.to; n++) yield { n };
            throw new SluiceError("DATA_LOSS", "the rest is gone");
          },
        },
      },
      async ({ client }) => {
        const stream = client.stream("numbers/count", { param: { to: 500 } });
        let count = 0;
        const reading = (async () => {
          for await (const _ of stream) count++;
        })();
        expect((await failure(reading)).code).toBe("DATA_LOSS");
        expect(count).toBe(500);
        expect((await failure(stream)).message).toBe("the rest is gone");
      },
    ));

  test("a result or an item that does not fit its schema is the handler's fault", () =>
    inWorld(
      cell,
      {
        handlers: {
          "math/add": () => "three" as never,
          async "numbers/count"({ writable }) {
            await writable.getWriter().write({ n: "one" } as never);
            return { sent: 1 };
          },
        },
      },
      async ({ client, log }) => {
        expect((await failure(client.request("math/add", { param: { a: 1, b: 2 } }))).code).toBe("INTERNAL");
        expect((await failure(client.stream("numbers/count", { param: { to: 1 } }).drain())).code).toBe(
          "INTERNAL",
        );
        expect(log.filter(({ level }) => level === "error").length).toBe(2);
      },
    ));

  test("CD-4 values that no codec writes are refused where they are sent", () =>
    inWorld(cell, { handlers: { "plain/any": () => () => "a function" } }, async ({ client }) => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      for (const param of [Symbol("s"), () => 1, cycle, 1n]) {
        const error = await failure(client.request("plain/any", { param }));
        expect(error).toMatchObject({ code: "INVALID_ARGUMENT", processed: "no", origin: "local" });
      }
      expect((await failure(client.request("plain/any"))).code).toBe("INTERNAL");
      expect(await client.request("math/add", { param: { a: 1, b: 1 } })).toBe(2);
    }));

  test("a rejected result that nobody awaits is no unhandled rejection", () =>
    inWorld(
      cell,
      {
        handlers: {
          async *"numbers/count"() {
            yield { n: 1 };
            throw new SluiceError("NOT_FOUND", "gone");
          },
        },
      },
      async ({ client }) => {
        // finishesCleanly() hears of every rejection that is lost.
        const reading = (async () => {
          for await (const _ of client.stream("numbers/count", { param: { to: 1 } }).readable);
        })();
        await expect(reading).rejects.toMatchObject({ code: "NOT_FOUND" });
        client.stream("numbers/count", { param: { to: 1 } });
        await client.request("plain/ping");
      },
    ));
});

describe("a server's construction", () => {
  test("names a handler that is missing", () => {
    const { "chat/join": _, ...rest } = handlers;
    expect(() => new Server({ protocol, handlers: rest as typeof handlers })).toThrow(
      new TypeError("Missing handler: chat/join"),
    );
  });

  test("names a handler that is in no protocol, and one that is none", () => {
    const extra = { ...handlers, "no/such": () => {} };
    expect(() => new Server({ protocol, handlers: extra })).toThrow("Unknown handler: no/such");
    const wrong = { ...handlers, "plain/ping": "pong" as never };
    expect(() => new Server({ protocol, handlers: wrong })).toThrow("plain/ping");
  });

  test("refuses a definition that is none", () => {
    const broken = { ...protocol, "math/add": { type: "question" } } as never;
    expect(() => new Server({ protocol: broken, handlers: handlers as never })).toThrow();
  });
});
