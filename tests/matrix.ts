/** Transports × codecs as data: where every end-to-end test runs, and what can be done to the wire there. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { CountingLink } from "@sluice/protocol/testing";
import { countingProxy } from "@sluice/protocol/testing/node";
import { type Codec, jsonCodec, type Link, type Transport } from "@sluice/protocol/wire";
import { memoryTransport } from "@sluice/transport-memory";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";

/** What passed until now. */
export interface Passed {
  /** To the server, and from it: bytes on sockets, offset bytes in memory. */
  readonly up: number;
  readonly down: number;
}

/** What a server does with links. */
export interface Acceptor {
  handle(transport: Transport<unknown, unknown>): void;
  listen(listener: ReturnType<typeof listenSocket>): Promise<string[]>;
}

/** A wire that one server and its clients share. */
export interface Wire {
  /** For a client; a new one each time. */
  transport(): Transport;
  /** Has `server` serve it. */
  serve(server: Acceptor): Promise<void>;
  passed(): Passed;
  /** Breaks every connection. New ones can be made. */
  cut(): void;
  close(): Promise<void>;
}

export interface Cell {
  readonly name: string;
  readonly codec: Codec;
  /** What the counters count. */
  readonly counts: "bytes" | "offsets";
  open(): Promise<Wire>;
}

function memoryWire(values: "shared" | "cloned" | "bytes"): Wire {
  const { client, server } = memoryTransport({ values });
  const links = new Set<CountingLink>();
  let gone = { up: 0, down: 0 };
  return {
    transport: () => ({
      name: client.name,
      async connect(options): Promise<Link> {
        const link = new CountingLink(await client.connect(options));
        links.add(link);
        return link;
      },
      dispose: async () => {},
    }),
    async serve(acceptor) {
      acceptor.handle(server);
    },
    passed() {
      let { up, down } = gone;
      for (const { sent, received } of links) {
        up += sent.offsetBytes;
        down += received.offsetBytes;
      }
      return { up, down };
    },
    cut() {
      gone = this.passed();
      for (const link of links) link.destroy();
      links.clear();
    },
    close: () => server.dispose(),
  };
}

async function socketWire(scheme: "unix" | "tcp"): Promise<Wire> {
  const folder = mkdtempSync(join(tmpdir(), "wire-"));
  const path = join(folder, "server.sock");
  const listener = listenSocket(scheme === "unix" ? { path } : { port: 0 });
  let proxy: Awaited<ReturnType<typeof countingProxy>> | undefined;
  return {
    transport: () => new SocketTransport({ socket: proxy?.address ?? "" }),
    async serve(acceptor) {
      const [address = ""] = await acceptor.listen(listener);
      proxy = await countingProxy(
        scheme === "unix" ? `unix:${join(folder, "proxy.sock")}` : "tcp://127.0.0.1:0",
        address,
      );
    },
    passed: () => ({ up: proxy?.bytes.up ?? 0, down: proxy?.bytes.down ?? 0 }),
    cut: () => proxy?.cut(),
    async close() {
      await proxy?.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const codecs = [jsonCodec, msgpackCodec];

/** Every transport with every codec that it knows. Sockets go through a proxy that counts. */
export const matrix: readonly Cell[] = [
  ...(["shared", "cloned"] as const).map((values) => ({
    name: `memory, ${values}`,
    codec: jsonCodec,
    counts: "offsets" as const,
    open: async () => memoryWire(values),
  })),
  ...codecs.map((codec) => ({
    name: `memory as bytes, ${codec.name}`,
    codec,
    counts: "offsets" as const,
    open: async () => memoryWire("bytes"),
  })),
  ...(["unix", "tcp"] as const).flatMap((scheme) =>
    codecs.map((codec) => ({
      name: `${scheme}, ${codec.name}`,
      codec,
      counts: "bytes" as const,
      open: () => socketWire(scheme),
    })),
  ),
];
