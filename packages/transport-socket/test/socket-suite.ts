/** The transport suite over Unix, TCP and TLS sockets, straight or through a proxy that counts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TransportSetup, transportSuite } from "@sluice/protocol/testing";
import { type CountingProxy, countingProxy } from "@sluice/protocol/testing/node";
import type { Codec } from "@sluice/protocol/wire";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { describe, it } from "vitest";
import { adaTls, mutualTls } from "./certificates.ts";
import { collectGarbage } from "./collect-garbage.ts";

export interface SocketSuiteOptions {
  readonly scheme: "unix" | "tcp" | "tls";
  readonly codec: Codec;
  /** Through a proxy that counts bytes. Default `false`. */
  readonly isProxied?: boolean;
}

/** Registers the suite. */
export function socketSuite({ scheme, codec, isProxied = false }: SocketSuiteOptions): void {
  transportSuite(`${scheme}, ${codec.name}${isProxied ? ", through a proxy" : ""}`, {
    test: { describe, it },
    codec,
    collectGarbage,
    setup: () => socketSetup(scheme, isProxied),
  });
}

function socketSetup(scheme: SocketSuiteOptions["scheme"], isProxied: boolean): TransportSetup {
  const folder = mkdtempSync(join(tmpdir(), "suite-"));
  const listener = listenSocket(
    scheme === "unix"
      ? { path: join(folder, "server.sock") }
      : { port: 0, ...(scheme === "tls" ? { tls: mutualTls } : {}) },
  );
  let proxy: CountingProxy | undefined;
  let transport: SocketTransport | undefined;
  return {
    async accept(onLink) {
      const address = await listener.listen(onLink);
      const near = scheme === "unix" ? `unix:${join(folder, "proxy.sock")}` : "tcp://127.0.0.1:0";
      if (isProxied) proxy = await countingProxy(near, address);
      transport = new SocketTransport({
        socket: proxy?.address ?? address,
        ...(scheme === "tls" ? { tls: adaTls } : {}),
      });
    },
    connect: () => (transport as SocketTransport).connect(),
    ...(isProxied ? { count: () => ({ ...(proxy as CountingProxy).bytes }) } : {}),
    async cleanup() {
      await transport?.dispose();
      await proxy?.close();
      await listener.close();
      rmSync(folder, { recursive: true });
    },
  };
}
