/** What a request has to be before it is a call: method, name, headers, query. */
import { FakeClock } from "@sluice/protocol/testing";
import { expect, test } from "vitest";
import { directWorld } from "./direct-world.ts";

test("H13 methods other than GET and POST are 405 at once, for every name", async () => {
  const { url, seen } = await directWorld();
  for (const method of ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"]) {
    for (const name of ["greet", "nobody"]) {
      const response = await fetch(`${url}/${name}`, { method });
      expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "GET, POST"]);
    }
  }
  expect(seen.started).toEqual([]);
});

test("GET of what is not an idempotent request is 405, and no handler runs", async () => {
  const { get, seen } = await directWorld();
  for (const name of ["greet", "forget", "metrics/stream", "clicked"]) {
    const response = await get(`${name}?param=1`);
    expect([response.status, response.headers.get("allow")], name).toEqual([405, "POST"]);
    expect(await response.json()).toMatchObject({ code: "UNIMPLEMENTED", processed: "no" });
  }
  expect([seen.started, seen.clicks]).toEqual([[], []]);
});

test("GET of a name that nobody serves is 404", async () => {
  const { get } = await directWorld();
  expect((await get("nobody")).status).toBe(404);
});

test.each([
  ["none", undefined],
  ["text", "text/plain"],
  ["text that speaks of JSON", "text/plain; application/json"],
  ["a form", "application/x-www-form-urlencoded"],
  ["a form in mixed case", "Application/X-Www-Form-Urlencoded"],
  ["a form of parts", "multipart/form-data; boundary=x"],
  ["two types", "application/json, text/plain"],
  ["another charset", "application/json; charset=utf-16"],
  ["a longer name", "application/jsonp"],
])("H3 a POST whose type is %s is 415, and no handler runs", async (_, type) => {
  const { url, seen } = await directWorld();
  const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
  // Of bytes nobody guesses a type.
  const response = await fetch(`${url}/forget`, { method: "POST", body: new Uint8Array(), headers });
  expect([response.status, response.headers.get("accept")]).toEqual([415, "application/json"]);
  expect(seen.started).toEqual([]);
});

test.each([
  "application/json",
  "Application/JSON",
  "application/json;charset=UTF-8",
  'application/json; charset="utf-8"',
])("a POST whose type is %s is taken", async (type) => {
  const { post } = await directWorld();
  expect((await post("greet", '"ada"', { headers: { "content-type": type } })).status).toBe(200);
});

test("a body that is compressed is 415", async () => {
  const { post } = await directWorld();
  expect((await post("greet", '"ada"', { headers: { "content-encoding": "gzip" } })).status).toBe(415);
  expect((await post("greet", '"ada"', { headers: { "content-encoding": "identity" } })).status).toBe(200);
});

test("names of prototypes, of paths and of nothing are no procedures", async () => {
  const { post, seen } = await directWorld();
  const names = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "prices",
    "prices/",
    "prices/of/",
    "/greet",
  ];
  names.push(
    "greet%00",
    "greet%0a",
    "GREET",
    "greet%2F..",
    "..%2Fgreet",
    "a%2F..%2Fgreet",
    "%5c..%5cgreet",
    "$nobody",
  );
  for (const name of names) expect((await post(name, '"ada"')).status, name).toBe(404);
  expect((await post("", "")).status).toBe(400);
  expect(seen.started).toEqual([]);
});

test("dots in a path are the URL's, and lead out of nothing", async () => {
  const { post } = await directWorld();
  // What a client resolves before it asks, and a server that is asked otherwise.
  expect((await post("a/../greet", '"ada"')).status).toBe(200);
  expect((await post("a/%2e%2e/greet", '"ada"')).status).toBe(200);
  expect((await post("../../../greet", '"ada"')).status).toBe(200);
});

test("a name that is not percent-encoded UTF-8 is 400, and one too long is 404", async () => {
  const { post } = await directWorld();
  for (const name of ["%ff", "%e2%28%a1", "%zz", "%", "greet%"])
    expect((await post(name, "")).status, name).toBe(400);
  expect((await post("ß".repeat(128), "")).status).toBe(404);
  expect((await post("ß".repeat(127), "")).status).toBe(404);
});

test("the param of a GET is JSON in the query, and nothing else is in it", async () => {
  const { get, seen } = await directWorld();
  const found = await get(`prices/of?param=${encodeURIComponent('"tea"')}`);
  expect([found.status, await found.text()]).toEqual([200, "3"]);
  expect(seen.started).toEqual(["prices/of"]);
  for (const query of ["", "?", "?param=", "?param=tea", "?Param=%22tea%22", "?param=%22tea%22&x=1"]) {
    expect((await get(`prices/of${query}`)).status, query).toBe(400);
  }
  expect((await get("prices/of?param=%22tea%22&param=%22tea%22")).status).toBe(400);
  expect((await get("prices/of?param=%22%ff%22")).status).toBe(404); // U+FFFD, which is no name of a thing
  expect(seen.started).toHaveLength(2);
});

test("a POST with a query is 400: its param would be lost", async () => {
  const { post, seen } = await directWorld();
  expect((await post("version?param=1", "")).status).toBe(400);
  expect(seen.started).toEqual([]);
});

test("a bearer's token is the credentials; of another scheme its name and the rest", async () => {
  const got: unknown[] = [];
  const { post } = await directWorld({
    authenticate(credentials) {
      got.push(credentials);
      return { id: "somebody" };
    },
  });
  for (const authorization of ["Bearer t0k3n", "bearer  a.b-c_d~e+f/g==", "Basic dTpw", "DPoP x y"]) {
    expect((await post("who", "", { headers: { authorization } })).status).toBe(200);
  }
  expect((await post("who", "")).status).toBe(200);
  expect(got).toEqual([
    "t0k3n",
    "a.b-c_d~e+f/g==",
    { scheme: "basic", value: "dTpw" },
    { scheme: "dpop", value: "x y" },
    undefined,
  ]);
});

