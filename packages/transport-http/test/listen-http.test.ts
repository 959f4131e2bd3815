/** The listener on Node: by address and by hand, for whom it answers, and how it ends. */
import { readFileSync } from "node:fs";
import { request as secureRequest } from "node:https";
import { type ProtocolDefinition, SluiceError } from "@sluice/protocol";
import { encodeRaw, rawFrames, rawType } from "@sluice/protocol/testing";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { expect, onTestFinished, test } from "vitest";
import { type ListenHttpOptions, listenHttp } from "../src/node.ts";
import { rawHttp, rawRequest } from "./raw-http.ts";

const protocol = {
  greet: { type: "request", param: { type: "string" }, result: { type: "string" } },
  version: { type: "request", idempotent: true, result: { type: "string" } },
  count: { type: "stream", receive: { type: "integer" }, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

const pem = (name: string): string =>
  readFileSync(new URL(`./certificates/${name}`, import.meta.url), "utf8");

const json = { "content-type": "application/json" };

/** A server of {@link protocol}, until the test is over; `step()` lets its streams go on by an item. */
function makeServer() {
  const waiting: (() => void)[] = [];
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      greet: ({ param }) => `hello ${param}`,
      version: () => "1.2.3",
      async *count({ signal }) {
        for (let at = 0; at < 3; at++) {
          yield at;
          await new Promise<void>((resolve) => {
            waiting.push(resolve);
            signal.addEventListener("abort", () => resolve());
          });
        }
        return "done";
      },
    },
  });
  onTestFinished(() => server.dispose());
  return { server, step: () => waiting.shift()?.(), waiting };
}

async function listen(options: Omit<ListenHttpOptions, "port"> = {}) {
  const made = makeServer();
  const [url = ""] = await made.server.listen(listenHttp({ port: 0, ...options }));
  return { ...made, url, port: Number(new URL(url).port) };
}

