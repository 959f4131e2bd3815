/** Streams as server-sent events: their format, their end, their pace, and what becomes of the handler when the reader leaves. */
import { FakeClock } from "@sluice/protocol/testing";
import { type Codec, jsonCodec } from "@sluice/protocol/wire";
import { expect, test } from "vitest";
import { directWorld } from "./direct-world.ts";

const json = { "content-type": "application/json" };

test("a stream answers with an event for each item, and a last one with the result", async () => {
  const { post } = await directWorld();
  const response = await post("metrics/stream", "3");
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
  });
  expect(await response.text()).toBe(
    'data: {"at":0}\n\ndata: {"at":1}\n\ndata: {"at":2}\n\nevent: result\ndata: "3 items"\n\n',
  );
});

test("a stream without result ends with an event without data", async () => {
  const { post } = await directWorld();
  expect(await (await post("texts", "[]")).text()).toBe("event: result\ndata:\n\n");
});

test("an error after items is the last event, with its data", async () => {
  const { post } = await directWorld();
  const response = await post("metrics/stream", "13");
  const events = (await response.text()).split("\n\n");
  expect([response.status, events.length, events[12]]).toEqual([200, 15, 'data: {"at":12}']);
  const [name, data] = (events[13] ?? "").split("\n");
  expect(name).toBe("event: error");
  expect(JSON.parse((data ?? "").slice("data: ".length))).toEqual({
    code: "WORN_OUT",
    message: "WORN_OUT",
    data: "after 13",
    retryable: false,
    processed: "maybe",
  });
});

test("an error before items has a status", async () => {
  // The clock stands: however late the refusal comes, it has a status.
  const { post, seen } = await directWorld({ public: true }, { clock: new FakeClock() });
  const response = await post("metrics/stream", '"x"');
  expect([response.status, await response.json()]).toMatchObject([400, { code: "INVALID_ARGUMENT" }]);
  expect(seen.started).toEqual([]);
});

test("H5 no text makes an event of its own, nor ends one", async () => {
  const { post } = await directWorld();
  const texts = [
    "a\nb",
    "a\r\nb",
    "\r",
    "\n\n",
    "\u2028\u2029",
    "event: result\ndata: 1\n\n",
    ":",
    "",
    "\ufeff",
  ];
  const body = await (await post("texts", JSON.stringify(texts))).text();
  const events = body.split("\n\n").filter((event) => event !== "");
  expect(events).toHaveLength(texts.length + 1);
  expect(events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)))).toEqual(texts);
  expect(body).not.toContain("\r");
});

test("H5 JSON of several lines is several lines of one event", async () => {
  const pretty: Codec = {
    name: "json",
    compile(schema, limits) {
      const codec = jsonCodec.compile(schema, limits);
      return {
        encode: (value) => JSON.stringify(value, undefined, 1).replace("\n", "\r\n"),
        decode: (bytes, start, end, utf8) => codec.decode(bytes, start, end, utf8),
      };
    },
  };
  const { post } = await directWorld({ public: true, codecs: [pretty] });
  const body = await (await post("metrics/stream", "1")).text();
  expect(body).toBe('data: {\ndata:  "at": 0\ndata: }\n\nevent: result\ndata: "1 items"\n\n');
});

test("an item that is larger than the window comes whole", async () => {
  const { post } = await directWorld();
  const text = "ß".repeat(500_000);
  const body = await (await post("texts", JSON.stringify([text, "b"]))).text();
  const [first = "", second] = body.split("\n\n");
  expect(JSON.parse(first.slice("data: ".length)) === text).toBe(true);
  expect(second).toBe('data: "b"');
});

