/** Transports × codecs as data: where every end-to-end test runs, and what can be done to the wire there. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { msgpackCodec } from "@sluice/protocol/msgpack";
import { CountingLink } from "@sluice/protocol/testing";
import { countingProxy } from "@sluice/protocol/testing/node";
import {
  type Codec,
  jsonCodec,
  type Link,
  type Listener,
  SluiceError,
  type Transport,
} from "@sluice/protocol/wire";
import { memoryTransport, messagePortTransport } from "@sluice/transport-memory";
import { listenSocket, SocketTransport } from "@sluice/transport-socket";
import { listenWebSocket, WebSocketTransport } from "@sluice/transport-websocket";

/** What passed until now. */
export interface Passed {
  /** To the server, and from it: bytes on sockets, offset bytes elsewhere. */
  readonly up: number;
  readonly down: number;
}

/** What a server does with links. */
export interface Acceptor {
  handle(transport: Transport<unknown, unknown>): void;
  listen(listener: Listener): Promise<string[]>;
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
  /** Whether values cross as bytes of the codec, or as themselves. */
  readonly kind: Link["kind"];
  /** What the counters count. */
  readonly counts: "bytes" | "offsets";
  open(): Promise<Wire>;
}

/** Counts what passes links that have no bytes to count, and can break them. */
class LinkCounters {
  readonly #links = new Set<CountingLink>();
  #gone: Passed = { up: 0, down: 0 };

  /** `transport`, with links that are counted. */
  around(transport: Transport<unknown, unknown>): Transport {
    return {
      name: transport.name,
      connect: async (options): Promise<Link> => {
        const link = new CountingLink(await transport.connect(options));
        this.#links.add(link);
        return link;
      },
      dispose: async () => {},
    };
  }

  passed(): Passed {
    let { up, down } = this.#gone;
    for (const { sent, received } of this.#links) {
      up += sent.offsetBytes;
      down += received.offsetBytes;
    }
    return { up, down };
  }

  cut(): void {
    this.#gone = this.passed();
    for (const link of this.#links) link.destroy();
    this.#links.clear();
  }
}

function memoryWire(values: "shared" | "cloned" | "bytes"): Wire {
  const { client, server } = memoryTransport({ values });
  const counters = new LinkCounters();
  return {
    transport: () => counters.around(client),
    async serve(acceptor) {
      acceptor.handle(server);
    },
    passed: () => counters.passed(),
    cut: () => counters.cut(),
    close: () => server.dispose(),
  };
}

/** Each connection is a channel of its own, whose far end the server is given. */
function messagePortWire(): Wire {
  const counters = new LinkCounters();
  let acceptor: Acceptor | undefined;
  const bringPort = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    try {
      acceptor?.handle(messagePortTransport(port2));
    } catch (cause) {
      port1.close();
      // As where nobody listens any more.
      throw new SluiceError("UNAVAILABLE", "The server takes no port", { cause, processed: "no" });
    }
    return port1;
  };
  return {
    transport: () => counters.around(messagePortTransport(bringPort)),
    async serve(server) {
      acceptor = server;
    },
    passed: () => counters.passed(),
    cut: () => counters.cut(),
    close: async () => {},
  };
}

/** A certificate of the socket transport's tests, or its key. */
function pem(name: string): string {
  return readFileSync(
    new URL(`../packages/transport-socket/test/certificates/${name}`, import.meta.url),
    "utf8",
  );
}

async function socketWire(scheme: "unix" | "tcp" | "tls"): Promise<Wire> {
  const folder = mkdtempSync(join(tmpdir(), "wire-"));
  const path = join(folder, "server.sock");
  const tls = { cert: pem("server.crt"), key: pem("server.key") };
  const listener = listenSocket(
    scheme === "unix" ? { path } : { port: 0, ...(scheme === "tls" ? { tls } : {}) },
  );
  let proxy: Awaited<ReturnType<typeof countingProxy>> | undefined;
  return {
    transport: () => {
      const socket = proxy?.address ?? "";
      if (scheme !== "tls") return new SocketTransport({ socket });
      return new SocketTransport({ socket: socket.replace("tcp:", "tls:"), tls: { ca: pem("ca.crt") } });
    },
    async serve(acceptor) {
      const [address = ""] = await acceptor.listen(listener);
      proxy = await countingProxy(
        scheme === "unix" ? `unix:${join(folder, "proxy.sock")}` : "tcp://127.0.0.1:0",
        // The proxy hands on what it gets, encrypted or not.
        address.replace("tls:", "tcp:"),
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

async function webSocketWire(): Promise<Wire> {
  const listener = listenWebSocket({ port: 0 });
  let proxy: Awaited<ReturnType<typeof countingProxy>> | undefined;
  return {
    transport: () => new WebSocketTransport({ url: (proxy?.address ?? "").replace("tcp:", "ws:") }),
    async serve(acceptor) {
      const [address = ""] = await acceptor.listen(listener);
      proxy = await countingProxy("tcp://127.0.0.1:0", `tcp://${new URL(address).host}`);
    },
    passed: () => ({ up: proxy?.bytes.up ?? 0, down: proxy?.bytes.down ?? 0 }),
    cut: () => proxy?.cut(),
    close: async () => proxy?.close(),
  };
}

const codecs = [jsonCodec, msgpackCodec];

/**
 * Every transport with every codec that it knows. Sockets go through a proxy that counts; with TLS it sees only ciphertext.
 *
 * Pipes of child processes are not here: a link owns its child's pipes and ends with them, so each connection of each test would
 * cost a process. The transport suite runs over them in packages/transport-socket.
 */
export const matrix: readonly Cell[] = [
  ...(["shared", "cloned"] as const).map((values) => ({
    name: `memory, ${values}`,
    codec: jsonCodec,
    kind: "structured" as const,
    counts: "offsets" as const,
    open: async () => memoryWire(values),
  })),
  {
    name: "message-port",
    codec: jsonCodec,
    kind: "structured" as const,
    counts: "offsets" as const,
    open: async () => messagePortWire(),
  },
  ...codecs.map((codec) => ({
    name: `memory as bytes, ${codec.name}`,
    codec,
    kind: "binary" as const,
    counts: "offsets" as const,
    open: async () => memoryWire("bytes"),
  })),
  ...(["unix", "tcp", "tls"] as const).flatMap((scheme) =>
    codecs.map((codec) => ({
      name: `${scheme}, ${codec.name}`,
      codec,
      kind: "binary" as const,
      counts: "bytes" as const,
      open: () => socketWire(scheme),
    })),
  ),
  ...codecs.map((codec) => ({
    name: `ws, ${codec.name}`,
    codec,
    kind: "binary" as const,
    counts: "bytes" as const,
    open: webSocketWire,
  })),
];
