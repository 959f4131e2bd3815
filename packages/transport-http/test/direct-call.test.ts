/** Direct calls over HTTP: what comes of each kind of procedure, and which status each error has. */
import { errorCodes, SluiceError } from "@sluice/protocol";
import { expect, test } from "vitest";
import { statusOfCode } from "../src/http-status.ts";
import { directWorld } from "./direct-world.ts";

test("a request answers JSON with JSON", async () => {
  const { post } = await directWorld();
  const response = await post("greet", '"ada"');
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "application/json",
    "content-length": "11",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  expect(await response.text()).toBe('"hello ada"');
});

test("a request without param and result takes no body and answers 204", async () => {
  const { post, seen } = await directWorld();
  const response = await post("forget", "");
  expect([response.status, await response.text()]).toEqual([204, ""]);
  expect(seen.started).toEqual(["forget"]);
});

test("values pass as they are written, whatever they hold", async () => {
  const { post } = await directWorld();
  const value = { "": [1.5, -1, null, true], größe: '測試 😀 \u2028 \\ "\n', __proto__x: {}, nested: [[[]]] };
  expect(await (await post("echo", JSON.stringify(value))).json()).toEqual(value);
  expect(await (await post("echo", '{"__proto__":{"a":1},"constructor":2}')).text()).toBe(
    '{"__proto__":{"a":1},"constructor":2}',
  );
  for (const text of ["0", '""', "false", "null"]) expect(await (await post("echo", text)).text()).toBe(text);
});

test("bytes are base64 in JSON, also where a value is nothing but bytes", async () => {
  const { post } = await directWorld();
  expect(await (await post("bytes", '"AP+A"')).json()).toBe("AP+A");
  expect(await (await post("bytes", '""')).json()).toBe("");
  const large = Buffer.alloc(100_000, 7).toString("base64");
  expect(await (await post("bytes", JSON.stringify(large))).json()).toBe(large);
  expect(await (await post("bytes", '"A"')).json()).toMatchObject({ code: "DECODE_ERROR" });
});

test("an event answers 202, and reaches its handler", async () => {
  const { post, seen } = await directWorld();
  const response = await post("clicked", "7");
  expect([response.status, await response.text()]).toEqual([202, ""]);
  expect(seen.clicks).toEqual([7]);
  expect((await post("clicked", '"x"')).status).toBe(400);
});

test("a name with a slash is one procedure, written as it is or encoded", async () => {
  const { post } = await directWorld();
  for (const path of ["prices/of", "prices%2Fof", "prices%2fof", "%70rices/of"]) {
    expect(await (await post(path, '"tea"')).text(), path).toBe("3");
  }
});

test("a declared error is 422 with its data, or without", async () => {
  const { post } = await directWorld();
  const crowd = await post("greet", '"crowd"');
  expect(crowd.status).toBe(422);
  expect(await crowd.json()).toEqual({
    code: "NO_ROOM",
    message: "There is no room",
    data: 100,
    retryable: true,
    processed: "maybe",
  });
  const shy = await post("greet", '"stranger"');
  expect([shy.status, await shy.json()]).toMatchObject([422, { code: "SHY" }]);
});

test.each(errorCodes)("a handler that throws %s answers with its status and its code", async (code) => {
  const { post } = await directWorld();
  const response = await post("fail", JSON.stringify(code));
  expect(response.status).toBe(statusOfCode(code));
  expect(await response.json()).toMatchObject({ code, message: `as ${code}`, processed: "maybe" });
});

test("what a handler throws otherwise stays home", async () => {
  const lines: unknown[] = [];
  const note = (_: string, fields?: object): void => void lines.push(fields);
  const logger = { trace: note, debug: note, info: note, warn: note, error: note };
  const { post } = await directWorld({ public: true, logger });
  const response = await post("fail", '""');
  const error = await response.json();
  expect([response.status, error.code]).toEqual([500, "INTERNAL"]);
  expect(JSON.stringify(error)).not.toContain("secret");
  expect(lines).toMatchObject([{ error: { message: "a secret of the handler" } }]);
});

test("a code that the procedure does not declare is UNKNOWN, with 500", async () => {
  const { post } = await directWorld();
  const response = await post("fail", '"MINE"');
  expect([response.status, await response.json()]).toMatchObject([500, { code: "UNKNOWN" }]);
});

