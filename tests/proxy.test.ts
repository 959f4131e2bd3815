/** Procedures as functions, services with versions, and what they are on the wire. */
import { Client } from "@sluice/client";
import { defineService } from "@sluice/protocol";
import { serve } from "@sluice/server";
import { describe, expect, test } from "vitest";
import { matrix } from "./matrix.ts";
import { aborted, gate, inWorld, until } from "./world.ts";

const calculator = defineService({
  name: "calculator",
  version: "1.2.0",
  timeout: 5_000,
  protocol: {
    add: {
      type: "request",
      param: {
        type: "array",
        prefixItems: [{ type: "number" }, { type: "number" }],
        items: false,
        minItems: 2,
      },
      result: { type: "number" },
    },
    "stats/mean": {
      type: "request",
      param: { type: "array", items: { type: "number" } },
      result: { type: "number" },
    },
    count: {
      type: "stream",
      param: { type: "integer" },
      receive: { type: "integer" },
      result: { type: "string" },
    },
  },
});

const calculatorHandlers = {
  add: ({ param: [a, b] }: { param: readonly [number, number] }) => a + b,
  "stats/mean": ({ param }: { param: readonly number[] }) =>
    param.reduce((sum, one) => sum + one, 0) / param.length,
  async *count({ param }: { param: number }) {
    for (let n = 1; n <= param; n++) yield n;
    return "done";
  },
};

describe.each(matrix)("procedures as functions over $name", (cell) => {
  test("client.api follows the names", () =>
    inWorld(cell, {}, async ({ client }) => {
      expect(await client.api.math.add({ a: 20, b: 22 })).toBe(42);
      expect(await client.api.plain.ping()).toBeUndefined();
      const stream = client.api.numbers.count({ to: 3 });
      const items: number[] = [];
      for await (const { n } of stream) items.push(n);
      expect([items, await stream]).toEqual([[1, 2, 3], { sent: 3 }]);
      const chat = client.api.chat.join({ room: "r" });
      await chat.send({ text: "t" });
      await chat.writable.close();
      expect(await chat).toEqual({ heard: 1 });
      await client.api.mouse.clicked({ x: 1, y: 2 });
    }));

  test("a prefixItems param makes positional arguments", () =>
    inWorld(cell, {}, async ({ client }) => {
      expect(await client.api.math.multiply(6, 7)).toBe(42);
      const signal = AbortSignal.abort();
      await expect(client.api.math.multiply(6, 7, { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    }));

  test("options come last", () => {
    const going = gate();
    return inWorld(
      cell,
      {
        handlers: {
          async "math/add"({ signal, metadata }) {
            expect(metadata).toEqual({ k: "v" });
            going.open();
            await aborted(signal);
            return 0;
          },
        },
      },
      async ({ client }) => {
        const controller = new AbortController();
        const options = { signal: controller.signal, metadata: { k: "v" } };
        const call = client.api.math.add({ a: 1, b: 1 }, options);
        await going.promise;
        controller.abort();
        await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
      },
    );
  });

  test("the proxy is a plain tree: nothing that nobody defined is there, and it can be awaited and logged", () =>
    inWorld(cell, {}, async ({ client }) => {
      const api = client.api as unknown as Record<string, Record<string, unknown>>;
      expect(Object.keys(api).sort()).toEqual([
        "bytes",
        "chat",
        "files",
        "math",
        "mouse",
        "numbers",
        "plain",
        "shop",
      ]);
      expect([api.nope, api.math?.nope, api.then, api.toString]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      expect(await client.api).toBe(client.api);
    }));

  test("a service is served beside the protocol, by name and version", () =>
    inWorld(cell, { server: { services: [serve(calculator, calculatorHandlers)] } }, async ({ client }) => {
      const calc = client.service(calculator);
      expect(await calc.add(10, 20)).toBe(30);
      expect(await calc.stats.mean([1, 2, 6])).toBe(3);
      const stream = calc.count(3);
      const items: number[] = [];
      for await (const n of stream) items.push(n);
      expect([items, await stream]).toEqual([[1, 2, 3], "done"]);
      expect(await client.request("math/add", { param: { a: 1, b: 1 } })).toBe(2);
      const { services } = await client.describe();
      expect(services.map(({ name, version }) => [name, version])).toEqual([
        [undefined, undefined],
        ["calculator", "1.2.0"],
      ]);
    }));

  test("versions live side by side, and the newest that fits is called", () => {
    const next = defineService({ ...calculator, version: "1.3.0" });
    const other = defineService({ ...calculator, version: "2.0.0" });
    const named = (version: string) => ({
      ...calculatorHandlers,
      // biome-ignore lint/correctness/useYield: a stream without items, whose result is all that counts here
      count: async function* () {
        return version;
      },
    });
    return inWorld(cell, {}, async ({ client, server }) => {
      server.expose(calculator, named("1.2.0"));
      server.expose(next, named("1.3.0"));
      server.expose(other, named("2.0.0"));
      const version = (service: typeof calculator) => client.service(service).count(0).drain();
      expect(await version(calculator)).toBe("1.3.0");
      expect(await version(other as unknown as typeof calculator)).toBe("2.0.0");
      expect(server.unexpose("calculator@1.3.0")).toBe(true);
      expect(await version(calculator)).toBe("1.2.0");
      expect(server.unexpose("calculator")).toBe(true);
      await expect(version(calculator)).rejects.toMatchObject({ code: "UNIMPLEMENTED", processed: "no" });
      expect(server.unexpose("calculator")).toBe(false);
    });
  });

  test("a client without a protocol calls by name, unchecked", () =>
    inWorld(cell, {}, async ({ wire, server }) => {
      const client = new Client({ transport: wire.transport(), codec: cell.codec });
      expect(await client.request("math/add", { param: { a: 1, b: 2 } })).toBe(3);
      expect(() => client.api).toThrow(TypeError);
      await until(() => server.connections.length === 2);
      await client.dispose();
    }));
});
