/** Peers that obey no rule, at both ends: what they send is refused, bounded, and told to them; the process lives on. */
import { once } from "node:events";
import { FakeClock } from "@sluice/protocol/testing";
import { type Link, SluiceError } from "@sluice/protocol/wire";
import { WebSocketTransport } from "@sluice/transport-websocket";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { mostMessageBytes } from "../../src/pack-messages.ts";
import { connectTo, readAnswer, upgradeRequest } from "./ask-upgrade.ts";
import { type Listening, listening, until } from "./listening.ts";

/** A ping of Sluice: a frame of 13 bytes. */
const ping = Uint8Array.from([0, 0, 0, 9, 12, 0, 0, 0, 0, 0, 0, 0, 7]);

/** Somebody's socket that is connected to a listener of ours. */
async function hostileClient(server: Listening, options: object = {}): Promise<WebSocket> {
  const socket = new WebSocket(server.address, { perMessageDeflate: false, ...options });
  onTestFinished(() => void socket.terminate());
  await once(socket, "open");
  await until(() => server.links.length === 1);
  return socket;
}

/** A client of ours that is connected to somebody's server, and how its link ended. */
async function hostileServer(
  onSocket: (socket: WebSocket) => void,
  { serverOptions = {}, clientOptions = {} }: { serverOptions?: object; clientOptions?: object } = {},
): Promise<{ link: Link; ends: (SluiceError | undefined)[]; frames: () => number }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...serverOptions });
  await once(server, "listening");
  server.on("connection", onSocket);
  const { port } = server.address() as { port: number };
  const transport = new WebSocketTransport({ url: `ws://127.0.0.1:${port}`, ...clientOptions });
  const link = await transport.connect();
  const ends: (SluiceError | undefined)[] = [];
  let frames = 0;
  link.receive({
    frame: () => void frames++,
    malformed() {},
    flushing() {},
    writable() {},
    closed: (error) => void ends.push(error),
  });
  onTestFinished(() => {
    link.destroy();
    for (const client of server.clients) client.terminate();
    server.close();
  });
  return { link, ends, frames: () => frames };
}

async function closeOf(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = await once(socket, "close");
  return [code, String(reason)];
}

describe("W3 a request for an upgrade with", () => {
  test.each<[string, Readonly<Record<string, string | undefined>>, number]>([
    [
      "an extension called like a property of every object",
      { "Sec-WebSocket-Extensions": "constructor" },
      101,
    ],
    ["an extension that is none", { "Sec-WebSocket-Extensions": '; ; ="' }, 101],
    ["a subprotocol that is none", { "Sec-WebSocket-Protocol": "a,,b" }, 400],
    ["a subprotocol twice", { "Sec-WebSocket-Protocol": "a, a" }, 400],
    ["no key", { "Sec-WebSocket-Key": undefined }, 400],
    ["a key that is none", { "Sec-WebSocket-Key": "x" }, 400],
    ["no version", { "Sec-WebSocket-Version": undefined }, 426],
    ["another version", { "Sec-WebSocket-Version": "99" }, 426],
    ["another protocol", { Upgrade: "h2c" }, 400],
  ])("%s is answered", async (_, headers, status) => {
    const { address, links } = await listening();
    const socket = await connectTo(address);
    socket.write(upgradeRequest(new URL(address), { headers }));
    expect((await readAnswer(socket)).status).toBe(status);
    expect(links.length).toBe(status === 101 ? 1 : 0);
  });

  test("compression offered and not taken is answered without it; bad parameters are refused where it is", async () => {
    for (const [perMessageDeflate, offer, status, accepted] of [
      [false, "permessage-deflate; client_max_window_bits=99", 101, false],
      [true, "permessage-deflate; client_max_window_bits=99", 400, false],
      [true, "permessage-deflate", 101, true],
    ] as const) {
      const { address } = await listening({ perMessageDeflate });
      const socket = await connectTo(address);
      socket.write(upgradeRequest(new URL(address), { headers: { "Sec-WebSocket-Extensions": offer } }));
      const answer = await readAnswer(socket);
      expect(answer.status).toBe(status);
      expect(answer.head.some((line) => line.startsWith("Sec-WebSocket-Extensions"))).toBe(accepted);
    }
  });

  test("3,000 headers, or headers without end, is answered, and the next one is served", async () => {
    const { address, links } = await listening();
    const many = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`x${index}`, ""]));
    for (const [headers, status] of [
      [many, 101], // Short ones: Node leaves out those above 2,000.
      [{ large: "x".repeat(20_000) }, 431],
    ] as const) {
      const socket = await connectTo(address);
      socket.write(upgradeRequest(new URL(address), { headers }));
      expect((await readAnswer(socket)).status).toBe(status);
    }
    const before = links.length;
    await new WebSocketTransport({ url: address }).connect().then((link) => link.destroy());
    expect(links.length).toBe(before + 1);
  });

  test.each(["POST", "HEAD", "PUT"])("the method %s is refused", async (method) => {
    const { address, links } = await listening();
    const socket = await connectTo(address);
    socket.write(upgradeRequest(new URL(address), { method }));
    expect((await readAnswer(socket)).status).toBe(405);
    expect(links.length).toBe(0);
  });

  test("no HTTP at all ends its connection", async () => {
    const { address, links } = await listening();
    const socket = await connectTo(address);
    socket.write(new Uint8Array(1_000).fill(0xff));
    expect((await readAnswer(socket)).status).toBe(400);
    expect(links.length).toBe(0);
  });
});

