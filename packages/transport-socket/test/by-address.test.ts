/** What `connect(url)` and `server.listen(url)` find. */
import { join } from "node:path";
import { parseAddress } from "@sluice/protocol/wire";
import { listenerFromAddress, transportFromAddress } from "@sluice/transport-socket";
import { expect, test } from "vitest";
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

test.each(["ws://127.0.0.1:1", "memory:app", "tls://127.0.0.1:1", "stdio:"])("%s is no socket", (text) => {
  const address = parseAddress(text);
  for (const make of [listenerFromAddress, transportFromAddress]) {
    expect(() => make(address)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  }
});
