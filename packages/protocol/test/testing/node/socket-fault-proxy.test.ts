/** The fault proxy between sockets: each fault does what it says, to the byte, over TCP and over Unix sockets. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../src/testing/fake-clock.ts";
import type { Way } from "../../../src/testing/fault/connection-faults.ts";
import type { FaultConnection } from "../../../src/testing/fault/fault-connection.ts";
import type { FaultProxyOptions } from "../../../src/testing/fault/fault-proxy.ts";
import { MemoryFaultProxy } from "../../../src/testing/fault/memory-fault-proxy.ts";
import { connectedSocket, listeningAddress } from "../../../src/testing/node/connect-raw.ts";
import { finishesCleanly } from "../../../src/testing/node/finishes-cleanly.ts";
import { faultProxy, type SocketFaultProxy } from "../../../src/testing/node/socket-fault-proxy.ts";
import { counted } from "../fault/duplex-recorder.ts";

const schemes = ["tcp", "unix"] as const;
type Scheme = (typeof schemes)[number];
const bothWays: readonly Way[] = ["toServer", "toClient"];

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A socket, what it has brought, and how it ended. */
class Seen {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  hasEnded = false;
  /** The system's code of its error. */
  error: string | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.chunks.push(chunk));
    socket.once("end", () => {
      this.hasEnded = true;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code;
    });
  }

  get bytes(): number[] {
    return [...Buffer.concat(this.chunks)];
  }

  get length(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  /** Writes, and waits until the system has it. */
  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => void this.socket.write(bytes, () => resolve()));
  }

  closed(): Promise<void> {
    return until(() => this.socket.closed);
  }
}

