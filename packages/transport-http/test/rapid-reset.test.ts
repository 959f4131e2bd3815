/** H15: requests of HTTP/2 that are opened and reset at once, thousands of them, against an app of Hono on Node's own HTTP/2 server. */
import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Server } from "@sluice/server";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { sluice } from "../src/hono.ts";

const most = 64;
const resets = 5_000;
/** Requests that are opened before they are reset together. */
const burst = 50;

async function world() {
  let started = 0;
  let running = 0;
  let highest = 0;
  const waiting = new Set<() => void>();
  const server = new Server({
    protocol: { hold: { type: "request" }, quick: { type: "request", result: { type: "string" } } } as const,
    public: true,
    limits: { maxConcurrentHandlers: most },
    drainTimeout: 1_000,
    handlers: {
      // It looks at no signal: that is when handlers pile up.
      hold: async () => {
        started++;
        highest = Math.max(highest, ++running);
        await new Promise<void>((resolve) => waiting.add(resolve));
        running--;
      },
      quick: () => "quick",
    },
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  const app = new Hono();
  app.use(sluice(server, { path: "/api" }));
  const http = serve({ fetch: app.fetch, createServer, port: 0, hostname: "127.0.0.1" });
  if (!http.listening) await once(http, "listening");
  const sessions = new Set<ServerHttp2Session>();
  (http as Http2Server).on("session", (session) => void sessions.add(session));
  const release = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  onTestFinished(async () => {
    release();
    await server.dispose();
    const closed = new Promise((resolve) => http.close(resolve));
    for (const session of sessions) session.destroy();
    await closed;
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return { url, release, counts: () => ({ started, running, highest }) };
}

/** A connection to `url`, whose end is no fault of the test's: a server may send away who resets too much. */
async function open(url: string): Promise<ClientHttp2Session> {
  const session = connect(url);
  session.on("error", () => {});
  await once(session, "connect");
  onTestFinished(() => session.destroy());
  return session;
}

function ask(session: ClientHttp2Session, name: string) {
  const stream = session.request({
    ":method": "POST",
    ":path": `/api/${name}`,
    "content-type": "application/json",
  });
  stream.on("error", () => {});
  stream.end();
  return stream;
}

async function answerOf(url: string, name: string): Promise<{ status: unknown; body: string }> {
  const session = await open(url);
  const stream = ask(session, name);
  const [headers] = await once(stream, "response");
  let body = "";
  for await (const chunk of stream) body += chunk;
  session.close();
  return { status: headers[":status"], body };
}

/** Resolves with the answer to a PING, or with the end of the connection. */
function pinged(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      session.off("close", settle);
      resolve();
    };
    session.once("close", settle);
    if (session.destroyed || !session.ping(settle)) settle();
  });
}

test(`H15 ${resets.toLocaleString("en-US")} requests that are opened and reset run no more handlers than there are slots`, async () => {
  const { url, release, counts } = await world();
  expect(await answerOf(url, "quick")).toEqual({ status: 200, body: '"quick"' });

  let connections = 0;
  let session: ClientHttp2Session | undefined;
  for (let asked = 0; asked < resets; ) {
    if (session === undefined || session.closed || session.destroyed) {
      session = await open(url);
      connections++;
    }
    const streams = [];
    for (let count = 0; count < burst && !session.closed && !session.destroyed; count++, asked++) {
      streams.push(ask(session, "hold"));
    }
    // They have left when the answer to a PING that follows them is here, or when the server has hung up.
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    await pinged(session);
  }
  // Node sends those away who reset too much, so that it took more than one connection.
  console.log(
    `${resets} requests over ${connections} connections: ${counts().started} handlers were started`,
  );
  expect(counts()).toEqual({ started: most, running: most, highest: most });

  const { status, body } = await answerOf(url, "quick");
  expect([status, JSON.parse(body).code]).toEqual([429, "RESOURCE_EXHAUSTED"]);
  release();
  let after = await answerOf(url, "quick");
  for (let tries = 0; tries < 100 && after.status === 429; tries++) after = await answerOf(url, "quick");
  expect(after).toEqual({ status: 200, body: '"quick"' });
}, 60_000);
