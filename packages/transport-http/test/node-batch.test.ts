/** Batches on Node past Request and Response: what is answered is the same, and what it takes is counted. */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { NodeClientTransport } from "../src/node-client-transport.ts";
import type { ServerTransportOptions } from "../src/server-transport.ts";
import { type HttpMeans, type HttpWorld, serveHttp } from "./http-world.ts";
import { rawHttp, rawRequest } from "./raw-http.ts";

const type = "Content-Type: application/vnd.sluice.frames";
const page = "https://app.example.com";

async function world(means: HttpMeans, options: ServerTransportOptions = {}): Promise<HttpWorld> {
  const made = await serveHttp({ allowedOrigin: page, ...options }, means);
  onTestFinished(() => made.close());
  made.transport.accept((link) => {
    link.receive({ frame() {}, malformed: () => link.close(), flushing() {}, writable() {}, closed() {} });
  });
  return made;
}

const portOf = ({ http }: HttpWorld): number => (http.address() as AddressInfo).port;

async function openLink(made: HttpWorld): Promise<string> {
  const raw = await rawHttp(portOf(made));
  raw.write(
    rawRequest("POST /rpc", [type, "Accept: text/event-stream", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
  );
  const token = /sluice-link: (\w+)/i.exec(await raw.read("\n:"))?.[1];
  if (token === undefined) throw new Error("No link was made");
  return token;
}

const length = (bytes: number): string => `Content-Length: ${bytes}`;
const named = (token: string, number = "1"): string[] => [`Sluice-Link: ${token}`, `Sluice-Batch: ${number}`];

/** What is asked: the line, the headers behind `Host`, and the body. */
type Asked = (token: string) => readonly [line: string, headers: readonly string[], body?: string];

const asked: Readonly<Record<string, Asked>> = {
  "a batch without frames": (token) => ["POST /rpc", [type, ...named(token), length(0)]],
  "a batch at the path with a slash": (token) => ["POST /rpc/", [type, ...named(token), length(0)]],
  "a batch in chunks": (token) => [
    "POST /rpc",
    [type, ...named(token), "Transfer-Encoding: chunked"],
    "0\r\n\r\n",
  ],
  "a batch at the path with a query": (token) => ["POST /rpc?x=1", [type, ...named(token), length(0)]],
  "a batch of the form for proxies": (token) => [
    "POST http://127.0.0.1/rpc",
    [type, ...named(token), length(0)],
  ],
  "a batch below the path": (token) => ["POST /rpc/below", [type, ...named(token), length(0)]],
  "a batch beside the path": (token) => ["POST /rpcs", [type, ...named(token), length(0)]],
  "a batch by PUT": (token) => ["PUT /rpc", [type, ...named(token), length(0)]],
  "an unknown link": () => ["POST /rpc", [type, ...named("none"), length(0)]],
  "two links": (token) => ["POST /rpc", [type, ...named(token), `Sluice-Link: ${token}`, length(0)]],
  "two types": (token) => ["POST /rpc", [type, "Content-Type: text/plain", ...named(token), length(0)]],
  "another type": (token) => ["POST /rpc", ["Content-Type: text/plain", ...named(token), length(0)]],
  "a compressed batch": (token) => [
    "POST /rpc",
    [type, "Content-Encoding: gzip", ...named(token), length(0)],
  ],
  "no number": (token) => ["POST /rpc", [type, `Sluice-Link: ${token}`, length(0)]],
  "a number that is none": (token) => ["POST /rpc", [type, ...named(token, "0"), length(0)]],
  "two numbers": (token) => ["POST /rpc", [type, ...named(token), "Sluice-Batch: 2", length(0)]],
  "a number far ahead": (token) => ["POST /rpc", [type, ...named(token, "999"), length(0)]],
  "frames that are none": (token) => ["POST /rpc", [type, ...named(token), length(5)], "\0\0\0\0\0"],
  "too much, announced": (token) => ["POST /rpc", [type, ...named(token), length(70_000)]],
  "too much, in chunks": (token) => [
    "POST /rpc",
    [type, ...named(token), "Transfer-Encoding: chunked"],
    `${(70_000).toString(16)}\r\n${"x".repeat(70_000)}\r\n0\r\n\r\n`,
  ],
  "a page that may come": (token) => ["POST /rpc", [type, ...named(token), `Origin: ${page}`, length(0)]],
  "a page that may come, with no link": () => [
    "POST /rpc",
    [type, ...named("none"), `Origin: ${page}`, length(0)],
  ],
  "a page that may not come": (token) => [
    "POST /rpc",
    [type, ...named(token), "Origin: https://evil.test", length(0)],
  ],
  "a site that may not come": (token) => [
    "POST /rpc",
    [type, ...named(token), "Sec-Fetch-Site: cross-site", length(0)],
  ],
  "another name of the server": (token) => [
    "POST http://evil.test/rpc",
    [type, ...named(token), "Host: evil.test", length(0)],
  ],
};

/** Status, headers and body, without what is of the moment. */
async function answerOf(means: HttpMeans, ask: Asked, options: ServerTransportOptions): Promise<unknown> {
  const made = await world(means, options);
  const [line, headers, body] = ask(await openLink(made));
  const raw = await rawHttp(portOf(made));
  raw.write(rawRequest(line, headers, body));
  const text = await raw.read(/\r\n\r\n(\d+|\{.*\})(\r\n0\r\n\r\n)?$|\r\n\r\n$/);
  const [head = "", rest = ""] = text.split("\r\n\r\n");
  const [status = "", ...lines] = head.split("\r\n");
  const kept = lines.map((one) => one.toLowerCase()).filter((one) => !one.startsWith("date:"));
  return { status, headers: kept.sort(), body: rest };
}

test.each(Object.entries(asked))("%s is answered as by means of the standard", async (_, ask) => {
  for (const options of [{}, { allowCredentials: true }]) {
    expect(await answerOf("node", ask, options)).toEqual(await answerOf("standard", ask, options));
  }
});

test("batches make no Request, no Response, no signal and no stream, and each answer is one write", async () => {
  const made = await world("node");
  const sockets = new Map<Socket, number>();
  made.http.on("connection", (socket: Socket) => {
    sockets.set(socket, 0);
    // What Node hands to the system, whichever way.
    for (const name of ["_write", "_writev"] as const) {
      const real = socket[name];
      socket[name] = (...given: never[]) => {
        sockets.set(socket, (sockets.get(socket) ?? 0) + 1);
        return (real as (...given: never[]) => void).apply(socket, given);
      };
    }
  });
  const token = await openLink(made);
  const built: string[] = [];
  for (const name of ["Request", "Response", "Headers", "AbortController", "ReadableStream"] as const) {
    const Real = globalThis[name] as new (...given: unknown[]) => object;
    vi.stubGlobal(
      name,
      class extends Real {
        constructor(...given: unknown[]) {
          super(...given);
          built.push(name);
        }
      },
    );
  }
  onTestFinished(() => void vi.unstubAllGlobals());
  const connected = once(made.http, "connection");
  const raw = await rawHttp(portOf(made));
  const [socket] = (await connected) as [Socket];
  for (let number = 1; number <= 20; number++) {
    raw.write(rawRequest("POST /rpc", [type, ...named(token, `${number}`), length(0)]));
    await expect.poll(async () => (await raw.read("\r\n\r\n0")).match(/HTTP\/1.1 200/g)).toHaveLength(number);
  }
  expect([built, sockets.get(socket)]).toEqual([[], 20]);
});

test("a batch whose sender goes in the middle of it is left, and the link stays", async () => {
  const made = await world("node");
  const token = await openLink(made);
  const raw = await rawHttp(portOf(made));
  const asked = once(made.http, "request");
  raw.write(rawRequest("POST /rpc", [type, ...named(token), length(10)], "12345"));
  const [incoming] = await asked;
  const closed = new Promise((resolve) => incoming.once("close", resolve));
  raw.socket.destroy();
  await closed;
  expect(made.transport.links).toBe(1);
  const next = await rawHttp(portOf(made));
  next.write(rawRequest("POST /rpc", [type, ...named(token), length(0)]));
  expect(await next.read("\r\n\r\n0")).toMatch(/^HTTP\/1.1 200 /);
});

test("what connect() makes asks Node, and a fetch that was given is asked instead", async () => {
  const made = await world("node");
  vi.stubGlobal("fetch", () => Promise.reject(new Error("was asked")));
  onTestFinished(() => void vi.unstubAllGlobals());
  const link = await new NodeClientTransport({ url: made.url }).connect();
  const opened = expect.poll(() => made.transport.links).toBe(1);
  const over = new Promise<unknown>((closed) => {
    link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed });
  });
  await opened;
  link.close();
  expect(await over).toBeUndefined();
  const given = vi.fn(() => Promise.reject(new Error("was given")));
  const other = await new NodeClientTransport({ url: made.url, fetch: given }).connect();
  const error = await new Promise<unknown>((closed) => {
    other.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed });
  });
  expect(error).toMatchObject({ code: "UNAVAILABLE", cause: { message: "was given" } });
});
