/** ServiceRegistry: which handler a name means, by service and version, while what is served changes. */
import { closures, defineService, type ProtocolDefinition } from "@sluice/protocol";
import { resolveLimits } from "@sluice/protocol/wire";
import { describe, expect, test } from "vitest";
import { CompiledServices, type ServedService, ServiceRegistry, serve } from "../src/service-registry.ts";
import { gate, inWorld } from "./world.ts";

const add = { type: "request", result: true } as const;

/** A service whose handlers give its version and their name. */
function service(name: string, version: string, procedures: readonly string[] = ["add"]): ServedService {
  const protocol: ProtocolDefinition = Object.fromEntries(procedures.map((procedure) => [procedure, add]));
  const handlers = Object.fromEntries(
    procedures.map((procedure) => [procedure, () => `${version} ${procedure}`]),
  );
  return serve(defineService({ name, version, protocol }), handlers as never);
}

function registryOf(...services: readonly ServedService[]): ServiceRegistry {
  const registry = new ServiceRegistry();
  for (const one of services) registry.addService(one);
  return registry;
}

const compiled = new CompiledServices({
  encoding: { kind: "structured" },
  side: "callee",
  validator: closures(),
  validate: "all",
  limits: resolveLimits(),
});

/** What the handler gives that `name` means. */
function answer(registry: ServiceRegistry, name: string): unknown {
  return registry.find(name, compiled)?.handler(undefined);
}

describe("ServiceRegistry finds", () => {
  const registry = registryOf(
    service("calc", "1.0.0"),
    service("calc", "1.3.0", ["add", "sub"]),
    service("calc", "2.0.0-rc.1"),
    service("calc", "1.2.5"),
    service("young", "0.1.2"),
    service("young", "0.2.0"),
  );

  test.each([
    ["calc/add", "1.3.0 add"],
    ["calc/sub", "1.3.0 sub"],
    ["calc@*/add", "1.3.0 add"],
    ["calc@^1/add", "1.3.0 add"],
    ["calc@^1.2/add", "1.3.0 add"],
    ["calc@^1.3.0/add", "1.3.0 add"],
    ["calc@^1.3.1/add", undefined],
    ["calc@1.0.0/add", "1.0.0 add"],
    ["calc@1.0.0/sub", undefined],
    ["calc@1.2/add", undefined],
    ["calc@^2/add", undefined],
    ["calc@^2.0.0-rc.1/add", "2.0.0-rc.1 add"],
    ["calc@2.0.0-rc.1/add", "2.0.0-rc.1 add"],
    ["young@^0.1.0/add", "0.1.2 add"],
    ["young@^0/add", "0.2.0 add"],
    ["young/add", "0.2.0 add"],
    ["calc@/add", undefined],
    ["calc@^/add", undefined],
    ["calc@latest/add", undefined],
    ["calc", undefined],
    ["calc/", undefined],
    ["add", undefined],
    ["/add", undefined],
    ["Calc/add", undefined],
    ["calc/add/", undefined],
    ["calc/constructor", undefined],
    ["constructor/add", undefined],
    ["__proto__", undefined],
    ["undefined/add", undefined],
    ["@/add", undefined],
  ])("%s: %s", (name, expected) => {
    expect(answer(registry, name)).toBe(expected);
    // From what it remembers now.
    expect(answer(registry, name)).toBe(expected);
  });

  test("the newest version that has the procedure", () => {
    const [old, young] = [service("calc", "1.0.0", ["add", "sub"]), service("calc", "1.1.0")];
    expect(answer(registryOf(old, young), "calc/sub")).toBe("1.0.0 sub");
    expect(answer(registryOf(young, old), "calc@^1/add")).toBe("1.1.0 add");
  });

  test("procedures of the server's own protocol by their bare names, before a service of that prefix", () => {
    const own = registryOf(service("calc", "1.0.0", ["add", "sub"]));
    own.addProtocol({ "calc/add": add, ping: add }, { "calc/add": () => "own", ping: () => "pong" });
    expect(["calc/add", "calc/sub", "calc@^1.0.0/add", "ping"].map((name) => answer(own, name))).toEqual([
      "own",
      "1.0.0 sub",
      "1.0.0 add",
      "pong",
    ]);
  });

  test("procedures under the name that rules and logs know: without the version", () => {
    const name = (asked: string) => registry.find(asked, compiled)?.procedure.name;
    expect(["calc/add", "calc@^1.0.0/add", "calc@2.0.0-rc.1/add"].map(name)).toEqual(
      Array(3).fill("calc/add"),
    );
  });

  test("names with slashes of their own", () => {
    const deep = registryOf(service("shop", "1.0.0", ["orders/place", "orders/lines/add"]));
    expect(answer(deep, "shop/orders/place")).toBe("1.0.0 orders/place");
    expect(answer(deep, "shop@^1/orders/lines/add")).toBe("1.0.0 orders/lines/add");
    expect(answer(deep, "shop/orders")).toBeUndefined();
  });

  test("also when more names were asked for than it remembers", () => {
    const small = registryOf(service("calc", "1.0.0"));
    for (let patch = 0; patch < 10_100; patch++) answer(small, `calc@^1.0.0+${patch}/add`);
    expect(answer(small, "calc@^1.0/add")).toBe("1.0.0 add");
    expect(answer(small, "calc@^1/add")).toBe("1.0.0 add");
  });
});

