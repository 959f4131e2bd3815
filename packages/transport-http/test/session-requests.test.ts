/** Requests of sessions as anybody may send them: limits, numbers, methods, guesses and rubbish. */
import { FakeClock } from "@sluice/protocol/testing";
import { type Frame, FrameType, FrameWriter, type Link, standardUtf8 } from "@sluice/protocol/wire";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ServerTransport, type ServerTransportOptions } from "../src/server-transport.ts";
import { serveHttp } from "./http-world.ts";
import { rawHttp } from "./raw-http.ts";

// Far more than they take: for machines that are busy with other things.
vi.setConfig({ testTimeout: 60_000 });

const type = "application/vnd.sluice.frames";
const base = "http://api.example.com/rpc";

interface World {
  readonly transport: ServerTransport;
  /** Links that were made, and numbers of the frames that came over each. */
  readonly links: Link[];
  readonly came: number[][];
}

function world(options: ServerTransportOptions = {}): World {
  const transport = new ServerTransport({ path: "/rpc", ...options });
  const links: Link[] = [];
  const came: number[][] = [];
  // With a clock that is real, one would look for signs of life for ever.
  onTestFinished(() => {
    for (const link of links) link.close();
  });
  transport.accept((link) => {
    const numbers: number[] = [];
    links.push(link);
    came.push(numbers);
    link.receive({
      frame: (frame) => void (frame.type === FrameType.CREDIT && numbers.push(frame.received)),
      malformed: () => link.close(),
      flushing() {},
      writable() {},
      closed() {},
    });
  });
  return { transport, links, came };
}

function frames(...numbers: number[]): Uint8Array<ArrayBuffer> {
  const writer = new FrameWriter(standardUtf8);
  for (const received of numbers)
    writer.write({ type: FrameType.CREDIT, call: 1, received, limit: received });
  return Uint8Array.from(writer.take().flatMap((chunk) => [...chunk]));
}

function post(headers: Record<string, string>, body: BodyInit | null = null): Request {
  const init = { method: "POST", headers: { "content-type": type, ...headers }, body, duplex: "half" };
  return new Request(base, init as RequestInit);
}

async function open(
  { transport }: World,
  headers: Record<string, string> = {},
  body?: Uint8Array<ArrayBuffer>,
) {
  const response = await transport.fetch(post({ accept: "text/event-stream", ...headers }, body ?? null), {
    remote: "tcp://192.0.2.1:50000",
  });
  return { response, token: response.headers.get("sluice-link") ?? "" };
}

/** The server's first event: until then a client has little to say. */
async function welcome(here: World, token: string): Promise<void> {
  here.links.at(-1)?.send({ type: FrameType.PING, call: 0, answer: true, nonce: 1 });
  expect((await send(here, token, 1, frames(1))).text).toBe("1");
}

async function send({ transport }: World, token: string, number: number | string, body: BodyInit | null) {
  const headers = { "sluice-link": token, "sluice-batch": String(number) };
  const response = await transport.fetch(post(headers, body), { remote: "tcp://192.0.2.1:50001" });
  return { status: response.status, text: await response.text() };
}

/** A body that never ends, of so many bytes a chunk. */
function endless(bytes: number): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      if (bytes > 0) controller.enqueue(new Uint8Array(bytes));
      else return new Promise(() => {});
      return undefined;
    },
  });
}

describe("an opening", () => {
  test("is answered with events that nobody stores or collects, without ids, and with a token", async () => {
    const { response, token } = await open(world());
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "x-content-type-options": "nosniff",
      "sluice-link": token,
      vary: "Origin",
    });
    expect(token).toMatch(/^[\da-f]{32}$/);
    await response.body?.cancel();
  });

  test("may bring frames, and another end of the path is the same", async () => {
    const here = world();
    const request = new Request(`${base}/`, {
      method: "POST",
      headers: { accept: "text/event-stream", "content-type": type },
      body: frames(1, 2),
    });
    await (await here.transport.fetch(request)).body?.cancel();
    expect(here.came).toEqual([[1, 2]]);
  });

  test("REL-H6 that names a place to go on from begins at the beginning", async () => {
    for (const id of ["-1", "1e400", "18446744073709551616", "9".repeat(10_240), "7"]) {
      const here = world();
      const { response } = await open(here, { "last-event-id": id });
      expect(response.status).toBe(200);
      here.links[0]?.send({ type: FrameType.PING, call: 0, answer: false, nonce: 5 });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      let text = "";
      while (!text.includes("data")) text += new TextDecoder().decode((await reader.read()).value);
      expect(text.replace(/^:[^\n]*\n\n/, "")).toBe("data: 1\ndata: [12,0,5]\n\n");
      await reader.cancel();
    }
  });

  test("without a server that takes links is answered 503", async () => {
    const transport = new ServerTransport({ path: "/rpc" });
    const response = await transport.fetch(post({ accept: "text/event-stream" }));
    expect([response.status, await response.json()]).toMatchObject([503, { code: "UNAVAILABLE" }]);
  });

  test("that accepts no events is answered 406", async () => {
    expect((await open(world(), { accept: "application/json" })).response.status).toBe(406);
  });

  test("may ask for padding, in bounds", async () => {
    const { response } = await open(world(), { "sluice-padding": "8192" });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).value?.length).toBe(8_192);
    await reader.cancel();
    for (const padding of ["16385", "-1", "1e3", "x"]) {
      expect((await open(world(), { "sluice-padding": padding })).response.status).toBe(400);
    }
  });
});

