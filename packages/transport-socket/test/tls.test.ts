/** TLS: who may connect to whom, what a client that may not is told, and what becomes of it. */
import { once } from "node:events";
import { connect as connectNet, createServer as createNetServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { Client, connect } from "@sluice/client";
import { type Connection, defineProtocol, type PeerCertificate, type TlsOptions } from "@sluice/protocol";
import { FakeClock } from "@sluice/protocol/testing";
import { finishesCleanly } from "@sluice/protocol/testing/node";
import { Server } from "@sluice/server";
import { type ListenSocketOptions, listenSocket, SocketTransport } from "@sluice/transport-socket";
import { describe, expect, onTestFinished, test } from "vitest";
import { adaTls, clientTls, mutualTls, pair, pem, serverTls } from "./certificates.ts";

const protocol = defineProtocol({ who: { type: "request", result: true } });

interface Served {
  readonly address: string;
  readonly port: number;
  /** What `authenticate` saw, one for each peer that was asked. */
  readonly seen: Connection[];
}

async function serve(options: Partial<ListenSocketOptions> = {}): Promise<Served> {
  const seen: Connection[] = [];
  const server = new Server({
    protocol,
    authenticate(_, connection) {
      seen.push(connection);
      return { name: connection.peerCertificate?.commonName ?? "nobody" };
    },
    handlers: { who: ({ identity, connection }) => ({ identity, peer: connection.peerCertificate ?? null }) },
  });
  onTestFinished(() => server.dispose());
  const [address = ""] = await server.listen(listenSocket({ port: 0, tls: serverTls, ...options }));
  return { address, port: Number(address.split(":").at(-1)), seen };
}

/** A client that would try for ever, if it may. */
function client(socket: string, tls?: TlsOptions): Client<typeof protocol> {
  const transport = new SocketTransport({ socket, ...(tls === undefined ? {} : { tls }) });
  const made = new Client({ protocol, transport, logger: silent });
  onTestFinished(async () => {
    await made.dispose();
    await transport.dispose();
  });
  return made;
}

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** How a client that does not give up by itself ends: its `ready` rejects, and it is closed for good. */
async function finalError(made: Client<typeof protocol>): Promise<unknown> {
  const error = await made.ready.then(
    () => "connected",
    (reason: unknown) => reason,
  );
  expect(made.status).toBe("closed");
  return error;
}

/** How one attempt ends. */
async function attempt(socket: string, tls?: TlsOptions): Promise<unknown> {
  const transport = new SocketTransport({ socket, ...(tls === undefined ? {} : { tls }) });
  onTestFinished(() => transport.dispose());
  return transport.connect().then(
    () => "connected",
    (reason: unknown) => reason,
  );
}

describe("a client", () => {
  test("calls over TLS 1.3 a server that its authority vouches for, by name or address", async () => {
    const { address, port, seen } = await serve();
    expect(address).toBe(`tls://127.0.0.1:${port}`);
    for (const socket of [address, `tls://localhost:${port}`]) {
      expect(await client(socket, clientTls).request("who")).toEqual({
        identity: { name: "nobody" },
        peer: null,
      });
    }
    expect(seen.map(({ transport, remote }) => [transport, remote?.slice(0, 16)])).toEqual([
      ["tls", "tls://127.0.0.1:"],
      ["tls", "tls://127.0.0.1:"],
    ]);
  });

  test("connects by address with connect(url, { tls })", async () => {
    const { address } = await serve();
    await using made = await connect(address, { protocol, tls: clientTls });
    expect(await made.request("who")).toMatchObject({ identity: { name: "nobody" } });
    const plain = connect(address.replace("tls:", "tcp:"), { protocol, tls: clientTls });
    await expect(plain).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test.each<readonly [string, Partial<ListenSocketOptions>, TlsOptions | undefined, string, string]>([
    ["an authority that it does not know", {}, undefined, "UNAUTHENTICATED", "tls.ca"],
    ["another authority", {}, { ca: pem("foreign-ca.crt") }, "UNAUTHENTICATED", "tls.ca"],
    ["a foreign certificate", { tls: pair("foreign") }, clientTls, "UNAUTHENTICATED", "tls.ca"],
    [
      "a certificate for another name",
      { tls: pair("elsewhere") },
      clientTls,
      "UNAUTHENTICATED",
      "is for other names (IP: 127.0.0.1",
    ],
    [
      "a name that is asked for in vain",
      {},
      { ...clientTls, servername: "db.local" },
      "UNAUTHENTICATED",
      "tls.servername",
    ],
    ["a client's certificate", { tls: pair("client") }, clientTls, "UNAUTHENTICATED", "not meant for this"],
  ])("refuses %s for good", async (_, options, tls, code, text) => {
    const { address, seen } = await serve(options);
    expect(await finalError(client(address, tls))).toMatchObject({
      code,
      processed: "no",
      message: expect.stringContaining(text),
      cause: expect.any(Error),
    });
    expect(seen).toEqual([]);
  });

  test("finds a name elsewhere if it is told to, and checks it", async () => {
    const { address } = await serve({ tls: pair("elsewhere") });
    const found = client(address, { ...clientTls, servername: "elsewhere.example" });
    expect(await found.request("who")).toMatchObject({ identity: { name: "nobody" } });
  });

  test("refuses an expired certificate, but may try again: certificates are renewed", async () => {
    const { address } = await serve({ tls: pair("expired") });
    expect(await attempt(address, clientTls)).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining("has expired"),
      cause: { code: "CERT_HAS_EXPIRED" },
    });
  });

  test("talks to anybody only when rejectUnauthorized is false, whatever the environment says", async () => {
    const { address } = await serve({ tls: pair("foreign") });
    const former = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    onTestFinished(() => {
      if (former === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = former;
    });
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    expect(await attempt(address, clientTls)).toMatchObject({ code: "UNAUTHENTICATED" });
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    expect(await attempt(address, { ...clientTls, rejectUnauthorized: false })).toBe("connected");
  });

  test("that speaks plain TCP to a TLS port is told so, for good", async () => {
    const { port, seen } = await serve();
    expect(await finalError(client(`tcp://127.0.0.1:${port}`))).toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "This port speaks TLS: connect to its tls:// address",
      origin: "remote",
    });
    expect(seen).toEqual([]);
  });

  test("that speaks plain TCP to a TLS server of somebody else is told so, for good", async () => {
    // Many TLS libraries answer with an alert before they hang up.
    const alert = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 70);
    expect(await finalError(client(await answering(alert)))).toMatchObject({
      code: "PROTOCOL_ERROR",
      message: expect.stringContaining("speaks TLS: use a tls:// address"),
    });
  });

  test("that reaches something else altogether is told what it said, for good", async () => {
    const answer = new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n");
    expect(await finalError(client(await answering(answer)))).toMatchObject({
      code: "PROTOCOL_ERROR",
      message: expect.stringContaining(
        'does not speak Sluice: it sent "HTTP/1.1 400 Bad Request\\r\\n\\r\\n"',
      ),
    });
  });

  test("that speaks TLS to a plain port is told so, for good", async () => {
    const server = new Server({ protocol, public: true, handlers: { who: () => 1 } });
    onTestFinished(() => server.dispose());
    const [address = ""] = await server.listen("tcp://127.0.0.1:0");
    expect(await finalError(client(address.replace("tcp", "tls"), clientTls))).toMatchObject({
      code: "PROTOCOL_ERROR",
      message: expect.stringContaining("does not speak TLS. Use a tcp:// address"),
    });
  });

  test("tells another protocol inside of TLS by its ALPN name", async () => {
    const { port } = await serve();
    const web = connectTls({ port, host: "127.0.0.1", ca: pem("ca.crt"), ALPNProtocols: ["h2"] });
    const [error] = (await once(web, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL");

    const other = createTlsServer({ ...pair("server"), ALPNProtocols: ["h2"] }).listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port: otherPort } = other.address() as { port: number };
    expect(await finalError(client(`tls://127.0.0.1:${otherPort}`, clientTls))).toMatchObject({
      code: "PROTOCOL_ERROR",
      message: expect.stringContaining("another protocol inside of it"),
    });
  });

  test("and server agree on the ALPN name if both have one, and do without if one has none", async () => {
    const { port } = await serve();
    for (const [offer, agreed] of [
      [["sluice/1"], "sluice/1"],
      [undefined, false],
    ] as const) {
      const socket = connectTls({
        port,
        host: "127.0.0.1",
        ca: pem("ca.crt"),
        ...(offer === undefined ? {} : { ALPNProtocols: [...offer] }),
      });
      await once(socket, "secureConnect");
      expect(socket.alpnProtocol).toBe(agreed);
      socket.destroy();
    }
  });

  test.each(["TLSv1", "TLSv1.1"] as const)("cannot come with %s", async (version) => {
    const { port } = await serve();
    const socket = connectTls({
      port,
      host: "127.0.0.1",
      ca: pem("ca.crt"),
      minVersion: version,
      maxVersion: version,
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE/);
  });

  test("with TLS 1.2 only can not be served where 1.3 is asked for", async () => {
    const { address, port } = await serve({ tls: { ...serverTls, minVersion: "TLSv1.3" } });
    expect(await attempt(address, clientTls)).toBe("connected");
    const socket = connectTls({ port, host: "127.0.0.1", ca: pem("ca.crt"), maxVersion: "TLSv1.2" });
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });
});

describe("a client's certificate", () => {
  const ada: PeerCertificate = {
    commonName: "ada",
    subjectAltNames: ["email:ada@example.org", "URI:spiffe://example.org/ada"],
    issuer: "Sluice test authority",
    fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
  };

  test("is what authenticate, handlers and connections see, once it is verified", async () => {
    const { address, seen } = await serve({ tls: mutualTls });
    expect(await client(address, adaTls).request("who")).toEqual({ identity: { name: "ada" }, peer: ada });
    expect(seen.map(({ peerCertificate }) => peerCertificate)).toEqual([ada]);
  });

  test.each<readonly [string, TlsOptions, string]>([
    ["none", clientTls, "asks for a client certificate"],
    ["one of another authority", { ...clientTls, ...pair("foreign") }, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["a server's", { ...clientTls, ...pair("server") }, "INVALID_PURPOSE"],
  ])("is asked for: %s is refused for good, before authenticate", async (_, tls, text) => {
    const { address, seen } = await serve({ tls: mutualTls });
    expect(await finalError(client(address, tls))).toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(text),
      origin: "remote",
    });
    expect(seen).toEqual([]);
  });

  test("that is not verified is nobody's, where others are let in too", async () => {
    const { address, seen } = await serve({ tls: { ...mutualTls, rejectUnauthorized: false } });
    for (const tls of [clientTls, { ...clientTls, ...pair("foreign") }, adaTls]) {
      await client(address, tls).request("who");
    }
    expect(seen.map(({ peerCertificate }) => peerCertificate?.commonName)).toEqual([
      undefined,
      undefined,
      "ada",
    ]);
  });

  test("that was refused stays refused when its TLS session is resumed", async () => {
    const { port, seen } = await serve({ tls: mutualTls });
    const knock = async (session?: Buffer): Promise<{ session: Buffer | undefined; reused: boolean }> => {
      const socket = connectTls({
        port,
        host: "127.0.0.1",
        ca: pem("ca.crt"),
        ...pair("foreign"),
        ...(session === undefined ? {} : { session }),
      });
      let next: Buffer | undefined;
      socket.on("session", (one) => {
        next = one;
      });
      const said: Buffer[] = [];
      socket.on("data", (chunk) => said.push(chunk));
      await once(socket, "end");
      expect(Buffer.concat(said).toString()).toContain("UNAUTHENTICATED");
      return { session: next, reused: socket.isSessionReused() };
    };
    const first = await knock();
    expect((await knock(first.session)).reused).toBe(true);
    expect(seen).toEqual([]);
  });

  test("is not asked for unless that is said", async () => {
    const { address, seen } = await serve();
    await client(address, adaTls).request("who");
    expect(seen.map(({ peerCertificate }) => peerCertificate)).toEqual([undefined]);
  });
});

