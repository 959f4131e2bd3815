/** The client on Node: what it sends, whom it trusts, what it makes of refusals, and what it leaves behind. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createPort } from "node:net";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import type { Link } from "@sluice/protocol/wire";
import { acceptWebSocket, listenWebSocket, WebSocketTransport } from "@sluice/transport-websocket";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { listening, until } from "./listening.ts";

function pem(name: string): string {
  return readFileSync(new URL(`../certificates/${name}`, import.meta.url), "utf8");
}

/** A server that answers every upgrade with `status`. Its address. */
async function refusing(status: number): Promise<string> {
  const server = createServer();
  server.on("upgrade", (_, socket) => void socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe("connect()", () => {
  test.each([
    [400, "PROTOCOL_ERROR"],
    [401, "UNAUTHENTICATED"],
    [403, "PERMISSION_DENIED"],
    [404, "NOT_FOUND"],
    [429, "UNAVAILABLE"],
    [500, "UNAVAILABLE"],
    [503, "UNAVAILABLE"],
    [302, "UNAVAILABLE"],
  ])("that is answered with %d rejects with %s", async (status, code) => {
    const url = await refusing(status);
    await finishesCleanly(() =>
      expect(new WebSocketTransport({ url: `${url}?token=canary` }).connect()).rejects.toMatchObject({
        code,
        processed: "no",
        message: `Cannot connect to ${url}: it answered ${status}`,
      }),
    );
  });

  test("to a listener that takes no such origin or path says so", async () => {
    const { address } = await listening({ path: "/rpc" });
    const refusal = (url: string, headers = {}): Promise<unknown> =>
      new WebSocketTransport({ url, headers }).connect().catch((error) => error.code);
    expect(await refusal(address, { Origin: "https://evil.example.com" })).toBe("PERMISSION_DENIED");
    expect(await refusal(address.replace("/rpc", "/other"))).toBe("NOT_FOUND");
  });

  test("to nobody is UNAVAILABLE, and leaves nothing behind", async () => {
    const port = createPort();
    port.listen(0, "127.0.0.1");
    await once(port, "listening");
    const { port: free } = port.address() as AddressInfo;
    port.close();
    await once(port, "close");
    await finishesCleanly(() =>
      expect(new WebSocketTransport({ url: `ws://127.0.0.1:${free}` }).connect()).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("ECONNREFUSED"),
      }),
    );
  });

  test("to somebody who never answers ends with its time or its signal, and leaves nothing behind", async () => {
    const port = createPort((socket) => void socket.on("error", () => {}).resume());
    port.listen(0, "127.0.0.1");
    await once(port, "listening");
    const url = `ws://127.0.0.1:${(port.address() as AddressInfo).port}`;
    await finishesCleanly(async () => {
      await expect(new WebSocketTransport({ url, connectTimeout: 20 }).connect()).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("20 ms"),
      });
      const controller = new AbortController();
      const given = new WebSocketTransport({ url })
        .connect({ signal: controller.signal })
        .catch((error) => error);
      setImmediate(() => controller.abort());
      expect(await given).toMatchObject({ code: "CANCELLED" });
    });
    port.close();
  });

  test("to something else than a WebSocket is PROTOCOL_ERROR or UNAVAILABLE, and says what was wrong", async () => {
    const answers = [
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n",
      "SSH-2.0-OpenSSH_9.6\r\n",
    ];
    const codes: unknown[] = [];
    for (const answer of answers) {
      const port = createPort(
        (socket) => void socket.on("error", () => {}).once("data", () => socket.end(answer)),
      );
      port.listen(0, "127.0.0.1");
      await once(port, "listening");
      const url = `ws://127.0.0.1:${(port.address() as AddressInfo).port}`;
      codes.push(await new WebSocketTransport({ url }).connect().catch((error) => error.code));
      port.close();
    }
    expect(codes).toEqual(["PROTOCOL_ERROR", "PROTOCOL_ERROR", "UNAVAILABLE"]);
  });

  test("W2 sends headers and subprotocols, and offers no compression unless asked", async () => {
    const requests: IncomingMessage[] = [];
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    server.on("connection", (_, request) => void requests.push(request));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const links: Link[] = [];
    for (const more of [
      {},
      { perMessageDeflate: true, protocols: ["one", "two"], headers: { cookie: "a=b" } },
    ]) {
      links.push(await new WebSocketTransport({ url, ...more }).connect());
    }
    expect(requests.map(({ headers }) => headers["sec-websocket-extensions"])).toEqual([
      undefined,
      expect.stringContaining("permessage-deflate"),
    ]);
    expect(requests[1]?.headers).toMatchObject({ cookie: "a=b", "sec-websocket-protocol": "one,two" });
    for (const link of links) link.destroy();
    for (const client of server.clients) client.terminate();
    server.close();
  });

  test("loses nothing that came together with the answer to its request", async () => {
    for (let round = 0; round < 20; round++) {
      const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
      await once(server, "listening");
      server.on("connection", (socket) => {
        for (let nonce = 0; nonce < 5; nonce++)
          socket.send(Uint8Array.from([0, 0, 0, 9, 12, 0, 0, 0, 0, 0, 0, 0, nonce]));
        socket.close();
      });
      const link = await new WebSocketTransport({
        url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      }).connect();
      // A moment later: whoever connects may have something else to do first.
      await new Promise((resolve) => setImmediate(resolve));
      const frames: number[] = [];
      const ended = new Promise((resolve) => {
        link.receive({
          frame: (frame) => void frames.push((frame as { nonce: number }).nonce),
          malformed() {},
          flushing() {},
          writable() {},
          closed: resolve,
        });
      });
      expect(await ended).toBeUndefined();
      expect(frames).toEqual([0, 1, 2, 3, 4]);
      server.close();
    }
  });
});