describe("H1 a body", () => {
  const large = 2 * 1024 * 1024;

  test("that says its length, hides it or lies about it is counted, and no frame of it arrives", async () => {
    const here = world();
    const { token, response } = await open(here);
    const said = await here.transport.fetch(
      post(
        { "sluice-link": token, "sluice-batch": "1", "content-length": String(large) },
        new Uint8Array(large),
      ),
    );
    expect(said.status).toBe(413);
    for (const lie of [undefined, "abc", "10"]) {
      const headers = {
        "sluice-link": token,
        "sluice-batch": "1",
        ...(lie ? { "content-length": lie } : {}),
      };
      expect((await here.transport.fetch(post(headers, endless(65_536)))).status).toBe(413);
    }
    expect(here.came).toEqual([[]]);
    await response.body?.cancel();
  });

  test("of an opening has 64 KiB, whatever it hides", async () => {
    const here = world();
    const response = await here.transport.fetch(post({ accept: "text/event-stream" }, endless(4_096)));
    expect([response.status, here.links.length]).toEqual([413, 0]);
  });

  test("in chunks, with two lengths or with one that is none is refused by a real server too", async () => {
    const http = await serveHttp();
    let links = 0;
    http.transport.accept(() => void links++);
    const line = `POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nContent-Type: ${type}\r\n`;
    const zeros = "0".repeat(large);
    const variants = [
      `Content-Length: ${large}\r\n\r\n${zeros}`,
      `Transfer-Encoding: chunked\r\n\r\n${large.toString(16)}\r\n${zeros}\r\n0\r\n\r\n`,
      `Content-Length: abc\r\n\r\n${zeros}`,
      `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${large.toString(16)}\r\n${zeros}\r\n0\r\n\r\n`,
    ];
    const port = Number(new URL(http.origin).port);
    const statuses: string[] = [];
    for (const variant of variants) {
      const raw = await rawHttp(port);
      raw.write(line + variant);
      statuses.push((await raw.read(/^HTTP\/1\.1 \d+/)).slice(9, 12));
      raw.socket.destroy();
    }
    // Node refuses the last two itself.
    expect(statuses).toEqual(["413", "413", "400", "400"]);
    expect(links).toBe(0);
    await http.close();
  });
});

describe("H2 a body that does not come", () => {
  test("is given up after 5 s where it would open a link, and after 30 s of a batch", async () => {
    const clock = new FakeClock();
    const here = world({ clock });
    const opening = here.transport.fetch(post({ accept: "text/event-stream" }, endless(0)));
    await clock.advance(4_999);
    const { token, response } = await open(here);
    await clock.advance(1);
    expect((await opening).status).toBe(408);
    const batch = send(here, token, 1, endless(0));
    await clock.advance(29_999);
    expect(await Promise.race([batch, "waiting"])).toBe("waiting");
    await clock.advance(1);
    expect((await batch).status).toBe(408);
    await response.body?.cancel();
    expect(clock.armedTimers).toBe(0);
  });
});