describe("W4 a compressed bomb", () => {
  const bomb = Buffer.alloc(64 * 1024 * 1024);

  test("is refused before it is in memory, by a server that compresses", async () => {
    const server = await listening({ perMessageDeflate: true });
    const socket = await hostileClient(server, { perMessageDeflate: true });
    expect(socket.extensions).toBe("permessage-deflate");
    const before = process.memoryUsage.rss();
    const closed = closeOf(socket);
    socket.send(bomb);
    expect((await closed)[0]).toBe(1009);
    await until(() => server.ends.length === 1);
    expect(server.ends[0]?.code).toBe("FRAME_TOO_LARGE");
    expect(server.frames).toBe(0);
    expect(process.memoryUsage.rss() - before).toBeLessThan(48 * 1024 * 1024);
  });

  test("is refused by a client that compresses", async () => {
    const { ends } = await hostileServer((socket) => socket.send(bomb), {
      serverOptions: { perMessageDeflate: true },
      clientOptions: { perMessageDeflate: true },
    });
    await until(() => ends.length === 1);
    expect(ends[0]?.code).toBe("FRAME_TOO_LARGE");
  });

  test("is no message to those that do not, which is the default", async () => {
    const server = await listening();
    const socket = await hostileClient(server, { perMessageDeflate: true });
    expect(socket.extensions).toBe("");
    const raw = (socket as unknown as { readonly _socket: { write(bytes: Uint8Array): void } })._socket;
    // A masked message of nothing that says it is compressed.
    raw.write(Uint8Array.from([0xc2, 0x80, 0, 0, 0, 0]));
    expect((await closeOf(socket))[0]).toBe(1002);
    await until(() => server.ends.length === 1);
    expect(server.ends[0]?.code).toBe("PROTOCOL_ERROR");
  });
});

describe("W5 a message", () => {
  test("of the bound is taken by a server, of a byte more it is refused on its head", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    const closed = closeOf(socket);
    const most = Buffer.alloc(mostMessageBytes);
    // Whole frames of nothing but pings, and an unfinished one.
    for (let at = 0; at + 13 <= most.length; at += 13) most.set(ping, at);
    socket.send(most);
    await until(() => server.frames === Math.floor(mostMessageBytes / 13));
    const raw = (socket as unknown as { readonly _socket: { write(bytes: Uint8Array): void } })._socket;
    const head = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(mostMessageBytes + 1, 6);
    raw.write(head);
    expect((await closed)[0]).toBe(1009);
    await until(() => server.ends.length === 1);
    expect(server.ends[0]?.code).toBe("FRAME_TOO_LARGE");
  });

  test("above the bound is refused by a client", async () => {
    const { ends, frames } = await hostileServer((socket) => socket.send(Buffer.alloc(mostMessageBytes + 1)));
    await until(() => ends.length === 1);
    expect([ends[0]?.code, frames()]).toEqual(["FRAME_TOO_LARGE", 0]);
  });

  test("in pieces without end is bounded all the same", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    const closed = closeOf(socket);
    const piece = Buffer.alloc(16 * 1024);
    for (let count = 0; count < 12; count++) socket.send(piece, { fin: false });
    expect((await closed)[0]).toBe(1009);
  });
});

