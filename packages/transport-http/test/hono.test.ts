/** A server inside an app of Hono: what is below its path is its own, all else is the app's. */
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { type SluiceMiddlewareOptions, sluice } from "../src/hono.ts";

const protocol = {
  "greet/by-name": { type: "request", param: { type: "string" }, result: { type: "string" } },
  count: { type: "stream", receive: { type: "integer" } },
  who: { type: "request", result: true },
} as const satisfies ProtocolDefinition;

const post = { method: "POST", headers: { "content-type": "application/json" } } as const;

function makeApp(options: SluiceMiddlewareOptions = { path: "/rpc" }) {
  const aborted: string[] = [];
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      "greet/by-name": ({ param }) => `hello ${param}`,
      async *count({ signal }) {
        signal.addEventListener("abort", () => aborted.push(signal.reason));
        for (let at = 0; !signal.aborted; at++) yield at;
      },
      who: ({ connection }) => connection.remote ?? null,
    },
  });
  onTestFinished(() => server.dispose());
  const app = new Hono();
  app.get("/", (context) => context.text("the app"));
  app.use(sluice(server, options));
  app.all("*", (context) => context.text(`the app's ${context.req.path}`, 404));
  return { app, server, aborted };
}

test("what is below the path is the server's, all else the app's", async () => {
  const { app } = makeApp();
  const response = await app.request("/rpc/greet/by-name", { ...post, body: '"ada"' });
  expect([response.status, await response.text()]).toEqual([200, '"hello ada"']);
  expect((await app.request("/rpc/nobody", { ...post, body: "" })).status).toBe(404);
  expect(await (await app.request("/")).text()).toBe("the app");
  for (const path of ["/rpcs", "/rp", "/other/rpc/who", "/who"]) {
    expect(await (await app.request(path, post)).text()).toBe(`the app's ${path}`);
  }
  // The path itself is where links are made.
  expect((await app.request("/rpc", { ...post, body: "" })).status).toBe(415);
});

test("middleware of the app runs before, and sees the answer", async () => {
  const { server } = makeApp();
  const app = new Hono();
  app.use("*", async (context, next) => {
    await next();
    context.header("x-seen", String(context.res.status));
  });
  app.use("/api/*", sluice(server, { path: "/api/" }));
  const response = await app.request("/api/greet/by-name", { ...post, body: '"ada"' });
  expect([response.status, response.headers.get("x-seen")]).toEqual([200, "200"]);
});

test("origins are judged as everywhere", async () => {
  const { app } = makeApp({ path: "/rpc", allowedOrigin: "https://app.example.com" });
  const ask = async (origin: string) => {
    const headers = { ...post.headers, origin };
    return (await app.request("/rpc/who", { method: "POST", body: "", headers })).status;
  };
  expect([await ask("https://evil.test"), await ask("https://app.example.com")]).toEqual([403, 200]);
});

test("over @hono/node-server a client has an address, and one that goes ends its handler", async () => {
  const { app, aborted } = makeApp();
  const http = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as HttpServer;
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/rpc`;
  const who = await fetch(`${url}/who`, { ...post, body: "" });
  expect(await who.json()).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  const left = new AbortController();
  const { body } = await fetch(`${url}/count`, { ...post, body: "", signal: left.signal });
  await body?.getReader().read();
  left.abort();
  await expect.poll(() => aborted).toEqual(["disconnected"]);
});

test("the platform's own address is taken where the app says it", async () => {
  const { app } = makeApp({ path: "/rpc", remote: () => "tcp://192.0.2.1:1" });
  expect(await (await app.request("/rpc/who", { ...post, body: "" })).json()).toBe("tcp://192.0.2.1:1");
});