describe("batches", () => {
  test("H10 that come three times, and in any order, are each answered 200 and handed on once, in order", async () => {
    const here = world();
    const { token, response } = await open(here);
    const order = [3, 1, 3, 2, 1, 2, 5, 4, 1, 5, 4, 3, 2, 4, 5];
    const statuses: number[] = [];
    for (const number of order) statuses.push((await send(here, token, number, frames(number))).status);
    expect(statuses).toEqual(order.map(() => 200));
    expect(here.came).toEqual([[1, 2, 3, 4, 5]]);
    await response.body?.cancel();
  });

  test("X47 that come too early are put off with 409, and none is lost", async () => {
    const here = world();
    const { token, response } = await open(here);
    for (let number = 2; number <= 17; number++) {
      expect((await send(here, token, number, frames(number))).status).toBe(200);
    }
    expect((await send(here, token, 18, frames(18))).status).toBe(409);
    expect((await send(here, token, 1, frames(1))).status).toBe(200);
    expect((await send(here, token, 18, frames(18))).status).toBe(200);
    expect(here.came).toEqual([Array.from({ length: 18 }, (_, at) => at + 1)]);
    await response.body?.cancel();
  });

  test("X47 that wait take no more than 1 MiB", async () => {
    const here = world();
    const { token, response } = await open(here);
    await welcome(here, token);
    const large = new Uint8Array(700_000);
    expect((await send(here, token, 3, large)).status).toBe(200);
    expect((await send(here, token, 4, large)).status).toBe(409);
    await response.body?.cancel();
  });

  test("are small, and come one by one, until an event has answered them", async () => {
    const here = world();
    const { token, response } = await open(here);
    expect((await send(here, token, 1, new Uint8Array(64 * 1024 + 1))).status).toBe(413);
    const slow = send(here, token, 1, endless(0));
    expect((await send(here, token, 2, frames(1))).status).toBe(429);
    here.links[0]?.destroy();
    // The link is over, and so is what was read for it.
    expect((await slow).status).toBe(404);
    await response.body?.cancel();
  });

  test("that miss one for 10 s end the link", async () => {
    const clock = new FakeClock();
    const here = world({ clock });
    const { token, response } = await open(here);
    await send(here, token, 2, frames(2));
    await clock.advance(9_999);
    expect(here.transport.links).toBe(1);
    await clock.advance(1);
    expect(here.transport.links).toBe(0);
    expect((await send(here, token, 1, frames(1))).status).toBe(404);
    await response.body?.cancel();
    expect(clock.armedTimers).toBe(0);
  });

  test("are answered with the number of the last event", async () => {
    const here = world();
    const { token, response } = await open(here);
    expect(await send(here, token, 1, frames(1))).toEqual({ status: 200, text: "0" });
    here.links[0]?.send({ type: FrameType.PING, call: 0, answer: true, nonce: 1 });
    expect(await send(here, token, 2, frames(2))).toEqual({ status: 200, text: "1" });
    await response.body?.cancel();
  });

  test("without a number, or with one that is none, are refused", async () => {
    const here = world();
    const { token, response } = await open(here);
    for (const number of ["", "0", "-1", "1.5", "1e3", "01", " 1 2", "9".repeat(16)]) {
      expect((await send(here, token, number, frames(1))).status).toBe(400);
    }
    expect(here.came).toEqual([[]]);
    await response.body?.cancel();
  });

  test("REL-H11 of rubbish are answered 4xx, or 200 where they are frames all the same", async () => {
    const writer = new FrameWriter(standardUtf8);
    const hello: Frame = { type: FrameType.HELLO, call: 0, hello: { versions: [1], codecs: ["json"] } };
    writer.write(hello);
    const good = [...writer.take().flatMap((chunk) => [...chunk]), ...frames(1, 2, 3)];
    let state = 7;
    const below = (bound: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % bound;
    };
    const seen = new Set<number>();
    for (let round = 0; round < 2_500; round++) {
      const body = Uint8Array.from(good);
      for (let flips = 0; flips <= below(4); flips++) body[below(body.length)] = below(256);
      const mutated = body.slice(0, below(8) === 0 ? below(body.length) : body.length);
      const here = world();
      const opened = await open(here, {}, mutated);
      seen.add(opened.response.status);
      await opened.response.body?.cancel();
      const other = await open(here);
      seen.add((await send(here, other.token, 1, mutated)).status);
      await other.response.body?.cancel();
    }
    expect([...seen].sort()).toEqual([200, 400]);
  });

  test("that are malformed are refused, and the link ends", async () => {
    const here = world();
    const { token, response } = await open(here);
    expect((await send(here, token, 1, new Uint8Array([0, 0, 0, 5, 0, 0, 0, 0, 0]))).status).toBe(400);
    expect((await send(here, token, 2, frames(1))).status).toBe(400);
    await response.text();
    expect((await send(here, token, 3, frames(1))).status).toBe(404);
  });
});

