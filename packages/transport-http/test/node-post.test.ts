/** Requests by Node's modules: kept connections, those that were closed meanwhile, and answers that end early. */
import { once } from "node:events";
import { createServer, globalAgent, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { HttpAnswer, TransportPost } from "../src/http-answer.ts";
import { nodePoster } from "../src/node-post.ts";

interface World {
  readonly http: Server;
  /** Connections that were made. */
  readonly sockets: Socket[];
  readonly post: (more?: Partial<TransportPost>) => Promise<HttpAnswer>;
}

async function world(answer: RequestListener): Promise<World> {
  const http = createServer(answer);
  const sockets: Socket[] = [];
  http.on("connection", (socket) => sockets.push(socket));
  await once(http.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    const closed = once(http, "close");
    http.close();
    http.closeAllConnections();
    await closed;
  });
  const send = nodePoster(`http://127.0.0.1:${(http.address() as AddressInfo).port}/rpc?x=1`);
  const post = { headers: {}, body: new Uint8Array([1, 2, 3]), signal: new AbortController().signal };
  return { http, sockets, post: (more) => send({ ...post, ...more }) };
}

/** Until a kept connection is free for the next request. */
const kept = (): Promise<unknown> => once(globalAgent, "free");

test("a request has the method, path, headers and bytes that it was given", async () => {
  const { post } = await world(async (incoming, outgoing) => {
    const body: Uint8Array[] = [];
    for await (const chunk of incoming) body.push(chunk);
    const { method, url, headers } = incoming;
    const said = [method, url, headers["x-one"], headers["content-length"], ...Buffer.concat(body)];
    outgoing.writeHead(200, { "x-two": "b" }).end(JSON.stringify(said));
  });
  const answer = await post({ headers: { "x-one": "a" } });
  expect([answer.status, answer.headers.get("x-two"), answer.headers.get("x-three")]).toEqual([
    200,
    "b",
    null,
  ]);
  expect(JSON.parse(await answer.text())).toEqual(["POST", "/rpc?x=1", "a", "3", 1, 2, 3]);
});

test("requests one after another take one connection", async () => {
  const { post, sockets } = await world((_, outgoing) => void outgoing.end("1"));
  for (let asked = 0; asked < 10; asked++) {
    const free = kept();
    expect(await (await post()).text()).toBe("1");
    await free;
  }
  expect(sockets).toHaveLength(1);
});

test("a redirect is an answer, and is not followed", async () => {
  let asked = 0;
  const { post } = await world((_, outgoing) => {
    asked++;
    outgoing.writeHead(307, { location: "/else" }).end();
  });
  const answer = await post();
  expect([answer.status, await answer.text(), asked]).toEqual([307, "", 1]);
});

test("a kept connection that the server has closed meanwhile is no failure", async () => {
  let asked = 0;
  const { post, sockets } = await world((incoming, outgoing) => {
    // The second request of a connection finds it closed.
    if (++asked === 2) incoming.socket.resetAndDestroy();
    else outgoing.end(String(asked));
  });
  const free = kept();
  await (await post()).text();
  await free;
  expect(await (await post()).text()).toBe("3");
  expect(sockets).toHaveLength(2);
});

test("a new connection that is reset is a failure", async () => {
  let asked = 0;
  const { post } = await world((incoming) => {
    asked++;
    incoming.socket.resetAndDestroy();
  });
  await expect(post()).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(asked).toBe(1);
});

test("nobody listens: the request fails", async () => {
  const { http, post } = await world(() => {});
  http.close();
  await expect(post()).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("who leaves ends the request, before its answer and behind it", async () => {
  const { http, post } = await world((incoming, outgoing) => {
    if (incoming.headers["x-wait"] === undefined) outgoing.write("begun");
  });
  const early = new AbortController();
  early.abort(new Error("left early"));
  await expect(post({ signal: early.signal })).rejects.toThrow("left early");

  const waiting = new AbortController();
  const asked = once(http, "request");
  const answer = post({ signal: waiting.signal, headers: { "x-wait": "1" } });
  const [incoming] = await asked;
  const gone = new Promise((resolve) => incoming.socket.once("close", resolve));
  waiting.abort(new Error("left"));
  await expect(answer).rejects.toThrow("left");
  await gone;

  const reading = new AbortController();
  const begun = await post({ signal: reading.signal });
  const reader = begun.body?.getReader();
  expect(String(Buffer.from((await reader?.read())?.value ?? []))).toBe("begun");
  const next = reader?.read();
  reading.abort(new Error("left late"));
  await expect(next).rejects.toThrow();
});

test("an answer that is cut off is no whole one", async () => {
  const { post } = await world((incoming, outgoing) => {
    outgoing.writeHead(200, { "content-length": "10" });
    outgoing.write("12345", () => incoming.socket.destroy());
  });
  await expect((await post()).text()).rejects.toThrow("cut off");
  const reader = (await post()).body?.getReader();
  await expect(
    (async () => {
      while ((await reader?.read())?.done === false);
    })(),
  ).rejects.toThrow();
});

test("who cancels the body ends the connection", async () => {
  const { http, post } = await world((_, outgoing) => void outgoing.write("begun"));
  const asked = once(http, "request");
  const answer = await post();
  const [incoming] = await asked;
  const gone = new Promise((resolve) => incoming.socket.once("close", resolve));
  await answer.body?.cancel();
  await gone;
});

test("an answer has one body, however often it is asked for", async () => {
  const { post } = await world((_, outgoing) => void outgoing.end("1"));
  const answer = await post();
  expect(answer.body).toBe(answer.body);
  await answer.body?.cancel();
});

test("a body is read no faster than it is asked for", async () => {
  const piece = Buffer.alloc(1024 * 1024);
  let sent = 0;
  const { post } = await world((incoming, outgoing) => {
    if (incoming.headers["x-fence"] !== undefined) return void outgoing.end();
    const more = (): void => {
      while (!outgoing.destroyed && outgoing.write(piece)) sent++;
      sent++;
    };
    outgoing.on("drain", more);
    more();
  });
  const reader = (await post()).body?.getReader();
  await reader?.read();
  // An endless body that somebody reads would never come to rest.
  for (let before = -1; before !== sent; ) {
    before = sent;
    for (let fence = 0; fence < 50; fence++) await (await post({ headers: { "x-fence": "1" } })).text();
  }
  await reader?.cancel();
});

test("a text without end is given up", async () => {
  let said = 0;
  const { post } = await world((_, outgoing) => {
    const go = (): void => {
      while (!outgoing.destroyed && outgoing.write("9".repeat(1_024))) said += 1_024;
      said += 1_024;
    };
    outgoing.on("drain", go);
    go();
  });
  await expect((await post()).text()).rejects.toThrow("cut off");
  expect(said).toBeLessThan(64 * 1024 * 1024);
});
