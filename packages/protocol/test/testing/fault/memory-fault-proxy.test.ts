/** The fault proxy in memory, on a fake clock: each fault does what it says, to the byte and to the millisecond. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../../../src/testing/fake-clock.ts";
import type { Way, WayFaults } from "../../../src/testing/fault/connection-faults.ts";
import type { FaultConnection } from "../../../src/testing/fault/fault-connection.ts";
import {
  MemoryFaultProxy,
  type MemoryFaultProxyOptions,
} from "../../../src/testing/fault/memory-fault-proxy.ts";
import type { ProxyEnd, ProxyEndEvents } from "../../../src/testing/fault/proxy-end.ts";
import { StillWorld } from "../../../src/testing/still-world.ts";
import { counted, DuplexRecorder } from "./duplex-recorder.ts";

interface World {
  readonly clock: FakeClock;
  readonly proxy: MemoryFaultProxy;
  /** Who ended each connection, in order. */
  readonly closedBy: string[];
  connect(): Both;
  /** Lets everything happen that is due within `ms`. */
  run(ms?: number): Promise<void>;
}

/** Both ends of a connection, and the proxy's view of it. */
interface Both {
  readonly client: DuplexRecorder;
  readonly server: DuplexRecorder;
  readonly connection: FaultConnection;
}

/** A proxy on a fake clock, which knows when there is nothing more to do without time. */
class ProxyWorld extends StillWorld {
  readonly proxy: MemoryFaultProxy;
  #due = 0;

  constructor(options: MemoryFaultProxyOptions) {
    super();
    const defer = (task: () => void): void => {
      this.#due++;
      queueMicrotask(() => {
        this.#due--;
        task();
      });
    };
    this.proxy = new MemoryFaultProxy({ clock: this.clock, defer, ...options });
  }

  async run(): Promise<void> {
    do await this.clock.advance(0);
    while (this.#due > 0);
  }
}

function world(options: MemoryFaultProxyOptions = {}): World {
  const still = new ProxyWorld(options);
  const { clock, proxy } = still;
  const closedBy: string[] = [];
  let connection: FaultConnection | undefined;
  proxy.on("connected", (made) => {
    connection = made;
  });
  proxy.on("closed", ({ by }) => closedBy.push(by));
  return {
    clock,
    proxy,
    closedBy,
    connect() {
      const { client, server } = proxy.connect();
      return {
        client: new DuplexRecorder(client, clock),
        server: new DuplexRecorder(server, clock),
        connection: connection as FaultConnection,
      };
    },
    run: (ms = 0) => still.advance(ms),
  };
}

/** Who writes and who reads, one way. */
function along(way: Way, { client, server }: Both): { from: DuplexRecorder; to: DuplexRecorder } {
  return way === "toServer" ? { from: client, to: server } : { from: server, to: client };
}

/** A side that takes what it is given, and never has it leave. */
class StuckEnd implements ProxyEnd {
  events: ProxyEndEvents | undefined;
  written = 0;
  isDestroyed = false;

  start(events: ProxyEndEvents): void {
    this.events = events;
  }