describe("ServiceRegistry changes", () => {
  test("what a name means, also one that was resolved before", () => {
    const registry = registryOf(service("calc", "1.0.0"));
    expect(answer(registry, "calc/add")).toBe("1.0.0 add");
    registry.addService(service("calc", "1.1.0"));
    expect(answer(registry, "calc/add")).toBe("1.1.0 add");
    expect(registry.removeService("calc@1.1.0")).toBe(true);
    expect(answer(registry, "calc/add")).toBe("1.0.0 add");
    expect(registry.removeService("calc")).toBe(true);
    expect(answer(registry, "calc/add")).toBeUndefined();
  });

  test("all versions of a name, or the one that was named", () => {
    const registry = registryOf(
      service("calc", "1.0.0"),
      service("calc", "2.0.0"),
      service("other", "1.0.0"),
    );
    expect(
      ["calc@3.0.0", "calc@", "calc@^1", "unknown", "", "constructor", "undefined"].map((name) =>
        registry.removeService(name),
      ),
    ).toEqual(Array(7).fill(false));
    expect(registry.removeService("calc@1.0.0")).toBe(true);
    expect(registry.removeService("calc@1.0.0")).toBe(false);
    expect(answer(registry, "calc/add")).toBe("2.0.0 add");
    expect(registry.removeService("calc")).toBe(true);
    expect(answer(registry, "other/add")).toBe("1.0.0 add");
  });

  test("never the server's own protocol", () => {
    const registry = new ServiceRegistry();
    registry.addProtocol({ "calc/add": add }, { "calc/add": () => "own" });
    expect(["", "calc", "undefined"].map((name) => registry.removeService(name))).toEqual([
      false,
      false,
      false,
    ]);
    expect(answer(registry, "calc/add")).toBe("own");
  });
});

describe("ServiceRegistry refuses", () => {
  test.each<[string, ProtocolDefinition, Record<string, unknown>, string]>([
    ["a handler that is missing", { "logs/watch": add }, {}, "Missing handler: logs/watch"],
    ["a handler that is undefined", { a: add }, { a: undefined }, "Missing handler: a"],
    ["a handler of the prototype", { constructor: add }, {}, "Missing handler: constructor"],
    ["a handler that is no function", { a: add }, { a: "b" }, "The handler of a is no function"],
    [
      "a handler too many",
      { a: add },
      { a: () => 1, b: () => 2 },
      "Unknown handler: b is not in the protocol",
    ],
  ])("%s", (_, protocol, handlers, message) => {
    const registry = new ServiceRegistry();
    expect(() => registry.addProtocol(protocol, handlers)).toThrow(new TypeError(message));
    const named = { service: { name: "calc", version: "1.0.0", protocol }, handlers: handlers as never };
    expect(() => registry.addService(named)).toThrow(new TypeError(message));
    expect(registry.describe(() => true)).toEqual([]);
  });

  test("a version that is served already, and serves the first on", () => {
    const registry = registryOf(service("calc", "1.0.0"));
    expect(() => registry.addService(service("calc", "1.0.0", ["sub"]))).toThrow(
      new TypeError("Cannot expose calc@1.0.0: it is exposed already"),
    );
    expect([answer(registry, "calc/add"), answer(registry, "calc/sub")]).toEqual(["1.0.0 add", undefined]);
    registry.removeService("calc");
    registry.addService(service("calc", "1.0.0", ["sub"]));
    expect(answer(registry, "calc/sub")).toBe("1.0.0 sub");
  });
});

describe("ServiceRegistry describes", () => {
  test("services in the order in which they came, procedures that are shown, under their own names", () => {
    const registry = registryOf(service("calc", "1.0.0", ["add", "sub"]), service("hidden", "1.0.0"));
    registry.addProtocol({ ping: add }, { ping: () => 1 });
    const asked: string[] = [];
    const described = registry.describe((name) => {
      asked.push(name);
      return name !== "calc/sub" && !name.startsWith("hidden/");
    });
    expect(asked).toEqual(["calc/add", "calc/sub", "hidden/add", "ping"]);
    expect(described).toEqual([
      { name: "calc", version: "1.0.0", procedures: { add } },
      { procedures: { ping: add } },
    ]);
  });

  test("schemas of a Standard Schema as JSON Schema, in slots and errors", () => {
    const integer = { type: "integer" } as const;
    const standard = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input: () => integer, output: () => integer },
      },
    };
    const registry = new ServiceRegistry();
    const errors = { NO: { data: standard }, NEVER: {} };
    registry.addProtocol({ a: { type: "request", param: standard, errors } } as ProtocolDefinition, {
      a: () => 1,
    });
    expect(registry.describe(() => true)).toEqual([
      {
        procedures: { a: { type: "request", param: integer, errors: { NO: { data: integer }, NEVER: {} } } },
      },
    ]);
  });
});

describe("a server that runs", () => {
  test("exposes and unexposes; calls that run go on", async () => {
    const going = gate();
    const calc = defineService({ name: "calc", version: "1.0.0", protocol: { add, wait: add } });
    await inWorld({ public: true }, async (world) => {
      const { server } = world;
      const client = world.connect();
      const missing = { code: "UNIMPLEMENTED", processed: "no", origin: "remote" };
      expect(await world.failure(client.request("calc/add"))).toMatchObject(missing);
      const handlers = { add: () => "added", wait: () => going.promise.then(() => "waited") };
      expect(server.expose(calc, handlers)).toBe(server);
      expect(await world.until(client.service(calc).add())).toBe("added");
      const running = client.service(calc).wait();
      await world.run();
      expect([server.unexpose("calc@2.0.0"), server.unexpose("calc")]).toEqual([false, true]);
      expect(await world.failure(client.service(calc).add())).toMatchObject(missing);
      expect(server.unexpose("calc")).toBe(false);
      going.open();
      expect(await world.until(running)).toBe("waited");
      expect(() => server.expose(calc, { add: () => 1 } as never)).toThrow("Missing handler: wait");
    });
  });
});
