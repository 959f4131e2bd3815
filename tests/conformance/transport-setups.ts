/** Every transport, with every codec that it knows, direct; and five of them through relays, as the conformance kit takes them. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import type { TransportSetup } from "@sluice/protocol/testing";
import {
  type Codec,
  jsonCodec,
  type Link,
  type Listener,
  Relay,
  silentLogger,
  type Transport,
} from "@sluice/protocol/wire";
import { ClientTransport } from "@sluice/transport-http";
import { listenHttp } from "@sluice/transport-http/node";
import { memoryTransport, messagePortTransport } from "@sluice/transport-memory";
import { childProcessTransport, listenSocket, SocketTransport } from "@sluice/transport-socket";
import { listenWebSocket, WebSocketTransport } from "@sluice/transport-websocket";

type Take = (link: Link) => void;

/** One stretch of the way from a connector to an acceptor. */
interface Hop {
  readonly transport: Transport<unknown, unknown>;
  close(): Promise<void>;
}

/** Listens at a new place, hands links to `take`, and gives what connects to it. */
type OpenHop = (take: Take) => Promise<Hop>;

const certificates = new URL("../../packages/transport-socket/test/certificates/", import.meta.url);
const carrier = fileURLToPath(
  new URL("../../packages/transport-socket/test/children/relay-stdio.pl", import.meta.url),
);

function pem(name: string): string {
  return readFileSync(new URL(name, certificates), "utf8");
}

/** A hop to a listener, over what connects to its address. */
async function listened(
  listener: Listener,
  take: Take,
  connectTo: (address: string) => Transport<unknown, unknown>,
): Promise<Hop> {
  const transport = connectTo(await listener.listen(take));
  return {
    transport,
    async close() {
      await transport.dispose();
      await listener.close();
    },
  };
}

function memoryHop(values: "shared" | "cloned" | "bytes"): OpenHop {
  return async (take) => {
    const { client, server } = memoryTransport({ values });
    server.accept?.(take);
    return { transport: client, close: () => server.dispose() };
  };
}

const portHop: OpenHop = async (take) => {
  const ports: MessagePort[] = [];
  const transport = messagePortTransport(() => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    messagePortTransport(port2).accept?.(take);
    return port1;
  });
  return {
    transport,
    async close() {
      await transport.dispose();
      for (const port of ports) port.close();
    },
  };
};

/** In a folder of its own. */
function folderHop(connectTo: (path: string, address: string) => Transport<unknown, unknown>): OpenHop {
  return async (take) => {
    const folder = mkdtempSync(join(tmpdir(), "conformance-"));
    const path = join(folder, "far.sock");
    const hop = await listened(listenSocket({ path }), take, (address) => connectTo(path, address));
    return {
      transport: hop.transport,
      async close() {
        await hop.close();
        rmSync(folder, { recursive: true });
      },
    };
  };
}

const hops: Readonly<Record<string, OpenHop>> = {
  unix: folderHop((_, socket) => new SocketTransport({ socket })),
  tcp: (take) => listened(listenSocket({ port: 0 }), take, (socket) => new SocketTransport({ socket })),
  tls: (take) =>
    listened(
      listenSocket({ port: 0, tls: { cert: pem("server.crt"), key: pem("server.key") } }),
      take,
      (socket) => new SocketTransport({ socket, tls: { ca: pem("ca.crt") } }),
    ),
  stdio: folderHop(
    (path) =>
      childProcessTransport(() => spawn("perl", [carrier, path], { stdio: ["pipe", "pipe", "inherit"] }), {
        killAfter: 2_000,
      }) as Transport<unknown, unknown>,
  ),
  ws: (take) => listened(listenWebSocket({ port: 0 }), take, (url) => new WebSocketTransport({ url })),
  http: (take) => listened(listenHttp({ port: 0 }), take, (url) => new ClientTransport({ url })),
  "memory as bytes": memoryHop("bytes"),
  "memory, shared": memoryHop("shared"),
  "memory, cloned": memoryHop("cloned"),
  "message port": portHop,
};

/** The acceptor, so many relays, the connector; each stretch over the same transport. */
function setupOver(openHop: OpenHop, relays: number): TransportSetup {
  const open: Hop[] = [];
  const joints: Relay[] = [];
  return {
    async accept(onLink) {
      open.push(await openHop(onLink));
      for (let at = 0; at < relays; at++) {
        const relay = new Relay({ to: (open.at(-1) as Hop).transport, logger: silentLogger });
        joints.push(relay);
        open.push(await openHop((link) => void relay.accept(link)));
      }
    },
    connect: () => (open.at(-1) as Hop).transport.connect(),
    async cleanup() {
      await Promise.all(joints.map((relay) => relay.close()));
      for (const hop of open.reverse()) await hop.close();
    },
  };
}

/** A way over a transport of {@link transportNames}, direct or through relays. */
export function openWay(transport: string, relays: number): TransportSetup {
  const openHop = hops[transport];
  if (openHop === undefined) throw new TypeError(`There is no transport ${transport}`);
  return setupOver(openHop, relays);
}

/** `tcp`, `memory, cloned`, … */
export const transportNames: readonly string[] = Object.keys(hops);

export interface Subject {
  /** `tcp, json, through 3 relays` */
  readonly name: string;
  readonly kind: Link["kind"];
  readonly codec: Codec;
  setup(): TransportSetup;
}

const structured = ["memory, shared", "memory, cloned", "message port"];

/**
 * What goes through relays, too: a relay knows links and frames, and neither payloads nor carriers, so that the other sockets would show nothing
 * that these do not.
 */
const relayed = ["unix", "ws", "http", "memory, cloned", "message port"];

/** Every transport × codec, direct; and through relays. */
export const subjects: readonly Subject[] = Object.entries(hops).flatMap(([transport, openHop]) => {
  const isStructured = structured.includes(transport);
  const codecs = isStructured ? [jsonCodec] : [jsonCodec, msgpackCodec];
  return codecs.flatMap((codec) =>
    (relayed.includes(transport) ? [0, 1, 3] : [0]).map((relays) => ({
      name: [
        transport,
        ...(isStructured ? [] : [codec.name]),
        ...(relays === 0 ? [] : [`through ${relays} ${relays === 1 ? "relay" : "relays"}`]),
      ].join(", "),
      kind: isStructured ? ("structured" as const) : ("binary" as const),
      codec,
      setup: () => setupOver(openHop, relays),
    })),
  );
});
