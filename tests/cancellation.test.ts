/** Calls that are given up, stopped or too late, over every transport and codec. */
import { getEventListeners } from "node:events";
import type { SluiceError } from "@sluice/protocol";
import { inChild } from "@sluice/protocol/testing/node";
import { describe, expect, test } from "vitest";
import { builtProgram } from "./built-program.ts";
import type { TestHandlers } from "./handlers.ts";
import { matrix } from "./matrix.ts";
import { aborted, gate, inWorld, turns, until } from "./world.ts";

/** Handlers that go on until they are told to stop, and say why they were. */
function waiting(reasons: unknown[]): Partial<TestHandlers> {
  return {
    async "plain/any"({ signal }) {
      reasons.push(await aborted(signal));
    },
    async "numbers/count"({ writable, signal }) {
      const writer = writable.getWriter();
      let sent = 0;
      while (!signal.aborted) {
        await writer.write({ n: ++sent });
        await turns(1);
      }
      reasons.push(signal.reason);
      return { sent };
    },
    async "chat/join"({ signal }) {
      reasons.push(await aborted(signal));
      return { heard: 0 };
    },
  };
}

describe.each(matrix)("cancellation over $name", (cell) => {
  test("a signal gives up a request, a stream and a channel, and their handlers are told", () => {
    const reasons: unknown[] = [];
    return inWorld(cell, { handlers: waiting(reasons) }, async ({ client, server }) => {
      const controller = new AbortController();
      const { signal } = controller;
      const request = client.request("plain/any", { signal });
      const stream = client.stream("numbers/count", { param: { to: 0 }, signal });
      const chat = client.channel("chat/join", { param: { room: "" }, signal });
      const failed = [request, stream.result, chat.result].map((call) =>
        expect(call).rejects.toMatchObject({ code: "CANCELLED", processed: "maybe", origin: "local" }),
      );
      const reader = stream.readable.getReader();
      expect((await reader.read()).value).toEqual({ n: 1 });
      await until(() => server.connections[0]?.runningHandlers === 3);
      controller.abort(new Error("the user has left"));
      await Promise.all(failed);
      expect(stream.signal.aborted).toBe(true);
      expect((stream.signal.reason as SluiceError).code).toBe("CANCELLED");
      await until(() => reasons.length === 3);
      expect(reasons).toEqual(["cancelled", "cancelled", "cancelled"]);
      await until(() => server.connections[0]?.runningHandlers === 0);
      expect(getEventListeners(signal, "abort").length).toBe(0);
    });
  });

  test("abort() gives a call up: its reader is told after what had come", () => {
    const reasons: unknown[] = [];
    return inWorld(cell, { handlers: waiting(reasons) }, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 0 } });
      const reader = stream.readable.getReader();
      await reader.read();
      stream.abort("enough");
      await expect(reader.read()).rejects.toMatchObject({
        code: "CANCELLED",
        message: "The call was cancelled: enough",
      });
      await expect(stream).rejects.toMatchObject({ code: "CANCELLED" });
      await until(() => reasons.length === 1);
      expect(reasons).toEqual(["cancelled"]);
    });
  });

  test("close() is no cancel: the handler finishes, and its result comes", () => {
    const reasons: unknown[] = [];
    return inWorld(cell, { handlers: waiting(reasons) }, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 0 } });
      const reader = stream.readable.getReader();
      await reader.read();
      await stream.close();
      const { sent } = await stream;
      expect([sent > 0, reasons]).toEqual([true, ["stop"]]);
      while (!(await reader.read()).done);
    });
  });

  test.each([
    [
      "break",
      async (items: AsyncIterable<{ n: number }>) => {
        for await (const { n } of items) if (n === 3) break;
      },
    ],
    [
      "throw",
      async (items: AsyncIterable<{ n: number }>) => {
        const failing = async () => {
          for await (const { n } of items) if (n === 3) throw new Error("mine");
        };
        await expect(failing()).rejects.toThrow("mine");
      },
    ],
  ])("ST-3 leaving the loop by %s stops the handler", (_, leave) => {
    const reasons: unknown[] = [];
    return inWorld(cell, { handlers: waiting(reasons) }, async ({ client }) => {
      const stream = client.stream("numbers/count", { param: { to: 0 } });
      await leave(stream);
      expect((await stream).sent).toBeGreaterThanOrEqual(3);
      expect(reasons).toEqual(["stop"]);
    });
  });

  test("a generator is returned from where it stands", () => {
    let left = 0;
    return inWorld(
      cell,
      {
        handlers: {
          async *"numbers/count"() {
            try {
              for (let n = 1; ; n++) yield { n };
            } finally {
              left++;
            }
          },
        },
      },
      async ({ client }) => {
        const stream = client.stream("numbers/count", { param: { to: 0 } });
        for await (const { n } of stream) if (n === 2) break;
        // Without a result of its own it was stopped, not finished.
        await expect(stream).rejects.toMatchObject({ code: "CANCELLED" });
        await until(() => left === 1);
      },
    );
  });

  test("CA-15 a timeout ends the call at both ends", () => {
    const reasons: unknown[] = [];
    return inWorld(cell, { handlers: waiting(reasons) }, async ({ client }) => {
      await client.ready;
      const late = { code: "DEADLINE_EXCEEDED", processed: "maybe" };
      const stream = client.stream("numbers/count", { param: { to: 0 }, timeout: 500 });
      const reading = (async () => {
        for await (const _ of stream);
      })();
      await Promise.all([
        expect(client.request("plain/any", { timeout: 500 })).rejects.toMatchObject(late),
        expect(stream.result).rejects.toMatchObject(late),
        expect(reading).rejects.toMatchObject(late),
      ]);
      await until(() => reasons.length === 2);
      for (const reason of reasons) expect(["deadline", "cancelled"]).toContain(reason);
    });
  });

  test("CA-12 a call that is given up before it is made never reaches the server", () => {
    const seen: unknown[] = [];
    return inWorld(cell, { handlers: { "plain/any": () => seen.push(1) } }, async ({ client }) => {
      const beforehand = client.request("plain/any", { signal: AbortSignal.abort() });
      await expect(beforehand).rejects.toMatchObject({ code: "CANCELLED", processed: "no" });
      await client.ready;
      const controller = new AbortController();
      const atOnce = client.request("plain/any", { signal: controller.signal });
      controller.abort();
      await expect(atOnce).rejects.toMatchObject({ code: "CANCELLED" });
      await client.request("plain/ping");
    });
  });

  test("CA-17 a handler that ignores its signal keeps its slot until it settles", () => {
    const going = gate();
    return inWorld(
      cell,
      {
        server: { limits: { maxConcurrentHandlers: 1 } },
        handlers: {
          async "plain/any"() {
            await going.promise;
          },
        },
      },
      async ({ client, server }) => {
        const controller = new AbortController();
        const stubborn = client.request("plain/any", { signal: controller.signal });
        await until(() => server.connections[0]?.runningHandlers === 1);
        controller.abort();
        await expect(stubborn).rejects.toMatchObject({ code: "CANCELLED" });
        let isDone = false;
        const next = client.request("plain/ping").then(() => {
          isDone = true;
        });
        await turns(200);
        expect([isDone, server.connections[0]?.runningHandlers]).toEqual([false, 1]);
        going.open();
        await next;
      },
    );
  });

  test("what a handler throws because it was given up concerns nobody", () =>
    inWorld(
      cell,
      {
        handlers: {
          async "plain/any"({ signal }) {
            throw await aborted(signal);
          },
        },
      },
      async ({ client, server, log }) => {
        const controller = new AbortController();
        const call = client.request("plain/any", { signal: controller.signal });
        await until(() => server.connections[0]?.runningHandlers === 1);
        controller.abort();
        await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
        await until(() => server.connections[0]?.runningHandlers === 0);
        expect(log.filter(({ level }) => level === "error")).toEqual([]);
      },
    ));

  test("a thousand calls on one signal leave no listener on it", () =>
    inWorld(cell, {}, async ({ client }) => {
      const { signal } = new AbortController();
      for (let round = 0; round < 100; round++) {
        await Promise.all(Array.from({ length: 10 }, () => client.request("plain/ping", { signal })));
      }
      await Promise.all(
        Array.from({ length: 10 }, () =>
          client.stream("numbers/count", { param: { to: 3 }, signal }).drain(),
        ),
      );
      expect(getEventListeners(signal, "abort").length).toBe(0);
    }));
});

describe("a handler that was told to stop, and goes on writing for ever", () => {
  // In a process of its own: if it starves that one's event loop, this one can still say so.
  test("CA-17 keeps nobody else waiting: calls are answered, timers fire, and the process ends", async () => {
    const child = inChild(builtProgram(new URL("./children/ignores-stop.ts", import.meta.url)), {
      execArgv: [],
      deadlineMs: 10_000,
    });
    expect(await child.end()).toEqual({ code: 0, signal: null, stdout: "3\ntick\nover\n", stderr: "" });
  });
});
