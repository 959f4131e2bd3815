/** Server: what it refuses to be made of, what it serves, and how many. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import {
  type Frame,
  FrameType,
  type Link,
  type Listener,
  standardUtf8,
  type Transport,
} from "@sluice/protocol/wire";
import { memoryTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";
import { Server } from "../src/server.ts";
import { gate, inWorld, type WorldOptions } from "./world.ts";

const protocol = {
  "logs/watch": { type: "stream", receive: { type: "string" } },
  ping: { type: "request", result: { type: "string" } },
} as const satisfies ProtocolDefinition;
const handlers = { "logs/watch": () => undefined, ping: () => "pong" };
const served: WorldOptions = { protocol, handlers, public: true };

describe("Server refuses", () => {
  const { ping } = handlers;
  test.each<[string, unknown, typeof TypeError | typeof RangeError, RegExp]>([
    [
      "a handler that is missing",
      { protocol, handlers: { ping } },
      TypeError,
      /^Missing handler: logs\/watch$/,
    ],
    ["no handlers at all", { protocol }, TypeError, /^Missing handler: logs\/watch$/],
    [
      "an unknown handler",
      { protocol, handlers: { ...handlers, eat: ping } },
      TypeError,
      /^Unknown handler: eat/,
    ],
    ["handlers without a protocol", { handlers }, TypeError, /^handlers need their protocol$/],
    [
      "a handler that is no function",
      { protocol, handlers: { ...handlers, ping: 1 } },
      TypeError,
      /ping is no function/,
    ],
    ["a protocol that is none", { protocol: [] }, TypeError, /^A protocol is an object/],
    ["a procedure that is none", { protocol: { a: { type: "question" } } }, TypeError, /"?a"?/],
    [
      "a rule that is none",
      { protocol, handlers, access: { "logs*": true } },
      TypeError,
      /^Invalid access pattern "logs\*"/,
    ],
    ["a limit out of its range", { limits: { maxConnections: 0 } }, RangeError, /^limits\.maxConnections/],
    ["a time out of its range", { drainTimeout: -1 }, RangeError, /^drainTimeout/],
    ["a name above 256 bytes", { name: "x".repeat(257) }, RangeError, /256 bytes/],
  ])("%s", (_, options, kind, message) => {
    let accepted = 0;
    const transport = { ...memoryTransport().server, accept: () => ++accepted };
    const make = (): unknown => new Server({ transport, ...(options as object) } as never);
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
    expect(accepted).toBe(0);
  });

  const of = "of new Server()";
  test.each<[string, unknown, string]>([
    ["a misspelt one", { handler: handlers }, `handler ${of}: did you mean handlers?`],
    ["one that has a value of false", { Public: false }, `Public ${of}: did you mean public?`],
    [
      "a misspelt limit",
      { limits: { connections: 1 } },
      `limits.connections ${of}: did you mean limits.maxConnections?`,
    ],
    ["a limit beside limits", { maxCalls: 1 }, `maxCalls ${of}: did you mean limits.maxCalls?`],
    [
      "a time in limits",
      { limits: { drainTimeout: 1 } },
      `limits.drainTimeout ${of}: did you mean drainTimeout?`,
    ],
  ])("an option that it does not know: %s", (_, options, message) => {
    const make = (): unknown => new Server({ protocol, handlers, ...(options as object) } as never);
    expect(make).toThrow(new TypeError(`Unknown option ${message}`));
  });

  test("one that resembles none, and says which there are", () => {
    const make = (): unknown => new Server({ telemetry: {} } as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(
      /^Unknown option telemetry of new Server\(\): it takes protocol, handlers, .*limits, /,
    );
  });

  test("no option whose value is undefined", () => {
    new Server({ telemetry: undefined, limits: undefined } as never);
  });

  test.each([undefined, null, 3000])("%s instead of options", (options) => {
    const make = (): unknown => Reflect.construct(Server, options === undefined ? [] : [options]);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(/^new Server\(\) needs options: .*new Server\(\{ protocol, handlers/);
  });

  test("a transport that only connects", () => {
    const server = new Server({});
    const transport: Transport = { name: "oneway", connect: () => Promise.reject(), dispose: async () => {} };
    expect(() => server.handle(transport)).toThrow(
      new TypeError("Cannot serve a oneway transport: it only connects"),
    );
  });
});

describe("Server serves", () => {
  test("any number of transports, before and after each other", () =>
    inWorld(served, async (world) => {
      const other = memoryTransport({ clock: world.clock });
      world.server.handle(other.server);
      const clients = [world.connect(), world.connect({ transport: other.client })];
      for (const client of clients) expect(await world.until(client.request("ping"))).toBe("pong");
      expect(new Set(world.server.connections.map(({ id }) => id)).size).toBe(2);
    }));

  test("nothing without a protocol", () =>
    inWorld({ public: true }, async (world) => {
      const client = world.connect();
      expect(await world.failure(client.request("ping"))).toMatchObject({
        code: "UNIMPLEMENTED",
        processed: "no",
      });
      expect(await world.until(client.describe())).toEqual({ server: "server", services: [] });
    }));

  test("handlers inside of its middleware, in the order in which that was added", () => {
    const seen: string[] = [];
    return inWorld(served, async (world) => {
      const client = world.connect();
      await world.until(client.ready);
      for (const name of ["outer", "inner"]) {
        world.server.use(async ({ procedure, kind }, next) => {
          seen.push(`${name} ${kind} ${procedure}`);
          return `${await next()} ${name}`;
        });
      }
      expect(await world.until(client.request("ping"))).toBe("pong inner outer");
      expect(seen).toEqual(["outer request ping", "inner request ping"]);
    });
  });
});

/** A listener that listens when it is told to. */
class SlowListener implements Listener {
  readonly opening = gate<string>();
  closed = 0;
  onLink: ((link: Link) => void) | undefined;
  listen(onLink: (link: Link) => void): Promise<string> {
    this.onLink = onLink;
    return this.opening.promise;
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

describe("Server.listen()", () => {
  test("gives the addresses in order, and serves who comes there", () =>
    inWorld(served, async (world) => {
      const listeners = [new SlowListener(), new SlowListener()];
      const listening = world.server.listen(...listeners);
      for (const [at, { opening }] of listeners.entries()) opening.open(`memory:${at}`);
      expect(await world.until(listening)).toEqual(["memory:0", "memory:1"]);
      const other = memoryTransport({ clock: world.clock });
      other.server.accept?.((link) => listeners[1]?.onLink?.(link));
      const client = world.connect({ transport: other.client });
      expect(await world.until(client.request("ping"))).toBe("pong");
      await world.until(world.server.dispose());
      expect(listeners.map(({ closed }) => closed)).toEqual([1, 1]);
    }));

  test("that is overtaken by the end listens no more", () =>
    inWorld(served, async (world) => {
      const listener = new SlowListener();
      const listening = world.server.listen(listener).catch((error) => error);
      await world.until(world.server.dispose());
      listener.opening.open("memory:late");
      expect(await world.until(listening)).toMatchObject({ code: "FAILED_PRECONDITION", processed: "no" });
      expect(listener.closed).toBe(1);
    }));

  test("and handle() are refused after the end", () =>
    inWorld(served, async (world) => {
      await world.until(world.server.dispose());
      const over = { code: "FAILED_PRECONDITION", message: "Cannot serve: the server is disposed" };
      expect(await world.failure(world.server.listen("memory:late"))).toMatchObject(over);
      expect(() => world.server.handle(world.link.server)).toThrow(expect.objectContaining(over));
    }));

  test.each<unknown>([undefined, { port: 3000 }, { tls: {} }, 3000])(
    "rejects for %j, which is neither an address nor a listener, and listens nowhere",
    (where) =>
      inWorld(served, async (world) => {
        const listener = new SlowListener();
        const error = await world.failure(world.server.listen(listener, where as string));
        expect(error).toBeInstanceOf(TypeError);
        expect(error.message).toMatch(/^listen\(\) takes addresses, .* and listeners, /);
        expect(listener.onLink).toBeUndefined();
      }),
  );

  test("rejects for an address that is none, and what listens goes on", () =>
    inWorld(served, async (world) => {
      const listener = new SlowListener();
      listener.opening.open("memory:first");
      expect(await world.failure(world.server.listen(listener, "nonsense"))).toMatchObject({
        code: "INVALID_ARGUMENT",
      });
      expect(listener.closed).toBe(0);
      await world.until(world.server.dispose());
      expect(listener.closed).toBe(1);
    }));
});

/** A link whose peer neither says anything nor leaves. */
class StuckLink implements Link {
  readonly kind = "structured";
  readonly info = { transport: "stuck" };
  readonly utf8 = standardUtf8;
  readonly room = 1;
  readonly sent: number[] = [];
  destroyed = 0;
  receive(): void {}
  send({ type }: Frame): number {
    this.sent.push(type);
    return 0;
  }
  close(): void {}
  destroy(): void {
    this.destroyed++;
  }
}

describe("Server beyond limits.maxConnections", () => {
  const limited: WorldOptions = { ...served, limits: { maxConnections: 2 } };
  const told = "Cannot take the connection: 2 of 2 are open (limits.maxConnections)";

  test("tells the client so, emits `refused`, and keeps nothing of it", () =>
    inWorld(limited, async (world) => {
      const refused: unknown[] = [];
      world.server.on("refused", ({ transport, error }) =>
        refused.push([transport, error.code, error.message]),
      );
      const [first, second] = [world.connect(), world.connect()];
      await world.until(Promise.all([first?.ready, second?.ready]));
      for (let turn = 0; turn < 5; turn++) {
        const error = await world.failure(world.connect().request("ping"));
        expect(error).toMatchObject({
          code: "RESOURCE_EXHAUSTED",
          message: told,
          processed: "no",
          origin: "remote",
        });
        expect(error.retryable).toBe(true);
      }
      expect(refused).toEqual(Array(5).fill(["memory", "RESOURCE_EXHAUSTED", told]));
      expect(world.server.connections.length).toBe(2);
      expect(world.clock.nextTimerMs).toBeUndefined();
    }));

  test("takes the next when one has gone; a client that may comes again by itself", () =>
    inWorld(limited, async (world) => {
      const [first] = [world.connect(), world.connect()];
      await world.run();
      const patient = world.connect({ reconnect: { jitter: "none" } });
      const call = patient.request("ping");
      await world.run();
      expect(patient.status).toBe("connecting");
      await world.until(first?.dispose() as Promise<void>);
      await world.advance(100);
      expect(await world.until(call)).toBe("pong");
    }));

  test("counts who is just shaking hands, and not any more when that has failed", async () => {
    const deciding = gate<never>();
    await inWorld(
      { ...limited, authenticate: () => deciding.promise, handshakeTimeout: 200 },
      async (world) => {
        const arriving = [world.connect(), world.connect()];
        await world.run();
        expect(world.server.connections).toEqual([]);
        expect(await world.failure(world.connect().ready)).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
        await world.advance(200);
        expect(arriving.map(({ status }) => status)).toEqual(["closed", "closed"]);
        const next = world.connect();
        await world.run();
        expect(next.status).toBe("connecting");
      },
    );
  });

  test("cuts off a peer that does not leave when it was told", async () => {
    const clock = new FakeClock();
    const full = new Server({ clock, public: true, limits: { maxConnections: 1 } });
    const links = [new StuckLink(), new StuckLink()] as const;
    full.handle({
      name: "stuck",
      connect: () => Promise.reject(),
      accept: (onLink) => links.forEach(onLink),
      dispose: async () => {},
    });
    const [, refused] = links;
    expect(refused.sent).toEqual([FrameType.CLOSE]);
    await clock.advance(4_999);
    expect(refused.destroyed).toBe(0);
    await clock.advance(1);
    expect(refused.destroyed).toBe(1);
    await clock.advance(5_000);
    expect(clock.nextTimerMs).toBeUndefined();
  });
});
