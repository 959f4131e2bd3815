/** A client over a socket that somebody else has made: what becomes of it when that socket is over. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { Client, type ClientStatus } from "@sluice/client";
import { defineProtocol } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { SocketTransport, type SocketTransportOptions } from "@sluice/transport-socket";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const protocol = defineProtocol({ hello: { type: "request", result: { type: "string" } } });
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

interface Served {
  readonly path: string;
  /** One for each connection. */
  readonly sockets: Socket[];
}

async function serve(): Promise<Served> {
  const path = join(temporaryFolder(), "app.sock");
  const server = new Server({ protocol, public: true, logger: silent, handlers: { hello: () => "hello" } });
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket);
    server.handle(new SocketTransport({ socket }));
  });
  await once(listener.listen(path), "listening");
  onTestFinished(async () => {
    listener.close();
    await server.dispose();
  });
  return { path, sockets };
}

interface Called {
  readonly client: Client<typeof protocol>;
  /** What its status was, in order. */
  readonly seen: ClientStatus[];
  /** Resolves when its status is, or becomes, `status`. */
  until(status: ClientStatus): Promise<void>;
}

/** A client that tries again at once, for ever. */
function call(socket: SocketTransportOptions["socket"]): Called {
  const transport = new SocketTransport({ socket });
  const reconnect = { initial: 0, max: 0 };
  const client = new Client({ protocol, transport, reconnect, logger: silent });
  onTestFinished(() => client.dispose());
  const seen: ClientStatus[] = [];
  client.on("status", (status) => void seen.push(status));
  const until = (wanted: ClientStatus) =>
    new Promise<void>((resolve) => {
      client.on("status", (status) => {
        if (status === wanted) resolve();
      });
      if (client.status === wanted) resolve();
    });
  return { client, seen, until };
}

test("a client that has lost the socket that it was given is closed, and says what to give instead", async () => {
  const { path, sockets } = await serve();
  const { client, seen, until } = call(connect(path));
  expect(await client.request("hello")).toBe("hello");
  const closed = until("closed");
  sockets[0]?.destroy();
  await closed;
  expect(seen).toEqual(["connecting", "connected", "reconnecting", "closed"]);
  const refusal = {
    code: "FAILED_PRECONDITION",
    processed: "no",
    message: expect.stringContaining("was used. Pass a path, an address, or a function that brings one"),
  };
  await expect(client.request("hello")).rejects.toMatchObject(refusal);
  await expect(client.ready).rejects.toMatchObject(refusal);
  expect(sockets.length).toBe(1);
});

test("a client of a socket that never connects says why, and does not try again", async () => {
  const path = join(temporaryFolder(), "nobody.sock");
  const { client, until } = call(connect(path));
  const closed = until("closed");
  await expect(client.request("hello")).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining("was used (connect ENOENT"),
    cause: { code: "ENOENT" },
  });
  await closed;
});

test("a client of a function that brings sockets connects again with the next one", async () => {
  const { path, sockets } = await serve();
  const { client, seen, until } = call(() => connect(path));
  expect(await client.request("hello")).toBe("hello");
  const lost = until("reconnecting");
  sockets[0]?.destroy();
  await lost;
  expect(await client.request("hello")).toBe("hello");
  expect(seen).toEqual(["connecting", "connected", "reconnecting", "connected"]);
  expect(sockets.length).toBe(2);
});
