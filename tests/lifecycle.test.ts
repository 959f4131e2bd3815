/** Beginnings and ends: events, statuses, disposal, and processes that end by themselves. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, connect } from "@sluice/client";
import { finishesCleanly, inChild } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { memoryTransport } from "@sluice/transport-memory";
import { SocketTransport } from "@sluice/transport-socket";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";
import { handlers } from "./handlers.ts";
import { matrix } from "./matrix.ts";
import { protocol } from "./protocol.ts";
import { inWorld, until } from "./world.ts";

describe.each(matrix)("events over $name", (cell) => {
  test("tell who comes and goes, and how calls begin and end", () => {
    const events: unknown[] = [];
    return inWorld(
      cell,
      {
        client: { name: "a test", reconnect: false },
        handlers: {
          "plain/any"() {
            throw new RangeError("on purpose");
          },
        },
      },
      async ({ client, server }) => {
        server.on("connected", ({ connection }) =>
          events.push(["connected", connection.peer, connection.transport]),
        );
        server.on("disconnected", ({ connection }) => events.push(["disconnected", connection.peer]));
        server.on("call:start", ({ call }) => events.push(["start", call.procedure, call.kind]));
        const off = server.on("call:end", ({ call, durationMs }) =>
          events.push(["end", call.procedure, durationMs >= 0]),
        );
        server.on("call:error", ({ call, error }) => events.push(["error", call.procedure, String(error)]));
        await client.request("plain/ping");
        await client.request("plain/any").catch(() => {});
        await until(() => events.length === 5);
        off();
        await client.request("plain/ping");
        await client.dispose();
        await until(() => events.length === 7);
        const transport = cell.name.split(",")[0]?.split(" ")[0];
        expect(events).toEqual([
          ["connected", "a test", transport],
          ["start", "plain/ping", "request"],
          ["end", "plain/ping", true],
          ["start", "plain/any", "request"],
          ["error", "plain/any", "RangeError: on purpose"],
          ["start", "plain/ping", "request"],
          ["disconnected", "a test"],
        ]);
      },
    );
  });

  test("a listener that throws harms nobody but the log", () =>
    inWorld(cell, {}, async ({ client, server, log }) => {
      server.on("connected", () => {
        throw new Error("not my fault");
      });
      server.on("call:start", () => {
        throw new Error("not mine either");
      });
      expect(await client.request("math/add", { param: { a: 1, b: 1 } })).toBe(2);
      expect(log.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
        "A listener of connected failed",
        "A listener of call:start failed",
      ]);
    }));

  test("the client's status says where it is", () => {
    const statuses: string[] = [];
    return inWorld(cell, {}, async ({ connect: another }) => {
      const client = another();
      const off = client.on("status", (status) => void statuses.push(status));
      expect(client.status).toBe("idle");
      await client.ready;
      expect(client.status).toBe("connected");
      await client.dispose();
      off();
      expect(statuses).toEqual(["connecting", "connected", "closed"]);
    });
  });

  test("a connection can be closed by the server, with a reason", () =>
    inWorld(cell, { client: { reconnect: false } }, async ({ client, server }) => {
      await client.ready;
      await until(() => server.connections.length === 1);
      server.connections[0]?.close("you are too loud");
      await until(() => client.status === "closed");
      await expect(client.ready).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("you are too loud"),
      });
    }));

  test("await using disposes of client, server and calls", () => {
    const reasons: unknown[] = [];
    return inWorld(
      cell,
      {
        handlers: {
          async "numbers/count"({ writable, signal }) {
            await writable.getWriter().write({ n: 1 });
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
            reasons.push(signal.reason);
            return { sent: 1 };
          },
        },
      },
      async ({ connect: another }) => {
        let left: Client<typeof protocol> | undefined;
        {
          await using client = another();
          left = client;
          {
            await using stream = client.stream("numbers/count", { param: { to: 0 } });
            await stream.readable.getReader().read();
          }
          expect(reasons).toEqual(["stop"]);
        }
        expect(left.status).toBe("closed");
      },
    );
  });

  test("middleware runs around handlers and calls, in order", () => {
    const seen: string[] = [];
    return inWorld(cell, {}, async ({ client, server }) => {
      server.use(async (call, next) => {
        seen.push(`outer ${call.procedure}`);
        const result = await next();
        seen.push("outer end");
        return result;
      });
      server.use(async (_, next) => {
        seen.push("inner");
        return next();
      });
      client.use(async (call, next) => {
        seen.push(`client ${call.procedure}`);
        return `${await next({ param: `${call.param}!`, metadata: undefined })}?`;
      });
      expect(await client.request("plain/any", { param: "a" })).toBe("a!?");
      expect(seen).toEqual(["client plain/any", "outer plain/any", "inner", "outer end"]);
    });
  });
});

describe("a client", () => {
  test("waits for a server that comes later", async () => {
    await finishesCleanly(async () => {
      const { client: near, server: far } = memoryTransport();
      const client = new Client({ protocol, transport: near });
      const call = client.request("math/add", { param: { a: 1, b: 2 } });
      const server = new Server({ protocol, handlers, public: true });
      server.handle(far);
      expect(await call).toBe(3);
      await client.dispose();
      await server.dispose();
      await far.dispose();
    });
  });

  test("takes the first transport of several that answers", async () => {
    await finishesCleanly(async () => {
      const { client: near, server: far } = memoryTransport();
      const server = new Server({ protocol, handlers, public: true, transport: far });
      const nowhere = new SocketTransport({ socket: "/nowhere/at/all.sock" });
      const client = new Client({ protocol, transport: [nowhere, near], reconnect: { initial: 1 } });
      expect(await client.request("math/add", { param: { a: 1, b: 2 } })).toBe(3);
      await client.dispose();
      await server.dispose();
      await far.dispose();
    });
  });

  test("that is disposed of while it connects is closed, and leaves nothing", async () => {
    await finishesCleanly(async () => {
      const { client: near, server: far } = memoryTransport();
      const client = new Client({ protocol, transport: near });
      const call = client.request("plain/ping");
      const failed = expect(call).rejects.toMatchObject({ code: "CANCELLED" });
      await client.dispose();
      await failed;
      expect(client.status).toBe("closed");
      await far.dispose();
    });
  });

  test("whose server never says anything gives up, and tries again", async () => {
    await finishesCleanly(async () => {
      const { client: near, server: far } = memoryTransport();
      let links = 0;
      far.accept?.((link) => {
        links++;
        link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} });
      });
      const client = new Client({
        protocol,
        transport: near,
        handshakeTimeout: 10,
        reconnect: { initial: 1, attempts: 2 },
      });
      await expect(client.ready).rejects.toMatchObject({ code: "HANDSHAKE_TIMEOUT" });
      expect(links).toBe(3);
      await client.dispose();
      await far.dispose();
    });
  });

  test("connects to the first address that answers", async () => {
    await finishesCleanly(async () => {
      const server = new Server({ protocol, handlers, public: true });
      const [tcp = "", memory = ""] = await server.listen("tcp://127.0.0.1:0", "memory:lifecycle");
      expect([tcp, memory]).toEqual([
        expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
        "memory:lifecycle",
      ]);
      for (const url of [tcp, memory, ["unix:/nowhere/at/all.sock", tcp]]) {
        const client = await connect(url, { protocol, reconnect: { initial: 1 } });
        expect(await client.request("math/add", { param: { a: 2, b: 2 } })).toBe(4);
        await client.dispose();
      }
      await server.dispose();
    });
  });

  test("is told at once what no address can be", async () => {
    await expect(connect("nonsense", { protocol })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(connect("nats://127.0.0.1:1", { protocol })).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
      message: expect.stringContaining("npm install @sluice/transport-nats"),
    });
  });
});

describe("a server", () => {
  test("serves several addresses at once, and an address that is taken stays whose it was", async () => {
    await finishesCleanly(async () => {
      const server = new Server({ protocol, handlers, public: true });
      const [address = ""] = await server.listen("tcp://127.0.0.1:0");
      const other = new Server({ protocol, handlers, public: true });
      await expect(other.listen(address)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
      await other.dispose();
      const client = await connect(address, { protocol });
      await client.request("plain/ping");
      await client.dispose();
      await server.dispose();
      await expect(server.listen("tcp://127.0.0.1:0")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    });
  });
});

describe("a process", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "process-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const ways = ["client first", "server first", "drain"];
  test.each(["unix", "tcp", "memory"].flatMap((scheme) => ways.map((way) => [scheme, way])))(
    "DR-8 over %s ends by itself (%s)",
    async (scheme, way) => {
      const address = {
        unix: `unix:${join(folder, "app.sock")}`,
        tcp: "tcp://127.0.0.1:0",
        memory: "memory:app",
      }[scheme];
      const child = inChild(builtProgram(new URL("./children/whole-program.ts", import.meta.url)), {
        execArgv: [],
        args: [address as string, way as string],
        deadlineMs: 15_000,
      });
      expect(await child.end()).toEqual({
        code: 0,
        signal: null,
        stdout: "3\n1\n2\n3\n{ sent: 3 }\nover\n",
        stderr: "",
      });
    },
  );
});
