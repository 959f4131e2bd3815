/** The option `retry` of a client: whose calls it is for, what it takes, and that it ends with the client. */
import { type ProtocolDefinition, SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import { Client } from "../src/client.ts";
import type { ClientOptions } from "../src/client-options.ts";
import { inWorld, type WorldOptions } from "./world.ts";

const text = { type: "string" } as const;
const protocol = {
  get: { type: "request", param: text, result: text, idempotent: true },
  put: { type: "request", param: text, result: text },
} as const satisfies ProtocolDefinition;

/** The whole pause is waited for. */
const steady = { jitter: "none" } as const;

/** A world whose handlers fail `failures` times, then answer with how often they have run. */
function flaky(
  failures: number,
  client: Partial<ClientOptions<typeof protocol, ProtocolDefinition>> = {},
): { options: WorldOptions<typeof protocol>; runs(): number } {
  let runs = 0;
  const handler = (): string => {
    if (++runs <= failures) throw new SluiceError("ABORTED", "once more");
    return `run ${runs}`;
  };
  const options = {
    protocol,
    handlers: { get: handler, put: handler },
    client: { retry: steady, ...client },
  };
  return { options, runs: () => runs };
}

describe("Client repeats", () => {
  test("idempotent requests, however they are made", () =>
    inWorld(flaky(2).options, async ({ client, ...world }) => {
      const call = client.request("get", { param: "a" });
      await world.clock.advance(0);
      await client.ready;
      await world.clock.advance(300);
      expect(await call).toBe("run 3");
    }));

  test.each(["request", "api", "service"] as const)("calls of %s", (way) => {
    const { options, runs } = flaky(1);
    return inWorld(options, async (world) => {
      const { client } = world;
      const calls = {
        request: () => client.request("get", { param: "a" }),
        api: () => client.api.get("a"),
        service: () => client.service(protocol).get("a"),
      };
      const call = calls[way]();
      await world.until(client.ready);
      await world.advance(99);
      expect(runs()).toBe(1);
      await world.advance(1);
      expect(await world.until(call)).toBe("run 2");
    });
  });

  test("out of one budget for all of them, those of services too", () => {
    const budget = { burst: 2, ratio: 0, perSecond: 0 };
    const { options, runs } = flaky(100, { retry: { ...steady, budget } });
    return inWorld(options, async (world) => {
      const { client } = world;
      const calls = [
        client.request("get", { param: "a" }),
        client.service(protocol).get("a"),
        client.api.get("a"),
        client.service(protocol).get("a"),
      ];
      const failed = calls.map((call) => expect(call).rejects.toMatchObject({ code: "ABORTED" }));
      await world.until(client.ready);
      await world.advance(10_000);
      await Promise.all(failed);
      expect(runs()).toBe(4 + 2);
    });
  });

  test("nothing with `retry: false`, but a call that asks for it", () => {
    const { options, runs } = flaky(2, { retry: false });
    return inWorld(options, async (world) => {
      const { client } = world;
      const failed = client.request("get", { param: "a" });
      expect(await world.failure(failed)).toMatchObject({ code: "ABORTED" });
      const call = client.api.get("a", { retry: { attempts: 1, initial: 10, jitter: "none" } });
      await world.advance(10);
      expect(await world.until(call)).toBe("run 3");
      expect(runs()).toBe(3);
    });
  });

  test("no call that its server makes to it", () => {
    let runs = 0;
    const user = { ask: { type: "request", idempotent: true } } as const satisfies ProtocolDefinition;
    const handlers = {
      get: ({
        client: back,
      }: {
        readonly client: { service(served: typeof user): Record<string, unknown> };
      }) => {
        const { ask } = back.service(user) as { ask(param: undefined, options: object): Promise<unknown> };
        return ask(undefined, { retry: steady });
      },
      put: () => "",
    };
    const serving = { clientProtocol: user, server: { clientProtocol: user } };
    const ask = (): never => {
      runs++;
      throw new SluiceError("ABORTED", "once more");
    };
    const client = { clientProtocol: serving.clientProtocol, handlers: { ask }, retry: false } as const;
    return inWorld({ protocol, handlers, server: serving.server as object, client }, async (world) => {
      const call = world.client.request("get", { param: "a" });
      expect(await world.failure(call)).toMatchObject({ code: "ABORTED" });
      expect(runs).toBe(1);
    });
  });
});

describe("Client.dispose()", () => {
  test("ends calls that wait to be repeated at once, and is not kept by them", () => {
    const { options, runs } = flaky(100, { retry: { ...steady, initial: 60_000 } });
    return inWorld(options, async (world) => {
      const { client } = world;
      const call = client.request("get", { param: "a" });
      await world.until(client.ready);
      await world.run();
      const disposed = client.dispose();
      expect(await world.failure(call)).toMatchObject({
        code: "CANCELLED",
        message: "The client was disposed",
        processed: "maybe",
      });
      await world.until(disposed);
      expect(runs()).toBe(1);
    });
  });

  test("repeats nothing that fails from then on", () => {
    const { options, runs } = flaky(100);
    return inWorld(options, async (world) => {
      const { client } = world;
      await world.until(client.ready);
      const disposed = client.dispose();
      const failed = client.request("get", { param: "a" });
      expect(await world.failure(failed)).toBeInstanceOf(SluiceError);
      await world.until(disposed);
      expect(runs()).toBeLessThanOrEqual(1);
    });
  });
});

describe("Client refuses", () => {
  const transport = {
    name: "nowhere",
    connect: () => Promise.reject(new SluiceError("UNAVAILABLE", "there is nothing")),
    dispose: async () => {},
  };
  const make = (retry: unknown) => () =>
    new Client({ protocol, transport, retry } as ClientOptions<typeof protocol>);

  test.each([
    [
      { zebra: 1 },
      "retry.zebra of new Client(): it takes retry.attempts, retry.initial, retry.max, retry.factor",
    ],
    [{ budget: { busrt: 1 } }, "retry.budget.busrt of new Client(): it takes retry.budget.burst"],
    [{ perSecond: 1 }, "retry.perSecond of new Client(): did you mean retry.budget.perSecond?"],
  ])("%j in retry", (retry, message) => {
    expect(make(retry)).toThrow(TypeError);
    expect(make(retry)).toThrow(message);
  });

  test.each([
    [{ attempts: -1 }, "attempts -1"],
    [{ initial: 10, max: 5 }, "initial 10, max 5"],
    [{ budget: { ratio: -1 } }, "ratio -1"],
  ])("%j as retry", (retry, message) => {
    expect(make(retry)).toThrow(RangeError);
    expect(make(retry)).toThrow(message);
  });
});
