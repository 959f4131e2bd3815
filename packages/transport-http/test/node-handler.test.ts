/** Node's HTTP behind the standard's: bodies with bounds, methods that the standard lacks, clients that go. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { FakeClock } from "@sluice/protocol/testing";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { expect, test } from "vitest";
import { directWorld } from "./direct-world.ts";
import { type HttpMeans, serveHttp } from "./http-world.ts";
import { rawHttp, rawRequest } from "./raw-http.ts";

const type = "Content-Type: application/json";
const limits = { maxMessage: 1024 * 1024 };
const twoMiB = "x".repeat(2 * 1024 * 1024);
const chunked = `${twoMiB.length.toString(16)}\r\n${twoMiB}\r\n0\r\n\r\n`;

test.each([
  ["announced", [`Content-Length: ${twoMiB.length}`], twoMiB, 413],
  ["in chunks", ["Transfer-Encoding: chunked"], chunked, 413],
  ["of a length that is none", ["Content-Length: abc"], twoMiB, 400],
  ["of two lengths", ["Content-Length: 2", "Content-Length: 2097152"], twoMiB, 400],
  ["with a length and in chunks", ["Content-Length: 2", "Transfer-Encoding: chunked"], chunked, 400],
] as const)("H1 a body of 2 MiB %s is refused before any handler", async (_, headers, body, status) => {
  const { port, seen } = await directWorld({ public: true, limits });
  const raw = await rawHttp(port);
  raw.write(rawRequest("POST /echo", [type, ...headers], body));
  const text = await raw.end;
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(seen.started).toEqual([]);
});

test("H1 a body of exactly the limit is taken, one byte more is not", async () => {
  const { post } = await directWorld({ public: true, limits });
  const most = JSON.stringify("x".repeat(limits.maxMessage - 2));
  expect(await (await post("echo", most)).text()).toHaveLength(limits.maxMessage);
  expect((await post("echo", `${most} `)).status).toBe(413);
});

test("H1 a client that goes on sending what is refused is not cut off before it has read why", async () => {
  const { port } = await directWorld({ public: true, limits });
  const raw = await rawHttp(port);
  const errors: Error[] = [];
  raw.socket.on("error", (error) => errors.push(error));
  raw.write(rawRequest("POST /echo", [type, `Content-Length: ${twoMiB.length}`]));
  await raw.read("FRAME_TOO_LARGE");
  const piece = twoMiB.slice(0, twoMiB.length / 16);
  for (let sent = 0; sent < 16; sent++) {
    await new Promise((resolve) => raw.socket.write(piece, resolve));
  }
  expect(await raw.end).toMatch(/^HTTP\/1.1 413 /);
  expect(errors).toEqual([]);
});

test("H2 a body that does not come is 408 after 30 s, and the connection ends", async () => {
  const clock = new FakeClock();
  const { port, seen } = await directWorld({ public: true }, { clock });
  const raw = await rawHttp(port);
  raw.write(rawRequest("POST /echo", [type, "Content-Length: 10"], "[1,"));
  await expect.poll(() => clock.nextTimerMs).toBeDefined();
  await expect.poll(() => clock.armedTimers).toBeGreaterThan(1);
  await clock.advance(30_000);
  const text = await raw.end;
  expect(text).toMatch(/^HTTP\/1.1 408 /);
  expect(text).toMatch(/\r\nconnection: close\r\n/i);
  expect(seen.started).toEqual([]);
});

test("a client that goes while its body comes leaves nothing behind", async () => {
  const { port, seen, server } = await directWorld();
  const raw = await rawHttp(port);
  const connected = new Promise((resolve) => server.on("connected", resolve));
  const gone = new Promise((resolve) => server.on("disconnected", resolve));
  raw.write(rawRequest("POST /echo", [type, "Content-Length: 10"], "[1,"));
  await connected;
  raw.socket.destroy();
  await gone;
  expect([seen.started, server.connections.length]).toEqual([[], 0]);
});

test.each(["wait", "silent", "flood"])(
  "a client that goes ends the handler of %s within 5 seconds",
  async (name) => {
    const { port, seen } = await directWorld();
    const raw = await rawHttp(port);
    const started = seen.nextStart(name);
    raw.write(rawRequest(`POST /${name}`, [type, "Content-Length: 0"]));
    await started;
    const aborted = seen.nextAbort();
    const leftAt = performance.now();
    raw.socket.destroy();
    expect(await aborted).toBe("disconnected");
    expect(performance.now() - leftAt).toBeLessThan(5_000);
  },
);

test("requests follow each other on one connection", async () => {
  const { port } = await directWorld();
  const raw = await rawHttp(port);
  for (let at = 1; at <= 3; at++) {
    raw.write(rawRequest("POST /greet", [type, "Content-Length: 3"], `"${at}"`));
    await raw.read(`"hello ${at}"`);
  }
  raw.write(rawRequest("POST /metrics/stream", [type, "Content-Length: 1"], "2"));
  await raw.read('data: "2 items"\n\n\r\n0\r\n\r\n');
  raw.write(rawRequest("POST /greet", [type, "Content-Length: 3"], `"4"`));
  await raw.read(`"hello 4"`);
});

test("H13 TRACE is 405, CONNECT is no request, and a method that does not exist is 400", async () => {
  const { port, seen } = await directWorld();
  for (const [line, status] of [
    ["TRACE /greet", 405],
    ["BREW /greet", 400],
  ] as const) {
    const raw = await rawHttp(port);
    raw.write(rawRequest(line, ["Connection: close"]));
    expect(await raw.end).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
  const raw = await rawHttp(port);
  raw.write("CONNECT evil.test:80 HTTP/1.1\r\nHost: evil.test\r\n\r\n");
  expect(await raw.end).toBe("");
  expect(seen.started).toEqual([]);
});

test("H13 an HTTP/1.0 client gets an answer and the end of the connection", async () => {
  const { port } = await directWorld();
  const request = await rawHttp(port);
  request.write(`POST /greet HTTP/1.0\r\n${type}\r\nContent-Length: 5\r\n\r\n"ada"`);
  expect(await request.end).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n"hello ada"$/);
  const stream = await rawHttp(port);
  stream.write(`POST /metrics/stream HTTP/1.0\r\n${type}\r\nContent-Length: 1\r\n\r\n1`);
  expect(await stream.end).toMatch(/\r\n\r\ndata: \{"at":0\}\n\nevent: result\ndata: "1 items"\n\n$/);
});

test("H13 a Range and an encoding that is asked for change nothing", async () => {
  const { port } = await directWorld();
  const raw = await rawHttp(port);
  const headers = ["Range: bytes=0-1", "Accept-Encoding: gzip", "Connection: close"];
  raw.write(rawRequest("GET /version", headers));
  const text = await raw.end;
  expect(text).toMatch(/^HTTP\/1.1 200 [\s\S]*"1.2.3"$/);
  expect(text).not.toMatch(/content-encoding/i);
});

test("targets that begin with two slashes, or name another host, stay here", async () => {
  const { port } = await directWorld();
  const answers: string[] = [];
  for (const target of ["//evil.test/version", "http://evil.test/version", "/..//version", "*", "version"]) {
    const raw = await rawHttp(port);
    raw.write(rawRequest(`GET ${target}`, ["Connection: close"]));
    answers.push((await raw.end).slice(0, 12));
  }
  // Node itself refuses the last one.
  expect(answers).toEqual(["HTTP/1.1 404", "HTTP/1.1 200", "HTTP/1.1 404", "HTTP/1.1 400", "HTTP/1.1 400"]);
});

test("a Host that is none is 400", async () => {
  const { port } = await directWorld();
  for (const host of ["a b", "a/greet?", "a\\b", "a#", "u@a", "a:99999", "[::1"]) {
    const raw = await rawHttp(port);
    raw.write(`GET /version HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect((await raw.end).slice(0, 12), host).toBe("HTTP/1.1 400");
  }
});

test("headers that come twice are one with a comma, and hide nothing", async () => {
  const { port, seen } = await directWorld({
    authenticate(credentials) {
      seen.started.push(String(credentials));
      return { id: "ada" };
    },
  });
  for (const twice of [
    ["Authorization: Bearer a", "Authorization: Bearer b"],
    ["Content-Type: text/plain"],
    ["Sluice-Timeout-Ms: 5", "Sluice-Timeout-Ms: 50000"],
  ]) {
    const raw = await rawHttp(port);
    raw.write(rawRequest("POST /forget", [type, "Content-Length: 0", "Connection: close", ...twice]));
    expect((await raw.end).slice(0, 10), twice.join()).toBe("HTTP/1.1 4");
  }
  expect(seen.started).toEqual([]);
});

test.each<HttpMeans>(["node", "standard"])(
  "a client that goes leaves nothing of its link behind, not even a timer (means of %s)",
  async (means) => {
    await finishesCleanly(async () => {
      const { transport, http, close } = await serveHttp({}, means);
      const closed = new Promise<unknown>((resolve) => {
        transport.accept((link) => {
          link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed: resolve });
        });
      });
      const raw = await rawHttp((http.address() as AddressInfo).port);
      const headers = ["Content-Type: application/vnd.sluice.frames", "Accept: text/event-stream"];
      raw.write(rawRequest("POST /rpc", [...headers, "Transfer-Encoding: chunked"], "0\r\n\r\n"));
      await raw.read("sluice-link");
      raw.socket.destroy();
      await Promise.all([closed, once(raw.socket, "close")]);
      await close();
    });
  },
);
