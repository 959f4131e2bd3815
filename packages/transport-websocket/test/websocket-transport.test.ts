/** Connecting: addresses, options that a platform cannot follow, time, giving up; with sockets of the standard. */
import { FakeClock } from "@sluice/protocol/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { acceptWebSocket, listenWebSocket, transportFromAddress, WebSocketTransport } from "../src/index.ts";
import type { WebSocketConstructor } from "../src/websocket-like.ts";
import { FakeWebSocket } from "./fake-websocket.ts";

/** A class of sockets that are connecting until the test says more, and what they were made with. */
function dialling() {
  const made: { readonly socket: FakeWebSocket; readonly args: readonly unknown[] }[] = [];
  class Dialled extends FakeWebSocket {
    constructor(...args: unknown[]) {
      super();
      this.readyState = 0;
      made.push({ socket: this, args });
    }
  }
  return { made, WebSocket: Dialled as unknown as WebSocketConstructor };
}

function open(socket: FakeWebSocket | undefined): void {
  if (socket === undefined) throw new Error("No socket was made");
  socket.readyState = 1;
  socket.dispatch("open");
}

const url = "ws://far.example/rpc";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("an address", () => {
  test.each([
    ["ws://far.example", "ws://far.example/", "ws"],
    ["wss://far.example:8443/rpc", "wss://far.example:8443/rpc", "wss"],
    ["WS://Far.Example:80/", "ws://far.example/", "ws"],
    [new URL("/rpc", "https://app.example.com/page"), "wss://app.example.com/rpc", "wss"],
    [new URL("http://[::1]:8080/rpc"), "ws://[::1]:8080/rpc", "ws"],
  ])("%s is dialled as %s", (given, href, name) => {
    const { made, WebSocket } = dialling();
    const transport = new WebSocketTransport({ url: given, WebSocket });
    void transport.connect().catch(() => {});
    expect(transport.name).toBe(name);
    expect(made[0]?.args[0]).toBe(href);
  });

  test.each([
    "http://far.example",
    "tcp://far.example:1",
    "far.example",
    "",
    "ws://",
    "ws://user:pass@far.example",
    "ws://far.example/#part",
    "ws://far.example:0/",
    "ws://far.example:99999/",
  ])("%j is refused", (given) => {
    expect(() => new WebSocketTransport({ url: given, WebSocket: dialling().WebSocket })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", processed: "no" }),
    );
  });

  test("W2 shows its query to nobody: no error, no description of the link", async () => {
    const secret = "canary-4711";
    const { made, WebSocket } = dialling();
    const transport = new WebSocketTransport({ url: `${url}?token=${secret}`, WebSocket });
    const connecting = transport.connect();
    expect(made[0]?.args[0]).toContain(secret);
    open(made[0]?.socket);
    const link = await connecting;
    expect(link.info).toEqual({ transport: "ws", remote: url });
    link.destroy();

    const told: unknown[] = [];
    const failing = transport.connect().catch((error) => told.push(error.message));
    made[1]?.socket.dispatch("error");
    await failing;
    class Refusing {
      constructor(given: string) {
        throw new SyntaxError(`Bad address ${given}`);
      }
    }
    const refused = new WebSocketTransport({
      url: `${url}?token=${secret}`,
      WebSocket: Refusing as unknown as WebSocketConstructor,
    });
    await refused.connect().catch((error) => told.push(error.message));
    for (const bad of [`ws://far.example:0/?token=${secret}`, `http://far.example/?token=${secret}`]) {
      try {
        new WebSocketTransport({ url: bad, WebSocket });
      } catch (error) {
        told.push((error as Error).message);
      }
    }
    expect(told.length).toBe(4);
    expect(told.join("\n")).not.toContain(secret);
  });
});

describe("options", () => {
  test("protocols and headers reach a class that was given", () => {
    const { made, WebSocket } = dialling();
    const connect = (options: object): void =>
      void new WebSocketTransport({ url, WebSocket, ...options }).connect().catch(() => {});
    connect({});
    connect({ protocols: "one" });
    connect({ protocols: ["one", "two"], headers: { cookie: "a=b" } });
    expect(made.map(({ args }) => args)).toEqual([
      [url, []],
      [url, "one"],
      [url, ["one", "two"], { headers: { cookie: "a=b" } }],
    ]);
  });

  test.each([{ headers: { cookie: "a=b" } }, { tls: {} }, { perMessageDeflate: true }])(
    "%o are not dropped in silence where the platform decides",
    (options) => {
      vi.stubGlobal("WebSocket", dialling().WebSocket);
      expect(() => new WebSocketTransport({ url: "wss://far.example/", ...options })).toThrow(TypeError);
    },
  );

  test("tls needs wss:", () => {
    expect(() => new WebSocketTransport({ url, WebSocket: dialling().WebSocket, tls: {} })).toThrow(/wss:/);
  });

  test("the platform's own class is used if none is given, and its absence is told at once", () => {
    const { made, WebSocket } = dialling();
    vi.stubGlobal("WebSocket", WebSocket);
    void new WebSocketTransport({ url, protocols: ["one"] }).connect().catch(() => {});
    expect(made[0]?.args).toEqual([url, ["one"]]);
    vi.stubGlobal("WebSocket", undefined);
    expect(() => new WebSocketTransport({ url })).toThrow(/has no WebSocket/);
  });

  test("an address picks this transport too, without Node", async () => {
    vi.stubGlobal("WebSocket", dialling().WebSocket);
    expect(transportFromAddress({ scheme: "wss", url: "wss://far.example/" }).name).toBe("wss");
    await expect(listenWebSocket({ port: 0 }).listen(() => {})).rejects.toMatchObject({
      code: "UNIMPLEMENTED",
    });
  });
});