describe("H7 a link", () => {
  test("is found by its token only; who guesses is told to wait, and those who know theirs go on", async () => {
    const clock = new FakeClock();
    const here = world({ clock });
    const { token, response } = await open(here);
    const statuses = new Map<number, number>();
    for (let guess = 0; guess < 1_000; guess++) {
      const { status } = await send(here, guess.toString(16).padStart(32, "0"), 1, frames(9));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([
      [404, 100],
      [429, 900],
    ]);
    expect((await send(here, token, 1, frames(1))).status).toBe(200);
    expect(here.came).toEqual([[1]]);
    await clock.advance(10_000);
    expect((await send(here, "0", 1, frames(9))).status).toBe(404);
    await response.body?.cancel();
  });

  test("cannot be opened under a token of the client's choice, nor its events be asked for again", async () => {
    const here = world();
    const { token, response } = await open(here);
    expect((await open(here, { "sluice-link": "a".repeat(32) })).response.status).toBe(404);
    // That is a batch without a number.
    expect((await open(here, { "sluice-link": token })).response.status).toBe(400);
    expect(here.links.length).toBe(1);
    await response.body?.cancel();
  });

  test("has another token each time", async () => {
    const here = world();
    const opened = await Promise.all(Array.from({ length: 200 }, () => open(here)));
    expect(new Set(opened.map(({ token }) => token)).size).toBe(200);
    for (const { response } of opened) await response.body?.cancel();
    expect(here.transport.links).toBe(0);
  });
});

describe("H9 links", () => {
  test("of one address are bounded; a place is free again when one has ended, and who only listens keeps its own", async () => {
    const clock = new FakeClock();
    const here = world({ maxLinksPerRemote: 100, clock });
    const opened = await Promise.all(Array.from({ length: 100 }, () => open(here)));
    const refused = await open(here);
    expect([refused.response.status, await refused.response.json()]).toMatchObject([
      429,
      { code: "RESOURCE_EXHAUSTED" },
    ]);
    expect(refused.response.headers.get("retry-after")).toBe("1");
    await clock.advance(3_600_000);
    expect(here.transport.links).toBe(100);
    await opened[0]?.response.body?.cancel();
    expect((await open(here)).response.status).toBe(200);
  });

  test("of all are bounded", async () => {
    const here = world({ maxLinks: 3 });
    for (let count = 0; count < 3; count++) expect((await open(here)).response.status).toBe(200);
    expect((await open(here)).response.status).toBe(429);
    for (const link of here.links) link.destroy();
    expect((await open(here)).response.status).toBe(200);
  });

  test("whose opening failed take no place", async () => {
    const here = world({ maxLinks: 1 });
    for (let count = 0; count < 3; count++) {
      expect((await open(here, {}, new Uint8Array([255, 255, 255, 255]))).response.status).toBe(400);
    }
    expect((await open(here)).response.status).toBe(200);
  });
});

describe("H13 methods", () => {
  test.each(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])(
    "other than POST are answered 405: %s",
    async (method) => {
      const { transport } = world();
      const headers = { accept: "text/event-stream", range: "bytes=0-1", "accept-encoding": "gzip" };
      const response = await transport.fetch(new Request(base, { method, headers }));
      expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    },
  );

  test("POST ignores ranges and encodings that are asked for", async () => {
    const { response } = await open(world(), { range: "bytes=0-1", "accept-encoding": "gzip" });
    expect([response.status, response.headers.get("content-encoding")]).toEqual([200, null]);
    await response.body?.cancel();
  });

  test("POST takes nothing compressed", async () => {
    expect((await open(world(), { "content-encoding": "gzip" })).response.status).toBe(415);
  });
});

describe("ServerTransport", () => {
  test("knows sessions by their headers where it was given no path", async () => {
    const transport = new ServerTransport();
    let links = 0;
    transport.accept((link) => {
      links++;
      link.destroy();
    });
    const request = new Request("http://h/any/where", {
      method: "POST",
      headers: { accept: "text/event-stream", "content-type": type },
    });
    const { fetch } = transport;
    await (await fetch(request)).body?.cancel();
    expect(links).toBe(1);
  });

  test("has nothing beside its path", async () => {
    const { transport } = world();
    for (const path of ["/", "/rp", "/rpcs", "/other"]) {
      const request = new Request(`http://h${path}`, { method: "POST", headers: { "content-type": type } });
      expect((await transport.fetch(request)).status).toBe(404);
    }
  });

  test("takes no more links when it was closed, and is no client", async () => {
    const { transport } = world();
    expect(await transport.listen(() => {})).toBe("http:/rpc");
    await transport.close();
    expect((await transport.fetch(post({ accept: "text/event-stream" }))).status).toBe(503);
    await expect(transport.connect()).rejects.toMatchObject({ code: "UNIMPLEMENTED" });
  });

  test("refuses options that make no sense", () => {
    expect(() => new ServerTransport({ alowedOrigin: "x" } as ServerTransportOptions)).toThrow(
      /did you mean allowedOrigin/,
    );
    expect(() => new ServerTransport({ path: "rpc" })).toThrow(TypeError);
    expect(() => new ServerTransport({ maxBody: 1_000 })).toThrow(RangeError);
    expect(() => new ServerTransport({ maxLinks: 0 })).toThrow(RangeError);
  });
});
