/** Which calls of a connection the rules let through, what refuses them when, and with which code. */
import { defineService, SluiceError } from "@sluice/protocol";
import { describe, expect, test } from "vitest";
import type { AccessRules } from "../src/access.ts";
import { serve } from "../src/service-registry.ts";
import { all, counting, outcomes, protocol } from "./counting-server.ts";
import { gate, inWorld, type World, type WorldOptions } from "./world.ts";

describe("access", () => {
  const people: Record<string, unknown> = {
    ada: { id: "ada", roles: ["admin"] },
    bob: { id: "bob", roles: [] },
  };
  const authenticate = (credentials: unknown): unknown => people[credentials as string];

  test("refuses with PERMISSION_DENIED whom it knows, with UNAUTHENTICATED whom it does not", () => {
    const access: AccessRules = { read: ["role:admin"], "files/*": ["role:admin"], seen: ["role:admin"] };
    const { ran, options } = counting({ authenticate, access });
    return inWorld(options, async (world) => {
      expect(await outcomes(world, "bob")).toEqual({ ...all("PERMISSION_DENIED, no"), $describe: "served" });
      expect(await outcomes(world, "nobody")).toEqual({ ...all("UNAUTHENTICATED, no"), $describe: "served" });
      expect(ran()).toBe(0);
      expect(await outcomes(world, "ada")).toEqual(all("served"));
    });
  });

  test("without a predicate decides before the param is looked at", () => {
    const { ran, options } = counting({ authenticate, access: { read: ["role:admin"], seen: false } });
    return inWorld(options, async (world) => {
      const [bob, ada] = ["bob", "ada"].map((credentials) =>
        world.connect({ credentials, validate: "none" }),
      );
      const wrong = { param: { this: "is no text" } };
      const denied = { code: "PERMISSION_DENIED", processed: "no" };
      expect(await world.failure((bob as typeof ada & object).request("read", wrong))).toMatchObject(denied);
      expect(await world.failure((bob as typeof ada & object).event("seen", { data: 1 }))).toMatchObject(
        denied,
      );
      const invalid = { code: "INVALID_ARGUMENT", processed: "no" };
      expect(await world.failure((ada as typeof bob & object).request("read", wrong))).toMatchObject(invalid);
      expect(ran()).toBe(0);
    });
  });

  test("with a predicate decides about params that fit only", () => {
    const asked: unknown[] = [];
    const access: AccessRules = {
      read: ({ param, procedure, kind, metadata, identity }) => {
        asked.push([param, procedure, kind, metadata, identity]);
        return param !== "secret";
      },
    };
    const { ran, options } = counting({ authenticate, access });
    return inWorld(options, async (world) => {
      const client = world.connect({ credentials: "bob", validate: "none" });
      const metadata = { trace: "7" };
      expect(await world.failure(client.request("read", { param: 1 }))).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
      expect(asked).toEqual([]);
      expect(await world.until(client.request("read", { param: "news", metadata }))).toBe("run 1");
      expect(await world.failure(client.request("read", { param: "secret" }))).toMatchObject({
        code: "PERMISSION_DENIED",
        processed: "no",
      });
      expect(asked).toEqual([
        ["news", "read", "request", metadata, people.bob],
        ["secret", "read", "request", {}, people.bob],
      ]);
      expect(ran()).toBe(1);
    });
  });

  const secret = new Error("the secret rule");
  const quota = new SluiceError("OUT_OF_RANGE", "your quota", { processed: "no" });
  test.each<[string, () => unknown, string, number]>([
    ["true", () => true, "served", 0],
    ["a promise of true", async () => true, "served", 0],
    ["false", () => false, "PERMISSION_DENIED", 0],
    ["a promise of false", async () => false, "PERMISSION_DENIED", 0],
    ["a promise of what is not quite true", async () => 1, "PERMISSION_DENIED", 0],
    ["what is not quite true", () => 1, "PERMISSION_DENIED", 1],
    ["nothing", () => undefined, "PERMISSION_DENIED", 1],
    [
      "a throw",
      () => {
        throw secret;
      },
      "PERMISSION_DENIED",
      1,
    ],
    ["a promise that fails", () => Promise.reject(secret), "PERMISSION_DENIED", 1],
    ["an error of its own", () => Promise.reject(quota), "OUT_OF_RANGE", 0],
  ])("a predicate gives %s", (_, predicate, outcome, faults) => {
    const { ran, options } = counting({ authenticate, access: { read: predicate as never } });
    return inWorld(options, async (world) => {
      const call = world.connect({ credentials: "bob" }).request("read", { param: "a" });
      const settled = await world.until(
        call.then(
          () => "served",
          (reason: SluiceError) => reason,
        ),
      );
      if (outcome === "served") expect([settled, ran()]).toEqual(["served", 1]);
      else {
        expect(settled).toMatchObject({ code: outcome, processed: "no" });
        expect((settled as SluiceError).message).not.toContain("secret");
        expect(ran()).toBe(0);
      }
      expect(world.complaints).toEqual(Array(faults).fill("The guard of read failed"));
    });
  });

  test("a handler waits for its predicate, and does not run when its caller has left meanwhile", async () => {
    const deciding = gate<boolean>();
    const { ran, options } = counting({ access: { read: () => deciding.promise } });
    await inWorld(options, async (world) => {
      const client = world.connect();
      const patient = client.request("read", { param: "a" });
      const controller = new AbortController();
      const impatient = client
        .request("read", { param: "b", signal: controller.signal })
        .catch((error) => error);
      await world.run();
      expect(ran()).toBe(0);
      controller.abort();
      expect(await world.until(impatient)).toMatchObject({ code: "CANCELLED" });
      deciding.open(true);
      expect(await world.until(patient)).toBe("run 1");
      await world.run();
      expect([ran(), world.server.connections[0]?.runningHandlers]).toEqual([1, 0]);
    });
  });

  test("knows the procedures of a service as service/procedure, in all its versions", () => {
    const calculator = (version: string) =>
      serve(defineService({ name: "calculator", version, protocol: { read: protocol.read } }), {
        read: () => version,
      }) as unknown as NonNullable<WorldOptions["services"]>[number];
    const services = [calculator("1.0.0"), calculator("2.0.0")];
    const outcome = async (world: World, name: string): Promise<string> => {
      const call = world.connect({ protocol: undefined as never }).request(name, { param: "a" });
      return world.until(call.then(String, (reason: SluiceError) => reason.code));
    };
    const names = ["read", "calculator/read", "calculator@1.0.0/read", "calculator@^2/read"];
    const expected: [AccessRules, string[]][] = [
      // A rule for a procedure of the server's own opens nothing of a service.
      [{ read: true }, ["run 1", "UNAUTHENTICATED", "UNAUTHENTICATED", "UNAUTHENTICATED"]],
      [{ "calculator/read": true }, ["UNAUTHENTICATED", "2.0.0", "1.0.0", "2.0.0"]],
      [{ "calculator/*": true }, ["UNAUTHENTICATED", "2.0.0", "1.0.0", "2.0.0"]],
      [
        { "*": true, "calculator/read": false },
        ["run 1", "UNAUTHENTICATED", "UNAUTHENTICATED", "UNAUTHENTICATED"],
      ],
    ];
    return (async () => {
      for (const [access, answers] of expected) {
        await inWorld(counting({ access, services }).options, async (world) => {
          const found: string[] = [];
          for (const name of names) found.push(await outcome(world, name));
          expect(found, JSON.stringify(access)).toEqual(answers);
        });
      }
    })();
  });

  test("describe() leaves out what the peer can never call", () => {
    const access: AccessRules = { read: ["role:admin"], "files/*": () => false, seen: false };
    return inWorld(counting({ authenticate, access }).options, async (world) => {
      const names = async (credentials: string): Promise<string[]> => {
        const { services } = await world.until(world.connect({ credentials }).describe());
        return services.flatMap(({ procedures }) => Object.keys(procedures));
      };
      expect(await names("bob")).toEqual(["files/list", "files/put"]);
      expect(await names("ada")).toEqual(["read", "files/list", "files/put"]);
    });
  });
});
