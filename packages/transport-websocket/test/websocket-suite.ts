/** The transport suite over WebSockets, straight or through a proxy that counts. */
import { type TransportSetup, transportSuite } from "@sluice/protocol/testing";
import { type CountingProxy, countingProxy } from "@sluice/protocol/testing/node";
import type { Codec } from "@sluice/protocol/wire";
import { listenWebSocket, WebSocketTransport } from "@sluice/transport-websocket";
import { describe, it } from "vitest";
import { collectGarbage } from "./collect-garbage.ts";

export interface WebSocketSuiteOptions {
  readonly codec: Codec;
  /** Through a proxy that counts bytes. Default `false`. */
  readonly isProxied?: boolean;
}

/** Registers the suite. */
export function websocketSuite({ codec, isProxied = false }: WebSocketSuiteOptions): void {
  transportSuite(`ws, ${codec.name}${isProxied ? ", through a proxy" : ""}`, {
    test: { describe, it },
    codec,
    collectGarbage,
    setup: () => websocketSetup(isProxied),
  });
}

function websocketSetup(isProxied: boolean): TransportSetup {
  const listener = listenWebSocket({ port: 0 });
  let proxy: CountingProxy | undefined;
  let transport: WebSocketTransport | undefined;
  return {
    async accept(onLink) {
      const url = new URL(await listener.listen(onLink));
      if (isProxied) proxy = await countingProxy("tcp://127.0.0.1:0", `tcp://${url.host}`);
      transport = new WebSocketTransport({ url: proxy?.address.replace("tcp:", "ws:") ?? url.href });
    },
    connect: () => (transport as WebSocketTransport).connect(),
    ...(isProxied ? { count: () => ({ ...(proxy as CountingProxy).bytes }) } : {}),
    async cleanup() {
      await transport?.dispose();
      await proxy?.close();
      await listener.close();
    },
  };
}