describe("W6 text", () => {
  test("is refused by a server, and by a client", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    const closed = closeOf(socket);
    socket.send("hello");
    expect(await closed).toEqual([1003, expect.stringContaining("text")]);
    await until(() => server.ends.length === 1);
    expect(server.ends[0]?.code).toBe("PROTOCOL_ERROR");

    let far: Promise<[number, string]> | undefined;
    const { ends } = await hostileServer((socket) => {
      far = closeOf(socket);
      socket.send(Buffer.from(ping));
      socket.send("hello");
      socket.send(Buffer.from(ping));
    });
    await until(() => ends.length === 1);
    expect(ends[0]?.code).toBe("PROTOCOL_ERROR");
    expect((await far)?.[0]).toBe(1003);
  });
});

describe("W8 pings", () => {
  test("of a proxy are answered, with what they said", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    for (const text of ["", "x", "y".repeat(125)]) {
      const ponged = once(socket, "pong");
      socket.ping(text);
      expect(String((await ponged)[0])).toBe(text);
    }
    expect(server.ends).toEqual([]);
  });

  test("are answered by a client, too", async () => {
    const answered = new Promise<string>((resolve) => {
      void hostileServer((socket) => {
        socket.on("pong", (data) => resolve(String(data)));
        socket.ping("are you there");
      });
    });
    expect(await answered).toBe("are you there");
  });

  test.each(["ping", "pong"] as const)(
    "in a flood of %ss end the session, and never queue their answers",
    async (kind) => {
      const server = await listening();
      const socket = await hostileClient(server);
      const closed = closeOf(socket);
      let answers = 0;
      socket.on("pong", () => void answers++);
      for (let count = 0; count < 1_000; count++) socket[kind]("z".repeat(125));
      expect(await closed).toEqual([1008, expect.stringContaining("more than 200")]);
      await until(() => server.ends.length === 1);
      expect(server.ends[0]?.code).toBe("ENHANCE_YOUR_CALM");
      expect(answers).toBeLessThanOrEqual(200);
    },
  );

  test("as many as allowed in each second go on for ever, by the clock", async () => {
    const clock = new FakeClock();
    const server = await listening({ clock });
    const socket = await hostileClient(server);
    let answers = 0;
    socket.on("pong", () => void answers++);
    for (let second = 0; second < 5; second++) {
      const before = answers;
      for (let count = 0; count < 199; count++) socket.ping();
      // One behind the others, so that its answer says that all of them were heard.
      const last = new Promise((resolve) =>
        socket.on("pong", (data) => String(data) === `${second}` && resolve(0)),
      );
      socket.ping(`${second}`);
      await last;
      expect(answers).toBeGreaterThan(before);
      await clock.advance(1_000);
    }
    expect(server.ends).toEqual([]);
  });
});

describe("W9 a close", () => {
  test.each([
    ["with a code that may not be sent", Buffer.from([0x03, 0xed]), 1002],
    ["of one byte", Buffer.from([0x03]), 1002],
    ["with a reason that is no UTF-8", Buffer.from([0x03, 0xe8, 0xff, 0xff]), 1007],
    ["with a reason that is too long", undefined, 1002],
  ])("%s ends the link as an error", async (_, body, code) => {
    const server = await listening();
    const socket = await hostileClient(server);
    const closed = closeOf(socket);
    const raw = (socket as unknown as { readonly _socket: { write(bytes: Uint8Array): void } })._socket;
    if (body === undefined) {
      raw.write(Buffer.concat([Buffer.from([0x88, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]));
    } else {
      raw.write(Buffer.concat([Buffer.from([0x88, 0x80 | body.length, 0, 0, 0, 0]), body]));
    }
    expect((await closed)[0]).toBe(code);
    await until(() => server.ends.length === 1);
    expect(server.ends[0]?.code).toBe("PROTOCOL_ERROR");
  });

  test("is the end: what comes behind it is not read", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    const raw = (socket as unknown as { readonly _socket: { write(bytes: Uint8Array): void } })._socket;
    const message = Buffer.concat([Buffer.from([0x82, 0x80 | ping.length, 0, 0, 0, 0]), ping]);
    raw.write(Buffer.concat([message, Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]), message, message]));
    await until(() => server.ends.length === 1);
    expect([server.frames, server.ends]).toEqual([1, [undefined]]);
  });

  test("X66 that the peer never answers cuts its connection off after 5 s", async () => {
    const clock = new FakeClock();
    const server = await listening({ clock });
    const { address } = server;
    const socket = await connectTo(address);
    socket.write(upgradeRequest(new URL(address), {}));
    await until(() => server.links.length === 1);
    const gone = once(socket.resume(), "close");
    server.links[0]?.close();
    await until(() => clock.armedTimers === 1);
    await clock.advance(4_999);
    expect([server.ends.length, socket.readyState]).toEqual([0, "open"]);
    await clock.advance(1);
    expect(server.ends).toEqual([undefined]);
    await gone;
    expect(clock.armedTimers).toBe(0);
  });
});

