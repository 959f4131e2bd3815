/** The HTTP fault proxy: what each fault does to a server and to its client. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { FakeClock } from "../../../src/testing/index.ts";
import {
  type HttpFaultProxy,
  type HttpFaultProxyOptions,
  httpFaultProxy,
} from "../../../src/testing/node/index.ts";

let server: Server;
let proxy: HttpFaultProxy;
/** Bodies that the server got. */
let served: string[];
/** Writes to the stream that was opened last. */
let say: (text: string) => void;

async function open(options?: HttpFaultProxyOptions): Promise<void> {
  served = [];
  server = createServer(async (incoming, outgoing) => {
    if (incoming.headers.accept === "text/event-stream") {
      outgoing.writeHead(200, { "content-type": "text/event-stream" });
      outgoing.flushHeaders();
      say = (text) => void outgoing.write(text);
      return;
    }
    let body = "";
    for await (const chunk of incoming) body += chunk;
    served.push(body);
    outgoing.end(`got ${body}`);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  proxy = await httpFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, options);
}

afterEach(async () => {
  await proxy.close();
  server.close();
  server.closeAllConnections();
});

async function post(body: string): Promise<string> {
  const response = await fetch(`${proxy.origin}/x`, { method: "POST", body });
  return `${response.status} ${await response.text()}`;
}

function stream(): Promise<Response> {
  return fetch(`${proxy.origin}/x`, { method: "POST", headers: { accept: "text/event-stream" } });
}

const opened = (): Promise<void> => new Promise((resolve) => proxy.once("stream", () => resolve()));

describe("a post", () => {
  test("without a fault is passed on, and so is its answer", async () => {
    await open();
    expect(await post("a")).toBe("200 got a");
    expect([served, proxy.posts]).toEqual([["a"], 1]);
  });

  test("that is refused does not reach the server", async () => {
    await open({ post: () => "refuse" });
    expect([await post("a"), served]).toEqual(["502 ", []]);
  });

  test("that fails has been served", async () => {
    await open({ post: () => "fail" });
    expect([await post("a"), served]).toEqual(["502 ", ["a"]]);
  });

  test("that is cut has been served, and its client is told nothing", async () => {
    await open({ post: () => "cut" });
    await expect(post("a")).rejects.toThrow("fetch failed");
    expect(served).toEqual(["a"]);
  });

  test("that is doubled is served twice", async () => {
    await open({ post: () => "double" });
    expect([await post("a"), served]).toEqual(["200 got a", ["a", "a"]]);
  });

  test("that is late is served behind the next one, or after a while if none comes", async () => {
    const clock = new FakeClock();
    await open({ clock, post: (number) => (number === 1 ? "late" : undefined) });
    const first = post("a");
    while (clock.armedTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await post("b")).toBe("200 got b");
    expect([await first, served]).toEqual(["200 got a", ["b", "a"]]);
    proxy.set({ post: () => "late" });
    const alone = post("c");
    while (clock.armedTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(250);
    expect(await alone).toBe("200 got c");
  });

  test("that hangs is answered when the proxy is healed", async () => {
    await open({ post: () => "hang" });
    const answered = new Promise<number>((resolve) => proxy.once("post", ({ status }) => resolve(status)));
    const hanging = post("a");
    expect(await answered).toBe(200);
    proxy.heal();
    expect(await hanging).toBe("200 got a");
  });

  test("to a proxy that is down is lost, until it is healed", async () => {
    await open();
    proxy.down();
    await expect(post("a")).rejects.toThrow("fetch failed");
    proxy.heal();
    expect(await post("b")).toBe("200 got b");
  });
});

describe("a stream", () => {
  test("is passed on as it comes, and counted while it is open", async () => {
    await open();
    const reader = ((await stream()).body as ReadableStream<Uint8Array>).getReader();
    say("data: 1\n\n");
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: 1\n\n");
    expect([proxy.streams, proxy.opened, proxy.mostStreams]).toEqual([1, 1, 1]);
    const closed = new Promise<void>((resolve) => proxy.once("streamClosed", () => resolve()));
    await reader.cancel();
    await closed;
    expect(proxy.streams).toBe(0);
  });

  test("that is collected comes when there is enough of it, or it is old enough", async () => {
    const clock = new FakeClock();
    await open({ clock, buffer: { bytes: 10, ms: 8_000 } });
    const first = opened();
    let isHere = false;
    const answer = stream().then((response) => {
      isHere = true;
      return response;
    });
    await first;
    say("12345");
    while (clock.armedTimers === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(7_999);
    expect(isHere).toBe(false);
    await clock.advance(1);
    const reader = ((await answer).body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("12345");
    say("1234567890");
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("1234567890");
    await reader.cancel();
  });

  test("that is idle is cut", async () => {
    const clock = new FakeClock();
    await open({ clock, idleMs: 20_000 });
    const reader = ((await stream()).body as ReadableStream<Uint8Array>).getReader();
    await clock.advance(19_999);
    const passed = new Promise<void>((resolve) => proxy.once("passed", () => resolve()));
    say(":\n\n");
    await passed;
    await reader.read();
    await clock.advance(19_999);
    expect(proxy.streams).toBe(1);
    await clock.advance(1);
    await expect(reader.read()).rejects.toThrow();
    expect(proxy.streams).toBe(0);
  });

  test("is cut alone, and with everything else", async () => {
    await open();
    const one = ((await stream()).body as ReadableStream<Uint8Array>).getReader();
    proxy.cutStreams();
    await expect(one.read()).rejects.toThrow();
    expect(await post("a")).toBe("200 got a");
    const other = ((await stream()).body as ReadableStream<Uint8Array>).getReader();
    proxy.cut();
    await expect(other.read()).rejects.toThrow();
  });
});
