/** A listener whose certificate is renewed: live links stay, new ones see the new one, sessions go on. */
import { once } from "node:events";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Client } from "@sluice/client";
import type { ProtocolDefinition } from "@sluice/protocol";
import { Server } from "@sluice/server";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { expect, onTestFinished, test } from "vitest";
import { adaTls, clientTls, mutualTls, pair, pem, serverTls } from "./certificates.ts";

const protocol = {
  hello: { type: "request", result: { type: "string" } },
  count: { type: "stream", param: { type: "integer" }, receive: { type: "integer" } },
} as const satisfies ProtocolDefinition;

async function serve(tls = serverTls) {
  const server = new Server({
    protocol,
    public: true,
    handlers: {
      hello: () => "hello",
      async *count({ param }) {
        for (let n = 1; n <= param; n++) yield n;
      },
    },
  });
  onTestFinished(() => server.dispose());
  const listener = listenSocket({ port: 0, tls });
  const [address = ""] = await server.listen(listener);
  return { server, listener, address, port: Number(address.split(":").at(-1)) };
}

test("X63 a certificate renewed in mid-session: live links stay, and the session goes on over one that shows the new one", async () => {
  const { server, listener, port } = await serve();
  const sockets: TLSSocket[] = [];
  const authorities: unknown[] = [];
  const socket = async (): Promise<TLSSocket> => {
    const ca = [pem("ca.crt"), pem("foreign-ca.crt")];
    const made = connectTls({ host: "127.0.0.1", port, ca, servername: "localhost" });
    await once(made, "secureConnect");
    sockets.push(made);
    authorities.push(made.getPeerCertificate().issuer.CN);
    return made;
  };
  const reconnect = { initial: 1, max: 10 };
  const client = new Client({ protocol, transport: new SocketTransport({ socket }), reconnect });
  onTestFinished(() => client.dispose());
  const seen: number[] = [];
  for await (const n of client.stream("count", { param: 20_000 })) {
    seen.push(n);
    if (n === 5_000) listener.renew(pair("foreign"));
    // Well behind what was on its way when the certificate changed: the link has lived on.
    if (n === 15_000) {
      expect(authorities).toEqual(["Sluice test authority"]);
      sockets[0]?.destroy();
    }
  }
  expect(seen).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1));
  expect(authorities).toEqual(["Sluice test authority", "Foreign authority"]);
  expect(server.connections).toHaveLength(1);
});

test("a certificate that is none leaves the former one in its place", async () => {
  const { listener, address } = await serve();
  expect(() => listener.renew({ cert: "none", key: "none" })).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
  expect(() => listener.renew({ ...serverTls, key: pair("client").key })).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
  const transport = new SocketTransport({ socket: address, tls: clientTls });
  const client = new Client({ protocol, transport });
  onTestFinished(() => client.dispose());
  expect(await client.request("hello")).toBe("hello");
});

test("authorities of clients are renewed too; whether clients are asked is not", async () => {
  const { listener, address } = await serve(mutualTls);
  const connect = (): Client<typeof protocol> => {
    const transport = new SocketTransport({ socket: address, tls: adaTls });
    const client = new Client({ protocol, transport });
    onTestFinished(() => client.dispose());
    return client;
  };
  expect(await connect().request("hello")).toBe("hello");
  listener.renew({ ...mutualTls, ca: pem("foreign-ca.crt") });
  await expect(connect().ready).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  expect(() => listener.renew(serverTls)).toThrow(TypeError);
});

test("a listener without TLS has nothing to renew", () => {
  expect(() => listenSocket({ port: 0 }).renew(serverTls)).toThrow(TypeError);
});

test("a certificate renewed before the listener listens is the one that is shown", async () => {
  const server = new Server({
    protocol,
    public: true,
    handlers: { hello: () => "hello", async *count() {} },
  });
  onTestFinished(() => server.dispose());
  const listener = listenSocket({ port: 0, tls: pair("expired") });
  listener.renew(serverTls);
  const [address = ""] = await server.listen(listener);
  const client = new Client({
    protocol,
    transport: new SocketTransport({ socket: address, tls: clientTls }),
  });
  onTestFinished(() => client.dispose());
  expect(await client.request("hello")).toBe("hello");
});