describe("options", () => {
  test.each<readonly [string, () => unknown]>([
    [
      "a listener without a key",
      () => listenSocket({ port: 0, tls: { cert: serverTls.cert } as typeof serverTls }),
    ],
    [
      "client certificates of every public authority",
      () => listenSocket({ port: 0, tls: { ...serverTls, requestCert: true } }),
    ],
    [
      "authorities that nobody is asked for",
      () => listenSocket({ port: 0, tls: { ...serverTls, ca: pem("ca.crt") } }),
    ],
    ["a path with tls", () => listenSocket({ path: "app.sock", tls: serverTls })],
    ["tls for tcp:", () => new SocketTransport({ socket: "tcp://127.0.0.1:1", tls: clientTls })],
    ["tls for a path", () => new SocketTransport({ socket: "./app.sock", tls: clientTls })],
    [
      "a certificate without its key",
      () => new SocketTransport({ socket: "tls://a:1", tls: { cert: pem("client.crt") } }),
    ],
    [
      "an old version",
      () => new SocketTransport({ socket: "tls://a:1", tls: { minVersion: "TLSv1.1" as "TLSv1.2" } }),
    ],
  ])("%s: TypeError at once", (_, make) => {
    expect(make).toThrow(TypeError);
  });

  test.each<readonly [string, () => unknown]>([
    ["a key that is none", () => listenSocket({ port: 0, tls: { ...serverTls, key: "secret" } })],
    [
      "a key of another certificate",
      () => listenSocket({ port: 0, tls: { ...serverTls, key: pem("client.key") } }),
    ],
    [
      "a certificate that is none",
      () => new SocketTransport({ socket: "tls://a:1", tls: { ...adaTls, cert: "x" } }),
    ],
  ])("%s: INVALID_ARGUMENT at once, without the key", (_, make) => {
    expect(make).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.not.stringContaining("secret") }),
    );
  });

  test("take PEM as bytes", async () => {
    const bytes = (text: unknown): Uint8Array => new TextEncoder().encode(text as string);
    const { address } = await serve({ tls: { cert: bytes(serverTls.cert), key: bytes(serverTls.key) } });
    expect(await attempt(address, { ca: [bytes(pem("foreign-ca.crt")), bytes(pem("ca.crt"))] })).toBe(
      "connected",
    );
  });
});

