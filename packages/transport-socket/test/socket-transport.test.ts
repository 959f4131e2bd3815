/** The transport: what it takes, what it uses once, and what it leaves when it is disposed of. */
import { once } from "node:events";
import { createServer, Socket as NetSocket, type Socket } from "node:net";
import { join } from "node:path";
import { connectedSocket, finishesCleanly } from "@sluice/protocol/testing/node";
import type { Link, SluiceError } from "@sluice/protocol/wire";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

interface Served {
  readonly address: string;
  readonly links: Link[];
}

async function serve(options: Parameters<typeof listenSocket>[0] = { port: 0 }): Promise<Served> {
  const links: Link[] = [];
  const listener = listenSocket(options);
  const address = await listener.listen((link) => links.push(link));
  onTestFinished(async () => {
    for (const link of links) link.destroy();
    await listener.close();
  });
  return { address, links };
}

/** What a link says of its end. */
function ended(link: Link): Promise<SluiceError | undefined> {
  return new Promise((resolve) => {
    link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed: resolve });
  });
}

async function accepted({ links }: Served, count = 1): Promise<Link> {
  while (links.length < count) await new Promise((resolve) => setImmediate(resolve));
  return links[count - 1] as Link;
}

describe("SocketTransport", () => {
  test.each([
    ["a path", (path: string) => path, "unix"],
    ["unix: and a path", (path: string) => `unix:${path}`, "unix"],
    ["unix:// and a path", (path: string) => `unix://${path}`, "unix"],
  ])("connects to %s", async (_, text, name) => {
    const path = join(temporaryFolder(), "app.sock");
    const served = await serve({ path });
    const transport = new SocketTransport({ socket: text(path) });
    onTestFinished(() => transport.dispose());
    const link = await transport.connect();
    expect([transport.name, link.info, link.kind]).toEqual([name, { transport: "unix" }, "binary"]);
    await accepted(served);
  });

  test("connects to tcp://host:port, as often as asked", async () => {
    const served = await serve();
    const transport = new SocketTransport({ socket: served.address });
    onTestFinished(() => transport.dispose());
    const link = await transport.connect();
    expect([transport.name, link.info]).toEqual(["tcp", { transport: "tcp", remote: served.address }]);
    await transport.connect();
    await accepted(served, 2);
  });

  test.each([
    "ws://127.0.0.1:1",
    "tls://127.0.0.1:0",
    "stdio:",
    "tcp://127.0.0.1:0",
    "tcp://127.0.0.1",
    "unix:",
    `/${"x".repeat(120)}`,
  ])("refuses %s", (socket) => {
    expect(() => new SocketTransport({ socket })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  test("uses a socket that it is given once, and takes it over", async () => {
    const served = await serve();
    const socket = await connectedSocket(served.address);
    const transport = new SocketTransport({ socket });
    const link = await transport.connect();
    expect(link.info.transport).toBe("tcp");
    await expect(transport.connect()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      processed: "no",
      message:
        "Cannot connect: the socket of this transport was used. Pass a path, an address, or a function that brings one for each connection",
    });
    const far = await accepted(served);
    const ends = [ended(link), ended(far)];
    await transport.dispose();
    await Promise.all(ends);
    expect(socket.destroyed).toBe(true);
  });

  test("refuses a socket that is closed", async () => {
    const socket = new NetSocket();
    socket.destroy();
    const transport = new SocketTransport({ socket });
    const refusal = {
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("is closed. Pass a path"),
    };
    await expect(transport.connect()).rejects.toMatchObject(refusal);
    expect(() => transport.accept(() => {})).toThrow(expect.objectContaining(refusal));
  });

  test("serves an accepted socket, once, with what it has said before", async () => {
    const path = join(temporaryFolder(), "app.sock");
    const netServer = createServer();
    onTestFinished(() => void netServer.close());
    netServer.listen(path);
    const client = new SocketTransport({ socket: path });
    onTestFinished(() => client.dispose());
    const [[socket], near] = (await Promise.all([once(netServer, "connection"), client.connect()])) as [
      [Socket],
      Link,
    ];
    near.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} });
    near.send({ type: 12, call: 0, answer: false, nonce: 42 });
    const transport = new SocketTransport({ socket });
    const links: Link[] = [];
    transport.accept((link) => links.push(link));
    expect(() => transport.accept((link) => links.push(link))).toThrow(
      expect.objectContaining({ code: "FAILED_PRECONDITION" }),
    );
    expect(links.map(({ info }) => info.transport)).toEqual(["unix"]);
    const nonce = await new Promise((resolve) => {
      links[0]?.receive({
        frame: (frame) => resolve(frame.type === 12 && frame.nonce),
        malformed() {},
        flushing() {},
        writable() {},
        closed() {},
      });
    });
    expect(nonce).toBe(42);
    await transport.dispose();
  });

  test("cannot accept where it connects", () => {
    expect(() => new SocketTransport({ socket: "/run/app.sock" }).accept(() => {})).toThrow(TypeError);
  });

  test("asks a function for a socket of each connection", async () => {
    const served = await serve();
    let asked = 0;
    const transport = new SocketTransport({
      async socket() {
        asked++;
        if (asked === 2) throw new Error("the tunnel is down");
        return connectedSocket(served.address);
      },
    });
    onTestFinished(() => transport.dispose());
    expect(transport.name).toBe("socket");
    expect((await transport.connect()).info.remote).toBe(served.address);
    await expect(transport.connect()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      processed: "no",
      message: "the tunnel is down",
    });
    await transport.connect();
    await accepted(served, 2);
    expect(asked).toBe(3);
  });

  test("gives up a socket that comes too late, and closes it", async () => {
    const served = await serve();
    const sockets: Socket[] = [];
    const controller = new AbortController();
    const transport = new SocketTransport({
      async socket() {
        const socket = await connectedSocket(served.address);
        sockets.push(socket);
        controller.abort();
        return socket;
      },
    });
    await expect(transport.connect({ signal: controller.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(sockets[0]?.destroyed).toBe(true);

    const disposed = new SocketTransport({
      async socket() {
        const socket = await connectedSocket(served.address);
        sockets.push(socket);
        await disposed.dispose();
        return socket;
      },
    });
    await expect(disposed.connect()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(sockets[1]?.destroyed).toBe(true);
  });

  test("dispose() ends the links that it made, and the next ones", async () => {
    const served = await serve();
    const transport = new SocketTransport({ socket: served.address });
    const ends = [ended(await transport.connect()), ended(await transport.connect())];
    await accepted(served, 2);
    for (const link of served.links) void ended(link);
    await transport.dispose();
    expect(await Promise.all(ends)).toEqual([undefined, undefined]);
    await expect(transport.connect()).rejects.toMatchObject({ code: "UNAVAILABLE", processed: "no" });
    await transport.dispose();
  });

  test("a connection that is disposed of while it is made is not made", async () => {
    const served = await serve();
    const transport = new SocketTransport({ socket: served.address });
    const connecting = transport.connect();
    await transport.dispose();
    await expect(connecting).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("a reset of the peer ends the link with its cause", async () => {
    const served = await serve();
    const socket = await connectedSocket(served.address);
    const end = ended(await accepted(served));
    socket.resetAndDestroy();
    expect(await end).toMatchObject({ code: "UNAVAILABLE", cause: { code: "ECONNRESET" } });
  });

  test("leaves nothing behind", async () => {
    await finishesCleanly(async () => {
      const listener = listenSocket({ port: 0 });
      const links: Link[] = [];
      const transport = new SocketTransport({ socket: await listener.listen((link) => links.push(link)) });
      const ends = [ended(await transport.connect())];
      while (links.length === 0) await new Promise((resolve) => setImmediate(resolve));
      for (const link of links) ends.push(ended(link));
      await transport.dispose();
      await Promise.all(ends);
      await listener.close();
    });
  });
});