async function greet(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${url}/greet`, {
    method: "POST",
    body: '"ada"',
    headers: { ...json, ...headers },
  });
  return `${response.status} ${await response.text()}`;
}

test("server.listen() takes an http: address, with a path or without", async () => {
  const { server } = makeServer();
  const [root = "", below = ""] = await server.listen("http://127.0.0.1:0", "http://localhost:0/api/v1");
  expect(root).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(below).toMatch(/^http:\/\/(127\.0\.0\.1|\[::1\]):\d+\/api\/v1$/);
  expect(await greet(root.slice(0, -1))).toBe('200 "hello ada"');
  expect(await greet(below)).toBe('200 "hello ada"');
  expect((await fetch(new URL("/greet", below))).status).toBe(404);
});

test("an https: address says what to pass instead; one with a query is none", async () => {
  const { server } = makeServer();
  const refused = server.listen("https://127.0.0.1:0");
  await expect(refused).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining("listenHttp"),
  });
  await expect(server.listen("http://127.0.0.1:0/?x=1")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("a port that is taken is ALREADY_EXISTS", async () => {
  const { url } = await listen();
  const { server } = makeServer();
  const taken = await server.listen(url).catch((error) => error);
  expect([SluiceError.is(taken), taken.code, taken.processed]).toEqual([true, "ALREADY_EXISTS", "no"]);
});

test("an option that is not known is found, and a listener listens once", async () => {
  expect(() => listenHttp({ port: 0, allowOrigin: "http://a" } as never)).toThrow("allowOrigin");
  const listener = listenHttp({ port: 0 });
  await listener.listen(() => {});
  await expect(listener.listen(() => {})).rejects.toThrow("already");
  await listener.close();
});

test("H4 on loopback a server answers to its own names only", async () => {
  const { port } = await listen();
  const status = async (line: string, host: string): Promise<string> => {
    const raw = await rawHttp(port);
    const headers = [...Object.entries(json).map((header) => header.join(": ")), "Connection: close"];
    raw.write(
      [`${line} HTTP/1.1`, `Host: ${host}`, ...headers, "Content-Length: 5", "", '"ada"'].join("\r\n"),
    );
    return (await raw.end).slice(9, 12);
  };
  for (const line of ["POST /greet", "POST /count", "GET /version", "OPTIONS /greet"]) {
    expect(await status(line, `evil.test:${port}`), line).toBe("403");
    expect(await status(line, `127.0.0.1.evil.test:${port}`), line).toBe("403");
  }
  expect(await status("POST /greet", `localhost:${port}`)).toBe("200");
  expect(await status("POST /greet", `127.0.0.1:${port}`)).toBe("200");
});

test("H14 a page of a foreign origin is refused, one that is listed may read", async () => {
  const { url, server } = await listen({ allowedOrigin: "https://app.example.com" });
  let calls = 0;
  server.on("call:start", () => calls++);
  expect(await greet(url, { origin: "https://evil.test" })).toMatch(/^403 /);
  expect(await greet(url, { origin: "null" })).toMatch(/^403 /);
  const crossSite = await fetch(`${url}/version`, { headers: { "sec-fetch-site": "cross-site" } });
  expect([crossSite.status, calls]).toEqual([403, 0]);

  const origin = "https://app.example.com";
  const asked = await fetch(`${url}/greet`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    },
  });
  expect(asked.status).toBe(204);
  const allowed = asked.headers.get("access-control-allow-headers")?.split(", ") ?? [];
  expect(allowed).toEqual(
    expect.arrayContaining(["authorization", "content-type", "if-none-match", "sluice-timeout-ms"]),
  );
  const read = await fetch(`${url}/version`, { headers: { origin } });
  expect(Object.fromEntries(read.headers)).toMatchObject({
    "access-control-allow-origin": origin,
    "access-control-expose-headers": expect.stringContaining("etag"),
    vary: "Origin",
  });
});

test("H2 headers that do not come end their connection", async () => {
  const { port } = await listen({ headersTimeout: 200 });
  const raw = await rawHttp(port);
  raw.write("POST /greet HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ");
  expect(await raw.end).toMatch(/^HTTP\/1.1 408 /);
});

test("a server that drains lets a stream go on, and takes no new calls", async () => {
  const { server, url, port, waiting, step } = await listen();
  const raw = await rawHttp(port);
  raw.write(rawRequest("POST /count", ["Content-Type: application/json", "Content-Length: 0"]));
  await raw.read("data: 0\n\n");
  const idle = await rawHttp(port);
  idle.write(rawRequest("GET /version"));
  await idle.read('"1.2.3"');

  const drained = server.drain();
  expect(await greet(url)).toMatch(/^503 \{"code":"UNAVAILABLE"/);
  for (let at = 0; at < 3; at++) {
    await expect.poll(() => waiting.length).toBe(1);
    step();
  }
  expect(await drained).toBe(true);
  expect(await raw.end).toMatch(/event: result\ndata: "done"\n\n\r\n0\r\n\r\n$/);
  await expect(greet(url)).rejects.toThrow();
  // A connection that waited for its next request is closed.
  await idle.end;
});

test("a server that is disposed ends its streams with an error, and leaves nothing behind", async () => {
  await finishesCleanly(async () => {
    const { server, port } = await listen();
    const raw = await rawHttp(port);
    raw.write(rawRequest("POST /count", ["Content-Type: application/json", "Content-Length: 0"]));
    await raw.read("data: 0\n\n");
    await server.dispose();
    expect(await raw.end).toMatch(/event: error\ndata: \{"code":"UNAVAILABLE"/);
    raw.socket.destroy();
  });
});

test("tls makes it https", async () => {
  const { url } = await listen({ tls: { cert: pem("server.crt"), key: pem("server.key") } });
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/);
  const text = await new Promise<string>((resolve, reject) => {
    const headers = { ...json, "content-length": "5" };
    const sent = secureRequest(
      `${url}greet`,
      { method: "POST", headers, ca: pem("server.crt"), agent: false },
      (response) => {
        response.setEncoding("utf8").once("data", resolve);
      },
    );
    sent.once("error", reject);
    sent.end('"ada"');
  });
  expect(text).toBe('"hello ada"');
  expect(() => listenHttp({ port: 0, tls: { cert: "none", key: "none" } })).toThrow();
});

test("a batch is answered with the number of the event that answers it, where a handler does that at once", async () => {
  const { url } = await listen();
  const session = new URL("/", url);
  const type = "application/vnd.sluice.frames";
  const limits = { maxMessage: 4_194_304, maxMetadata: 8_192, maxName: 255, maxCalls: 1_024 };
  const hello = rawFrames.json(rawType.HELLO, {
    ...{ versions: [1], codecs: ["json"], peer: "raw", epoch: "00000000000000c1", window: 65_536 },
    ...{ floor: 2_048, limits: { ...limits, maxConcurrentHandlers: 256, maxDeadline: 86_400_000 } },
  });
  const headers = { "content-type": type, accept: "text/event-stream" };
  const opened = await fetch(session, { method: "POST", headers, body: Uint8Array.from(encodeRaw(hello)) });
  const reader = (opened.body as ReadableStream<Uint8Array>).getReader();
  let text = "";
  while (!text.includes("data: 1\n")) text += new TextDecoder().decode((await reader.read()).value);
  const token = opened.headers.get("sluice-link") ?? "";
  for (let batch = 1; batch <= 3; batch++) {
    const body = Uint8Array.from(
      encodeRaw(rawFrames.open(2 * batch - 1, { number: batch, name: "version" })),
    );
    const answer = await fetch(session, {
      method: "POST",
      headers: { "content-type": type, "sluice-link": token, "sluice-batch": String(batch) },
      body,
    });
    expect([answer.status, await answer.text()]).toEqual([200, String(1 + batch)]);
  }
  await reader.cancel();
});
