/** The transport suite between peers that have relays between them: over Unix sockets, and in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type TransportSetup, transportSuite } from "@sluice/protocol/testing";
import { type Listener, Relay, silentLogger, type Transport } from "@sluice/protocol/wire";
import { memoryTransport } from "@sluice/transport-memory";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { describe, it } from "vitest";

export interface RelaySuiteOptions {
  readonly over: "unix" | "memory" | "memory, cloned";
  readonly relays: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Registers the suite. */
export function relaySuite({ over, relays }: RelaySuiteOptions): void {
  transportSuite(`${over}, through ${relays} relays`, {
    test: { describe, it },
    kind: over === "unix" ? "binary" : "structured",
    collectGarbage,
    setup: () => (over === "unix" ? socketSetup(relays) : memorySetup(over, relays)),
  });
}

function socketSetup(count: number): TransportSetup {
  const folder = mkdtempSync(join(tmpdir(), "relays-"));
  const listeners: Listener[] = [];
  const relays: Relay[] = [];
  let transport = new SocketTransport({ socket: "" });
  return {
    async accept(onLink) {
      const listen = async (take: Parameters<Listener["listen"]>[0]): Promise<void> => {
        const listener = listenSocket({ path: join(folder, `${listeners.length}.sock`) });
        listeners.push(listener);
        transport = new SocketTransport({ socket: await listener.listen(take) });
      };
      await listen(onLink);
      for (let at = 0; at < count; at++) {
        const relay = new Relay({ to: transport, logger: silentLogger });
        relays.push(relay);
        await listen((link) => void relay.accept(link));
      }
    },
    connect: () => transport.connect(),
    async cleanup() {
      await Promise.all(relays.map((relay) => relay.close()));
      await Promise.all(listeners.map((listener) => listener.close()));
      rmSync(folder, { recursive: true });
    },
  };
}

function memorySetup(over: "memory" | "memory, cloned", count: number): TransportSetup {
  const values = over === "memory" ? "shared" : "cloned";
  const relays: Relay[] = [];
  let { client, server } = memoryTransport({ values });
  return {
    accept(onLink) {
      server.accept?.(onLink);
      for (let at = 0; at < count; at++) {
        const relay = new Relay({ to: client as Transport<unknown, unknown>, logger: silentLogger });
        relays.push(relay);
        ({ client, server } = memoryTransport({ values }));
        server.accept?.((link) => void relay.accept(link));
      }
    },
    connect: () => client.connect(),
    async cleanup() {
      await Promise.all(relays.map((relay) => relay.close()));
    },
  };
}