describe("wss:", () => {
  const server = { cert: pem("server.crt"), key: pem("server.key") };

  test("connects to whom it trusts, and is encrypted", async () => {
    const { address, links } = await listening({ tls: server });
    expect(address).toMatch(/^wss:/);
    const transport = new WebSocketTransport({ url: address, tls: { ca: pem("ca.crt") } });
    const link = await transport.connect();
    await until(() => links.length === 1);
    expect(link.info).toEqual({ transport: "wss", remote: address });
    expect(links[0]?.info).toEqual({
      transport: "wss",
      remote: expect.stringMatching(/^tls:\/\/127\.0\.0\.1:/),
    });
    link.destroy();
  });

  test.each([
    ["nobody vouches for", {}, server],
    ["another authority vouches for", { ca: pem("foreign-ca.crt") }, server],
    ["is another's", { ca: pem("ca.crt") }, { cert: pem("elsewhere.crt"), key: pem("elsewhere.key") }],
  ])("refuses a server whose certificate %s", async (_, tls, shown) => {
    const { address, links } = await listening({ tls: shown });
    await expect(new WebSocketTransport({ url: address, tls }).connect()).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      processed: "no",
    });
    expect(links.length).toBe(0);
  });

  test("W1 knows its own pages by https:", async () => {
    const { address } = await listening({ tls: server });
    const { host } = new URL(address);
    const connect = (Origin: string): Promise<unknown> =>
      new WebSocketTransport({ url: address, tls: { ca: pem("ca.crt") }, headers: { Origin } })
        .connect()
        .then(
          (link) => {
            link.destroy();
            return "connected";
          },
          (error) => error.code,
        );
    expect(await connect(`https://${host}`)).toBe("connected");
    expect(await connect(`http://${host}`)).toBe("PERMISSION_DENIED");
  });

  test("a connection that never says hello in TLS, and one that never asks, end in time", async () => {
    const { connect } = await import("node:net");
    const { connect: connectTls } = await import("node:tls");
    const listener = listenWebSocket({ port: 0, tls: server, handshakeTimeout: 50 });
    const { port, hostname } = new URL(await listener.listen(() => {}));
    const silent = connect(Number(port), hostname).resume();
    const hello = connectTls({
      port: Number(port),
      host: hostname,
      ca: pem("ca.crt"),
      servername: "localhost",
    }).resume();
    for (const socket of [silent, hello]) socket.on("error", () => {});
    await Promise.all([once(silent, "close"), once(hello, "close")]);
    await listener.close();
  });

  test("keys that are none are found at once", () => {
    expect(
      () => new WebSocketTransport({ url: "wss://127.0.0.1:1", tls: { ca: "x", cert: "y", key: "z" } }),
    ).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => new WebSocketTransport({ url: "ws://127.0.0.1:1", tls: {} })).toThrow(TypeError);
  });
});

test("acceptWebSocket serves a socket that somebody else's server of ws has accepted", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const far: Link[] = [];
  server.on("connection", (socket) => acceptWebSocket(socket).accept?.((link) => far.push(link)));
  const near = await new WebSocketTransport({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    WebSocket,
  }).connect();
  const frames: unknown[] = [];
  const receiver = { malformed() {}, flushing() {}, writable() {}, closed() {} };
  await until(() => far.length === 1);
  near.receive({ ...receiver, frame: ({ type }) => void frames.push(type) });
  far[0]?.receive({ ...receiver, frame: ({ type }) => void frames.push(type) });
  near.send({ type: 12, call: 0, answer: false, nonce: 1 });
  far[0]?.send({ type: 12, call: 0, answer: true, nonce: 1 });
  await until(() => frames.length === 2);
  near.destroy();
  far[0]?.destroy();
  server.close();
});
