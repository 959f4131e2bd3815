/** What strangers do to links and calls over HTTP: portals that answer anything, names that point here, bodies in crumbs. */
import { request } from "node:http";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import { Server } from "@sluice/server";
import { expect, onTestFinished, test } from "vitest";
import { ClientTransport, ServerTransport } from "../src/index.ts";
import { listenHttp } from "../src/node.ts";
import { readBody } from "../src/read-body.ts";

const protocol = {
  add: { type: "request", param: { type: "integer" }, result: { type: "integer" } },
  secret: { type: "request", idempotent: true, result: { type: "string" } },
} as const satisfies ProtocolDefinition;

function serve(): Server<typeof protocol, undefined> {
  const server = new Server({
    protocol,
    public: true,
    handlers: { add: ({ param }) => param + 1, secret: () => "told" },
  });
  onTestFinished(() => server.dispose());
  return server;
}

test("X46 a 200 of somebody else is no answer: the batch is sent again, over the same link", async () => {
  const http = new ServerTransport({ path: "/rpc" });
  serve().handle(http);
  let asked = 0;
  let opened = 0;
  const transport = new ClientTransport({
    url: "http://api.test/rpc",
    fetch: async (url, init) => {
      const isBatch = new Headers(init.headers).has("sluice-batch");
      if (!isBatch) opened++;
      else if (++asked === 2) return new Response("<title>Please sign in</title>", { status: 200 });
      return http.fetch(new Request(url, init));
    },
  });
  const client = new Client({ protocol, transport });
  onTestFinished(() => client.dispose());
  for (const n of [1, 2, 3]) expect(await client.request("add", { param: n })).toBe(n + 1);
  expect([opened, asked]).toEqual([1, 4]);
});

test("H4 a GET over loopback by a name that is not this machine's is refused, also where others may come", async () => {
  const [url = ""] = await serve().listen(listenHttp({ port: 0, host: "0.0.0.0" }));
  const { port } = new URL(url);
  const get = (host: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const options = { port, host: "127.0.0.1", path: "/secret", headers: { host } };
      const asked = request(options, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
      });
      asked.on("error", reject).end();
    });
  expect([await get(`evil.test:${port}`), await get(`127.0.0.1:${port}`)]).toEqual([403, 200]);
});

test("H1 a body that comes byte by byte is whole, and bounded", async () => {
  const bytes = Uint8Array.from({ length: 20_000 }, (_, at) => at % 251);
  const crumbs = (): Request => {
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at === bytes.length) controller.close();
        else controller.enqueue(bytes.subarray(at, ++at));
      },
    });
    const init = { method: "POST", body, duplex: "half" };
    return new Request("http://api.test/", init as RequestInit);
  };
  const clock = new FakeClock();
  expect(await readBody(crumbs(), { maxBody: 20_000, bodyTimeout: 1_000, clock })).toEqual(bytes);
  const tooMuch = readBody(crumbs(), { maxBody: 19_999, bodyTimeout: 1_000, clock });
  await expect(tooMuch).rejects.toMatchObject({ status: 413 });
  expect(clock.armedTimers).toBe(0);
});

test("what stands in a URL's query is told to nobody else", async () => {
  const transport = new ClientTransport({
    url: "http://api.test/rpc?token=hunter2",
    fetch: async () => {
      throw new TypeError("fetch failed");
    },
  });
  const link = await transport.connect();
  expect(link.info.remote).toBe("http://api.test/rpc");
  const error = await new Promise<unknown>((resolve) => {
    link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed: resolve });
  });
  expect(String(error)).toContain("http://api.test/rpc");
  expect(String(error)).not.toContain("hunter2");
});

test("X43 a link that nobody answers ends 5 s after its transport", async () => {
  const clock = new FakeClock();
  let isAborted = false;
  const transport = new ClientTransport({
    url: "http://api.test/rpc",
    clock,
    fetch: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => {
          isAborted = true;
          reject(new Error("given up"));
        });
      }),
  });
  const link = await transport.connect();
  link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed() {} });
  await clock.advance(10);
  await transport.dispose();
  await clock.advance(4_999);
  expect(isAborted).toBe(false);
  await clock.advance(1);
  expect([isAborted, clock.armedTimers]).toEqual([true, 0]);
});