describe("connect()", () => {
  test("gives up after its time, and leaves nothing on the socket but what hears of errors", async () => {
    const { made, WebSocket } = dialling();
    const clock = new FakeClock();
    const failed = new WebSocketTransport({ url, WebSocket, clock }).connect().catch((error) => error);
    await clock.advance(10_000);
    expect(await failed).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("10000 ms") });
    expect(clock.armedTimers).toBe(0);
    expect(made[0]?.socket.closes.length).toBe(1);
    expect(made[0]?.socket.listeners).toBe(1);
  });

  test("gives up when its signal aborts, before and meanwhile", async () => {
    const { made, WebSocket } = dialling();
    const clock = new FakeClock();
    const transport = new WebSocketTransport({ url, WebSocket, clock });
    await expect(transport.connect({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(made.length).toBe(0);
    const controller = new AbortController();
    const failed = transport.connect({ signal: controller.signal }).catch((error) => error);
    controller.abort();
    expect(await failed).toMatchObject({ code: "CANCELLED", processed: "no" });
    expect(made[0]?.socket.closes.length).toBe(1);
    expect(clock.armedTimers).toBe(0);
  });

  test.each([
    [{}, "UNAVAILABLE", /does not say why/],
    [{ code: 1006 }, "UNAVAILABLE", /closed with 1006/],
    [{ error: new Error("Unexpected server response: 403") }, "PERMISSION_DENIED", /it answered 403/],
    [{ error: new Error("Unexpected server response: 401") }, "UNAUTHENTICATED", /401/],
    [{ error: new Error("Unexpected server response: 404") }, "NOT_FOUND", /404/],
    [{ error: new Error("Unexpected server response: 426") }, "PROTOCOL_ERROR", /426/],
    [{ error: new Error("Unexpected server response: 503") }, "UNAVAILABLE", /503/],
    [{ error: new Error("Invalid Sec-WebSocket-Accept header") }, "PROTOCOL_ERROR", /Accept/],
    [{ error: Object.assign(new Error("x"), { code: "ECONNREFUSED" }) }, "UNAVAILABLE", /ECONNREFUSED/],
    [
      { error: Object.assign(new Error("x"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }) },
      "UNAUTHENTICATED",
      /SELF/,
    ],
    [{ error: Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" }) }, "UNAVAILABLE", /EXPIRED/],
  ])("that fails with %o is %s", async (event, code, message) => {
    const { made, WebSocket } = dialling();
    const clock = new FakeClock();
    const failed = new WebSocketTransport({ url, WebSocket, clock }).connect().catch((error) => error);
    made[0]?.socket.dispatch("code" in event ? "close" : "error", event);
    expect(await failed).toMatchObject({ code, processed: "no", message: expect.stringMatching(message) });
    expect(clock.armedTimers).toBe(0);
  });

  test("of a transport that was disposed meanwhile brings nothing, and its links end", async () => {
    const { made, WebSocket } = dialling();
    const transport = new WebSocketTransport({ url, WebSocket });
    const first = transport.connect();
    open(made[0]?.socket);
    const link = await first;
    const late = transport.connect().catch((error) => error);
    await transport.dispose();
    open(made[1]?.socket);
    expect(await late).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("disposed") });
    expect(made.map(({ socket }) => socket.closes.length)).toEqual([1, 1]);
    await expect(transport.connect()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    link.destroy();
  });
});

describe("acceptWebSocket", () => {
  test("serves or connects the one socket, once", async () => {
    for (const side of ["accept", "connect"] as const) {
      const transport = acceptWebSocket(new FakeWebSocket(), { remote: "tcp://10.0.0.1:5" });
      const links: unknown[] = [];
      if (side === "accept") transport.accept?.((link) => links.push(link));
      else links.push(await transport.connect());
      expect(links).toEqual([
        expect.objectContaining({ info: { transport: "ws", remote: "tcp://10.0.0.1:5" } }),
      ]);
      await expect(transport.connect()).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        processed: "no",
      });
      await transport.dispose();
    }
  });

  test.each([
    [0, /still connecting/],
    [2, /closing/],
    [3, /closed/],
  ])("refuses a socket in state %d", (readyState, message) => {
    const socket = new FakeWebSocket();
    socket.readyState = readyState;
    expect(() => acceptWebSocket(socket)).toThrow(message);
  });
});
