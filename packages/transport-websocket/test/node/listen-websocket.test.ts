/** Listening: ports, paths, servers that are there, what is bounded before an upgrade, and what is left afterwards. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeClock } from "@sluice/protocol/testing";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { parseAddress } from "@sluice/protocol/wire";
import {
  type ListenWebSocketOptions,
  listenerFromAddress,
  listenWebSocket,
  transportFromAddress,
  WebSocketTransport,
} from "@sluice/transport-websocket";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { askUpgrade, connectTo, readAnswer, upgradeRequest } from "./ask-upgrade.ts";
import { listening, until } from "./listening.ts";

/** An HTTP server of somebody else, which answers every request with its path. */
async function otherServer(): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => void response.end(`page ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("a port of its own", () => {
  test("is a free one if it is 0, and belongs to this machine only", async () => {
    const { address, links } = await listening();
    expect(address).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*\/$/);
    const link = await new WebSocketTransport({ url: address }).connect();
    await until(() => links.length === 1);
    expect(link.info).toEqual({ transport: "ws", remote: address });
    expect(links[0]?.info).toEqual({
      transport: "ws",
      remote: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
    });
    const { port } = new URL(address);
    await expect(new WebSocketTransport({ url: `ws://127.0.0.2:${port}` }).connect()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
    link.destroy();
  });

  test("may be of IPv6", async () => {
    const { address, links } = await listening({ host: "::1" });
    expect(address).toMatch(/^ws:\/\/\[::1\]:\d+\/$/);
    const link = await new WebSocketTransport({ url: address }).connect();
    await until(() => links.length === 1);
    link.destroy();
  });

  test("that somebody has is not taken, and may be tried again", async () => {
    const { address } = await listening();
    const listener = listenWebSocket({ port: Number(new URL(address).port) });
    for (let round = 0; round < 2; round++) {
      await expect(listener.listen(() => {})).rejects.toMatchObject({
        code: "ALREADY_EXISTS",
        processed: "no",
      });
    }
  });

  test("W10 upgrades at its path only, and tells others why not", async () => {
    const { address, links } = await listening({ path: "/rpc" });
    const statusOf = async (path: string): Promise<number> => (await askUpgrade(address, { path })).status;
    expect(await statusOf("/rpc?token=1")).toBe(101);
    for (const path of ["/", "/rpc/", "/rpcx", "/RPC", "//rpc", "/x/../rpc", "/%72pc", "*"]) {
      expect([path, await statusOf(path)]).toEqual([path, 404]);
    }
    await until(() => links.length === 1);
  });

  test("answers what asks for no upgrade, and keeps no connection for it", async () => {
    const { address, links } = await listening({ path: "/rpc" });
    const at = address.replace("ws:", "http:");
    const here = await fetch(at);
    expect([here.status, here.headers.get("upgrade"), await here.text()]).toEqual([
      426,
      "websocket",
      "A WebSocket is served here\n",
    ]);
    expect((await fetch(new URL("/other", at))).status).toBe(404);
    expect((await fetch(at, { method: "POST", body: "x".repeat(100_000) })).status).toBe(426);
    expect(links.length).toBe(0);
  });

  test("W10 gives a connection 5 s to ask, however slowly it writes, and then ends it", async () => {
    const clock = new FakeClock();
    const { address, links } = await listening({ clock });
    const silent = await connectTo(address);
    const slow = await connectTo(address);
    await until(() => clock.armedTimers === 2);
    const answers = [silent, slow].map(readAnswer);
    const request = upgradeRequest(new URL(address), {});
    for (const letter of request.slice(0, 40)) {
      slow.write(letter);
      await clock.advance(100);
    }
    expect([silent.destroyed, slow.destroyed]).toEqual([false, false]);
    await clock.advance(1_000);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([0, 0]);
    expect(clock.armedTimers).toBe(0);
    expect(links.length).toBe(0);
  });

  test("has no timer for a connection that was upgraded", async () => {
    const clock = new FakeClock();
    const { address, links } = await listening({ clock });
    const { socket } = await askUpgrade(address);
    await until(() => links.length === 1);
    expect(clock.armedTimers).toBe(0);
    await clock.advance(60_000);
    expect(socket.destroyed).toBe(false);
  });
});

