/** Raw peers over real sockets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connectedSocket, connectRaw, listenRaw } from "../../../src/testing/node/connect-raw.ts";
import { readRawJson } from "../../../src/testing/raw/decode-raw.ts";
import { rawFrames } from "../../../src/testing/raw/encode-raw.ts";
import { rawType } from "../../../src/testing/raw/raw-frame.ts";

test.each(["unix", "tcp"])(
  "raw peers shake hands over %s, and each learns of the other's end",
  async (scheme) => {
    const folder = mkdtempSync(join(tmpdir(), "raw-"));
    const listener = await listenRaw(
      scheme === "unix" ? `unix:${join(folder, "raw.sock")}` : "tcp://127.0.0.1:0",
    );
    expect(listener.address.startsWith(scheme)).toBe(true);
    const [connector, acceptor] = await Promise.all([connectRaw(listener.address), listener.accept()]);
    await Promise.all([connector.shakeHands(), acceptor.shakeHands()]);
    connector.send(rawFrames.json(rawType.CLOSE, { code: "CANCELLED" }));
    connector.end();
    expect(readRawJson(await acceptor.next(rawType.CLOSE)).code).toBe("CANCELLED");
    await Promise.all([acceptor.closed(), connector.closed()]);

    const [late, served] = await Promise.all([connectRaw(listener.address), listener.accept()]);
    expect(listener.connections).toBe(2);
    await listener.close();
    await Promise.all([late.closed(), served.closed()]);
    rmSync(folder, { recursive: true });
  },
);

test("connecting where nobody listens fails", async () => {
  await expect(connectRaw("unix:/nowhere/at/all.sock")).rejects.toThrow("ENOENT");
  await expect(connectedSocket("ws://127.0.0.1:1")).rejects.toThrow("neither unix: nor tcp:");
});