test("a server that refuses credentials is 401 and names the scheme", async () => {
  const { post, get, seen } = await directWorld({
    authenticate(credentials) {
      if (credentials !== "t0k3n") throw new Error("no such token");
      return { id: "ada" };
    },
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  for (const authorization of [
    undefined,
    "Bearer guess",
    "Bearer",
    "Bearer a b",
    "Bearer t0k3n, Bearer t0k3n",
    "Basic dTpw",
    ",",
  ]) {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const response = await post("greet", '"ada"', { headers });
    expect([response.status, response.headers.get("www-authenticate")], authorization).toEqual([
      401,
      "Bearer",
    ]);
    expect(await response.json()).toMatchObject({ code: "UNAUTHENTICATED" });
  }
  expect(seen.started).toEqual([]);
  const headers = { authorization: "Bearer t0k3n" };
  expect((await post("greet", '"ada"', { headers })).status).toBe(200);
  expect((await get("version", { headers })).status).toBe(200);
});

test("a server that nobody may call does not say what it serves", async () => {
  const { post, get, seen } = await directWorld({});
  const answers: string[] = [];
  for (const name of ["greet", "chat", "metrics/stream", "clicked", "nobody"]) {
    for (const response of [
      await post(name, "1", { headers: { accept: "application/json" } }),
      await get(name),
    ]) {
      answers.push(`${response.status} ${await response.text()}`);
    }
  }
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toContain("401");
  expect(seen.started).toEqual([]);
});

test("access decides with 401 for who is unknown and 403 for who is known", async () => {
  const rules = { access: { greet: ["role:admin"], version: true } };
  const open = await directWorld(rules);
  expect([(await open.post("greet", '"a"')).status, (await open.post("version", "")).status]).toEqual([
    401, 200,
  ]);
  const closed = await directWorld({ ...rules, authenticate: () => ({ roles: ["reader"] }) });
  const refused = await closed.post("greet", '"a"');
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { code: "PERMISSION_DENIED", processed: "no" },
  ]);
});

test("a timeout is the call's deadline: 504, and the handler's signal aborts", async () => {
  const { post, seen } = await directWorld();
  const aborted = seen.nextAbort();
  const response = await post("wait", "", { headers: { "sluice-timeout-ms": "30" } });
  expect([response.status, await response.json()]).toMatchObject([504, { code: "DEADLINE_EXCEEDED" }]);
  expect(["deadline", "disconnected"]).toContain(await aborted);
});

test("what a handshake takes counts: a call that is late before it begins is not made", async () => {
  const clock = new FakeClock();
  let letIn: (identity: unknown) => void = () => {};
  let arrive: () => void = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const { post, seen } = await directWorld(
    {
      authenticate: () => {
        arrive();
        return new Promise((resolve) => {
          letIn = resolve;
        });
      },
    },
    { clock },
  );
  const response = post("forget", "", { headers: { "sluice-timeout-ms": "50" } });
  await arrived;
  await clock.advance(50);
  letIn({ id: "ada" });
  expect((await response).status).toBe(504);
  expect(await (await response).json()).toMatchObject({ code: "DEADLINE_EXCEEDED", processed: "no" });
  expect(seen.started).toEqual([]);
});

test.each(["0", "-1", "1.5", "1e3", "soon", "4294967296", "99999999999", "5, 5", " "])(
  "a timeout of %j is 400",
  async (timeout) => {
    const { post, seen } = await directWorld();
    expect((await post("forget", "", { headers: { "sluice-timeout-ms": timeout } })).status).toBe(400);
    expect(seen.started).toEqual([]);
  },
);

test("a stream is events, whatever the Accept header says: curl --json accepts JSON only", async () => {
  const { post } = await directWorld();
  for (const accept of ["application/json", "*/*", "text/event-stream"]) {
    const response = await post("metrics/stream", "1", { headers: { accept } });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    await response.body?.cancel();
  }
});

test("an answer has a tag, and is 304 for who has it already", async () => {
  const { get, seen } = await directWorld();
  const path = `prices/of?param=${encodeURIComponent('"tea"')}`;
  const first = await get(path);
  const tag = first.headers.get("etag") ?? "";
  expect(tag).toMatch(/^"[0-9a-f]{32}"$/);
  expect(first.headers.get("cache-control")).toBe("private, no-cache");
  for (const known of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
    const again = await get(path, { headers: { "if-none-match": known } });
    expect([again.status, again.headers.get("etag"), await again.text()], known).toEqual([304, tag, ""]);
  }
  expect((await get(path, { headers: { "if-none-match": '"x"' } })).status).toBe(200);
  seen.prices.set("tea", 4);
  const changed = await get(path, { headers: { "if-none-match": tag } });
  expect([changed.status, await changed.text()]).toEqual([200, "4"]);
  expect(changed.headers.get("etag")).not.toBe(tag);
});

test("GET of a request without result is 204; an error has no tag", async () => {
  const { get } = await directWorld();
  expect((await get("clear")).status).toBe(204);
  const missing = await get(`prices/of?param=${encodeURIComponent('"gold"')}`);
  expect([missing.status, missing.headers.get("etag"), await missing.json()]).toMatchObject([
    404,
    null,
    { code: "NOT_FOUND" },
  ]);
});