describe("W10 upgrades that say nothing", () => {
  test("are so many at once; one more is told to come later, until one of them speaks or leaves", async () => {
    const { address, links } = await listening({ maxPending: 128, maxPendingPerRemote: 128 });
    const silent = await Promise.all(Array.from({ length: 128 }, () => askUpgrade(address)));
    expect(new Set(silent.map(({ status }) => status))).toEqual(new Set([101]));
    const { status, head } = await askUpgrade(address);
    expect(status).toBe(503);
    expect(head).toContain("Retry-After: 1");
    expect(links.length).toBe(128);

    // A masked message of one byte.
    silent[0]?.socket.write(Uint8Array.from([0x82, 0x81, 0, 0, 0, 0, 0]));
    await until(() => (links[0]?.inbound ?? 0) > 0 || links.some(({ inbound }) => (inbound ?? 0) > 0));
    expect((await askUpgrade(address)).status).toBe(101);
    expect((await askUpgrade(address)).status).toBe(503);
    silent[1]?.socket.destroy();
    let again = 503;
    await until(() => links.length === 129);
    for (let round = 0; round < 50 && again === 503; round++) again = (await askUpgrade(address)).status;
    expect(again).toBe(101);
  });

  test("of one address take a quarter of the places, and leave the rest to others", async () => {
    const { address, links } = await listening({ host: "0.0.0.0", maxPending: 8 });
    const near = address.replace("0.0.0.0", "127.0.0.1");
    const from = (localAddress: string) => askUpgrade(near, { localAddress });
    const statuses: number[] = [];
    for (let count = 0; count < 3; count++) statuses.push((await from("127.0.0.2")).status);
    expect(statuses).toEqual([101, 101, 503]);
    for (const other of ["127.0.0.3", "127.0.0.4", "127.0.0.5"]) {
      expect([(await from(other)).status, (await from(other)).status]).toEqual([101, 101]);
    }
    expect((await from("127.0.0.6")).status).toBe(503);
    expect(links.length).toBe(8);
  });

  test("of one address have a place at least", async () => {
    const { address } = await listening({ maxPending: 1 });
    expect((await askUpgrade(address)).status).toBe(101);
    expect((await askUpgrade(address)).status).toBe(503);
  });

  test.each([0, -1, 1.5, Number.NaN])("cannot be %s", (number) => {
    expect(() => listenWebSocket({ port: 0, maxPending: number })).toThrow(RangeError);
    expect(() => listenWebSocket({ port: 0, maxPendingPerRemote: number })).toThrow(RangeError);
  });
});

describe("a server that is there", () => {
  test("keeps its pages and its other upgrades", async () => {
    const { server, url } = await otherServer();
    const other = new WebSocketServer({ noServer: true });
    const echoed: string[] = [];
    server.on("upgrade", (request, socket, head) => {
      if (request.url !== "/other") return;
      other.handleUpgrade(request, socket, head, () => void echoed.push("other"));
    });
    const { address, links } = await listening({ server, path: "/rpc" });
    expect(address).toBe(`${url.replace("http:", "ws:")}/rpc`);
    expect((await askUpgrade(address, { path: "/other" })).status).toBe(101);
    expect(echoed).toEqual(["other"]);
    expect(links.length).toBe(0);
    expect((await askUpgrade(address)).status).toBe(101);
    expect(links.length).toBe(1);
    expect(await (await fetch(`${url}/rpc`)).text()).toBe("page /rpc");
    expect(await (await fetch(`${url}/`)).text()).toBe("page /");
    other.close();
    for (const client of other.clients) client.terminate();
  });

  test("answers an upgrade that nobody takes, instead of keeping it waiting", async () => {
    const { server } = await otherServer();
    const { address } = await listening({ server, path: "/rpc" });
    expect((await askUpgrade(address, { path: "/nobody" })).status).toBe(404);
  });

  test("is shared by listeners at different paths; the same path is taken", async () => {
    const { server } = await otherServer();
    const one = await listening({ server, path: "/one" });
    const two = await listening({ server, path: "/two", allowedOrigin: "https://two.example.com" });
    await expect(listenWebSocket({ server, path: "/two" }).listen(() => {})).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    const headers = { Origin: "https://two.example.com" };
    expect((await askUpgrade(one.address, { headers })).status).toBe(403);
    expect((await askUpgrade(two.address, { headers })).status).toBe(101);
    expect([one.links.length, two.links.length]).toEqual([0, 1]);
    expect((await askUpgrade(one.address, { path: "/three" })).status).toBe(404);
  });

  test("is as it was after close(), and its links live on", async () => {
    const { server, url } = await otherServer();
    const before = server.listenerCount("upgrade");
    const listener = listenWebSocket({ server, path: "/rpc" });
    const links: { destroy(): void }[] = [];
    const address = await listener.listen((link) => links.push(link));
    const { socket } = await askUpgrade(address);
    await listener.close();
    expect(server.listenerCount("upgrade")).toBe(before);
    expect(server.listening).toBe(true);
    expect(socket.destroyed).toBe(false);
    expect(await (await fetch(`${url}/rpc`)).text()).toBe("page /rpc");
    for (const link of links) link.destroy();
    expect(await listener.listen(() => {})).toBe(address);
    await listener.close();
  });

  test("need not listen yet", async () => {
    const server = createServer();
    const { address } = await listening({ server, path: "/rpc" });
    expect(address).toBe("ws://localhost:0/rpc");
  });
});

