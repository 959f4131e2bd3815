/** The transport suite over the pipes of a child process: the child carries the bytes between them and a socket of ours. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type TransportSetup, transportSuite } from "@sluice/protocol/testing";
import { ByteLink, type Codec, type Transport } from "@sluice/protocol/wire";
import { childProcessTransport } from "@sluice/transport-socket";
import { describe, it } from "vitest";
import { StreamDuplex } from "../src/stream-duplex.ts";
import { collectGarbage } from "./collect-garbage.ts";

const relay = fileURLToPath(new URL("./children/relay-stdio.pl", import.meta.url));

/** Registers the suite. Both ends are pairs of streams: pipes near, a socket's two directions far. */
export function childSuite(codec: Codec): void {
  transportSuite(`child process, ${codec.name}`, {
    test: { describe, it },
    codec,
    collectGarbage,
    setup: childSetup,
  });
}

function childSetup(): TransportSetup {
  const folder = mkdtempSync(join(tmpdir(), "suite-"));
  const path = join(folder, "far.sock");
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  const transport: Transport<unknown, unknown> = childProcessTransport(
    () => spawn("perl", [relay, path], { stdio: ["pipe", "pipe", "inherit"] }),
    { killAfter: 2_000 },
  );
  return {
    async accept(onLink) {
      server = createServer({ allowHalfOpen: true }, (socket) => {
        sockets.add(socket);
        onLink(new ByteLink(new StreamDuplex({ peer: "The relay", input: socket, output: socket })));
      });
      server.listen(path);
      await once(server, "listening");
    },
    connect: () => transport.connect(),
    async cleanup() {
      await transport.dispose();
      for (const socket of sockets) socket.destroy();
      if (server !== undefined) {
        const closed = once(server, "close");
        server.close();
        await closed;
      }
      rmSync(folder, { recursive: true });
    },
  };
}
