/** What `connect(url)` and `server.listen(url)` find. */
import { join } from "node:path";
import { parseAddress } from "@sluice/protocol/wire";
import { listenerFromAddress, listenSocket, transportFromAddress } from "@sluice/transport-socket";
import { expect, test } from "vitest";
import { pem, serverTls } from "./certificates.ts";
import { temporaryFolder } from "./temporary-folder.ts";

test.each(["unix", "tcp"])("%s: listens and connects", async (scheme) => {
  const wanted = scheme === "unix" ? `unix:${join(temporaryFolder(), "app.sock")}` : "tcp://127.0.0.1:0";
  const listener = listenerFromAddress(parseAddress(wanted));
  const far = new Promise<string>((resolve) => {
    void listener
      .listen((link) => {
        link.receive({
          frame() {},
          malformed() {},
          flushing() {},
          writable() {},
          closed: () => resolve(link.info.transport),
        });
      })
      .then(async (address) => {
        const transport = transportFromAddress(parseAddress(address));
        (await transport.connect()).destroy();
        await transport.dispose();
      });
  });
  expect(await far).toBe(scheme);
  await listener.close();
});

test("tls: connects, and says what a listener needs", async () => {
  const listener = listenSocket({ port: 0, tls: serverTls });
  const address = await listener.listen((link) => link.destroy());
  const transport = transportFromAddress(parseAddress(address), { tls: { ca: pem("ca.crt") } });
  const link = await transport.connect();
  expect(link.info).toMatchObject({ transport: "tls", remote: address });
  link.destroy();
  await transport.dispose();
  await listener.close();
  expect(() => listenerFromAddress(parseAddress(address))).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("tls: { cert, key }"),
    }),
  );
});

test("tls options are not lost on an address that is not encrypted", () => {
  const tls = { ca: pem("ca.crt") };
  expect(() => transportFromAddress(parseAddress("tcp://127.0.0.1:1"), { tls })).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("Use tls://") }),
  );
  expect(transportFromAddress(parseAddress("unix:app.sock"), { tls }).name).toBe("unix");
});

test("stdio: is found, for both sides", () => {
  expect(transportFromAddress(parseAddress("stdio:")).name).toBe("stdio");
  expect(listenerFromAddress(parseAddress("stdio:"))).toMatchObject({ listen: expect.any(Function) });
});

test.each(["ws://127.0.0.1:1", "memory:app", "nats://127.0.0.1:1"])("%s is no socket", (text) => {
  const address = parseAddress(text);
  for (const make of [listenerFromAddress, transportFromAddress]) {
    expect(() => make(address)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  }
});