test("a procedure that is not there is 404 and UNIMPLEMENTED; one that throws it is 501", async () => {
  const { post, seen } = await directWorld();
  const response = await post("nobody", "");
  expect([response.status, await response.json()]).toMatchObject([
    404,
    { code: "UNIMPLEMENTED", processed: "no" },
  ]);
  expect((await post("fail", '"UNIMPLEMENTED"')).status).toBe(501);
  expect(seen.started).toEqual(["fail"]);
});

test("a param that does not fit is 400, and no handler runs", async () => {
  const { post, seen } = await directWorld();
  for (const body of ["1", "", "null", '["ada"]']) {
    const response = await post("greet", body);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: "INVALID_ARGUMENT", processed: "no" },
    ]);
  }
  expect(seen.started).toEqual([]);
});

test("a body that is no JSON, too deep or too many values is 400", async () => {
  const { post, seen } = await directWorld();
  const bodies = ["{", "'a'", " ", "1 2", "NaN", `${"[".repeat(65)}${"]".repeat(65)}`, "[".repeat(100_000)];
  bodies.push(`[${"0,".repeat(100_000)}0]`, "1e999");
  for (const body of bodies) {
    const response = await post("echo", body);
    expect([response.status, await response.json()], body.slice(0, 20)).toMatchObject([
      400,
      { code: "DECODE_ERROR", processed: "no" },
    ]);
  }
  expect(seen.started).toEqual([]);
});

test("bytes that are no UTF-8 are 400", async () => {
  const { url } = await directWorld();
  const response = await fetch(`${url}/echo`, {
    method: "POST",
    body: new Uint8Array([0x22, 0xff, 0x22]),
    headers: { "content-type": "application/json" },
  });
  expect([response.status, await response.json()]).toMatchObject([400, { code: "DECODE_ERROR" }]);
});

test("a channel and an upload are 400, and say what to use", async () => {
  const { post, seen } = await directWorld();
  for (const name of ["chat", "upload"]) {
    const response = await post(name, "");
    const error = await response.json();
    expect([response.status, error.code]).toEqual([400, "FAILED_PRECONDITION"]);
    expect(error.message).toContain("Use a Client");
  }
  expect(seen.started).toEqual([]);
});

test("$describe answers as any request", async () => {
  const { post, get } = await directWorld();
  const described = await (await post("$describe", "")).json();
  expect(Object.keys(described.services[0].procedures)).toContain("prices/of");
  expect((await get("$describe")).status).toBe(200);
});

test("every call is a connection of its own, which is over with it", async () => {
  const { server, post, port } = await directWorld();
  const left: string[] = [];
  const gone = new Promise<void>((resolve) =>
    server.on("disconnected", ({ reason }) => {
      left.push(reason);
      resolve();
    }),
  );
  const who = await (await post("who", "")).json();
  await gone;
  expect(who).toEqual({
    identity: null,
    transport: "http",
    remote: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
  });
  expect(who.remote).not.toContain(`:${port}`);
  expect([server.connections.length, left.length]).toEqual([0, 1]);
});

test("a server that is full is 429 and says when to try again; one that ends is 503", async () => {
  const { server, post, seen } = await directWorld({ public: true, limits: { maxConnections: 1 } });
  const started = seen.nextStart("wait");
  const waiting = post("wait", "");
  await started;
  const full = await post("greet", '"ada"');
  expect([full.status, full.headers.get("retry-after"), await full.json()]).toMatchObject([
    429,
    "1",
    { code: "RESOURCE_EXHAUSTED", retryable: true },
  ]);
  await server.dispose();
  expect([(await waiting).status, (await post("greet", '"ada"')).status]).toEqual([503, 503]);
});

test("without what the server serves, the Accept header decides between request and stream", async () => {
  const { post, get } = await directWorld({ public: true }, { knows: false });
  expect(await (await post("greet", '"ada"')).text()).toBe('"hello ada"');
  const stream = await post("metrics/stream", "1", { headers: { accept: "text/event-stream" } });
  expect(await stream.text()).toBe('data: {"at":0}\n\nevent: result\ndata: "1 items"\n\n');
  expect((await get("version")).status).toBe(405);
});

test("errors of this side's own making are SluiceErrors of the server's codes", async () => {
  const { direct } = await directWorld();
  const broken = new Request("http://a/greet", {
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  Object.defineProperty(broken, "body", {
    get: () => {
      throw new SluiceError("DATA_LOSS", "gone");
    },
  });
  const response = await direct.fetch(broken, "greet");
  expect([response.status, await response.json()]).toMatchObject([500, { code: "DATA_LOSS" }]);
});