/** Lets the event loop go round until `holds`. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1);
}

/** Rounds of the event loop: what is on its way through the system arrives meanwhile. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

interface Both {
  readonly client: Seen;
  readonly server: Seen;
}

class Rig {
  readonly proxy: SocketFaultProxy;
  readonly closedBy: string[] = [];
  readonly #server: Server;
  readonly #arrived: Socket[] = [];

  private constructor(proxy: SocketFaultProxy, server: Server) {
    this.proxy = proxy;
    this.#server = server;
    server.on("connection", (socket) => this.#arrived.push(socket));
    proxy.on("closed", ({ by }) => this.closedBy.push(by));
  }

  /** @param allowHalfOpen whether the server goes on when a client has ended */
  static async open(scheme: Scheme, options: FaultProxyOptions = {}, allowHalfOpen = false): Promise<Rig> {
    const folder = mkdtempSync(join(tmpdir(), "fault-"));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const server = createServer({ allowHalfOpen });
    server.listen(scheme === "unix" ? { path: join(folder, "server") } : { port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    cleanups.push(() => server.close());
    const near = scheme === "unix" ? `unix:${join(folder, "proxy")}` : "tcp://127.0.0.1:0";
    const proxy = await faultProxy(near, listeningAddress(server.address()), options);
    cleanups.push(() => proxy.close());
    return new Rig(proxy, server);
  }

  async connect(): Promise<Both> {
    const client = await connectedSocket(this.proxy.address);
    cleanups.push(() => client.destroy());
    await until(() => this.#arrived.length > 0);
    const server = this.#arrived.shift() as Socket;
    cleanups.push(() => server.destroy());
    return { client: new Seen(client), server: new Seen(server) };
  }

  async close(): Promise<void> {
    await this.proxy.close();
    this.#server.close();
  }
}

function along(way: Way, { client, server }: Both): { from: Seen; to: Seen } {
  return way === "toServer" ? { from: client, to: server } : { from: server, to: client };
}

describe.each(schemes)("over %s", (scheme) => {
  test("a proxy without faults passes bytes and half-closes, both ways", async () => {
    const { proxy, closedBy, connect } = await opened(scheme, {}, true);
    const { client, server } = await connect();
    await client.write(counted(1_000));
    client.socket.end();
    await until(() => server.hasEnded);
    expect([server.bytes, client.hasEnded]).toEqual([[...counted(1_000)], false]);
    server.socket.end(counted(700));
    await Promise.all([client.closed(), server.closed()]);
    expect([client.bytes, proxy.bytes]).toEqual([[...counted(700)], { toServer: 1_000, toClient: 700 }]);
    await until(() => proxy.connections.size === 0);
    expect([closedBy.length, client.error, server.error]).toEqual([1, undefined, undefined]);
  });

  test.each(bothWays)("a cut comes after exactly the first bytes: %s", async (way) => {
    for (const cutAt of [1, 7, 99, 4_096]) {
      const { proxy, closedBy, connect } = await opened(scheme, { faults: { [way]: { cutAt } } });
      const both = await connect();
      const { from, to } = along(way, both);
      for (let sent = 0; sent < 5_000; sent += 500) from.socket.write(counted(500, sent));
      await Promise.all([from.closed(), to.closed()]);
      expect([cutAt, to.bytes]).toEqual([cutAt, [...counted(cutAt)]]);
      expect([closedBy, proxy.bytes[way], proxy.connections.size]).toEqual([["cut"], cutAt, 0]);
    }
  });

  test("a cut at 0 lets a connection be made, and nothing pass", async () => {
    const { proxy, closedBy } = await opened(scheme, { faults: { both: { cutAt: 0 } } });
    const client = new Seen(await connectedSocket(proxy.address));
    client.socket.write(counted(9));
    await client.closed();
    expect([closedBy, client.length, proxy.bytes]).toEqual([["cut"], 0, { toServer: 0, toClient: 0 }]);
  });

  test("a cut waits until the last byte before it has left, however long its reader takes", async () => {
    const { proxy, connect } = await opened(scheme);
    let connection: FaultConnection | undefined;
    proxy.on("connected", (made) => {
      connection = made;
    });
    const { client, server } = await connect();
    client.socket.pause();
    server.socket.write(Buffer.alloc(100_000_000, 7));
    // The system takes much for a reader that stops, and then no more: the last chunk waits in the proxy's socket.
    for (let before = -1; before !== proxy.bytes.toClient; await turns(100)) before = proxy.bytes.toClient;
    const cutAt = proxy.bytes.toClient;
    connection?.set({ toClient: { cutAt } });
    await turns(100);
    expect([connection?.isOpen, server.socket.closed, cutAt < 90_000_000]).toEqual([true, false, true]);
    client.socket.resume();
    await Promise.all([client.closed(), server.closed()]);
    expect([client.length, proxy.bytes.toClient]).toEqual([cutAt, cutAt]);
  });

  test.each(bothWays)("a reset comes after exactly the first bytes: %s", async (way) => {
    const { closedBy, connect } = await opened(scheme, { faults: { [way]: { resetAt: 300 } } });
    const both = await connect();
    const { from, to } = along(way, both);
    from.socket.write(counted(1_000));
    await Promise.all([from.closed(), to.closed()]);
    expect([to.bytes, closedBy]).toEqual([[...counted(300)], ["reset"]]);
    // A Unix socket knows no reset.
    if (scheme === "tcp") expect([from.error, to.error]).toEqual(["ECONNRESET", "ECONNRESET"]);
  });

  test("by hand: reset() is an error where there is TCP, cut() is an end; new connections can be made", async () => {
    const { proxy, connect } = await opened(scheme);
    const first = await connect();
    proxy.reset();
    await Promise.all([first.client.closed(), first.server.closed()]);
    const second = await connect();
    proxy.cut();
    await Promise.all([second.client.closed(), second.server.closed()]);
    const reset = scheme === "tcp" ? "ECONNRESET" : undefined;
    expect([first.client.error, first.server.error]).toEqual([reset, reset]);
    expect([second.client.hasEnded, second.client.error]).toEqual([true, undefined]);
    const third = await connect();
    await third.client.write(counted(1));
    await until(() => third.server.length === 1);
  });

  test.each(bothWays)(
    "a blackhole one way lets the other pass, and gives back what it held: %s",
    async (way) => {
      const { proxy, connect } = await opened(scheme);
      const { from, to } = along(way, await connect());
      proxy.blackhole(way);
      await from.write(counted(100));
      await to.write(counted(50));
      await until(() => from.length === 50);
      await turns(20);
      expect([to.length, proxy.bytes[way]]).toEqual([0, 0]);
      proxy.heal();
      await from.write(counted(10, 100));
      await until(() => to.length === 110);
      expect(to.bytes).toEqual([...counted(110)]);
    },
  );

  test("a blackhole both ways keeps both sockets open, whatever the other does", async () => {
    const { proxy, connect } = await opened(scheme);
    const one = await connect();
    const other = await connect();
    proxy.blackhole();
    one.client.socket.destroy();
    other.server.socket.destroy();
    await turns(50);
    expect(
      [one.server, other.client].map(({ hasEnded, error, socket }) => [hasEnded, error, socket.closed]),
    ).toEqual([
      [false, undefined, false],
      [false, undefined, false],
    ]);
    proxy.heal();
    await until(() => one.server.hasEnded && other.client.hasEnded);
  });

  test("a blackhole that swallows loses what comes, and counts it", async () => {
    const { proxy, connect } = await opened(scheme);
    const { client, server } = await connect();
    proxy.blackhole("toServer", "swallow");
    await client.write(counted(100));
    await until(() => proxy.swallowedBytes.toServer === 100);
    proxy.heal();
    await client.write(counted(5, 7));
    await until(() => server.length > 0);
    expect(server.bytes).toEqual([7, 8, 9, 10, 11]);
  });

  test("a blackhole that holds is felt by its writer", async () => {
    const { proxy, connect } = await opened(scheme);
    const { client, server } = await connect();
    proxy.blackhole("toServer");
    let written = 0;
    const chunk = Buffer.alloc(65_536);
    const write = (): void => {
      while (client.socket.write(chunk)) written += chunk.length;
    };
    client.socket.on("drain", write);
    write();
    for (let before = -1; before !== written; await turns(100)) before = written;
    expect(written).toBeLessThan(64 * 1024 * 1024);
    client.socket.off("drain", write);
    client.socket.end();
    proxy.heal();
    await until(() => server.hasEnded);
    expect(server.length).toBe(client.socket.bytesWritten);
  });

  test("a delay is the clock's, each way", async () => {
    const clock = new FakeClock();
    const { connect } = await opened(scheme, {
      clock,
      faults: { toServer: { delayMs: 100 }, toClient: { delayMs: 40 } },
    });
    const { client, server } = await connect();
    await client.write(counted(10));
    await server.write(counted(20));
    await until(() => clock.armedTimers === 2);
    await clock.advance(39);
    await turns(10);
    expect([client.length, server.length]).toEqual([0, 0]);
    await clock.advance(1);
    await until(() => client.length === 20);
    await clock.advance(59);
    await turns(10);
    expect(server.length).toBe(0);
    await clock.advance(1);
    await until(() => server.length === 10);
  });

  test("a throttle passes as many bytes a second as it says", async () => {
    const clock = new FakeClock();
    const { proxy, connect } = await opened(scheme, {
      clock,
      faults: { toClient: { bytesPerSecond: 10_000 } },
    });
    const { client, server } = await connect();
    await server.write(counted(3_000));
    await until(() => clock.armedTimers === 1);
    for (let ms = 20; ms <= 300; ms += 20) {
      await clock.advance(20);
      expect([ms, proxy.bytes.toClient]).toEqual([ms, ms * 10]);
    }
    await until(() => client.length === 3_000);
    expect(client.bytes).toEqual([...counted(3_000)]);
  });

  test("slices are those that the same seed draws in memory", async () => {
    const options = { seed: 99, faults: { toServer: { sliceBytes: 30 } } };
    const memory = new MemoryFaultProxy({ ...options, clock: new FakeClock() });
    const expected = passedSizes(memory);
    memory.connect().client.write([counted(500)]);
    await until(() => memory.bytes.toServer === 500);
    const { proxy, connect } = await opened(scheme, options);
    const sizes = passedSizes(proxy);
    const { client, server } = await connect();
    await client.write(counted(500));
    await until(() => server.length === 500);
    expect(sizes).toEqual(expected);
    expect([server.bytes, sizes.length > 20]).toEqual([[...counted(500)], true]);
  });

  test("byte by byte, 2,000 bytes each way arrive as they were", async () => {
    const { connect } = await opened(scheme, { faults: { both: { sliceBytes: 1 } } });
    const { client, server } = await connect();
    await Promise.all([client.write(counted(2_000)), server.write(counted(2_000, 5))]);
    await until(() => client.length === 2_000 && server.length === 2_000);
    expect([server.bytes, client.bytes]).toEqual([[...counted(2_000)], [...counted(2_000, 5)]]);
    // Whoever reads sees them apart, but for some that met in the system.
    expect(Math.min(client.chunks.length, server.chunks.length)).toBeGreaterThan(1_000);
  });

  test("a byte is corrupted at its offset, and no other", async () => {
    const { connect } = await opened(scheme, { faults: { toServer: { corruptAt: 612 } } });
    const { client, server } = await connect();
    await client.write(counted(1_000));
    await until(() => server.length === 1_000);
    const expected = [...counted(1_000)];
    expected[612] = 255 - (expected[612] as number);
    expect(server.bytes).toEqual(expected);
  });

  test("connections beyond their number are closed at once, and the server hears nothing of them", async () => {
    const { proxy, connect } = await opened(scheme, { maxConnections: 2 });
    const first = await connect();
    await connect();
    const refused = new Seen(await connectedSocket(proxy.address));
    await refused.closed();
    await turns(20);
    expect([proxy.accepted, proxy.refused, refused.length, first.client.socket.closed]).toEqual([
      2,
      1,
      0,
      false,
    ]);
    proxy.heal();
    await connect();
  });

  test("all is cut once as many bytes have passed as may", async () => {
    const { proxy, connect } = await opened(scheme, { maxBytes: 1_000 });
    const one = await connect();
    const other = await connect();
    await one.client.write(counted(600));
    await until(() => one.server.length === 600);
    await other.server.write(counted(600));
    await Promise.all(
      [one, other].flatMap(({ client, server }) => [client.socket.end(), server.socket.end()]),
    );
    await Promise.all([one, other].flatMap(({ client, server }) => [client.closed(), server.closed()]));
    expect([one.server.length, other.client.bytes]).toEqual([600, [...counted(400)]]);
    expect([proxy.bytes, proxy.isDown]).toEqual([{ toServer: 600, toClient: 400 }, true]);
  });

  test("a client that resets is an end for the server", async () => {
    const { closedBy, connect } = await opened(scheme);
    const { client, server } = await connect();
    await client.write(counted(9));
    if (scheme === "tcp") client.socket.resetAndDestroy();
    else client.socket.destroy();
    await Promise.all([server.closed(), until(() => closedBy.length === 1)]);
    expect([server.bytes, closedBy]).toEqual([[...counted(9)], ["client"]]);
  });

  test("close() leaves nothing, whatever is on its way", () =>
    finishesCleanly(async () => {
      const rig = await Rig.open(scheme, { faults: { both: { delayMs: 1e6, sliceBytes: 3 } } });
      const [one, other] = [await rig.connect(), await rig.connect()];
      await one.client.write(counted(100));
      await other.server.write(counted(100));
      rig.proxy.down();
      const refused = await connectedSocket(rig.proxy.address);
      refused.on("error", () => {}).resume();
      await rig.close();
      await Promise.all([one, other].flatMap(({ client, server }) => [client.closed(), server.closed()]));
      await until(() => refused.closed);
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    }));

  /** A rig whose methods can be taken out of it. */
  async function opened(
    of: Scheme,
    options: FaultProxyOptions = {},
    allowHalfOpen = false,
  ): Promise<Pick<Rig, "proxy" | "closedBy" | "connect">> {
    const rig = await Rig.open(of, options, allowHalfOpen);
    return { proxy: rig.proxy, closedBy: rig.closedBy, connect: () => rig.connect() };
  }
});

test("a target that nobody serves ends the connection", async () => {
  const proxy = await faultProxy("tcp://127.0.0.1:0", "unix:/nowhere/at/all.sock");
  cleanups.push(() => proxy.close());
  const client = new Seen(await connectedSocket(proxy.address));
  await client.closed();
  expect([client.hasEnded, client.error, proxy.accepted]).toEqual([true, undefined, 1]);
});

test.each(["memory:name", "wss://example.org/"])("%s is no address of a proxy", async (address) => {
  await expect(faultProxy(address, "tcp://127.0.0.1:1")).rejects.toThrow(TypeError);
  await expect(faultProxy("tcp://127.0.0.1:0", address)).rejects.toThrow(TypeError);
});

/** Sizes of what passes to the server, as it passes. */
function passedSizes(proxy: MemoryFaultProxy | SocketFaultProxy): number[] {
  const sizes: number[] = [];
  proxy.on("passed", ({ way, chunk }) => {
    if (way === "toServer") sizes.push(chunk.length);
  });
  return sizes;
}
