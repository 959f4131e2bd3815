/** Links that break while a server drains: who has calls that run may come back to them, nobody else is let in. */
import type { ProtocolDefinition } from "@sluice/protocol";
import { FrameType } from "@sluice/protocol/wire";
import { memoryTransport } from "@sluice/transport-memory";
import { describe, expect, test } from "vitest";
import { type AnyClient, aborted, gate, inWorld, type World, type WorldOptions } from "./world.ts";

const protocol = {
  wait: { type: "request", result: { type: "string" } },
  ping: { type: "request", result: { type: "string" } },
} as const satisfies ProtocolDefinition;

function waiting(options: WorldOptions = {}) {
  const going = gate<string>();
  const reasons: unknown[] = [];
  let started = 0;
  const handlers = {
    ping: () => "pong",
    wait: ({ signal }: { signal: AbortSignal }) => {
      started++;
      void aborted(signal).then((reason) => reasons.push(reason));
      return going.promise;
    },
  };
  return {
    going,
    reasons,
    started: () => started,
    options: { protocol, handlers, public: true, ...options },
  };
}

/** Who comes and goes at the server. */
function watched({ server }: World): string[] {
  const told: string[] = [];
  server.on("detached", () => told.push("detached"));
  server.on("resumed", () => told.push("resumed"));
  server.on("disconnected", () => told.push("disconnected"));
  server.on("refused", ({ error }) => told.push(`refused ${error.code} ${error.processed}`));
  return told;
}

/** A client that comes back at once, and how to break its links. */
function breaking(world: World): { readonly client: AnyClient; breakLink(): void } {
  const links: { destroy(): void }[] = [];
  const { client: inside } = world.link;
  const transport: typeof inside = {
    name: inside.name,
    async connect(options) {
      const link = await inside.connect(options);
      links.push(link);
      return link;
    },
    dispose: () => inside.dispose(),
  };
  const client = world.connect({ transport, reconnect: { jitter: "none", initial: 10 } });
  return { client, breakLink: () => links.at(-1)?.destroy() };
}

/** Whether `promise` has settled. */
function watch(promise: Promise<unknown>): () => boolean {
  let isDone = false;
  void promise.then(() => {
    isDone = true;
  });
  return () => isDone;
}

describe("a link that breaks while the server drains", () => {
  test("SE-11 costs a running call nothing: it is found again, and its result arrives; the drain waits for that", async () => {
    const { going, reasons, started, options } = waiting();
    await inWorld(options, async (world) => {
      const told = watched(world);
      const { client, breakLink } = breaking(world);
      const call = client.request("wait");
      await world.run();
      const drained = world.server.drain();
      const isDone = watch(drained);
      await world.run();
      for (let times = 0; times < 3; times++) {
        breakLink();
        await world.run();
        expect([client.status, world.server.connections.length]).toEqual(["reconnecting", 0]);
        await world.advance(1_000);
        expect([client.status, world.server.connections.length]).toEqual(["draining", 1]);
      }
      expect([isDone(), reasons, started()]).toEqual([false, [], 1]);
      going.open("well");
      expect(await world.until(call)).toBe("well");
      await world.advance(50);
      expect([isDone(), await drained]).toEqual([true, true]);
      await world.run();
      const back = ["detached", "resumed"];
      expect(told).toEqual([...back, ...back, ...back, "disconnected"]);
    });
  });

  test("SE-11 also if it broke before, and if the handler has returned while it was away", async () => {
    const { going, reasons, options } = waiting();
    await inWorld(options, async (world) => {
      const { client, breakLink } = breaking(world);
      const call = client.request("wait");
      await world.run();
      breakLink();
      await world.run();
      const drained = world.server.drain();
      const isDone = watch(drained);
      going.open("well");
      await world.run();
      expect([isDone(), world.server.connections]).toEqual([false, []]);
      await world.advance(10);
      expect(await world.until(call)).toBe("well");
      await world.advance(50);
      expect([await world.until(drained), reasons]).toEqual([true, []]);
    });
  });

  test("ends a session without running calls at once, and refuses its client: there is nothing to come back to", async () => {
    const { going, options } = waiting();
    await inWorld(options, async (world) => {
      const busy = world.connect();
      const call = busy.request("wait");
      const { client, breakLink } = breaking(world);
      expect(await world.until(client.request("ping"))).toBe("pong");
      await world.advance(50);
      const drained = world.server.drain();
      await world.run();
      const told = watched(world);
      breakLink();
      await world.advance(10);
      expect(told).toEqual(["detached", "disconnected", "refused UNAVAILABLE no"]);
      going.open("well");
      expect(await world.until(call)).toBe("well");
      await world.advance(50);
      expect(await drained).toBe(true);
    });
  });

  test("ends one that had none before it began, whatever else runs", async () => {
    const { going, options } = waiting();
    await inWorld(options, async (world) => {
      const told = watched(world);
      const call = world.connect().request("wait");
      const { client, breakLink } = breaking(world);
      await world.until(client.ready);
      breakLink();
      await world.run();
      const drained = world.server.drain();
      await world.run();
      expect(told).toEqual(["detached", "disconnected"]);
      going.open("well");
      expect(await world.until(call)).toBe("well");
      await world.advance(50);
      expect(await drained).toBe(true);
    });
  });

  test("sends a client with several addresses elsewhere, with the calls that wait", async () => {
    const { going, options } = waiting();
    await inWorld(options, async (world) => {
      const other = memoryTransport({ clock: world.clock });
      const busy = world.connect();
      const call = busy.request("wait");
      await world.run();
      const successor = waiting({ transport: other.server });
      await inWorld({ ...successor.options, transport: other.server, clock: world.clock }, async (second) => {
        const drained = world.server.drain();
        await world.run();
        const late = world.connect({ transport: [world.link.client, other.client] });
        expect(await world.until(late.request("ping"))).toBe("pong");
        expect(second.server.connections).toHaveLength(1);
        going.open("well");
        expect(await world.until(call)).toBe("well");
        await world.advance(50);
        expect(await drained).toBe(true);
      });
    });
  });

  test("DR-4 does not keep the drain beyond its time, though the client has not come back", async () => {
    const { going, reasons, options } = waiting();
    await inWorld(options, async (world) => {
      const { client, breakLink } = breaking(world);
      const failed = client.request("wait").catch((error) => error);
      await world.run();
      const isDone = watch(world.server.drain({ timeout: 5 }));
      await world.run();
      breakLink();
      await world.advance(4);
      expect([isDone(), reasons]).toEqual([false, []]);
      await world.advance(1);
      expect(reasons).toEqual(["shutdown"]);
      going.open("late");
      await world.until(client.dispose());
      expect(await failed).toMatchObject({ code: "CANCELLED" });
    });
  });

  test("ends its calls where there are no sessions, and lets nobody in", async () => {
    const { going, reasons, options } = waiting({ session: false });
    await inWorld(options, async (world) => {
      const told = watched(world);
      const { client, breakLink } = breaking(world);
      const failed = client.request("wait").catch((error) => error);
      await world.run();
      const drained = world.server.drain();
      await world.run();
      breakLink();
      await world.run();
      expect([await world.until(failed), reasons]).toMatchObject([
        { code: "UNAVAILABLE", processed: "maybe" },
        ["disconnected"],
      ]);
      await world.advance(10);
      expect(told).toEqual(["disconnected", "refused UNAVAILABLE no"]);
      going.open("late");
      await world.until(drained);
    });
  });

  test("judges no credentials of who asks for nothing that is here", async () => {
    let judged = 0;
    const { going, options } = waiting({
      authenticate: () => {
        judged++;
        return "somebody";
      },
    });
    await inWorld(options, async (world) => {
      const call = world.connect().request("wait");
      await world.run();
      const drained = world.server.drain();
      await world.run();
      const late = await world.failure(world.connect().ready);
      expect([late.code, late.retryable, late.processed, judged]).toEqual(["UNAVAILABLE", true, "no", 1]);
      going.open("well");
      await world.until(call);
      await world.advance(50);
      await drained;
    });
  });
});