describe("options that make no sense", () => {
  const server = createServer();
  test.each<[string, object]>([
    ["neither port nor server", {}],
    ["both", { port: 0, server }],
    ["a host for somebody else's server", { server, host: "127.0.0.1" }],
    ["times for somebody else's server", { server, handshakeTimeout: 1 }],
    ["keys for somebody else's server", { server, tls: { cert: "", key: "" } }],
    ["a path without a slash", { port: 0, path: "rpc" }],
    ["a path with a query", { port: 0, path: "/rpc?x" }],
    ["a misspelt option", { port: 0, allowedOrigins: [] }],
    ["an origin that is none", { port: 0, allowedOrigin: "example.com" }],
    ["any origin", { port: 0, allowedOrigin: "*" }],
    ["a host that is none", { port: 0, allowedHost: "http://example.com" }],
    ["a certificate without its key", { port: 0, tls: { cert: "" } }],
  ])("are found at once: %s", (_, options) => {
    expect(() => listenWebSocket(options as ListenWebSocketOptions)).toThrow(TypeError);
  });

  test("keys that are none are INVALID_ARGUMENT", () => {
    expect(() => listenWebSocket({ port: 0, tls: { cert: "x", key: "y" } })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("by address", () => {
  test("ws: listens and connects", async () => {
    const listener = listenerFromAddress(parseAddress("ws://127.0.0.1:0/rpc"));
    const far: string[] = [];
    const address = await listener.listen((link) => {
      far.push(link.info.transport);
      link.destroy();
    });
    expect(address).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/rpc$/);
    const transport = transportFromAddress(parseAddress(address));
    (await transport.connect()).destroy();
    await until(() => far.length === 1);
    expect(far).toEqual(["ws"]);
    await transport.dispose();
    await listener.close();
  });

  test.each([
    ["wss://127.0.0.1:1/", /tls: \{ cert, key \}/],
    ["ws://127.0.0.1:1/?x=secret", /ends with its path/],
    ["http://127.0.0.1:1/?x=secret", /no WebSocket is http:/],
    ["tcp://127.0.0.1:1", /no WebSocket is tcp:/],
  ])("%s cannot be listened at, and the error says why", (text, message) => {
    const listening = (): unknown => listenerFromAddress(parseAddress(text));
    expect(listening).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(listening).toThrow(message);
    expect(listening).not.toThrow(/secret/);
  });

  test("another scheme is none of a WebSocket", () => {
    expect(() => transportFromAddress(parseAddress("http://127.0.0.1:1/"))).toThrow(/ws:\/\/ or wss:\/\//);
  });
});

test("listening, connecting and closing leave nothing behind, at either end first", async () => {
  await finishesCleanly(async () => {
    for (const first of ["near", "far"] as const) {
      const listener = listenWebSocket({ port: 0 });
      const far: { close(): void }[] = [];
      const silence = { frame() {}, malformed() {}, flushing() {}, writable() {} };
      let ends = 0;
      const address = await listener.listen((link) => {
        far.push(link);
        link.receive({ ...silence, closed: () => void ends++ });
      });
      await expect(listener.listen(() => {})).rejects.toThrow(TypeError);
      const link = await new WebSocketTransport({ url: address }).connect();
      link.receive({ ...silence, closed: () => void ends++ });
      await until(() => far.length === 1);
      if (first === "near") link.close();
      else far[0]?.close();
      await until(() => ends === 2);
      await listener.close();
      await listener.close();
    }
  });
});