  write(chunk: Uint8Array): boolean {
    this.written += chunk.length;
    return false;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  reset(): void {
    this.isDestroyed = true;
  }

  end(): void {}
  pause(): void {}
  resume(): void {}

  defer(task: () => void): void {
    queueMicrotask(task);
  }
}

const bothWays: readonly Way[] = ["toServer", "toClient"];

describe("a proxy without faults", () => {
  test("passes every byte as it came, both ways, and counts it", async () => {
    const { proxy, connect, run } = world();
    const { client, server, connection } = connect();
    client.write(counted(3), counted(2, 3));
    server.write(counted(7));
    await run();
    expect([server.sizes, server.bytes]).toEqual([[3, 2], [...counted(5)]]);
    expect([client.sizes, client.bytes]).toEqual([[7], [...counted(7)]]);
    expect(proxy.bytes).toEqual({ toServer: 5, toClient: 7 });
    expect(connection.bytes).toEqual({ toServer: 5, toClient: 7 });
    expect([proxy.accepted, proxy.connections.size, connection.number, connection.isOpen]).toEqual([
      1,
      1,
      1,
      true,
    ]);
  });

  test.each(bothWays)("passes an end behind the last byte: %s", async (way) => {
    const { proxy, closedBy, connect, run } = world();
    const both = connect();
    const { from, to } = along(way, both);
    from.write(counted(4));
    from.duplex.end();
    from.write(counted(4));
    await run();
    expect([to.bytes, to.ends, from.ends]).toEqual([[0, 1, 2, 3], [undefined], [undefined]]);
    expect([proxy.connections.size, both.connection.isOpen, closedBy.length]).toEqual([0, false, 1]);
  });

  test.each(bothWays)("destroys the other side when one is destroyed: %s", async (way) => {
    const { proxy, closedBy, connect, run } = world();
    const both = connect();
    const { from, to } = along(way, both);
    from.write(counted(4));
    to.write(counted(5));
    from.duplex.destroy();
    await run();
    expect([to.bytes, to.ends, from.bytes, from.ends]).toEqual([[0, 1, 2, 3], [undefined], [], [undefined]]);
    expect([proxy.connections.size, closedBy]).toEqual([0, [way === "toServer" ? "client" : "server"]]);
  });

  test("keeps what came before anybody read", async () => {
    const { clock, proxy, run } = world();
    const { client, server } = proxy.connect();
    client.write([counted(4)]);
    client.end();
    await run();
    const late = new DuplexRecorder(server, clock);
    await run();
    expect([late.bytes, late.ends]).toEqual([[0, 1, 2, 3], [undefined]]);
  });

  test("tells of each connection and all that passes", async () => {
    const { proxy, connect, run } = world();
    const seen: unknown[] = [];
    proxy.on("connected", ({ number }) => seen.push(`connected ${number}`));
    proxy.on("passed", ({ connection, way, chunk }) => seen.push([connection.number, way, ...chunk]));
    proxy.on("closed", ({ connection, by }) => seen.push(`closed ${connection.number} by ${by}`));
    connect().client.write(counted(2));
    const second = connect();
    await run();
    second.server.write(counted(1, 9));
    await run();
    proxy.cut();
    expect(seen).toEqual([
      "connected 1",
      [1, "toServer", 0, 1],
      "connected 2",
      [2, "toClient", 9],
      "closed 1 by cut",
      "closed 2 by cut",
    ]);
  });
});

describe("a cut", () => {
  test.each(bothWays)("comes after exactly the first bytes, at every offset: %s", async (way) => {
    for (let cutAt = 0; cutAt <= 20; cutAt++) {
      const { proxy, closedBy, connect, run } = world({ faults: { [way]: { cutAt } } });
      const both = connect();
      const { from, to } = along(way, both);
      to.write(counted(50));
      for (let sent = 0; sent < 20; sent += 5) from.write(counted(5, sent));
      await run();
      expect([cutAt, to.bytes]).toEqual([cutAt, [...counted(cutAt)]]);
      expect([to.ends, from.ends, closedBy]).toEqual([[undefined], [undefined], ["cut"]]);
      expect(both.connection.bytes[way]).toBe(cutAt);
      // The other way: all that came before the cut, and nothing at 0.
      expect(from.bytes.length).toBe(cutAt === 0 ? 0 : 50);
      expect(proxy.connections.size).toBe(0);
    }
  });

  test("hits the connection that it is planned for", async () => {
    const { connect, run } = world({
      faults: (number) => (number === 2 ? { toServer: { cutAt: 3 } } : {}),
    });
    const all = [connect(), connect(), connect()];
    for (const { client } of all) client.write(counted(9));
    await run();
    expect(all.map(({ server }) => server.bytes.length)).toEqual([9, 3, 9]);
    expect(all.map(({ connection }) => connection.isOpen)).toEqual([true, false, true]);
  });

  test("by hand destroys every connection, or the one; new ones can be made", async () => {
    const { proxy, connect, run } = world();
    const [one, other] = [connect(), connect()];
    one.connection.cut();
    await run();
    expect([one.client.ends, one.server.ends, other.client.ends]).toEqual([[undefined], [undefined], []]);
    const third = connect();
    proxy.cut();
    await run();
    expect([other.client.ends, third.server.ends, proxy.connections.size]).toEqual([
      [undefined],
      [undefined],
      0,
    ]);
    const { client, server } = connect();
    client.write(counted(1));
    await run();
    expect(server.bytes).toEqual([0]);
  });

  test("is no error; a reset is one, after exactly as many bytes", async () => {
    const { closedBy, connect, run } = world({ faults: { toClient: { resetAt: 6 } } });
    const { client, server } = connect();
    server.write(counted(10));
    await run();
    expect(client.bytes).toEqual([...counted(6)]);
    const lost = expect.objectContaining({ code: "UNAVAILABLE", message: "The connection was reset" });
    expect([client.ends, server.ends, closedBy]).toEqual([[lost], [lost], ["reset"]]);
  });
});

describe("a blackhole", () => {
  test.each(bothWays)("one way lets the other pass, and gives back what it held: %s", async (way) => {
    const { proxy, connect, run } = world();
    const both = connect();
    const { from, to } = along(way, both);
    proxy.blackhole(way);
    from.write(counted(3));
    to.write(counted(4));
    await run(60_000);
    expect([to.bytes, from.bytes.length, to.ends, from.ends]).toEqual([[], 4, [], []]);
    from.write(counted(2, 3));
    proxy.heal();
    await run();
    expect([to.bytes, proxy.bytes[way]]).toEqual([[...counted(5)], 5]);
  });

  test("both ways holds ends, too, on connections that are and that come", async () => {
    const { proxy, connect, run } = world();
    const old = connect();
    proxy.blackhole();
    const fresh = connect();
    for (const { client, server } of [old, fresh]) {
      client.write(counted(2));
      client.duplex.destroy();
      server.write(counted(2));
    }
    await run(60_000);
    for (const { client, server } of [old, fresh]) {
      expect([client.ends, server.ends, server.bytes]).toEqual([[undefined], [], []]);
    }
    expect(proxy.connections.size).toBe(2);
    proxy.heal();
    await run();
    for (const { server } of [old, fresh]) expect([server.bytes, server.ends]).toEqual([[0, 1], [undefined]]);
    expect(proxy.connections.size).toBe(0);
  });

  test("that swallows loses what comes while it lasts, and no end", async () => {
    const { proxy, connect, run } = world();
    const { client, server } = connect();
    client.write(counted(2));
    await run();
    proxy.blackhole("toServer", "swallow");
    client.write(counted(5, 2));
    await run();
    client.duplex.end();
    await run(60_000);
    expect([server.bytes, server.ends]).toEqual([[0, 1], []]);
    expect([proxy.bytes.toServer, proxy.swallowedBytes.toServer]).toEqual([2, 5]);
    proxy.heal();
    await run();
    expect([server.bytes, server.ends]).toEqual([[0, 1], [undefined]]);
  });

  test("begins after exactly the bytes that are planned", async () => {
    const { proxy, connect, run } = world({ faults: { toClient: { blackholeAt: 4 } } });
    const { client, server } = connect();
    server.write(counted(3), counted(3, 3));
    await run(60_000);
    expect([client.bytes, client.ends]).toEqual([[0, 1, 2, 3], []]);
    proxy.heal();
    server.write(counted(3, 6));
    await run();
    expect(client.bytes).toEqual([...counted(9)]);
  });

  test("stops its source at the buffer, and lets it go on after it", async () => {
    const { proxy, connect, run } = world({ bufferBytes: 100 });
    const { client, server } = connect();
    proxy.blackhole("toServer");
    expect(client.write(counted(99))).toBe(true);
    expect(client.write(counted(1))).toBe(false);
    client.write(counted(50));
    await run(1_000);
    expect(client.drained).toBe(0);
    proxy.heal();
    await run();
    expect([client.drained, server.bytes.length, client.write(counted(99))]).toEqual([1, 150, true]);
  });

  test("gives back an end behind all that was written, also what its source could not hand over", async () => {
    const { proxy, connect, run } = world({ bufferBytes: 100 });
    const { client, server } = connect();
    proxy.blackhole("toServer");
    client.write(counted(150));
    client.write(counted(50, 150));
    client.duplex.end();
    await run(1_000);
    proxy.heal();
    await run();
    expect([server.bytes, server.ends]).toEqual([[...counted(200)], [undefined]]);
  });

  test("keeps the other side of one that is gone; what that says is lost", async () => {
    const { proxy, connect, run } = world({ bufferBytes: 100 });
    const { client, server } = connect();
    proxy.blackhole("toServer");
    client.duplex.destroy();
    await run();
    for (let sent = 0; sent < 5; sent++) expect(server.write(counted(100))).toBe(true);
    await run(60_000);
    expect([proxy.bytes.toClient, server.ends, proxy.connections.size]).toEqual([0, [], 1]);
  });

  test("lets go of a source whose other side is gone", async () => {
    const { proxy, connect, run } = world({ bufferBytes: 100 });
    const { client, server } = connect();
    proxy.blackhole();
    expect(client.write(counted(150))).toBe(false);
    server.duplex.destroy();
    await run();
    expect([client.drained, client.ends]).toEqual([1, []]);
  });

  test("is over for new connections, too, once it is healed", async () => {
    const { proxy, connect, run } = world();
    proxy.blackhole();
    proxy.heal();
    const { client, server } = connect();
    client.write(counted(1));
    await run();
    expect(server.bytes).toEqual([0]);
  });

  test("can be one connection's", async () => {
    const { connect, run } = world();
    const [one, other] = [connect(), connect()];
    one.connection.blackhole("toServer");
    for (const { client } of [one, other]) client.write(counted(2));
    await run();
    expect([one.server.bytes, other.server.bytes]).toEqual([[], [0, 1]]);
    one.connection.heal();
    await run();
    expect(one.server.bytes).toEqual([0, 1]);
  });
});

describe("time", () => {
  test("a delay keeps each byte as long as it says, each way, and the end", async () => {
    const { connect, run } = world({ faults: { toServer: { delayMs: 70 }, toClient: { delayMs: 30 } } });
    const { client, server } = connect();
    client.write(counted(1));
    server.write(counted(1));
    await run(10);
    client.write(counted(1, 1));
    client.duplex.end();
    await run(1_000);
    expect([server.times, client.times]).toEqual([[70, 80], [30]]);
    expect([server.bytes, server.ends]).toEqual([[0, 1], [undefined]]);
  });

  test("an end is not known sooner than the delay", async () => {
    const { connect, run } = world({ faults: { both: { delayMs: 50 } } });
    const { client, server } = connect();
    client.duplex.destroy();
    await run(49);
    expect(server.ends).toEqual([]);
    await run(1);
    expect(server.ends).toEqual([undefined]);
  });

  test("jitter stays within its bounds, keeps the order, and is the seed's", async () => {
    const timesOf = async (seed: number): Promise<number[]> => {
      const { connect, run } = world({ seed, faults: { toServer: { delayMs: 500, jitterMs: 200 } } });
      const { client, server } = connect();
      for (let sent = 0; sent < 100; sent++) {
        client.write(counted(1, sent));
        await run(1_000);
      }
      expect(server.bytes).toEqual([...counted(100)]);
      return server.times.map((time, at) => time - at * 1_000);
    };
    const times = await timesOf(7);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(300);
    expect(Math.max(...times)).toBeLessThanOrEqual(700);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(300);
    expect(await timesOf(7)).toEqual(times);
    expect(await timesOf(8)).not.toEqual(times);
    const { connect, run } = world({ faults: { toServer: { delayMs: 500, jitterMs: 500 } } });
    const { client, server } = connect();
    for (let sent = 0; sent < 100; sent++) client.write(counted(1, sent));
    await run(1_000);
    expect(server.bytes).toEqual([...counted(100)]);
  });

  test("a throttle lets as many bytes pass in a second as it says, evenly", async () => {
    const { connect, run } = world({ faults: { toServer: { bytesPerSecond: 1_000 } } });
    const { client, server } = connect();
    client.write(counted(500));
    client.write(counted(250));
    await run(0);
    expect(server.bytes.length).toBe(0);
    for (let ms = 20; ms <= 740; ms += 20) {
      await run(20);
      expect([ms, server.bytes.length]).toEqual([ms, ms]);
    }
    await run(10);
    expect(server.bytes).toEqual([...counted(500), ...counted(250)]);
    await run(1_000);
    // A line that was idle has saved nothing.
    client.write(counted(40));
    await run(20);
    expect(server.bytes.length).toBe(770);
  });

  test("a throttle of less than a byte in 20 ms passes byte by byte, after its delay", async () => {
    const { connect, run } = world({ faults: { toServer: { bytesPerSecond: 4, delayMs: 100 } } });
    const { client, server } = connect();
    client.write(counted(3));
    await run(2_000);
    expect([server.sizes, server.times]).toEqual([
      [1, 1, 1],
      [350, 600, 850],
    ]);
  });

  test("a throttled source waits while the buffer is full", async () => {
    const { connect, run } = world({ bufferBytes: 200, faults: { toServer: { bytesPerSecond: 1_000 } } });
    const { client, server } = connect();
    expect(client.write(counted(199))).toBe(true);
    expect(client.write(counted(1))).toBe(false);
    await run(20);
    expect([client.drained, server.bytes.length]).toEqual([1, 20]);
  });

  test("a delay alone does not slow down, up to 8 MiB on their way", async () => {
    const { connect, run } = world({ faults: { toServer: { delayMs: 1_000 } } });
    const { client, server } = connect();
    const chunk = new Uint8Array(64 * 1024);
    for (let sent = 0; sent < 127; sent++) expect(client.write(chunk)).toBe(true);
    expect(client.write(chunk)).toBe(false);
    await run(1_000);
    expect([server.sizes.length, Math.min(...server.times), client.drained]).toEqual([128, 1_000, 1]);
  });

  test("leaves no timer when a connection ends", async () => {
    const { clock, proxy, connect, run } = world({ faults: { both: { delayMs: 100, bytesPerSecond: 10 } } });
    const { client, server } = connect();
    client.write(counted(100));
    server.write(counted(100));
    await run(500);
    expect(clock.armedTimers).toBe(2);
    proxy.cut();
    await run();
    expect(clock.armedTimers).toBe(0);
  });
});

describe("slices", () => {
  const sizesOf = async (seed: number, cuts: readonly number[], sliceBytes = 50): Promise<number[]> => {
    const { connect, run } = world({ seed, faults: { toServer: { sliceBytes } } });
    const { client, server } = connect();
    let sent = 0;
    for (const cut of cuts) {
      client.write(counted(cut, sent));
      sent += cut;
    }
    await run();
    expect(server.bytes).toEqual([...counted(sent)]);
    return server.sizes;
  };

  test("are of 1 byte to the size, and the seed's", async () => {
    const sizes = await sizesOf(3, [50_000]);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([1, 50]);
    expect(await sizesOf(3, [50_000])).toEqual(sizes);
    expect(await sizesOf(4, [50_000])).not.toEqual(sizes);
  });

  test("of 1 byte are bytes", async () => {
    expect(await sizesOf(1, [40, 60], 1)).toEqual(new Array(100).fill(1));
  });

  test("have their edges at the same offsets, however the bytes came", async () => {
    const edgesOf = (sizes: readonly number[]): number[] => {
      let at = 0;
      return sizes.map((size) => {
        at += size;
        return at;
      });
    };
    // The last edge is where these bytes end.
    const edges = edgesOf(await sizesOf(5, [1_000])).slice(0, -1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }),
        async (cuts) => {
          const total = cuts.reduce((sum, cut) => sum + cut, 0);
          const found = new Set(edgesOf(await sizesOf(5, cuts)));
          for (const edge of edges) if (edge < total) expect(found.has(edge)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("come apart: each is followed by a turn", async () => {
    const turns: (() => void)[] = [];
    const proxy = new MemoryFaultProxy({
      clock: new FakeClock(),
      defer: (task) => turns.push(task),
      faults: { toServer: { sliceBytes: 1 } },
    });
    let passed = 0;
    proxy.on("passed", () => passed++);
    proxy.connect().client.write([counted(3)]);
    const seen = [passed];
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      turn();
      seen.push(passed);
    }
    expect(seen).toEqual([1, 1, 2, 2, 3, 3, 3]);
  });
});

describe("what is spoilt and bounded", () => {
  test("a corrupt byte is inverted at its offset, and nothing else; the sender keeps its own", async () => {
    for (const corruptAt of [0, 4, 5, 11]) {
      const { connect, run } = world({ faults: { toClient: { corruptAt, sliceBytes: 3 } } });
      const { client, server } = connect();
      const chunks = [counted(5), counted(7, 5)];
      server.write(...chunks);
      await run();
      const expected = [...counted(12)];
      expected[corruptAt] = 255 - corruptAt;
      expect(client.bytes).toEqual(expected);
      expect(chunks.flatMap((chunk) => [...chunk])).toEqual([...counted(12)]);
    }
  });

  test("connections beyond their number are refused, until it is healed", async () => {
    const { proxy, connect } = world({ maxConnections: 2 });
    let refusals = 0;
    proxy.on("refused", () => refusals++);
    connect();
    connect();
    expect(() => connect()).toThrow(
      expect.objectContaining({
        code: "UNAVAILABLE",
        processed: "no",
        message: expect.stringContaining("refuses"),
      }),
    );
    expect([proxy.accepted, proxy.refused, refusals, proxy.isDown, proxy.connections.size]).toEqual([
      2,
      1,
      1,
      true,
      2,
    ]);
    proxy.heal();
    connect();
    expect([proxy.accepted, proxy.isDown]).toEqual([3, false]);
  });

  test("all is cut once as many bytes have passed as may, on all connections and both ways", async () => {
    const { proxy, connect, run } = world({ maxBytes: 25 });
    const [one, other] = [connect(), connect()];
    one.client.write(counted(10));
    other.server.write(counted(9));
    await run();
    expect(proxy.connections.size).toBe(2);
    one.client.write(counted(10, 10));
    one.server.write(counted(5));
    await run();
    expect([one.server.bytes, other.client.bytes.length, one.client.bytes]).toEqual([
      [...counted(16)],
      9,
      [],
    ]);
    expect([proxy.bytes, proxy.connections.size, proxy.isDown]).toEqual([
      { toServer: 16, toClient: 9 },
      0,
      true,
    ]);
    expect(other.server.ends).toEqual([undefined]);
    expect(() => connect()).toThrow("refuses");
    proxy.heal();
    const third = connect();
    third.client.write(counted(30));
    await run();
    expect(third.server.bytes.length).toBe(25);
  });

  test("all is cut even if the last bytes that may pass never leave", async () => {
    const { proxy, connect, run } = world({ maxBytes: 10 });
    const bystander = connect();
    const [near, far] = [new StuckEnd(), new StuckEnd()];
    proxy.join(near, () => far);
    near.events?.data(counted(20));
    await run();
    expect([far.written, far.isDestroyed, bystander.client.ends, proxy.isDown]).toEqual([
      10,
      false,
      [],
      true,
    ]);
    // Its sides give up.
    far.events?.closed();
    near.events?.closed();
    await run();
    expect([bystander.client.ends, proxy.connections.size]).toEqual([[undefined], 0]);
  });

  test("a cut that waits for bytes to leave can be taken back", () => {
    const { proxy, closedBy } = world({ faults: { toServer: { cutAt: 10 } } });
    const [near, far] = [new StuckEnd(), new StuckEnd()];
    proxy.join(near, () => far);
    near.events?.data(counted(20));
    expect([far.written, closedBy]).toEqual([10, []]);
    proxy.set({});
    far.events?.drained();
    expect([far.written, closedBy]).toEqual([20, []]);
    proxy.set({ toServer: { cutAt: 20 } });
    far.events?.drained();
    expect([far.isDestroyed, closedBy]).toEqual([true, ["cut"]]);
  });

  test("down() cuts and refuses until heal()", async () => {
    const { proxy, connect, run } = world();
    const { client } = connect();
    proxy.down();
    await run();
    expect([client.ends, proxy.connections.size]).toEqual([[undefined], 0]);
    expect(() => connect()).toThrow("refuses");
    proxy.heal();
    connect();
  });

  test("faults can be replaced while bytes are on their way", async () => {
    const { proxy, connect, run } = world({ faults: { both: { delayMs: 100 } } });
    const { client, server } = connect();
    client.write(counted(1));
    proxy.set({ toServer: { delayMs: 10 } });
    client.write(counted(1, 1));
    await run(200);
    // Not overtaken: bytes are in order.
    expect(server.times).toEqual([100, 100]);
    client.write(counted(1, 2));
    await run(10);
    expect(server.times).toEqual([100, 100, 210]);
    proxy.set({ toServer: { cutAt: 2 } });
    await run();
    expect(server.ends).toEqual([undefined]);
  });

  test.each<[keyof WayFaults, number]>([
    ["delayMs", -1],
    ["delayMs", Number.POSITIVE_INFINITY],
    ["jitterMs", Number.NaN],
    ["bytesPerSecond", 0],
    ["sliceBytes", 0],
    ["sliceBytes", 1.5],
    ["cutAt", -1],
    ["resetAt", Number.NaN],
    ["blackholeAt", 0.5],
    ["corruptAt", -3],
  ])("%s may not be %d", (name, value) => {
    expect(() => new MemoryFaultProxy({ faults: { toClient: { [name]: value } } })).toThrow(RangeError);
    const { proxy, connect } = world();
    connect();
    expect(() => proxy.set({ both: { [name]: value } })).toThrow(`${value} as ${name}`);
  });

  test("the seed is printed", async () => {
    const { proxy, connect, run } = world({ seed: 4_711 });
    connect().client.write(counted(3));
    await run();
    expect(String(proxy)).toBe(
      "fault proxy with seed 4711: 1 connections, 3 bytes to the server, 0 to the client",
    );
  });
});

test("whatever the delays, slices and rates are, every byte passes once and in order, and the same again", async () => {
  const way = fc.record(
    {
      delayMs: fc.integer({ min: 0, max: 300 }),
      jitterMs: fc.integer({ min: 0, max: 300 }),
      bytesPerSecond: fc.integer({ min: 500, max: 1_000_000 }),
      sliceBytes: fc.integer({ min: 1, max: 400 }),
    },
    { requiredKeys: [] },
  );
  const play = async (
    seed: number,
    faults: { toServer: WayFaults; toClient: WayFaults },
    script: readonly (readonly [Way, number, number])[],
  ): Promise<unknown> => {
    const { clock, connect, run } = world({ seed, faults, bufferBytes: 500 });
    const both = connect();
    const sent = { toServer: 0, toClient: 0 };
    for (const [direction, size, ms] of script) {
      along(direction, both).from.write(counted(size, sent[direction]));
      sent[direction] += size;
      await run(ms);
    }
    await run(60_000);
    expect(both.server.bytes).toEqual([...counted(sent.toServer)]);
    expect(both.client.bytes).toEqual([...counted(sent.toClient)]);
    both.client.duplex.end();
    await run(2_000);
    expect([both.client.ends, both.server.ends, clock.armedTimers]).toEqual([[undefined], [undefined], 0]);
    return [both.server.sizes, both.server.times, both.client.sizes, both.client.times];
  };
  const step = fc.tuple(
    fc.constantFrom<Way>("toServer", "toClient"),
    fc.integer({ min: 1, max: 700 }),
    fc.integer({ min: 0, max: 50 }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      way,
      way,
      fc.array(step, { maxLength: 12 }),
      async (seed, toServer, toClient, script) => {
        const first = await play(seed, { toServer, toClient }, script);
        expect(await play(seed, { toServer, toClient }, script)).toEqual(first);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);