describe("X39 a thousand clients whose server goes", () => {
  /** When each of `count` clients has come to the successor, ms after the drain. */
  async function comeBack(count: number, retry?: number): Promise<number[]> {
    const { options } = waiting();
    const times: number[] = [];
    await inWorld(options, async (world) => {
      const clients = Array.from({ length: count }, () => world.connect({ reconnect: {} }));
      for (const client of clients) await world.until(client.ready);
      await world.until(world.server.drain(retry === undefined ? {} : { retry }));
      const goneAt = world.clock.now();
      await inWorld({ ...options, transport: world.link.server, clock: world.clock }, async (successor) => {
        successor.server.on("connected", () => times.push(world.clock.now() - goneAt));
        await world.advance(retry ?? 2_000);
        expect(times).toHaveLength(count);
        for (const client of clients) await world.until(client.dispose());
      });
    });
    return times;
  }

  test("come back within 2 s, at most 20 % of them in any 250 ms", async () => {
    const times = await comeBack(1_000);
    const most = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 250).length));
    expect(most).toBeLessThanOrEqual(200);
  }, 60_000);

  test("within what the server says, or at once if they are few", async () => {
    expect(Math.max(...(await comeBack(20, 10_000)))).toBeGreaterThan(1_000);
    expect(Math.max(...(await comeBack(2)))).toBeLessThanOrEqual(100);
  });
});

test("DR-6 a peer whose context is still made when the drain begins is not let in", async () => {
  const made = gate<void>();
  let isMaking = false;
  const context = () => {
    isMaking = true;
    return made.promise;
  };
  const { going, started, options } = waiting({ context });
  await inWorld(options, async (world) => {
    const told = watched(world);
    const client = world.connect();
    const call = client.request("wait").catch((error) => error);
    await world.run();
    expect(isMaking).toBe(true);
    const drained = world.server.drain();
    made.open();
    expect(await world.until(call)).toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    expect([await world.until(drained), told, started()]).toEqual([true, ["refused UNAVAILABLE no"], 0]);
    going.open("never");
  });
});

test("DR-1 a peer that is told its welcome as the drain begins is told of that, too, before the server leaves", async () => {
  const { options } = waiting();
  const sent: FrameType[] = [];
  await inWorld(options, async (world) => {
    const { client, server } = memoryTransport({ clock: world.clock });
    world.server.handle({
      name: server.name,
      connect: () => Promise.reject(new TypeError("It only accepts")),
      accept: (onLink) =>
        server.accept?.((link) => {
          const send = link.send.bind(link);
          link.send = (frame) => {
            sent.push(frame.type);
            const bytes = send(frame);
            if (frame.type === FrameType.WELCOME) void world.server.drain();
            return bytes;
          };
          onLink(link);
        }),
      dispose: () => server.dispose(),
    });
    const told = watched(world);
    world.connect({ transport: client }).ready.catch(() => {});
    await world.run();
    expect(sent).toEqual([FrameType.WELCOME, FrameType.DRAIN, FrameType.PING, FrameType.CLOSE]);
    expect(told).toEqual(["disconnected"]);
  });
});