test("a body that nobody reads holds a window of items at the handler, and no more", async () => {
  const { direct, seen, url } = await directWorld();
  const request = new Request(`${url}/flood`, { method: "POST", headers: json });
  const response = await direct.fetch(request, "flood");
  const [flood] = seen.floods as [{ written: number }];
  let last = -1;
  while (last !== flood.written) {
    last = flood.written;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  // An item of 1,002 bytes costs 64 more.
  expect(flood.written).toBeGreaterThan(50);
  expect(flood.written * 1066).toBeLessThanOrEqual(64 * 1024 + 1066);
  const aborted = seen.nextAbort();
  await response.body?.cancel();
  expect(await aborted).toBe("disconnected");
});

test("a reader that goes on lets the handler go on", async () => {
  const { direct, seen, url } = await directWorld();
  const request = new Request(`${url}/flood`, { method: "POST", headers: json });
  const response = await direct.fetch(request, "flood");
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let bytes = 0;
  while (bytes < 2_000_000) bytes += (await reader.read()).value?.length ?? 0;
  const [flood] = seen.floods as [{ written: number }];
  expect(flood.written).toBeGreaterThan(1900);
  expect(flood.written).toBeLessThan(2_000_000 / 1000 + 200);
  await reader.cancel();
});

test("a request that is given up ends its handler", async () => {
  const { direct, seen, url, server } = await directWorld();
  for (const name of ["wait", "silent"]) {
    const left = new AbortController();
    const request = new Request(`${url}/${name}`, { method: "POST", headers: json, signal: left.signal });
    const started = seen.nextStart(name);
    const answer = direct.fetch(request, name);
    await started;
    const aborted = seen.nextAbort();
    left.abort();
    expect(await aborted).toBe("disconnected");
    const { status } = await answer;
    expect(status).toBe(499);
  }
  await expect.poll(() => server.connections.length).toBe(0);
});

test("a request that was given up before it is judged runs nothing", async () => {
  const { direct, seen, url } = await directWorld();
  const request = new Request(`${url}/forget`, {
    method: "POST",
    headers: json,
    signal: AbortSignal.abort(),
  });
  expect((await direct.fetch(request, "forget")).status).toBe(499);
  expect(seen.started).toEqual([]);
});

test("a silent stream has its head after a moment, and a comment every 15 s", async () => {
  const clock = new FakeClock();
  const { direct, seen, url } = await directWorld({ public: true }, { clock });
  const started = seen.nextStart("silent");
  const request = new Request(`${url}/silent`, { method: "POST", headers: json });
  let isAnswered = false;
  const answer = direct.fetch(request, "silent").then((response) => {
    isAnswered = true;
    return response;
  });
  await started;
  await clock.advance(249);
  expect(isAnswered).toBe(false);
  await clock.advance(1);
  const response = await answer;
  expect(response.status).toBe(200);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (let comment = 0; comment < 3; comment++) {
    let text: string | undefined;
    const read = reader.read().then(({ value }) => {
      text = new TextDecoder().decode(value);
    });
    await clock.advance(14_999);
    expect(text).toBe(undefined);
    await clock.advance(1);
    await read;
    expect(text).toBe(": alive\n\n");
  }
  const aborted = seen.nextAbort();
  await reader.cancel();
  expect(await aborted).toBe("disconnected");
  // The link of the call lingers for its end, and leaves nothing behind.
  await clock.advance(10_000);
  expect(clock.armedTimers).toBe(0);
});

test("a server that ends lets a stream end with an error", async () => {
  const { post, seen, server } = await directWorld();
  const started = seen.nextStart("silent");
  const response = post("silent", "");
  await started;
  const text = response.then(({ body }) => new Response(body).text());
  const head = await response;
  expect(head.status).toBe(200);
  await server.dispose();
  expect(await text).toMatch(/event: error\ndata: \{"code":"UNAVAILABLE"/);
});

test("a deadline ends a stream with an error", async () => {
  const { post, seen } = await directWorld();
  const response = await post("silent", "", { headers: { "sluice-timeout-ms": "400" } });
  expect(await response.text()).toMatch(/^event: error\ndata: \{"code":"DEADLINE_EXCEEDED"/);
  await expect.poll(() => seen.aborted.length).toBe(1);
});