describe("garbage", () => {
  test("in messages is told to the session, which ends the link", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    socket.send(Buffer.alloc(1_000, 0xff));
    await until(() => server.malformed.length === 1);
    expect(server.malformed[0]?.code).toBe("FRAME_TOO_LARGE");
  });

  test("in place of messages ends the link", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    const closed = closeOf(socket);
    const raw = (socket as unknown as { readonly _socket: { write(bytes: Uint8Array): void } })._socket;
    raw.write(Buffer.alloc(1_000, 0xff));
    expect((await closed)[0]).toBe(1002);
    await until(() => server.ends.length === 1);
    expect(server.ends[0]?.code).toBe("PROTOCOL_ERROR");
  });

  test("that is not masked, or masked where it may not be, ends the link", async () => {
    const server = await listening();
    const socket = await hostileClient(server);
    const raw = (socket as unknown as { readonly _socket: { write(bytes: Uint8Array): void } })._socket;
    raw.write(Buffer.concat([Buffer.from([0x82, ping.length]), ping]));
    await until(() => server.ends.length === 1);
    expect([server.frames, server.ends[0]?.code]).toEqual([0, "PROTOCOL_ERROR"]);
  });

  test("X67 half a close of TCP is the loss of the link, not its end", async () => {
    const server = await listening();
    const { address } = server;
    const socket = await connectTo(address);
    socket.write(upgradeRequest(new URL(address), {}));
    await until(() => server.links.length === 1);
    socket.end();
    await until(() => server.ends.length === 1);
    expect(server.ends[0]).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("without a close"),
    });
  });
});

test("a thousand frames in a message are a thousand frames, and a frame in pieces of one byte each is one", async () => {
  const server = await listening();
  const socket = await hostileClient(server);
  socket.send(Buffer.concat(Array.from({ length: 1_000 }, () => ping)));
  await until(() => server.frames === 1_000);
  for (const byte of ping) socket.send(Uint8Array.from([byte]));
  await until(() => server.frames === 1_001);
  expect(server.links[0]?.inbound).toBe(1 + ping.length);
});

test("frames of one turn go out in one message, each whole", async () => {
  const server = await listening();
  const socket = await hostileClient(server);
  const messages: Buffer[] = [];
  socket.on("message", (data) => void messages.push(data as Buffer));
  for (let nonce = 0; nonce < 1_000; nonce++) {
    server.links[0]?.send({ type: 12, call: 0, answer: false, nonce });
  }
  await until(() => messages.length > 0);
  expect(messages.map(({ length }) => length)).toEqual([13_000]);
});

test("a peer that never reads is written no further than the room of its link, and can be given up at once", async () => {
  const server = await listening();
  const socket = await hostileClient(server);
  socket.pause();
  const [link] = server.links;
  const payload = new Uint8Array(16 * 1024);
  let sent = 0;
  const frame = { type: 5, call: 1, offset: 0, more: true, raw: false, head: false, total: 0 } as const;
  for (let round = 0; round < 2_000; round++) {
    while ((link?.room ?? 0) > 0) {
      sent += link?.send({ ...frame, payload, start: 0, end: payload.length }) ?? 0;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  // What the system holds for both ends is its own; beyond that there is a bounded part of this process's.
  const held = sent - server.frames;
  const waiting = (link as unknown as { readonly room: number }).room;
  expect(waiting).toBeLessThanOrEqual(0);
  expect(held).toBeLessThan(16 * 1024 * 1024);
  link?.destroy(new SluiceError("UNAVAILABLE", "enough"));
  await until(() => server.ends.length === 1);
});
