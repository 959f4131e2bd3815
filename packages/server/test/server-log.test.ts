/** What a server logs, and where: faults of handlers, once, with the reference that the caller got. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { SluiceError } from "@sluice/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type AnyClient, gate, inWorld, type World, type WorldOptions } from "./world.ts";

const text = { type: "string" } as const;
const protocol = {
  work: { type: "request", param: text, result: text, errors: { NO_STOCK: { data: { type: "integer" } } } },
  items: { type: "stream", receive: text },
  seen: { type: "event", data: text },
} as const satisfies ProtocolDefinition;

const fault = new Error("the tube at shelf 7 has burst");
const fail = (): never => {
  throw fault;
};
const handlers: NonNullable<WorldOptions["handlers"]> = { work: fail, items: fail, seen: fail };

const levels = ["trace", "debug", "info", "log", "warn", "error"] as const;
let printed: [string, ...unknown[]][];

beforeEach(() => {
  printed = [];
  for (const level of levels) {
    vi.spyOn(console, level).mockImplementation((...args) => void printed.push([level, ...args]));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A server that was given no logger. */
const silent: WorldOptions = { protocol, handlers, public: true, logger: undefined as never };

/** The reference that the caller was told. */
function referenceIn({ message }: SluiceError): string {
  const reference = /^The handler failed \(reference ([0-9a-f-]{36})\)$/.exec(message)?.[1];
  if (reference === undefined) throw new Error(`There is no reference in: ${message}`);
  return reference;
}

const faultyCalls: [string, (client: AnyClient) => PromiseLike<unknown>][] = [
  ["work", (client) => client.request("work", { param: "a" })],
  ["items", (client) => client.stream("items").result],
];

describe("without a logger", () => {
  test.each(faultyCalls)(
    "a fault of %s reaches console.error, once, with the caller's reference",
    (name, call) =>
      inWorld(silent, async (world) => {
        const error = await world.failure(call(world.connect()));
        expect(error).toMatchObject({
          code: "INTERNAL",
          processed: "maybe",
          retryable: false,
          origin: "remote",
        });
        await world.run();
        const fields = { reference: referenceIn(error), error: fault };
        expect(printed).toEqual([["error", `sluice: The handler of ${name} failed`, fields]]);
      }),
  );

  test("two faults have two references", () =>
    inWorld(silent, async (world) => {
      const client = world.connect();
      const references = [];
      for (let call = 0; call < 2; call++) {
        references.push(referenceIn(await world.failure(client.request("work", { param: "a" }))));
      }
      expect(new Set(references).size).toBe(2);
      expect(printed.map(([, , fields]) => (fields as { reference: string }).reference)).toEqual(references);
    }));

  test("a result that cannot be sent is such a fault", () =>
    inWorld({ ...silent, handlers: { ...handlers, work: () => 1 } }, async (world) => {
      const error = await world.failure(world.connect().request("work", { param: "a" }));
      const [[level, , fields] = []] = printed;
      expect([printed.length, level]).toEqual([1, "error"]);
      const { reference, error: logged } = fields as { reference: string; error: Error };
      expect(reference).toBe(referenceIn(error));
      expect(logged).toMatchObject({
        message: expect.stringContaining("cannot be sent"),
        cause: { code: "INVALID_ARGUMENT" },
      });
    }));

  test.each<[string, unknown]>([
    ["declared errors", new SluiceError("NO_STOCK", "none left", { data: 0 })],
    ["errors of Sluice's own", new SluiceError("NOT_FOUND", "no such shelf")],
  ])("%s are no faults", (_, thrown) =>
    inWorld(
      {
        ...silent,
        handlers: {
          ...handlers,
          work() {
            throw thrown;
          },
        },
      },
      async (world) => {
        const { code, message } = thrown as SluiceError;
        expect(
          await world.failure(world.connect({ protocol }).request("work", { param: "a" })),
        ).toMatchObject({
          code,
          message,
        });
        expect(printed).toEqual([]);
      },
    ),
  );

  test("what is worth no more than information is not printed", () =>
    inWorld({ ...silent, authenticate: fail }, async (world) => {
      expect(await world.failure(world.connect({ protocol }).ready)).toMatchObject({
        code: "UNAUTHENTICATED",
      });
      expect(printed).toEqual([]);
    }));

  test("a handler that ignores the shutdown is warned about", async () => {
    const going = gate();
    await inWorld(
      { ...silent, handlers: { ...handlers, work: () => going.promise }, drainTimeout: 0 },
      async (world) => {
        const call = world
          .connect()
          .request("work", { param: "a" })
          .catch(() => {});
        await world.run();
        await world.until(world.server.dispose());
        expect(printed).toEqual([
          ["warn", expect.stringMatching(/^sluice: 1 handler ignores .*: work for /), expect.anything()],
        ]);
        going.open();
        await world.until(call);
      },
    );
  });

  test("handlers log to the console, too", () => {
    const work = ({ log }: { log: Record<string, (message: string, fields?: object) => void> }): string => {
      for (const level of ["trace", "debug", "info", "warn", "error"]) log[level]?.(`my ${level}`, { a: 1 });
      return "";
    };
    return inWorld({ ...silent, handlers: { ...handlers, work } }, async (world) => {
      await world.until(world.connect().request("work", { param: "a" }));
      expect(printed).toEqual([
        ["warn", "sluice: my warn", { a: 1 }],
        ["error", "sluice: my error", { a: 1 }],
      ]);
    });
  });
});

describe("a logger", () => {
  test.each(faultyCalls)("is told of a fault of %s instead of the console", (name, call) =>
    inWorld({ protocol, handlers, public: true }, async (world) => {
      const error = await world.failure(call(world.connect()));
      const fields = { reference: referenceIn(error), error: fault };
      expect(world.log.filter(({ level }) => level === "error")).toEqual([
        { level: "error", message: `The handler of ${name} failed`, fields },
      ]);
      expect(printed).toEqual([]);
    }),
  );

  test("that fails itself changes nothing for the caller", () => {
    const logger = { trace: fail, debug: fail, info: fail, warn: fail, error: fail };
    return inWorld({ protocol, handlers, public: true, logger }, async (world) => {
      const client = world.connect();
      referenceIn(await world.failure(client.request("work", { param: "a" })));
      await world.until(client.event("seen", { data: "a" }));
    });
  });
});

describe("an event's handler that fails", () => {
  async function expectLogged(world: World): Promise<void> {
    const client = world.connect();
    await world.until(client.event("seen", { data: "a" }));
    await world.run();
    const reference = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const fields = { reference, error: fault };
    expect(world.log.filter(({ level }) => level === "error")).toEqual([
      { level: "error", message: "The handler of seen failed", fields },
    ]);
    expect(world.server.connections[0]).toMatchObject({ runningHandlers: 0 });
  }

  test.each<[string, () => unknown]>([
    ["at once", fail],
    ["later", async () => fail()],
    ["with an error of Sluice's own", fail],
  ])("%s: the caller's promise resolves, and the fault is logged", (_, seen) =>
    inWorld({ protocol, handlers: { ...handlers, seen }, public: true }, expectLogged),
  );
});
