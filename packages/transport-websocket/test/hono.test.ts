/** WebSockets of a Hono app: on Node for real, and as the adapters of Bun, Deno and Workers call it. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { serve, upgradeWebSocket, type WebSocketServerLike } from "@hono/node-server";
import { transportSuite } from "@sluice/protocol/testing";
import type { Link, Transport } from "@sluice/protocol/wire";
import { WebSocketTransport } from "@sluice/transport-websocket";
import { type HonoWebSocketOptions, sluiceWebSocket } from "@sluice/transport-websocket/hono";
import { Hono } from "hono";
import { WSContext, type WSEvents } from "hono/ws";
import { describe, expect, it, onTestFinished, test, vi } from "vitest";
import { WebSocketServer } from "ws";
import { mostMessageBytes } from "../src/pack-messages.ts";
import { collectGarbage } from "./collect-garbage.ts";
import { FakeWebSocket } from "./fake-websocket.ts";
import { askUpgrade } from "./node/ask-upgrade.ts";
import { until } from "./node/listening.ts";

/** `sockets` by the adapter's type, which an exact reading of optional properties refuses. */
function serverOf(sockets: WebSocketServer): WebSocketServerLike {
  return sockets as WebSocketServerLike;
}

/** What a server does with transports, for a test. */
function taking(onLink: (link: Link) => void): { handle(transport: Transport<unknown, unknown>): void } {
  return { handle: (transport) => transport.accept?.(onLink) };
}

/** An app that listens on Node, and its address. */
async function listenOnNode(onLink: (link: Link) => void, options: Partial<HonoWebSocketOptions> = {}) {
  const app = new Hono();
  app.get("/rpc", sluiceWebSocket(taking(onLink), { upgradeWebSocket, ...options }));
  app.get("/rpc", (context) => context.text("the page behind it"));
  app.get("/", (context) => context.text("a page"));
  const sockets = new WebSocketServer({ noServer: true, maxPayload: mostMessageBytes });
  const server = serve({
    fetch: app.fetch,
    port: 0,
    hostname: "127.0.0.1",
    websocket: { server: serverOf(sockets) },
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const client of sockets.clients) client.terminate();
    const closed = once(server, "close");
    server.close();
    await closed;
  };
  return { address: `ws://127.0.0.1:${port}/rpc`, close };
}

transportSuite("Hono on Node", {
  test: { describe, it },
  collectGarbage,
  setup() {
    let transport: WebSocketTransport | undefined;
    let close: (() => Promise<void>) | undefined;
    return {
      async accept(onLink) {
        const listening = await listenOnNode(onLink);
        transport = new WebSocketTransport({ url: listening.address });
        close = listening.close;
      },
      connect: () => (transport as WebSocketTransport).connect(),
      async cleanup() {
        await transport?.dispose();
        await close?.();
      },
    };
  },
});

describe("a route of a Hono app on Node", () => {
  test("W1 upgrades nobody whose Origin or Host is not let in, and tells why", async () => {
    const links: Link[] = [];
    const { address, close } = await listenOnNode((link) => links.push(link), {
      allowedOrigin: "https://good.example.com",
    });
    onTestFinished(close);
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await askUpgrade(address, { headers })).status;
    expect(await ask({ Origin: "https://evil.example.com" })).toBe(403);
    expect(await ask({ Origin: "null" })).toBe(403);
    expect(await ask({ Origin: "https://GOOD.example.com" })).toBe(403);
    expect(await ask({ Host: "evil.example.com" })).toBe(403);
    expect(await ask({ Host: "evil.example.com", Origin: "http://evil.example.com" })).toBe(403);
    expect(links.length).toBe(0);
    expect(await ask({ Origin: "https://good.example.com" })).toBe(101);
    expect(await ask({ Origin: `http://${new URL(address).host}` })).toBe(101);
    expect(await ask({})).toBe(101);
    await until(() => links.length === 3);
    expect(links[0]?.info).toEqual({
      transport: "ws",
      remote: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:/),
    });
    for (const link of links) link.destroy();
  });

  test("leaves what asks for no WebSocket to the next handler, and other routes alone", async () => {
    const { address, close } = await listenOnNode(() => {});
    onTestFinished(close);
    const url = address.replace("ws:", "http:");
    expect(await (await fetch(url)).text()).toBe("the page behind it");
    expect(await (await fetch(new URL("/", url))).text()).toBe("a page");
  });

  test("closes the socket if the server is gone", async () => {
    const app = new Hono();
    const gone = {
      handle() {
        throw new TypeError("The server is disposed");
      },
    };
    app.get("/rpc", sluiceWebSocket(gone, { upgradeWebSocket }));
    const sockets = new WebSocketServer({ noServer: true });
    const server = serve({
      fetch: app.fetch,
      port: 0,
      hostname: "127.0.0.1",
      websocket: { server: serverOf(sockets) },
    });
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const link = await new WebSocketTransport({ url: `ws://127.0.0.1:${port}/rpc` }).connect();
    const end = new Promise((resolve) => {
      link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed: resolve });
    });
    expect(await end).toBeUndefined();
  });
});