describe("a TLS port (REL-F11, REL-F12)", () => {
  /** The first bytes of a handshake: a record of 508 bytes that begins a ClientHello. */
  const hello = Buffer.from(`16030101fc010001f80303${"ab".repeat(200)}`, "hex");

  test.each<readonly [string, (socket: Socket) => void]>([
    ["silent", () => {}],
    ["silent after one byte", (socket) => socket.write(hello.subarray(0, 1))],
    ["silent after half a ClientHello", (socket) => socket.write(hello)],
  ])("closes peers that are %s within handshakeTimeout", async (_, begin) => {
    const clock = new FakeClock();
    const { port, seen } = await serve({ clock, handshakeTimeout: 700 });
    const sockets = await Promise.all(Array.from({ length: 20 }, () => connected(port)));
    for (const socket of sockets) begin(socket);
    let closed = 0;
    const gone = Promise.all(sockets.map((socket) => closing(socket).then(() => closed++)));
    await until(() => clock.armedTimers === 20);
    await clock.advance(699);
    // A byte now and then is no reason to wait longer.
    if (sockets[0]?.bytesWritten !== 0) for (const socket of sockets) socket.write(hello.subarray(200, 201));
    expect(closed).toBe(0);
    await clock.advance(1);
    await gone;
    expect([closed, clock.armedTimers]).toEqual([20, 0]);
    expect(await attempt(`tls://127.0.0.1:${port}`, clientTls)).toBe("connected");
    expect(seen).toEqual([]);
  });

  test("takes garbage without harm, and serves the others", async () => {
    const { address, port } = await serve();
    const honest = client(address, clientTls);
    await honest.ready;
    for (const first of [0x00, 0x16, 0x80, 0x47]) {
      const garbage = Buffer.alloc(1024 * 1024, 0x5a);
      garbage[0] = first;
      const socket = await connected(port);
      socket.resume();
      socket.end(garbage);
      await closing(socket);
    }
    expect(await honest.request("who")).toMatchObject({ identity: { name: "nobody" } });
  });

  test("survives resets at any byte, in the handshake and after it", async () => {
    const { address, port } = await serve();
    let uncaught = 0;
    const note = (): void => void uncaught++;
    process.on("uncaughtExceptionMonitor", note);
    onTestFinished(() => void process.removeListener("uncaughtExceptionMonitor", note));
    // What a whole connection of a client says, to be cut anywhere.
    const said = await recorded(address);
    for (let round = 0; round < 200; round++) {
      const socket = await connected(port);
      const at = (round * 7919) % said.length;
      await new Promise<void>((resolve) => {
        if (at === 0) resolve();
        else socket.write(said.subarray(0, at), () => resolve());
      });
      socket.resetAndDestroy();
    }
    for (let round = 0; round < 50; round++) {
      const below = await connected(port);
      const socket = connectTls({ socket: below, servername: "localhost", ca: pem("ca.crt") });
      socket.on("error", () => {});
      await once(socket, "secureConnect");
      socket.write(said.subarray(0, round));
      below.resetAndDestroy();
    }
    expect(await client(address, clientTls).request("who")).toMatchObject({ identity: { name: "nobody" } });
    expect(uncaught).toBe(0);
  });

  test("that is closed cuts off who is still shaking hands, and leaves nothing behind", async () => {
    await finishesCleanly(async () => {
      const clock = new FakeClock();
      const listener = listenSocket({ port: 0, tls: serverTls, clock });
      const address = await listener.listen((link) => link.destroy());
      const socket = await connected(Number(address.split(":").at(-1)));
      await until(() => clock.armedTimers === 1);
      const transport = new SocketTransport({ socket: address, tls: clientTls });
      const link = await transport.connect();
      const ended = new Promise<void>((resolve) => {
        link.receive({ frame() {}, malformed() {}, flushing() {}, writable() {}, closed: () => resolve() });
      });
      const gone = once(socket, "close");
      await listener.close();
      await Promise.all([gone, ended]);
      await transport.dispose();
      expect(clock.armedTimers).toBe(0);
    });
  });
});

/** Resolves when the socket is closed, however that came. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

async function connected(port: number): Promise<Socket> {
  const socket = connectNet(port, "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** The address of a port that answers the first bytes with `answer` and hangs up. */
async function answering(answer: Uint8Array): Promise<string> {
  const server = createNetServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answer));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `tcp://127.0.0.1:${(server.address() as { port: number }).port}`;
}

/** The bytes that a client of `address` sends, up to its first answer. */
async function recorded(address: string): Promise<Buffer> {
  const said: Buffer[] = [];
  const server = createNetServer((near) => {
    const far = connectNet(Number(address.split(":").at(-1)), "127.0.0.1");
    for (const socket of [near, far]) socket.on("error", () => {});
    near.on("data", (chunk) => {
      said.push(chunk as Buffer);
      far.write(chunk);
    });
    far.pipe(near);
    near.once("close", () => far.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const transport = new SocketTransport({ socket: `tls://127.0.0.1:${port}`, tls: clientTls });
  const made = new Client({ protocol, transport });
  await made.request("who");
  await made.dispose();
  await transport.dispose();
  server.close();
  return Buffer.concat(said);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