/** A frame that both sides understand. */
const ping = { type: 12, call: 0, answer: false, nonce: 7 } as const;

/** Runs a route as an adapter does: the events that it has made for an upgrade, and the links that came. */
async function upgraded(): Promise<{ events: WSEvents; links: Link[]; frames: unknown[]; ends: unknown[] }> {
  const links: Link[] = [];
  const frames: unknown[] = [];
  const ends: unknown[] = [];
  const made: WSEvents[] = [];
  const onLink = (link: Link): void => {
    links.push(link);
    link.receive({
      frame: (frame) => void frames.push({ ...frame }),
      malformed() {},
      flushing() {},
      writable() {},
      closed: (error) => void ends.push(error),
    });
  };
  const app = new Hono();
  const upgradeHere: HonoWebSocketOptions["upgradeWebSocket"] = (createEvents) => async (context) => {
    made.push(createEvents(context));
    return context.body(null, 200);
  };
  app.get("/rpc", sluiceWebSocket(taking(onLink), { upgradeWebSocket: upgradeHere }));
  const response = await app.request("/rpc", { headers: { Upgrade: "WebSocket" } });
  expect(response.status).toBe(200);
  return { events: made[0] as WSEvents, links, frames, ends };
}

describe("the adapter of", () => {
  test("Bun, whose sockets have no events and whose contexts grow old, moves frames both ways", async () => {
    const { events, links, frames, ends } = await upgraded();
    const sent: Uint8Array[] = [];
    const closes: unknown[][] = [];
    const raw = {
      readyState: 1,
      buffered: 0,
      getBufferedAmount: () => raw.buffered,
      terminate() {},
    };
    const context = (): WSContext =>
      new WSContext({
        raw,
        readyState: raw.readyState as 1,
        send: (data) => void sent.push(new Uint8Array(data as ArrayBuffer)),
        close: (...args) => void closes.push(args),
      });
    events.onOpen?.(new Event("open"), context());
    expect(links.length).toBe(1);
    links[0]?.send(ping);
    await until(() => sent.length === 1);
    // `data` is what Bun gives: a buffer.
    events.onMessage?.(
      new MessageEvent("message", { data: (sent[0] as Uint8Array<ArrayBuffer>).slice().buffer }),
      context(),
    );
    await until(() => frames.length === 1);
    expect(frames).toEqual([expect.objectContaining(ping)]);
    // Its buffer is asked for, so that a slow reader is felt.
    raw.buffered = 10 * 1024 * 1024;
    links[0]?.send(ping);
    await until(() => sent.length === 2);
    expect(links[0]?.room).toBe(0);
    raw.readyState = 3;
    events.onClose?.({ code: 1001, reason: "" } as CloseEvent, context());
    await until(() => ends.length === 1);
    expect(ends[0]).toMatchObject({ code: "UNAVAILABLE" });
  });

  test("Workers, which tells nothing before the first message, begins with that", async () => {
    const { events, links, frames } = await upgraded();
    const sent: Uint8Array[] = [];
    const raw = new FakeWebSocket();
    const context = new WSContext({
      raw,
      readyState: 1,
      send: (data) => void sent.push(new Uint8Array(data as ArrayBuffer)),
      close() {},
    });
    expect(links.length).toBe(0);
    const bytes = Uint8Array.from([0, 0, 0, 9, 12, 0, 0, 0, 0, 0, 0, 0, 7]);
    events.onMessage?.(new MessageEvent("message", { data: bytes.buffer }), context);
    events.onMessage?.(new MessageEvent("message", { data: bytes.buffer }), context);
    await until(() => frames.length === 2);
    expect(links.length).toBe(1);
  });

  test("Deno, whose sockets are of the standard, is heard directly", async () => {
    const { events, links, frames } = await upgraded();
    const raw = new FakeWebSocket();
    const send = vi.fn();
    events.onOpen?.(new Event("open"), new WSContext({ raw, readyState: 1, send, close() {} }));
    expect(links.length).toBe(1);
    raw.come(Uint8Array.from([0, 0, 0, 9, 12, 0, 0, 0, 0, 0, 0, 0, 7]).buffer);
    await until(() => frames.length === 1);
    links[0]?.send(ping);
    await until(() => raw.sent.length === 1);
    expect(send).not.toHaveBeenCalled();
    expect(events.onMessage).toBeUndefined();
  });

  test("any runtime tells a socket that fails or ends before it spoke to nobody", async () => {
    const { events, links } = await upgraded();
    const context = new WSContext({ readyState: 3, send() {}, close() {} });
    events.onError?.(new Event("error"), context);
    events.onClose?.({ code: 1006, reason: "" } as CloseEvent, context);
    expect(links.length).toBe(0);
  });
});
